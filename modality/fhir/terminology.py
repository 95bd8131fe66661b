"""The codes that may be used: shipped tables of LOINC, of R4's value sets and of DICOM's, each with its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from modality.config import load
from modality.errors import UnknownNameError
from modality.registry import unknown

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
SNOMED_CT = "http://snomed.info/sct"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
HL7_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"

_TABLES = Path(__file__).parent / "tables"


@dataclass(frozen=True, slots=True)
class Observable:
    """What can be observed, and how its value is written.

    Args:
        name: ours, for callers.
        loinc: its LOINC code.
        display: LOINC's long common name.
        category: code of the observation category (hl7.org/fhir/R4/valueset-observation-category.html).
        units: units of UCUM that it may come in, the first is what we send; none for a panel.
        profile: R4's vital signs profile, the last part of its URL.
        beside: a LOINC code that must stand beside this one.
        parts: LOINC codes of the components that a panel has to have.
        low: the least possible value.
        high: the greatest possible value.
    """

    name: str
    loinc: str
    display: str
    category: str
    units: tuple[str, ...] = ()
    profile: str = ""
    beside: str = ""
    parts: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to an item of a scale.

    Args:
        code: LOINC's answer code.
        score: what it counts; None when the item cannot be tested.
        display: what it says.
    """

    code: str
    score: int | None
    display: str


@dataclass(frozen=True, slots=True)
class ScaleItem:
    """An item of the NIH Stroke Scale.

    Args:
        name: ours, for callers.
        loinc: its LOINC code.
        display: LOINC's long common name.
        answers: each as answer code, score ("UN": untestable) and text.
    """

    name: str
    loinc: str
    display: str
    answers: tuple[tuple[str, ...], ...]

    def choices(self) -> list[Answer]:
        """Its answers, the lowest score first."""
        return [Answer(code, int(score) if score.isdigit() else None, text) for code, score, text in self.answers]


@dataclass(frozen=True, slots=True)
class Scale:
    """The NIH Stroke Scale: LOINC codes of the panel and the total, and the items."""

    panel: str
    panel_display: str
    total: str
    item: tuple[ScaleItem, ...]


@dataclass(frozen=True, slots=True)
class _Observables:
    observation: tuple[Observable, ...]


@dataclass(frozen=True, slots=True)
class _Units:
    units: dict[str, str]


@dataclass(frozen=True, slots=True)
class Bindings:
    """The required bindings of R4, and code systems that are known whole.

    Args:
        paths: path of an element ("Patient.gender") to the URL of its value set.
        value_sets: URL to the codes it holds.
        code_systems: URI to all its codes.
    """

    paths: Mapping[str, str]
    value_sets: Mapping[str, frozenset[str]]
    code_systems: Mapping[str, frozenset[str]]


def _json(name: str) -> Any:
    return json.loads((_TABLES / name).read_text(encoding="utf-8"))


@cache
def observables() -> Mapping[str, Observable]:
    """What can be observed, by LOINC code."""
    found = load(_TABLES / "observations.toml", _Observables).observation
    return {one.loinc: one for one in found}


def observable(name: str) -> Observable:
    """What can be observed, by our name for it or its LOINC code.

    Raises:
        UnknownNameError: there is none; the message holds the nearest name.
    """
    for one in observables().values():
        if name in (one.name, one.loinc):
            return one
    raise UnknownNameError(unknown("observation", name, [one.name for one in observables().values()]))


@cache
def stroke_scale() -> Scale:
    """The NIH Stroke Scale."""
    return load(_TABLES / "stroke_scale.toml", Scale)


@cache
def spoken_units() -> Mapping[str, str]:
    """Units as people write them, and what UCUM writes."""
    return load(_TABLES / "units.toml", _Units).units


@cache
def bindings() -> Bindings:
    """R4's required bindings and complete code systems."""
    table = _json("bindings.json")
    return Bindings(
        table["paths"],
        {url: frozenset(codes) for url, codes in table["value_sets"].items()},
        {uri: frozenset(codes) for uri, codes in table["code_systems"].items()},
    )


@cache
def loinc_codes() -> Mapping[str, str]:
    """The LOINC codes that are known here, and their names."""
    known = dict(_json("loinc.json")["codes"])
    known.update({one.loinc: one.display for one in observables().values()})
    for item in stroke_scale().item:
        known[item.loinc] = item.display
    return known


@cache
def loinc_answers() -> Mapping[str, str]:
    """The LOINC answer codes that are known here, and their texts."""
    return {answer.code: answer.display for item in stroke_scale().item for answer in item.choices()}


@cache
def modalities() -> Mapping[str, str]:
    """Modalities (PS3.16 CID 33) and their names: those that acquire, of CID 29, and those that do not, of CID 32.

    R4 binds a study's modality to CID 29 as extensible: what is none of these is coded as what it is.
    """
    found = _json("dicom.json")
    return {**found["modalities"], **found["other_modalities"]}


@cache
def anatomic_regions() -> Mapping[str, str]:
    """SNOMED CT codes of body structures that PS3.16's context groups of anatomic regions hold, and their names."""
    return dict(_json("dicom.json")["anatomic_regions"])


@cache
def body_parts() -> Mapping[str, str]:
    """Body Part Examined and the SNOMED CT code that says the same (PS3.16 Table L-1)."""
    return dict(_json("dicom.json")["body_parts"])


def loinc_check_digit(number: str) -> int:
    """The check digit of a LOINC code (LOINC Users' Guide, "Mod 10" algorithm): of 8867 it is 4.

    The digits at odd places, counted from the right, are read as one number and doubled; its digits and those at even
    places are added up, and the check digit is what is missing to the next multiple of ten.
    """
    doubled = str(2 * int(number[::-1][::2][::-1]))
    return -sum(map(int, doubled + number[::-1][1::2])) % 10


def loinc_problem(code: str) -> str:
    """What is wrong with a LOINC code; empty when it is known here."""
    if code in loinc_codes() or code in loinc_answers():
        return ""
    # Codes of answers, answer lists and parts have letters in front, and check digits of another reckoning.
    number, hyphen, check = code.removeprefix("LA").removeprefix("LL").removeprefix("LP").rpartition("-")
    if not (hyphen and code.isascii() and number.isdigit() and check.isdigit() and len(check) == 1):
        return f"{_shown(code)} is no LOINC code: digits, a hyphen and a check digit"
    if code[0].isdigit() and len(number) <= 7 and int(check) != (right := loinc_check_digit(number)):
        return f"{_shown(code)} is no LOINC code: its check digit would be {right} ({number}-{right})"
    return f"{_shown(code)} is not among the LOINC codes known here"


def _shown(code: str) -> str:
    """A code for a message: what stands in the place of one may be anything, and long."""
    return repr(code if len(code) <= 32 else code[:32] + "...")
