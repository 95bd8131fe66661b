"""Private blocks as a machine writes them: creators, elements of any VR, sequences within sequences (PS3.5 7.8)."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import BaseTag, Tag

from modality.iods.attributes import element_from_text, set_attributes
from modality.iods.setting.file import assignments
from modality.iods.setting.private import TEXT_VRS, PrivateAttribute, PrivateBlock

_WIDTHS = {"OB": 1, "UN": 1, "OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}  # bytes of a word (PS3.5 6.2)
_LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class VendorItem:
    """An item of a private sequence.

    Args:
        set: attributes of PS3.6, by keyword.
        element: private ones of the same creator.
    """

    set: Mapping[str, Any] = field(default_factory=dict)
    element: tuple[VendorElement, ...] = ()


@dataclass(frozen=True, slots=True)
class VendorElement:
    """A private element.

    Args:
        element: the last two digits of its element number, 0 to 0xFF.
        vr: VR; UN with items is a sequence as one writes it who does not know its VR (PS3.5 6.2.2).
        value: text, a number, or a list of them; of VRs that text can write.
        characters: text is repeated up to so many.
        size: bytes, of VRs that are nothing but bytes; they look like noise.
        item: of SQ or UN.
        open: a UN with items has no length, but ends with a delimiter.
        name: what `modality private` calls it; nothing of it stands in the instances.
    """

    element: int
    vr: str
    value: Any = ""
    characters: int = 0
    size: int = 0
    item: tuple[VendorItem, ...] = ()
    open: bool = False
    name: str = field(default="", repr=False)  # no part of a persona's digest: it sets no instances apart

    def __post_init__(self) -> None:
        name = f"element {self.element:#04x}"
        if not 0 <= self.element <= 0xFF:
            raise ValueError(f"{name}: 0x00 to 0xFF")
        if self.vr not in (*TEXT_VRS, *_WIDTHS, "SQ"):
            raise ValueError(f"{name}: vr: there is no {self.vr!r}")
        if self.item and self.vr not in ("SQ", "UN"):
            raise ValueError(f"{name}: item: of SQ or UN, not of {self.vr}")
        if self.open and not (self.item and self.vr == "UN"):
            raise ValueError(f"{name}: open: of a UN with items")
        if self.size and (self.vr not in _WIDTHS or self.item):
            raise ValueError(f"{name}: size: of {', '.join(_WIDTHS)} without items")
        if not 0 <= self.size <= _LARGEST or self.size % max(2, _WIDTHS.get(self.vr, 1)):
            raise ValueError(f"{name}: size: whole words, an even number of bytes up to {_LARGEST}, not {self.size}")
        if self.characters and (self.vr not in TEXT_VRS or not isinstance(self.value, str) or not self.value):
            raise ValueError(f"{name}: characters: of a text that is repeated")
        if self.name:
            PrivateAttribute(self.element, "LO", self.name)  # checks the name
        if self.repeated.endswith(" "):
            raise ValueError(f"{name}: characters: {self.characters} of them end in a space, which readers cut off")

    @property
    def repeated(self) -> str:
        """The text up to its characters; empty where there are none asked for."""
        return (self.value * (self.characters // len(self.value) + 1))[: self.characters] if self.characters else ""


@dataclass(frozen=True, slots=True)
class VendorBlock:
    """The private elements of one creator in one group.

    Args:
        creator: Private Creator.
        group: odd, up to 0x7FDF: before the pixels.
        element: at least one.
        at: the block that it reserves, where that is free: 0x10 to 0xFF.
    """

    creator: str
    group: int
    element: tuple[VendorElement, ...]
    at: int = 0x10

    def __post_init__(self) -> None:
        PrivateBlock(self.creator, self.group, ())  # checks creator and group
        if self.group >= 0x7FE0:
            raise ValueError(f"group {self.group:#06x}: one before the pixels")
        if not 0x10 <= self.at <= 0xFF:
            raise ValueError(f"at: 0x10 to 0xFF (PS3.5 7.8.1), not {self.at:#04x}")
        if not self.element:
            raise ValueError(f"creator {self.creator}: at least one element is needed")


def add_blocks(dataset: Dataset, blocks: tuple[VendorBlock, ...]) -> None:
    """Add private blocks; a creator that is there already keeps its block.

    Raises:
        UsageError: a value does not fit its VR.
    """
    for block in blocks:
        _add(dataset, block, block.element)


def _add(dataset: Dataset, block: VendorBlock, elements: tuple[VendorElement, ...]) -> None:
    first = _reserved(dataset, block) << 8
    for one in elements:
        dataset.add(_made(Tag(block.group, first | one.element), one, block))


def _reserved(dataset: Dataset, block: VendorBlock) -> int:
    """The number of the creator's block, which is reserved where it was not."""
    group = dataset.group_dataset(block.group)
    creators: dict[int, str] = {one.tag.element: str(one.value) for one in group if one.tag.element <= 0xFF}
    for there, creator in creators.items():
        if creator == block.creator:
            return there
    number: int = next(one for one in (block.at, *range(0x10, 0x100)) if one not in creators)
    dataset.add_new(Tag(block.group, number), "LO", block.creator)
    return number


def _made(tag: BaseTag, one: VendorElement, block: VendorBlock) -> DataElement:
    label = f"private ({block.group:04X},xx{one.element:02X}) of {block.creator}"
    if one.item or one.vr == "SQ":
        items = [_item(item, block) for item in one.item]
        if one.vr == "SQ":
            return DataElement(tag, "SQ", items)
        made = DataElement(tag, "UN", b"".join(map(_implicit, items)))
        made.is_undefined_length = one.open
        return made
    if one.vr in _WIDTHS:
        return DataElement(tag, one.vr, random.Random(f"{label} {one.size}").randbytes(one.size))
    text = one.repeated or assignments({label: one.value})[label]
    return element_from_text(tag, one.vr, "1-n", label, text)


def _item(item: VendorItem, block: VendorBlock) -> Dataset:
    made = Dataset()
    set_attributes(made, assignments(item.set))
    made.pop("SpecificCharacterSet", None)  # that of the whole data set holds (PS3.5 7.5.3)
    if item.element:
        _add(made, block, item.element)
    return made


def _implicit(item: Dataset) -> bytes:
    """An item in implicit VR little endian, as UN holds it; its texts are ASCII."""
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, True
    write_dataset(out, item)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(out.getvalue())) + out.getvalue()
