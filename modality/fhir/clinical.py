"""Rules of Observation and ImagingStudy beyond their codes: R4's vital signs profiles, scores, and counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from modality.fhir.datatypes import DICOM_UID
from modality.fhir.problems import Problem, codes, dicts, range_problem, shown
from modality.fhir.terminology import (
    HL7_TERMINOLOGY,
    LOINC,
    UCUM,
    Observable,
    ScaleItem,
    observables,
    stroke_scale,
)
from modality.fhir.ucum import unit_problem

# PS3.5 9.1: components without leading zeros, 64 characters at most.
_UID = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+", re.ASCII)
_CATEGORY = f"{HL7_TERMINOLOGY}observation-category"


def observation_problems(one: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """What is wrong with an Observation (hl7.org/fhir/R4/observation-vitalsigns.html, and the tables)."""
    loinc = codes(one.get("code"), LOINC)
    vital = "vital-signs" in codes(one.get("category"), _CATEGORY)
    if vital and not loinc:
        yield Problem(f"{where}.code", "a vital sign is coded in LOINC", "required")
    known = [observables()[code] for code in loinc if code in observables()]
    if any(what.category == "vital-signs" for what in known):
        yield from _vital_sign(one, where, vital)
    for what in known:
        if what.beside and what.beside not in loinc:
            yield Problem(
                f"{where}.code", f"{what.loinc} stands beside {what.beside} (profile {what.profile})", "required"
            )
        parts = [code for part in dicts(one.get("component")) for code in codes(part.get("code"), LOINC)]
        for wanted in what.parts:
            if wanted not in parts:
                yield Problem(f"{where}.component", f"{what.loinc} has a component {wanted}", "required")
    yield from _valued(one, where, loinc)
    for number, part in enumerate(dicts(one.get("component"))):
        yield from _valued(part, f"{where}.component[{number}]", codes(part.get("code"), LOINC))
    if stroke_scale().total in loinc:
        yield from _total(one, where)


def _vital_sign(one: Mapping[str, Any], where: str, vital: bool) -> Iterator[Problem]:
    if not vital:
        yield Problem(f"{where}.category", "a vital sign has the category vital-signs", "required")
    if not one.get("subject"):
        yield Problem(f"{where}.subject", "a vital sign is of somebody", "required")
    if not (one.get("effectiveDateTime") or one.get("effectivePeriod")):
        yield Problem(f"{where}.effectiveDateTime", "a vital sign has the time when it was taken", "required")


def _valued(one: Mapping[str, Any], where: str, loinc: list[str]) -> Iterator[Problem]:
    """The problems of the value of an Observation or a component."""
    items = {item.loinc: item for item in stroke_scale().item}
    for code in loinc:
        if code in items:
            yield from _answer(one, where, items[code])
        what = observables().get(code)
        if what is None or not what.units:
            continue
        value = one.get("valueQuantity")
        if isinstance(value, dict):
            yield from _quantity(value, f"{where}.valueQuantity", what)
        elif what.units == ("{score}",) and isinstance(one.get("valueInteger"), int):
            yield from _in_range(one["valueInteger"], f"{where}.valueInteger", what)
        elif any(key.startswith("value") for key in one):
            yield Problem(where, f"the value of {code} is a quantity in {what.units[0]!r}", "value")
        elif not one.get("dataAbsentReason"):
            yield Problem(where, f"{code} has neither a value nor a reason why there is none", "required")


def _quantity(value: Mapping[str, Any], where: str, what: Observable) -> Iterator[Problem]:
    unit = value.get("code")
    if not isinstance(unit, str) or value.get("system") != UCUM:
        said = unit if isinstance(unit, str) else value.get("unit")
        problem = unit_problem(said, what.units) if isinstance(said, str) else ""
        use = problem or f"use {what.units[0]!r}"
        yield Problem(where, f"the unit of {what.loinc} is coded in {UCUM}: {use}", "code-invalid")
    elif problem := unit_problem(unit, what.units):
        yield Problem(f"{where}.code", f"{what.loinc}: {problem}", "code-invalid")
    yield from _in_range(value.get("value"), f"{where}.value", what)


def _in_range(value: Any, where: str, what: Observable) -> Iterator[Problem]:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and (problem := range_problem(what, value)):
        yield Problem(where, f"{what.loinc}: {problem}", "value")


def _answer(one: Mapping[str, Any], where: str, item: ScaleItem) -> Iterator[Problem]:
    chosen = codes(one.get("valueCodeableConcept"), LOINC)
    allowed = [answer.code for answer in item.choices()]
    for code in chosen:
        if code not in allowed:
            reason = f"{shown(code)} is no answer to {item.loinc}: {', '.join(allowed)}"
            yield Problem(f"{where}.valueCodeableConcept", reason, "code-invalid")


def _total(one: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """A total that is not the sum of its items, where all are there."""
    scores: dict[str, int] = {}
    for part in dicts(one.get("component")):
        chosen = codes(part.get("valueCodeableConcept"), LOINC)
        for item in stroke_scale().item:
            if item.loinc in codes(part.get("code"), LOINC):
                scores.update((item.loinc, answer.score or 0) for answer in item.choices() if answer.code in chosen)
    if len(scores) < len(stroke_scale().item):
        return
    quantity = one.get("valueQuantity")
    total = quantity.get("value") if isinstance(quantity, dict) else one.get("valueInteger")
    if total != sum(scores.values()):
        yield Problem(where, f"the total is not the sum of the items, {sum(scores.values())}")


def imaging_study_problems(one: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """What is wrong with an ImagingStudy (hl7.org/fhir/R4/imagingstudy.html)."""
    studies = [str(known.get("value")) for known in dicts(one.get("identifier")) if known.get("system") == DICOM_UID]
    for value in studies:
        if not value.startswith("urn:oid:") or not _UID.fullmatch(value[8:]):
            yield Problem(f"{where}.identifier", "a Study Instance UID is written urn:oid:UID", "value")
    series = dicts(one.get("series"))
    yield from _count(one, where, "numberOfSeries", len(series))
    yield from _count(one, where, "numberOfInstances", sum(len(dicts(part.get("instance"))) for part in series))
    yield from _unique([part.get("uid") for part in series], f"{where}.series")
    listed = _codes_of(one.get("modality"))
    for number, part in enumerate(series):
        place = f"{where}.series[{number}]"
        instances = dicts(part.get("instance"))
        yield from _count(part, place, "numberOfInstances", len(instances))
        yield from _unique([instance.get("uid") for instance in instances], f"{place}.instance")
        for code in _codes_of(part.get("modality")):
            if listed and code not in listed:
                yield Problem(f"{where}.modality", f"the modality {shown(code)} of a series is missing")


def _codes_of(coding: Any) -> list[str]:
    return [str(one["code"]) for one in dicts(coding) if isinstance(one.get("code"), str)]


def _count(one: Mapping[str, Any], where: str, name: str, listed: int) -> Iterator[Problem]:
    said = one.get(name)
    if isinstance(said, int) and said < listed:
        yield Problem(f"{where}.{name}", f"{said}, and {listed} are listed")


def _unique(uids: list[Any], where: str) -> Iterator[Problem]:
    for uid, times in Counter(uid for uid in uids if isinstance(uid, str)).items():
        if not _UID.fullmatch(uid):
            yield Problem(f"{where}.uid", f"{shown(uid)} is no UID (PS3.5 9.1)", "value")
        if times > 1:
            yield Problem(f"{where}.uid", f"{shown(uid)} comes {times} times", "duplicate")
