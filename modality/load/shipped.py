"""The scenarios that come with the package; each reads its configuration."""

from __future__ import annotations

from collections.abc import Callable

from modality import config
from modality.load.scenario import Scenario


def _of(name: str) -> Callable[[], Scenario]:
    return lambda: config.load(config.shipped(f"load_{name}.toml"), Scenario)


steady = _of("steady")
burst = _of("burst")
morning_peak = _of("morning_peak")
soak = _of("soak")
ramp = _of("ramp")
large_ct = _of("large_ct")
small_mr = _of("small_mr")
slides = _of("slides")
telestroke = _of("telestroke")
failover = _of("failover")
department = _of("department")
