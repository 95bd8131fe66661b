"""An instance that is held compared with the one that was sent: every element, and the pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from pydicom.charset import convert_encodings
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_sequence
from pydicom.filewriter import write_data_element
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import EXPLICIT_LITTLE

_PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_PHOTOMETRIC_INTERPRETATION = 0x00280004
# What pixels encapsulated otherwise may rightly change: Planar Configuration (PS3.5 8.2), and the offset tables.
_ENCODING = frozenset((0x00280006, 0x7FE00001, 0x7FE00002, 0x7FE00003))
# Colour spaces that an encoder may turn into each other (PS3.5 8.2; PS3.3 C.7.6.3.1.2): no other change is its doing.
_COLOURS = frozenset(("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_RCT", "YBR_ICT", "XYB"))
UNCONVERTIBLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    OSError,
    EOFError,
    struct.error,
)
"""What pydicom raises for values that make no sense."""
_PADDING = 0xFFFCFFFC
_ITEM = b"\xfe\xff\x00\xe0"
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """An element that is not as it was sent.

    Args:
        uid: SOP Instance UID.
        attribute: keyword, or tag where there is none, with the private creator; within a sequence, the path.
        sent: value sent; None when the archive added the element.
        held: value held; None when the archive lost the element.
    """

    uid: str
    attribute: str
    sent: str | None
    held: str | None


_Terms = str | MutableSequence[str]
"""Specific Character Set, as pydicom has it."""
_DEFAULT = "ISO_IR 6"


def differences(
    uid: str,
    mine: Dataset,
    theirs: Dataset,
    *,
    transcoded: bool = False,
    path: str = "",
    character_sets: tuple[_Terms, _Terms] = (_DEFAULT, _DEFAULT),
) -> Iterator[Difference]:
    """Every element lost, added or changed, items of sequences one by one; the pixel data is left to `same_pixels`.

    Group lengths (retired), trailing padding, which has no significance (PS3.10 7.2), and what the encoding alone
    changes make no difference.

    Args:
        uid: SOP Instance UID, for the differences.
        mine: what was sent.
        theirs: what is held.
        transcoded: the transfer syntaxes differ, and one of them is of encapsulated pixels.
        path: where the data sets stand, for those in sequences.
        character_sets: of the data sets around them, which hold where they name none of their own (PS3.5 7.5.3).
    """
    sets = (_terms(mine, character_sets[0]), _terms(theirs, character_sets[1]))
    for tag in sorted(set(mine.keys()) | set(theirs.keys())):
        if tag.element == 0 or tag == _PADDING or (not path and tag in _PIXELS) or (transcoded and tag in _ENCODING):
            continue
        if tag in mine and tag in theirs and _same_bytes(mine, theirs, tag):
            continue
        one, other = _element(mine, tag, sets[0]), _element(theirs, tag, sets[1])
        if transcoded and tag == _PHOTOMETRIC_INTERPRETATION and _colours(one, other):
            continue
        name = path + _name(tag, mine if one is not None else theirs)
        if one is None or other is None:
            yield Difference(uid, name, _text(one), _text(other))
        elif isinstance(one.value, Sequence) and isinstance(other.value, Sequence):
            yield from _items(uid, name, one.value, other.value, transcoded=transcoded, character_sets=sets)
        elif not _same_value(one, other, sets):
            yield Difference(uid, name, _text(one), _text(other))


def _colours(one: DataElement | None, other: DataElement | None) -> bool:
    return one is not None and other is not None and {str(one.value), str(other.value)} <= _COLOURS


def _items(
    uid: str,
    name: str,
    mine: Sequence,
    theirs: Sequence,
    *,
    transcoded: bool,
    character_sets: tuple[_Terms, _Terms],
) -> Iterator[Difference]:
    for index in range(max(len(mine), len(theirs))):
        item = f"{name}[{index}]"
        if index >= len(mine):
            yield Difference(uid, item, None, _summary(theirs[index]))
        elif index >= len(theirs):
            yield Difference(uid, item, _summary(mine[index]), None)
        else:
            yield from differences(
                uid, mine[index], theirs[index], transcoded=transcoded, path=f"{item}.", character_sets=character_sets
            )


def _same_bytes(mine: Dataset, theirs: Dataset, tag: BaseTag) -> bool:
    """The values are the same bytes in the same layout, as they were read: nothing to convert, however odd they are."""
    one: Any = mine.get_item(tag)
    other: Any = theirs.get_item(tag)
    if not (isinstance(one, RawDataElement) and isinstance(other, RawDataElement)):
        return False
    alike = one.VR == other.VR and one.is_implicit_VR == other.is_implicit_VR
    return bool(alike and one.is_little_endian == other.is_little_endian and one.value == other.value)


def _element(dataset: Dataset, tag: BaseTag, terms: _Terms = _DEFAULT) -> DataElement | None:
    """An element: as bytes (OB) where pydicom cannot make sense of it, as a sequence where the bytes are one.

    A sequence whose value representation is not known, as all private ones in Implicit VR, is encoded in Implicit VR
    Little Endian (PS3.5 6.2.2, note 4).
    """
    if tag not in dataset:
        return None
    raw: Any = dataset.get_item(tag)
    try:
        element = dataset[tag]
    except UNCONVERTIBLE:
        return DataElement(tag, "OB", raw.value or b"")  # UN would be turned into what the dictionary says
    value = element.value
    if element.VR != "UN" or not isinstance(value, bytes) or not value.startswith(_ITEM):
        return element
    try:
        items = read_sequence(BytesIO(value), True, True, len(value), convert_encodings(terms))
        return DataElement(tag, "SQ", items)
    except UNCONVERTIBLE:
        return element


def _terms(dataset: Dataset, around: _Terms) -> _Terms:
    terms: _Terms = dataset.get("SpecificCharacterSet") or around
    return terms


def _same_value(one: DataElement, other: DataElement, sets: tuple[_Terms, _Terms]) -> bool:
    try:
        if one.value == other.value:
            return True
    except UNCONVERTIBLE:
        pass  # values of different kinds: their bytes decide
    return _canonical(one, sets[0]) == _canonical(other, sets[1])


def _canonical(element: DataElement, terms: _Terms) -> bytes:
    """A value as Implicit VR Little Endian has it, every length defined.

    Private elements whose value representation a peer does not know come back as UN, their sequences as bytes
    (PS3.5 6.2.2): equal are those that encode to the same.
    """
    if isinstance(element.value, Sequence):
        return b"".join(_item(item, _terms(item, terms)) for item in element.value)
    out = DicomBytesIO()
    out.is_little_endian = out.is_implicit_VR = True
    try:
        write_data_element(out, element, convert_encodings(terms))
    except UNCONVERTIBLE:
        return repr(element.value).encode()
    return out.getvalue()[8:].rstrip(b"\0 ")


def _item(item: Dataset, terms: _Terms) -> bytes:
    content = b"".join(_whole(element, terms) for element in item if element.tag.element != 0)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def _whole(element: DataElement, terms: _Terms) -> bytes:
    value = _canonical(element, terms)
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HHI", element.tag.group, element.tag.element, len(value)) + value


def _name(tag: BaseTag, within: Dataset) -> str:
    element = _element(within, tag)
    if element is not None and element.keyword:
        return element.keyword
    name = f"({tag.group:04X},{tag.element:04X})"
    if not tag.is_private or tag.is_private_creator:
        return name
    creator = _element(within, Tag(tag.group, tag.element >> 8))  # PS3.5 7.8.1
    return f"{name} {str(creator.value).strip()}" if creator is not None else name


def _text(element: DataElement | None) -> str | None:
    if element is None:
        return None
    if isinstance(element.value, Sequence):
        return f"{len(element.value)} items"
    return f"{len(element.value)} bytes" if isinstance(element.value, bytes) else str(element.value)[:_LONGEST_VALUE]


def _summary(item: Dataset) -> str:
    return f"an item of {len(item)} elements"


def same_pixels(sent: PreparedInstance, held: PreparedInstance, mine: Dataset, theirs: Dataset) -> bool:
    """Whether the pixel data is the same: the same bytes in one syntax, else the same colours when decoded.

    Args:
        sent: the instance sent.
        held: the instance held.
        mine: the data set of `sent`.
        theirs: the data set of `held`.

    Raises:
        UnsupportedError: pixels are in a transfer syntax that is not decoded here.
        MissingExtraError: the codec is not installed.
        InputError: the pixel data is damaged.
        ValueError: the pixel attributes make no sense; pydicom raises others of Python's errors too.
    """
    kinds = [tag for tag in _PIXELS if tag in mine]
    if kinds != [tag for tag in _PIXELS if tag in theirs]:
        return False
    if not kinds:
        return True
    if sent.transfer_syntax_uid == held.transfer_syntax_uid and all(
        mine.get_item(tag).value == theirs.get_item(tag).value for tag in kinds
    ):
        return True
    one, other = _decoded(sent, mine), _decoded(held, theirs)
    if not np.array_equal(one.pixel_array, other.pixel_array):
        return False
    # An interpretation that differs between native pixels is a difference of elements; of decoded ones, of colours.
    recoded = sent.syntax.encapsulated or held.syntax.encapsulated
    return not recoded or one.get("PhotometricInterpretation") == other.get("PhotometricInterpretation")


def _decoded(instance: PreparedInstance, dataset: Dataset) -> Dataset:
    """The data set with its pixels native, by the codecs that we send with: pydicom's own want other packages."""
    return transcode(instance, EXPLICIT_LITTLE).dataset() if instance.syntax.encapsulated else dataset


def comparable(instance: PreparedInstance) -> Dataset:
    """The data set with its words little endian, in sequences too: of words pydicom tells as bytes what was stored.

    Raises:
        InputError: the data set is damaged.
    """
    return instance.dataset() if instance.syntax.little_endian else transcode(instance, EXPLICIT_LITTLE).dataset()
