"""What Locust's processes are told by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modality.errors import ConfigurationError, UsageError
from modality.load.scenario import Scenario, load_scenario
from modality.network.address import DicomAddress, WebAddress, parse

_PREFIX = "MODALITY_LOAD_"


def locust_path() -> Path:
    """The file that Locust runs."""
    return Path(__file__).parents[1] / "locustfile.py"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the users do.

    Args:
        to: whom they store at.
        name: of the scenario.
        scenario: which exams, and by which law.
        rate: requests a second of one user.
        seed: what pixels, mix and arrivals come from.
        aet: our AE title.
        owned: the environment says that the archive is the user's own.
        report: where the master writes its report; None for none.
        json: where the master writes the account as JSON; None for nowhere.
    """

    to: DicomAddress | WebAddress
    name: str
    scenario: Scenario
    rate: float
    seed: int
    aet: str
    owned: bool
    report: Path | None
    json: Path | None


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the environment.

    Raises:
        ConfigurationError: a variable is missing, or holds what it cannot.
        UsageError: the scenario or the address is none, or the address is of a folder.
    """

    def told(name: str, default: str = "") -> str:
        return environment.get(_PREFIX + name, "").strip() or default

    known = {"TO", "SCENARIO", "RATE", "SEED", "AET", "I_OWN_THIS_ARCHIVE", "REPORT", "JSON"}
    for name in environment:
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in known:
            raise ConfigurationError(f"{name}: unknown; there is {', '.join(_PREFIX + one for one in sorted(known))}")
    name = told("SCENARIO", "steady")
    scenario = load_scenario(name)
    text = told("TO", scenario.target.address)
    if not text:
        raise ConfigurationError(f"{_PREFIX}TO: say which archive: dicom://AET@host:port, or https://host/dicom-web")
    to = parse(text)
    if isinstance(to, Path):
        raise UsageError(f"{_PREFIX}TO: {to} is a folder: a load goes to an archive")
    return Settings(
        to=to,
        name=name,
        scenario=scenario,
        rate=_number("RATE", told("RATE"), scenario.rate),
        seed=int(_number("SEED", told("SEED"), 1.0)),
        aet=told("AET", "MODALITY"),
        owned=told("I_OWN_THIS_ARCHIVE").lower() in ("1", "true", "yes"),
        report=Path(told("REPORT")) if told("REPORT") else None,
        json=Path(told("JSON")) if told("JSON") else None,
    )


def _number(name: str, text: str, default: float) -> float:
    try:
        number = float(text) if text else default
    except ValueError:
        number = 0.0
    if not 0 < number < 1e12:
        raise ConfigurationError(f"{_PREFIX}{name}={text}: a number above 0 is needed")
    return number
