"""Lensmeters, autorefractors, keratometers and tonometers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from firmware_bridge.measurement import Measurement
from modality.edge.describing.content import Captured, Content, Observed, Part
from modality.edge.describing.decoding import Decoded, decode
from modality.edge.matching.matching import Hints
from modality.errors import InputError
from modality.iods.coded import Code, unit
from modality.iods.measurements.eyes import (
    Autorefraction,
    Cornea,
    Keratometry,
    Lens,
    Lensometry,
    Meridian,
    Prism,
    Refraction,
)

_OWN = "99MODALITY"
_PRESSURE = Code("41633001", "SCT", "Intraocular pressure")
_EYES = {"R": Code("81745001", "SCT", "Right eye"), "L": Code("8966001", "SCT", "Left eye")}  # PS3.16 CID 244's parts
_BEST = ("median", "average")

_Values = dict[str, Any]


def read(captured: Captured) -> list[Content]:
    """What a device of an optician's said in one message, or a file."""
    found = decode(captured)
    if not found.measurements:
        raise InputError("nothing in it is understood" + "".join(f"; {one}" for one in found.warnings))
    details = [one.details for one in found.measurements]
    hints = Hints(_first(details, "patient_id"), _first(details, "patient_name"))
    parts: list[Part] = []
    if lenses := [one for one in found.measurements if _is_of_lens(found, one)]:
        parts += _lensometry(captured, lenses)
    parts += _of_eyes(captured, [one for one in found.measurements if not _is_of_lens(found, one)])
    pressures = [one for one in found.measurements if one.name == "intraocular_pressure"]
    if pressures:
        parts.append(_tonometry(captured, pressures))
    observed = tuple(
        Observed(f"intraocular_pressure {one.details.get('eye', '')}".strip(), one.value, "mm[Hg]", captured.started)
        for one in pressures
    )
    notes = ["values without a checksum"] if any(one.get("checked") is False for one in details) else []
    if any(one.name == "prism" and one.value and not one.details.get("base") for one in found.measurements):
        notes.append("the prism is left out: the file does not say where its base is")
    return [Content(hints, tuple(parts), observed, notes=tuple(notes))]


def _first(details: list[Mapping[str, Any]], name: str) -> str:
    return next((str(one[name]) for one in details if one.get(name)), "")


def _is_of_lens(found: Decoded, one: Measurement) -> bool:
    """Whether a value is of a lens and not of an eye: by the device, or in a file by what it is an average of."""
    if found.device.name != "joia-xml":
        return found.device.name == "nidek-lm"
    if one.name in ("prism", "add"):
        return True
    return one.name in ("sphere", "cylinder", "axis") and "statistic" not in one.details


def _by_eye(measurements: list[Measurement], *names: str) -> dict[str, _Values]:
    """The values of each eye by name: the device's median or average where it gives one, else the last."""
    eyes: dict[str, _Values] = {}
    rank: dict[tuple[str, str], int] = {}
    for one in measurements:
        if one.name not in names or isinstance(one.value, str):
            continue
        eye = str(one.details.get("eye", ""))
        better = 1 if one.details.get("statistic") in _BEST else 0
        if better >= rank.get((eye, one.name), 0):
            rank[eye, one.name] = better
            eyes.setdefault(eye, {})[one.name] = float(one.value)
    return eyes


def _lensometry(captured: Captured, measurements: list[Measurement]) -> list[Part]:
    from modality.iods.measurements import lensometry

    values = _by_eye(measurements, "sphere", "cylinder", "axis", "add")
    lenses = {
        eye: Lens(one["sphere"], one.get("cylinder"), one.get("axis"), one.get("add"), prism=_prism(measurements, eye))
        for eye, one in values.items()
        if "sphere" in one
    }
    if not lenses:
        return []
    made = Lensometry(captured.started, lenses.get("R"), lenses.get("L"), lenses.get(""))
    return [Part(lensometry.MODALITY, lensometry.describe, made)]


def _prism(measurements: list[Measurement], eye: str) -> Prism | None:
    bases: dict[str, float] = {}
    for one in measurements:
        if one.name == "prism" and str(one.details.get("eye", "")) == eye and one.details.get("base"):
            bases[str(one.details["base"])] = float(one.value)
    if not bases:
        return None
    horizontal = next((base for base in ("IN", "OUT") if base in bases), "IN")
    vertical = next((base for base in ("UP", "DOWN") if base in bases), "UP")
    return Prism(bases.get(horizontal, 0.0), horizontal, bases.get(vertical, 0.0), vertical)


def _of_eyes(captured: Captured, measurements: list[Measurement]) -> list[Part]:
    parts = []
    refractions = _sides(_refractions(measurements))
    if refractions:
        from modality.iods.measurements import autorefraction

        distances = {
            str(one.details.get("distance", "far")): float(one.value)
            for one in measurements
            if one.name == "pupillary_distance" and "eye" not in one.details and not isinstance(one.value, str)
        }
        refraction = Autorefraction(
            captured.started, refractions.get("R"), refractions.get("L"), distances.get("far"), distances.get("near")
        )
        parts.append(Part(autorefraction.MODALITY, autorefraction.describe, refraction))
    corneas = _sides(_corneas(measurements))
    if corneas:
        from modality.iods.measurements import keratometry

        cornea = Keratometry(captured.started, corneas.get("R"), corneas.get("L"))
        parts.append(Part(keratometry.MODALITY, keratometry.describe, cornea))
    return parts


def _sides(found: dict[str, Any]) -> dict[str, Any]:
    return {eye: one for eye, one in found.items() if eye in ("R", "L")}


def _refractions(measurements: list[Measurement]) -> dict[str, Refraction]:
    values = _by_eye(measurements, "sphere", "cylinder", "axis", "vertex_distance")
    vertex = values.get("", {}).get("vertex_distance")
    return {
        eye: Refraction(one["sphere"], one.get("cylinder"), one.get("axis"), one.get("vertex_distance", vertex))
        for eye, one in values.items()
        if "sphere" in one
    }


def _corneas(measurements: list[Measurement]) -> dict[str, Cornea]:
    found: dict[str, dict[str, Meridian]] = {}
    for one in measurements:
        meridian, axis = one.details.get("meridian"), one.details.get("axis")
        if one.name == "corneal_radius" and meridian in ("flat", "steep") and axis is not None:
            found.setdefault(str(one.details.get("eye", "")), {})[meridian] = Meridian(float(one.value), float(axis))
    return {eye: Cornea(one["steep"], one["flat"]) for eye, one in found.items() if len(one) == 2}


def _tonometry(captured: Captured, pressures: list[Measurement]) -> Part:
    """A report: tonometry has no class of its own."""
    from modality.iods.documents import comprehensive_sr
    from modality.iods.documents.content import Report, Result, Section

    results = tuple(
        Result(_PRESSURE, one.value, unit("mm[Hg]", "mmHg"), site=_EYES.get(str(one.details.get("eye", ""))))
        for one in pressures
    )
    taken: datetime = captured.started
    title = Code("TONOMETRY", _OWN, "Tonometry")
    report = Report(title, taken, (Section(Code("RESULTS", _OWN, "Results"), results),))
    describe: Callable[..., Any] = comprehensive_sr.describe
    return Part(comprehensive_sr.MODALITY, describe, report)
