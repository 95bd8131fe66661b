"""Values as such: of their VR, of those that the standard enumerates, and windows that show something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom.charset import python_encoding
from pydicom.config import RAISE
from pydicom.dataset import Dataset
from pydicom.valuerep import validate_value

from modality.iods.setting.enumerated import enumerated, enumerated_keywords
from modality.protocol.matching import UNREADABLE
from modality.station.consistency.case import Case
from modality.station.consistency.rule import Rule
from modality.station.consistency.values import Finding, Part, against, compare, numbers, text

# Those whose form says something; UIDs have a rule of their own.
_FORMED = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM"})


def _values(dataset: Dataset, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Where each value of such a VR stands, the VR, and the value; one that cannot be read has the error for a VR."""
    for tag in sorted(dataset.keys()):
        where = f"{path}{tag}"
        try:
            element: Any = dataset[tag]
            where = f"{path}{element.keyword or tag}"
            if element.VR == "SQ":
                for item in element.value:
                    yield from _values(item, f"{where} > ")
            elif element.VR in _FORMED and not element.is_empty:
                for one in [element.value] if element.VM == 1 else element.value:
                    yield where, element.VR, _written(one)
        except UNREADABLE as error:
            yield where, "", str(error).partition("\n")[0]


def _written(value: Any) -> str:
    """A value as it was written, where pydicom keeps that."""
    return str(getattr(value, "original_string", None) or value)


def _of_its_vr(case: Case) -> Iterator[Finding]:
    for part in case.parts():
        for where, vr, value in _values(part.dataset):
            yield against(where, part, value, f"a value of VR {vr}" if vr else "a readable value", _fits(vr, value))


def _fits(vr: str, value: str) -> bool:
    if not vr:
        return False
    try:
        validate_value(vr, value, RAISE)
        if vr == "DA" and len(value) == 8:
            return 1 <= int(value[4:6]) <= 12 and 1 <= int(value[6:8]) <= 31
    except UNREADABLE:
        return False
    return True


def _known(case: Case) -> Iterator[Finding]:
    for part in case.parts():
        declared = text(part.dataset, "SpecificCharacterSet")
        if declared:
            unknown = [term for term in declared.split("\\") if term not in python_encoding]
            yield against("SpecificCharacterSet", part, declared, "terms of PS3.3 C.12.1.1.2", not unknown)
        about = [text(part.dataset, one) for one in ("SOPClassUID", "PhotometricInterpretation")]
        for keyword in enumerated_keywords(about[0]):
            known, value = enumerated(keyword, *about), text(part.dataset, keyword)
            if known and value:
                held = known.wrong([one.strip() for one in value.split("\\")]) is None
                yield against(keyword, part, value, str(known), held)


def _windows(case: Case) -> Iterator[Finding]:
    for image in case.images:
        centres, widths = (numbers(image.part.dataset, keyword) for keyword in ("WindowCenter", "WindowWidth"))
        if not (text(image.part.dataset, "WindowCenter") or text(image.part.dataset, "WindowWidth")):
            continue
        exact = text(image.part.dataset, "VOILUTFunction") in ("LINEAR_EXACT", "SIGMOID")
        held = len(centres) == len(widths) > 0 and all(one > 0 if exact else one >= 1 for one in widths)
        shown = f"centres {centres}, widths {widths}"
        yield against("WindowWidth", image.part, shown, "a width of at least 1 for each centre", held)


_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")
_REFERENCE = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")
# Codes of a performed step whose meaning may be left out (PS3.4 Table F.7.2-1e).
_MEANING_OPTIONAL = frozenset({"ProcedureCodeSequence", "PerformedProtocolCodeSequence"})


def _items(dataset: Dataset, path: str = "") -> Iterator[tuple[str, Dataset]]:
    """Every item of every sequence, with where it stands."""
    for tag in sorted(dataset.keys()):
        try:
            element: Any = dataset[tag]
            if element.VR == "SQ":
                where = f"{path}{element.keyword or tag}"
                for item in element.value:
                    yield where, item
                    yield from _items(item, f"{where} > ")
        except UNREADABLE:
            continue


def _told(case: Case) -> Iterator[Part]:
    """All but the worklist items: an answer may return keys without values."""
    asked = {id(item.dataset) for item in case.items}
    return (part for part in case.parts() if id(part.dataset) not in asked)


def _codes(case: Case) -> Iterator[Finding]:
    images = {id(image.part.dataset) for image in case.images}
    for part in _told(case):
        for where, item in _items(part.dataset):
            values = [text(item, keyword) for keyword in _CODE_VALUES]
            if not any(values) and not where.endswith("CodeSequence"):
                continue
            scheme, meaning = text(item, "CodingSchemeDesignator"), text(item, "CodeMeaning")
            meant = bool(meaning) or (where in _MEANING_OPTIONAL and id(part.dataset) not in images)
            held = any(values) and meant and (bool(scheme) or bool(values[2]))
            shown = f"value {''.join(values)}, scheme {scheme}, meaning {meaning}"
            yield against(where, part, shown, "a value, its scheme and its meaning", held)


def _references(case: Case) -> Iterator[Finding]:
    for part in _told(case):
        for where, item in _items(part.dataset):
            uids = [text(item, keyword) for keyword in _REFERENCE]
            if any(keyword in item for keyword in _REFERENCE):
                yield against(where, part, " ".join(uids).strip(), "SOP Class and Instance UID", all(uids))


def _one_scale(case: Case) -> Iterator[Finding]:
    """CT alone: of PET each slice has its own."""
    for one, other in case.in_groups("SeriesInstanceUID"):
        if one.series and text(one.part.dataset, "Modality") == "CT":
            for keyword in ("RescaleIntercept", "RescaleSlope", "RescaleType"):
                yield from compare(keyword, other.part, one.part)


RULES = (
    Rule("R92", "Values are of their VR", "PS3.5 6.2", "images, worklist item, performed step, commitment", _of_its_vr),
    Rule(
        "R93",
        "Values are among those enumerated",
        "PS3.3 C.7.1.1, C.7.3.1, C.7.6.1, C.12.1.1.2",
        "images, worklist item, performed step",
        _known,
    ),
    Rule("R94", "A window has a centre and a width", "PS3.3 C.11.2.1.2", "images", _windows),
    Rule(
        "R95",
        "A code has a value, a scheme and a meaning",
        "PS3.3 Table 8.8-1; PS3.4 Table F.7.2-1e",
        "images, performed step",
        _codes,
    ),
    Rule(
        "R96",
        "A reference names SOP Class and instance",
        "PS3.3 Table 10-11",
        "images, performed step, commitment",
        _references,
    ),
    Rule(
        "R97",
        "CT values have one scale in a series",
        "our choice; PS3.3 C.8.2.1",
        "images of a series",
        _one_scale,
    ),
)
