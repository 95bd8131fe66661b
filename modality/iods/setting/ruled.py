"""What numbers and directions PS3.3 allows: windows, distances, scales and axes that mean something.

Each rule is as dciodvfy knows it, which the tests ask, but for the signs of magnitudes: of those PS3.3 says what they
measure, and no more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from modality.iods.setting.enumerated import words
from modality.iods.setting.types import attribute_types

_UNIT = 1e-3  # by which cosines of few digits may miss 1, or 0: our choice
_AXES = frozenset("APRLHF")
_OPPOSITE = {"A": "P", "P": "A", "R": "L", "L": "R", "H": "F", "F": "H"}


@dataclass(frozen=True, slots=True)
class Rule:
    """What the numbers of an attribute may be.

    Args:
        clause: where, in PS3.3.
        said: what each has to be.
        holds: whether one is.
    """

    clause: str
    said: str
    holds: Callable[[float], bool]


def _positive(clause: str) -> Rule:
    return Rule(clause, "greater than 0", lambda value: value > 0)


def _not_negative(clause: str) -> Rule:
    return Rule(clause, "not negative", lambda value: value >= 0)


def _not_zero(clause: str) -> Rule:
    return Rule(clause, "not 0", lambda value: value != 0)


def _one_of(clause: str, *allowed: float) -> Rule:
    return Rule(clause, words([f"{one:g}" for one in allowed]), lambda value: value in allowed)


_SPACINGS: Mapping[str, tuple[str, str]] = dict.fromkeys(
    ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"), ("Rows", "Columns")
)
"""Between rows and between columns; where there is one alone, its spacing may be 0 (10.7.1.3)."""
_GENERATION = "C.8.2.1, C.8.7.9"
_COMMON: Mapping[str, Rule] = {
    **dict.fromkeys(_SPACINGS, _positive("10.7.1.3")),
    "SliceThickness": _positive("C.7.6.2"),
    "SpacingBetweenSlices": _not_negative("C.7.6.2"),
    "RescaleSlope": _not_zero("C.11.1.1"),
    "DetectorElementPhysicalSize": _positive("C.8.11.4"),
    "DetectorElementSpacing": _positive("C.8.11.4"),
    "PatientSize": _not_negative("C.7.2.2"),
    "PatientWeight": _not_negative("C.7.2.2"),
    **dict.fromkeys(("KVP", "ExposureTime", "XRayTubeCurrent", "Exposure"), _not_negative(_GENERATION)),
    "CTDIvol": _not_negative("C.8.2.1"),
    "ReconstructionDiameter": _not_negative("C.8.2.1, C.8.9.1"),
    **dict.fromkeys(("RepetitionTime", "EchoTime", "InversionTime"), _not_negative("C.8.3.1")),
}
"""Of every IOD that has the attribute, unless it has its own below, or None there."""
_DX: Mapping[str, Rule | None] = {
    "RescaleIntercept": _one_of("C.8.11.3", 0.0),
    "RescaleSlope": _one_of("C.8.11.3", 1.0),
    "PixelIntensityRelationshipSign": _one_of("C.8.11.3", 1.0, -1.0),
    "FieldOfViewDimensions": _positive("C.8.11.4"),
    "FieldOfViewRotation": _one_of("C.8.11.4", 0.0, 90.0, 180.0, 270.0),
}
_OF_AN_IOD: Mapping[str, Mapping[str, Rule | None]] = {
    "digital-x-ray-image": _DX,
    "digital-mammography-x-ray-image": _DX,
    "positron-emission-tomography-image": {"RescaleIntercept": _one_of("C.8.9.4", 0.0)},
    "nuclear-medicine-image": {"SpacingBetweenSlices": None},  # whose sign tells the direction (C.8.4.15)
}
"""By the name that `configs/attribute_types.toml` has for an IOD."""


def ruled_out(dataset: Dataset, keyword: str, *, whole: bool = True) -> str:
    """Why PS3.3 does not allow what an attribute of a data set holds, by itself or beside others.

    Args:
        dataset: has its SOP Class UID, else what holds in all IODs is known.
        keyword: of an attribute at its top.
        whole: what is not there is missing; else it may be elsewhere, and a rule of several attributes holds only where
            the first that it is about is there.

    Returns:
        The attribute and its value, the clause and what it asks for; nothing where the value may be.
    """
    for about, reason in _RELATED:
        if keyword in about and (whole or about[0] in dataset) and (found := reason(dataset)):
            return found
    rule = _rule(str(dataset.get("SOPClassUID", "")), keyword)
    values = _numbers(dataset, keyword)
    if rule is None or keyword not in dataset or values is None:
        return ""
    counted = [dataset.get(one) for one in _SPACINGS.get(keyword, ())]
    for place, value in enumerate(values):
        alone = place < len(counted) and counted[place] == 1 and value == 0
        if not alone and not rule.holds(value):
            return f"{keyword}={_text(dataset, keyword)}: PS3.3 {rule.clause} asks for a number that is {rule.said}"
    return ""


def _rule(sop_class_uid: str, keyword: str) -> Rule | None:
    own = _OF_AN_IOD.get(attribute_types().iod_of.get(sop_class_uid, ""), {})
    return own[keyword] if keyword in own else _COMMON.get(keyword)


def _window(dataset: Dataset) -> str:
    """C.11.2.1.2: a width for each centre, of at least 1, or of more than 0 where its function is exact."""
    widths, centres = _numbers(dataset, "WindowWidth"), _numbers(dataset, "WindowCenter")
    exact = str(dataset.get("VOILUTFunction") or "LINEAR") in ("LINEAR_EXACT", "SIGMOID")
    if widths and not all(width > 0.0 if exact else width >= 1.0 for width in widths):
        least = "greater than 0" if exact else "at least 1 unless VOI LUT Function is LINEAR_EXACT or SIGMOID"
        return f"WindowWidth={_text(dataset, 'WindowWidth')}: PS3.3 C.11.2.1.2 asks for a number that is {least}"
    if centres and widths is not None and len(centres) != len(widths):
        many = f"WindowCenter={_text(dataset, 'WindowCenter')} and WindowWidth={_text(dataset, 'WindowWidth')}"
        return f"{many}: PS3.3 C.11.2.1.2 asks for a width for each center; set both"
    return ""


def _orientation(dataset: Dataset) -> str:
    """C.7.6.2.1.1: unit vectors, at right angles."""
    cosines = _numbers(dataset, "ImageOrientationPatient")
    if not cosines or len(cosines) != 6:
        return ""
    row, column = cosines[:3], cosines[3:]
    products = (_product(row, row) - 1.0, _product(column, column) - 1.0, _product(row, column))
    if all(abs(one) <= _UNIT for one in products):
        return ""
    said = "PS3.3 C.7.6.2.1.1 asks for the cosines of two unit vectors at right angles"
    return f"ImageOrientationPatient={_text(dataset, 'ImageOrientationPatient')}: {said}"


def _sides(dataset: Dataset) -> str:
    """C.7.6.1.1.1: where rows and columns lead, in letters of a biped's sides."""
    value = dataset.get("PatientOrientation")
    if not value or dataset.get("AnatomicalOrientationType") == "QUADRUPED":
        return ""
    for one in value if isinstance(value, (list, MultiValue)) else [value]:
        letters = str(one).strip()
        seen = set(letters)
        if seen <= _AXES and len(seen) == len(letters) and not any(_OPPOSITE[letter] in seen for letter in seen):
            continue
        said = "PS3.3 C.7.6.1.1.1 asks for letters of A, P, R, L, H and F, no side twice or with its opposite"
        return f"PatientOrientation={_text(dataset, 'PatientOrientation')}: {said}, for {one}"
    return ""


_RELATED: Sequence[tuple[tuple[str, ...], Callable[[Dataset], str]]] = (
    (("WindowWidth", "WindowCenter", "VOILUTFunction"), _window),
    (("ImageOrientationPatient",), _orientation),
    (("PatientOrientation", "AnatomicalOrientationType"), _sides),
)
"""Rules of several numbers or attributes: what they are about, the leading one first."""


def _product(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _values(dataset: Dataset, keyword: str) -> list[object]:
    value = dataset.get(keyword)
    return list(value) if isinstance(value, (list, MultiValue)) else [] if value in (None, "") else [value]


def _numbers(dataset: Dataset, keyword: str) -> list[float] | None:
    """The numbers of an attribute; None where it has others, which its VR says."""
    try:
        return [float(str(one)) for one in _values(dataset, keyword)]
    except ValueError:
        return None


def _text(dataset: Dataset, keyword: str) -> str:
    return "\\".join(map(str, _values(dataset, keyword)))
