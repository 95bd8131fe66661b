"""Attributes that the caller sets over those of the IOD: text made into values of the right VR (PS3.5 6.2, PS3.6)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydicom.config import RAISE
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_dict, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.errors import UnknownNameError, UsageError
from modality.protocol.repertoire import character_set_for

_OF_THE_PIXELS = frozenset(
    {
        "BitsAllocated",
        "BitsStored",
        "Columns",
        "HighBit",
        "NumberOfFrames",
        "PhotometricInterpretation",
        "PixelRepresentation",
        "PlanarConfiguration",
        "Rows",
        "SamplesPerPixel",
    }
)
_OF_THE_IDENTITY = frozenset({"SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"})
_COMMAND_GROUP, _META_GROUP, _PIXEL_GROUP = 0x0000, 0x0002, 0x7FE0

_INTEGERS = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_FLOATS = frozenset({"FD", "FL"})
_ONE_VALUE = frozenset({"LT", "ST", "UR", "UT"})  # a backslash is text in these (PS3.5 6.4)
_TEXT = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "LO", "PN", "SH", "TM", "UC", "UI"}) | _ONE_VALUE


def set_attributes(dataset: Dataset, assignments: Mapping[str, str]) -> None:
    """Set top-level attributes from text.

    Args:
        dataset: is changed.
        assignments: keyword of PS3.6 to text; values are parted by a backslash, no text empties the attribute.

    Raises:
        UnknownNameError: no attribute has that keyword.
        UsageError: the attribute follows from the pixels or the identity, or the text does not fit its VR or VM, or
            the character set does not hold the texts.
    """
    for keyword, text in assignments.items():
        dataset.add(_element(dataset, keyword, text))
    preferred = dataset.get("SpecificCharacterSet") or None
    needed = character_set_for(dataset, preferred)
    if needed == preferred:
        return
    if "SpecificCharacterSet" in assignments:
        raise UsageError(f"SpecificCharacterSet={assignments['SpecificCharacterSet']}: does not hold every text here")
    dataset.SpecificCharacterSet = needed


def _element(dataset: Dataset, keyword: str, text: str) -> DataElement:
    number = tag_for_keyword(keyword)
    if number is None:
        nearest = difflib.get_close_matches(keyword, keyword_dict, n=1)
        hint = f"did you mean {nearest[0]!r}?" if nearest else "give a keyword of PS3.6, such as PatientName"
        raise UnknownNameError(f"unknown attribute {keyword!r}: {hint}")
    tag = Tag(number)
    if keyword in _OF_THE_PIXELS or tag.group in (_COMMAND_GROUP, _META_GROUP, _PIXEL_GROUP):
        raise UsageError(f"{keyword} cannot be set: it follows from the pixels and their encoding")
    if keyword in _OF_THE_IDENTITY:
        raise UsageError(f"{keyword} cannot be set: it follows from the kind and the seed")
    vr = dictionary_VR(tag)
    if vr == "US or SS":
        vr = "SS" if dataset.get("PixelRepresentation") else "US"
    parts = [text] if vr in _ONE_VALUE else text.split("\\") if text else []
    if parts and not _multiplicity_fits(len(parts), dictionary_VM(tag)):
        raise UsageError(f"{keyword}={text}: {len(parts)} values where PS3.6 has {dictionary_VM(tag)}")
    try:
        values = [_value(vr, part) for part in parts]
        value = values[0] if len(values) == 1 else values or None
        return DataElement(tag, vr, value, validation_mode=RAISE)
    except (OverflowError, TypeError, ValueError) as error:
        reason = str(error).partition(" Please see")[0]
        raise UsageError(f"{keyword}={text}: does not fit VR {vr}: {reason}") from error


def _value(vr: str, text: str) -> Any:
    if vr in _INTEGERS:
        return int(text)
    if vr in _FLOATS:
        return float(text)
    if vr == "AT":
        return Tag(text)
    if vr in _TEXT:
        return text
    raise ValueError("cannot be written as text")


def _multiplicity_fits(count: int, multiplicity: str) -> bool:
    """Whether PS3.6's VM (``1``, ``1-3``, ``2-n``, ``2-2n``) allows so many values."""
    first, _, last = multiplicity.partition("-")
    if count < int(first):
        return False
    if not last:
        return count == int(first)
    if last.endswith("n"):
        return count % int(last[:-1] or 1) == 0
    return count <= int(last)
