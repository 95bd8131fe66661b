"""What a validator of structure does not see: codes outside their value sets, units that do not fit, wrong sums."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from modality.fhir.clinical import imaging_study_problems, observation_problems
from modality.fhir.datatypes import URI
from modality.fhir.problems import Problem, shown
from modality.fhir.terminology import (
    DICOM,
    LOINC,
    SNOMED_CT,
    UCUM,
    anatomic_regions,
    bindings,
    loinc_problem,
    modalities,
)
from modality.fhir.ucum import unit_problem

# The data types whose bindings are checked, by the elements of our resources that are of them.
_TYPES = {
    "identifier": "Identifier",
    "name": "HumanName",
    "telecom": "ContactPoint",
    "address": "Address",
    "text": "Narrative",
    "low": "Quantity",
    "high": "Quantity",
}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S", re.ASCII)
_SNOMED_ID = re.compile(r"[1-9]\d{5,17}", re.ASCII)


def check(resource: Any) -> list[Problem]:
    """What is wrong with the codes, units and values of a resource, and of those within it; nothing when it is right.

    Structure is not judged here: what is of the wrong type is passed over.

    Raises:
        MissingExtraError: what checks units is not installed.
    """
    problems = list(_resource(resource, ""))
    # Where a code is wrong by itself and for its place, the place says more.
    latest = {(one.where, one.kind): one for one in problems if one.kind == "code-invalid"}
    return [one for one in problems if latest.get((one.where, one.kind), one) is one]


_RULES: Mapping[str, Callable[[Mapping[str, Any], str], Iterator[Problem]]] = {
    "Observation": observation_problems,
    "ImagingStudy": imaging_study_problems,
}


def _resource(resource: Any, where: str) -> Iterator[Problem]:
    if not isinstance(resource, dict) or not isinstance(kind := resource.get("resourceType"), str):
        return
    place = where or kind
    yield from _element(resource, place, kind)
    if kind in _RULES:
        yield from _RULES[kind](resource, place)


def _element(element: Mapping[str, Any], where: str, typed: str) -> Iterator[Problem]:
    """The problems of an element and of all within it.

    Args:
        element: the element.
        where: its place in the resource, for people.
        typed: its path in R4's definitions ("Patient.contact", "Identifier").
    """
    yield from _coded(element, where, typed)
    for key, value in element.items():
        place, path = f"{where}.{key}", f"{typed}.{key}"
        values = value if isinstance(value, list) else [value]
        for number, one in enumerate(values):
            here = f"{place}[{number}]" if isinstance(value, list) else place
            if isinstance(one, dict):
                if key in ("contained", "resource"):
                    yield from _resource(one, here)
                else:
                    yield from _element(one, here, _type_of(key, path))
            elif isinstance(one, str):
                yield from _bound(one, here, path)


def _type_of(key: str, path: str) -> str:
    if path in bindings().paths or key.startswith("_"):
        return path
    if key.endswith("Quantity"):
        return "Quantity"
    return "Timing" if key.endswith("Timing") else _TYPES.get(key, path)


def _bound(code: str, where: str, path: str) -> Iterator[Problem]:
    url = bindings().paths.get(path)
    if url and code not in (allowed := bindings().value_sets[url]):
        some = ", ".join(sorted(allowed)[:12])
        yield Problem(where, f"{shown(code)} is not in its value set {url}: {some}", "code-invalid")


def _coded(element: Mapping[str, Any], where: str, typed: str) -> Iterator[Problem]:
    """The problem of a coding, or of the unit of a quantity."""
    system, code = element.get("system"), element.get("code")
    if typed in ("ImagingStudy.modality", "ImagingStudy.series.modality") and system != DICOM:
        yield Problem(f"{where}.system", f"a modality is coded in {DICOM} (PS3.16 CID 33)", "code-invalid")
    if not isinstance(system, str) or not isinstance(code, str):
        return
    if system == URI and not _URI.match(code):
        problem = f"{shown(code)} is no URI, as codes of {URI} are: a UID is written urn:oid:UID"
        yield Problem(f"{where}.code", problem, "code-invalid")
    elif problem := _code_problem(system, code, typed):
        yield Problem(f"{where}.code", problem, "code-invalid")


def _code_problem(system: str, code: str, typed: str) -> str:
    if system == LOINC:
        return loinc_problem(code)
    if system == UCUM:
        return unit_problem(code)
    path = typed.removesuffix(".coding")
    if system == DICOM and path.endswith(".modality") and code not in modalities():
        return f"{shown(code)} is no modality (PS3.16 CID 33)"
    if system == SNOMED_CT and path.endswith(".bodySite") and code not in anatomic_regions():
        return f"{shown(code)} is no anatomic region known here (PS3.16 CIDs 4, 4009, 4028, 4030, 4031, 4040, 4042)"
    if system == SNOMED_CT and not _SNOMED_ID.fullmatch(code):
        return f"{shown(code)} is no SNOMED CT identifier: 6 to 18 digits"
    known = bindings().code_systems.get(system)
    return f"{shown(code)} is no code of {system}" if known and code not in known else ""
