"""Attributes that the caller sets over those of the IOD: text made into values of the right VR (PS3.5 6.2, PS3.6)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydicom.config import RAISE
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_dict, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from modality.errors import UnknownNameError, UsageError
from modality.iods.setting.enumerated import enumerated, words
from modality.iods.setting.fixed import follows_from
from modality.iods.setting.private import PrivateKey
from modality.iods.setting.ruled import ruled_out
from modality.iods.setting.types import needs_value
from modality.protocol.repertoire import character_set_for

_INTEGERS = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_FLOATS = frozenset({"FD", "FL"})
_ONE_VALUE = frozenset({"LT", "ST", "UR", "UT"})  # a backslash is text in these (PS3.5 6.4)
_TEXT = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "LO", "PN", "SH", "TM", "UC", "UI"}) | _ONE_VALUE


def set_attributes(
    dataset: Dataset,
    assignments: Mapping[str, str],
    *,
    empty_type_1: bool = False,
    not_enumerated: bool = False,
    impossible: bool = False,
) -> None:
    """Set top-level attributes from text.

    Args:
        dataset: is changed.
        assignments: keyword of PS3.6, or text of a `PrivateKey`, to text; values are parted by a backslash, no text
            empties the attribute.
        empty_type_1: let what may not be empty be emptied; a defect that was asked for.
        not_enumerated: let a value be none of those that PS3.3 enumerates; a defect that was asked for.
        impossible: let a number or a direction be what PS3.3 rules out, a Window Width of 0; likewise.

    Raises:
        UnknownNameError: no attribute has that keyword.
        UsageError: the attribute follows from the pixels or the identity, or the text does not fit its VR or VM, or
            is none of the values that PS3.3 enumerates, or one that it rules out, or the IOD does not let it be empty,
            or the character set does not hold the texts.
    """
    for keyword, text in assignments.items():
        private = PrivateKey.of(keyword)
        if private is not None:
            block = dataset.private_block(private.group, private.creator, create=True)
            label = f"private ({private.group:04X},xx{private.element:02X}) of {private.creator}"
            dataset.add(element_from_text(block.get_tag(private.element), private.vr, private.vm, label, text))
            continue
        element = _element(dataset, keyword, text)
        if not empty_type_1 and _is_empty(element) and (reason := needs_value(dataset, keyword)):
            raise UsageError(f"{keyword} cannot be emptied: it is {reason}; --defect empty-type-1 lets it be")
        if not not_enumerated:
            _check_enumerated(dataset, keyword, element)
        dataset.add(element)
    for keyword in assignments if not impossible else ():
        if reason := ruled_out(dataset, keyword):  # once all is set: some depend on others
            raise UsageError(f"{reason}; --defect impossible-value lets it be")
    preferred = dataset.get("SpecificCharacterSet") or None
    needed = character_set_for(dataset, preferred)
    if needed == preferred:
        return
    if "SpecificCharacterSet" in assignments:
        raise UsageError(f"SpecificCharacterSet={assignments['SpecificCharacterSet']}: does not hold every text here")
    dataset.SpecificCharacterSet = needed


def _element(dataset: Dataset, keyword: str, text: str) -> DataElement:
    number = tag_for_keyword(keyword) if keyword else None  # pydicom has retired elements without a keyword
    if number is None:
        nearest = difflib.get_close_matches(keyword, filter(None, keyword_dict), n=1)
        hint = f"did you mean {nearest[0]!r}?" if nearest else "give a keyword of PS3.6, such as PatientName"
        raise UnknownNameError(f"unknown attribute {keyword!r}: {hint}")
    tag = Tag(number)
    if source := follows_from(keyword):
        raise UsageError(f"{keyword} cannot be set: it follows from {source}")
    vr = dictionary_VR(tag)
    if vr == "US or SS":
        vr = "SS" if dataset.get("PixelRepresentation") else "US"
    return element_from_text(tag, vr, dictionary_VM(tag), keyword, text)


def element_from_text(tag: BaseTag, vr: str, multiplicity: str, keyword: str, text: str) -> DataElement:
    """An element from its text.

    Args:
        tag: group and element.
        vr: a VR that text can write.
        multiplicity: its VM, as PS3.6 writes it.
        keyword: what messages call it.
        text: values, parted by a backslash.

    Raises:
        UsageError: the text does not fit the VR or the VM.
    """
    parts = [text] if vr in _ONE_VALUE else text.split("\\") if text else []
    if parts and not _multiplicity_fits(len(parts), multiplicity):
        raise UsageError(f"{keyword}={text}: {len(parts)} values where its dictionary has {multiplicity}")
    try:
        values = [_value(vr, part) for part in parts]
        value = values[0] if len(values) == 1 else values or None
        return DataElement(tag, vr, value, validation_mode=RAISE)
    except (OverflowError, TypeError, ValueError) as error:
        reason = str(error).partition(" Please see")[0]
        raise UsageError(f"{keyword}={text}: does not fit VR {vr}: {reason}") from error


def _check_enumerated(dataset: Dataset, keyword: str, element: DataElement) -> None:
    about = (str(dataset.get(one) or "") for one in ("SOPClassUID", "PhotometricInterpretation"))
    known = enumerated(keyword, *about)
    if known is None or _is_empty(element):
        return
    values = [str(one).strip() for one in (element.value if element.VM > 1 else [element.value])]
    if found := known.wrong(values):
        value, allowed = found
        text = "\\".join(values)
        which = f" for {value or 'a missing value'}" if len(values) > 1 else ""
        told = f"PS3.3 {known.clause} enumerates {words(allowed)}{which}"
        raise UsageError(f"{keyword}={text}: {told}; --defect not-enumerated lets it be")


def _is_empty(element: DataElement) -> bool:
    """Whether there is no value, or nothing but padding."""
    values = element.value if element.VM > 1 else [element.value]
    return element.is_empty or all(isinstance(one, str) and not one.strip() for one in values)


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
