"""What a capture holds, once its bytes are understood: for one patient, what becomes data sets and Observations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset

from modality.delivery.outbox.item import Item
from modality.edge.config import DeviceConfig
from modality.edge.matching.matching import Hints
from modality.iods.context import Context


@dataclass(frozen=True, slots=True)
class Part:
    """One instance to be.

    Args:
        modality: Modality; the instances of one are a series.
        describe: makes the data set, as the table in `modality.iods.captured` has it.
        measurement: what of; a dataclass with a `number`.
        report: it is made only where the device's configuration asks for a report.
    """

    modality: str
    describe: Callable[[Any, Context], Dataset]
    measurement: Any
    report: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """One value to be an Observation.

    Args:
        name: of the table of observations, or a code of LOINC that the configuration gives.
        value: the number, or text.
        unit: UCUM.
        at: when.
        details: what qualifies it.
    """

    name: str
    value: float | str
    unit: str
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Content:
    """All of one patient.

    Args:
        hints: who that is, as far as the device says.
        parts: what becomes DICOM.
        observed: what becomes FHIR.
        laboratory: the Observations are results of a laboratory, reported together.
        notes: what is worth a person's knowing, in one line each.
    """

    hints: Hints = field(default_factory=Hints)
    parts: tuple[Part, ...] = ()
    observed: tuple[Observed, ...] = ()
    laboratory: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Captured:
    """A capture whose bytes are to be understood.

    Args:
        item: in the outbox.
        device: its device's configuration.
        data: its bytes.
        started: when it began, as the clock is known now.
        trusted: that clock can be believed.
    """

    item: Item
    device: DeviceConfig
    data: bytes
    started: datetime
    trusted: bool


Reader = Callable[[Captured], list[Content]]
"""Understands the bytes of a capture; an `InputError` is what sets it aside."""
