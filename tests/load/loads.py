"""Loads of tiny images, quick to prepare."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from modality.load.engine.run import Load, fresh_run_id
from modality.load.exams.material import Material
from modality.load.scenario import Exam, Scenario
from modality.network.address import DicomAddress, WebAddress
from modality.network.local import Local, Timeouts

TINY = Exam("MR tiny", "mr", phantom="water", instances=10, rows=32, columns=32, distinct=2)
SEED = 11


def scenario(*exams: Exam, **more: Any) -> Scenario:
    """One of tiny images, each arriving by itself at even distances unless told otherwise."""
    return Scenario("tiny images", exams or (TINY,), **{"unit": "instance", **more})


@lru_cache
def material(*exams: Exam, fresh_pixels: bool = False) -> Material:
    """What exams are made of, made once."""
    return Material(scenario(*exams), SEED, fresh_pixels=fresh_pixels)


def load(
    to: DicomAddress | WebAddress, rate: float, duration_s: float, associations: int = 2, *, response_s: float = 30.0,
    of: Scenario | None = None, **more: Any,
) -> Load:  # fmt: skip
    """A load on an address."""
    made = of or scenario()
    local = Local(timeouts=Timeouts(connect_s=30.0, association_s=30.0, response_s=response_s))
    values: dict[str, Any] = {"processes": 1, "seed": SEED, "run_id": fresh_run_id(), **more}
    prepared = material(*made.exam)
    return Load("tiny", made, to, local, rate, duration_s, associations, prepared=prepared, **values)
