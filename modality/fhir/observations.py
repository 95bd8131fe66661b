"""Observation (hl7.org/fhir/R4/observation.html): vital signs, laboratory values, and the NIH Stroke Scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone, tzinfo
from typing import Any

from modality.errors import UnknownNameError, UsageError
from modality.fhir.datatypes import (
    URI,
    Resource,
    coding,
    full_url,
    hl7,
    identifier,
    loinc,
    moment,
    quantity,
    reference,
    urn,
    without_empty,
)
from modality.fhir.problems import range_problem
from modality.fhir.terminology import LOINC, Observable, ScaleItem, observable, observables, stroke_scale
from modality.fhir.ucum import unit_problem
from modality.registry import unknown

Target = Mapping[str, Any] | str
_PROFILES = "http://hl7.org/fhir/StructureDefinition/"
_ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
_CATEGORIES = {"vital-signs": "Vital Signs", "survey": "Survey", "laboratory": "Laboratory"}


def observation(
    name: str,
    value: float | None,
    unit: str = "",
    *,
    subject: Target,
    effective: datetime,
    device: Target | None = None,
    based_on: Target | None = None,
    performer: str = "",
    status: str = "final",
    zone: tzinfo = timezone.utc,
) -> Resource:
    """An Observation of one value.

    Args:
        name: what was observed: a name or LOINC code of the table (`terminology.observables`): ``heart_rate``,
            ``spo2``, ``temperature``, ``weight``, ``glucose``, ...
        value: its value; None when it could not be had.
        unit: its unit of UCUM; the first that the table allows by default.
        subject: the Patient.
        effective: when it was observed.
        device: what observed it.
        based_on: the ServiceRequest it answers.
        performer: who observed it, for people.
        status: a code of R4's observation status.
        zone: the time zone of naive times.

    Raises:
        UnknownNameError: the table has no such name or code.
        UsageError: the unit is none that the code allows, or the value is out of range.
        MissingExtraError: what checks units is not installed.
    """
    what = observable(name)
    if not what.units:
        raise UsageError(f"{what.name} is a panel, not one value: see blood_pressure")
    return _made(
        what,
        {"valueQuantity": measured(what, value, unit)} if value is not None else absent(),
        subject=subject, effective=effective, device=device, based_on=based_on, performer=performer, status=status,
        zone=zone,
    )  # fmt: skip


def blood_pressure(
    systolic: float | None, diastolic: float | None, unit: str = "mm[Hg]", *, subject: Target, effective: datetime,
    **options: Any,
) -> Resource:  # fmt: skip
    """A blood pressure: the panel 85354-9 with its two components.

    Args:
        systolic: the systolic pressure; None when it could not be had.
        diastolic: the diastolic pressure; None when it could not be had.
        unit: mm[Hg].
        subject: the Patient.
        effective: when it was measured.
        **options: further arguments of `observation`.

    Raises:
        UsageError: as `observation`.
    """
    components = []
    for name, value in (("systolic", systolic), ("diastolic", diastolic)):
        what = observable(name)
        said = {"valueQuantity": measured(what, value, unit)} if value is not None else absent()
        components.append({"code": {"coding": [loinc(what.loinc)]}, **said})
    return _made(
        observable("blood_pressure"), {"component": components}, subject=subject, effective=effective, **options
    )


def nih_stroke_scale(
    scores: Mapping[str, int | None], *, subject: Target, effective: datetime, **options: Any
) -> Resource:
    """A score of the NIH Stroke Scale: the total, and its items as components, each an answer of LOINC's.

    Built as R4's own examples of scores are (hl7.org/fhir/R4/observation-example-10minute-apgar-score.html).

    Args:
        scores: the score of each of the fifteen items, by its name in the table (`terminology.stroke_scale`); None for
            one that cannot be tested, where the scale allows that. It counts nothing.
        subject: the Patient.
        effective: when it was assessed.
        **options: further arguments of `observation`.

    Raises:
        UnknownNameError: an item is unknown.
        UsageError: an item is missing, or has no answer of that score.
    """
    items = {item.name: item for item in stroke_scale().item}
    for name in scores:
        if name not in items:
            raise UnknownNameError(unknown("item of the NIH Stroke Scale", name, list(items)))
    if missing := [name for name in items if name not in scores]:
        raise UsageError(f"the NIH Stroke Scale has fifteen items; these have no score: {', '.join(missing)}")
    what = observable("nih_stroke_scale")
    components = [_answered(item, scores[name]) for name, item in items.items()]
    total = sum(score or 0 for score in scores.values())
    value = {"valueQuantity": measured(what, total, ""), "component": components}
    return _made(what, value, subject=subject, effective=effective, **options)


def _answered(item: ScaleItem, score: int | None) -> Resource:
    for answer in item.choices():
        if answer.score == score and not isinstance(score, bool):
            chosen: Resource = coding(LOINC, answer.code, answer.display)
            if score is not None:
                chosen = {"extension": [{"url": _ORDINAL, "valueDecimal": score}], **chosen}
            said = {"coding": [chosen]}
            return {"code": {"coding": [loinc(item.loinc)]}, "valueCodeableConcept": said}
    scores = ", ".join("None" if one.score is None else str(one.score) for one in item.choices())
    raise UsageError(f"{item.name} has no answer of score {score}: there is {scores}")


def measured(what: Observable, value: float, unit: str = "") -> dict[str, Any]:
    """A value of something that can be observed.

    Raises:
        UsageError: the unit is none that it allows, or the value is out of range.
    """
    unit = unit or what.units[0]
    if problem := unit_problem(unit, what.units):
        raise UsageError(f"{what.name} ({what.loinc}): {problem}")
    if problem := range_problem(what, value):
        raise UsageError(f"{what.name} ({what.loinc}): {problem}")
    return quantity(value, unit)


def absent(reason: str = "unknown") -> dict[str, Any]:
    """What stands in place of a value that could not be had."""
    return {"dataAbsentReason": hl7("data-absent-reason", reason)}


def _made(
    what: Observable,
    said: Mapping[str, Any],
    *,
    subject: Target,
    effective: datetime,
    device: Target | None = None,
    based_on: Target | None = None,
    performer: str = "",
    status: str = "final",
    zone: tzinfo = timezone.utc,
) -> Resource:
    codes = [what.loinc, *([what.beside] if what.beside else [])]
    when = moment(effective, zone)
    whose = subject if isinstance(subject, str) else full_url(subject)
    source = "" if device is None else device if isinstance(device, str) else full_url(device)
    return without_empty(
        {
            "resourceType": "Observation",
            "meta": {"profile": [_PROFILES + what.profile]} if what.profile else None,
            "identifier": [identifier(URI, urn("Observation", whose, what.loinc, when, source))],
            "basedOn": [reference(based_on)] if based_on else [],
            "status": status,
            "category": [hl7("observation-category", what.category, _CATEGORIES[what.category])],
            "code": {"coding": [loinc(code) for code in codes], "text": observables()[what.loinc].display},
            "subject": reference(subject),
            "effectiveDateTime": when,
            "performer": [{"display": performer}] if performer else [],
            **said,
            "device": reference(device) if device else None,
        }
    )


def vital_signs(
    values: Mapping[str, float | None], *, subject: Target, effective: datetime, **options: Any
) -> list[Resource]:
    """An Observation for each vital sign of a patient at one moment.

    Args:
        values: by name of the table, in the first unit it allows; ``systolic`` and ``diastolic`` become one blood
            pressure.
        subject: the Patient.
        effective: when they were observed.
        **options: further arguments of `observation`.

    Raises:
        UnknownNameError: the table has no such name.
        UsageError: as `observation`.
    """
    pressures = {name: values[name] for name in ("systolic", "diastolic") if name in values}
    made = []
    if pressures:
        made.append(
            blood_pressure(
                pressures.get("systolic"), pressures.get("diastolic"), subject=subject, effective=effective, **options
            )
        )
    others: Sequence[str] = [name for name in values if name not in pressures]
    made += [observation(name, values[name], subject=subject, effective=effective, **options) for name in others]
    return made
