"""Defects of structure: the order of elements, groups, sequences, lengths."""

from __future__ import annotations

import random
import struct

from modality.transfer.defects import tags
from modality.transfer.defects.defect import Defect
from modality.transfer.defects.elements import UNDEFINED, Element, Elements, bare, changed, encode, inserted, put

_RUBBISH = 4096  # bytes
_GROUP_8 = 0x00080000
_CLASS, _INSTANCE = 0x00081150, 0x00081155  # of a reference


def _item(content: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content) if length is None else length) + content


# A reference to an image that never was, in explicit VR and in implicit.
_REFERENCE = encode((Element(_CLASS, b"UI", b"1.2.840.10008.5.1.4.1.1.7\0"), Element(_INSTANCE, b"UI", b"1.2.3\0")))
_IMPLICIT = b"".join(
    struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value
    for tag, value in ((_CLASS, b"1.2.840.10008.5.1.4.1.1.7\0"), (_INSTANCE, b"1.2.3\0"))
)


def _swapped(parts: Elements) -> list[Element]:
    found = list(parts)
    found[1], found[2] = found[2], found[1]
    return found


def _truncated(parts: Elements) -> list[Element]:
    last = parts[-1]
    keep = len(last.value) - max(2, len(last.value) // 2)
    length = len(last.value) if last.length is None else last.length
    return [*parts[:-1], last._replace(value=last.value[: max(keep, 0)], length=length)]


def _beyond(parts: Elements) -> list[Element]:
    last = parts[-1]
    return [*parts[:-1], last._replace(length=len(last.value) + 0x1000)]


def _unterminated(parts: Elements) -> list[Element]:
    return inserted(parts, Element(tags.REFERENCED_IMAGES, b"SQ", _item(_REFERENCE, UNDEFINED), UNDEFINED))


def _stray(parts: Elements) -> list[Element]:
    return [*parts[:2], bare(struct.pack("<HHI", 0xFFFE, 0xE00D, 0)), *parts[2:]]


def _group_length(parts: Elements) -> list[Element]:
    whole = len(encode(one for one in parts if one.tag >> 16 == 0x0008 and one.tag != _GROUP_8))
    return inserted(parts, Element(_GROUP_8, b"UL", struct.pack("<I", whole + 6)))


STRUCTURE: dict[str, Defect] = {
    "out-of-order": Defect("tags that do not ascend", "PS3.5 7.1", _swapped),
    "twice": Defect(
        "Patient ID twice", "PS3.5 7.1: at most once",
        lambda parts: changed(parts, tags.PATIENT_ID, lambda one: (one, one)),
    ),
    "private-without-creator": Defect(
        "a private element without its private creator", "PS3.5 7.8.1", put(0x00991001, b"LO", b"nobody's"),
    ),
    "forbidden-group": Defect(
        "an element of group 0003, which is neither standard nor private", "PS3.5 7.1, 7.8.1",
        put(0x00030010, b"LO", b"nothing "),
    ),
    "command-element": Defect(
        "an element of a command in the data set", "PS3.5 7.1, PS3.7 6.3.1",
        put(0x00000002, b"UI", b"1.2.840.10008.1.1\0"),
    ),
    "file-meta": Defect(
        "an element of file meta information in the data set", "PS3.5 7.1, PS3.10 7.1",
        put(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0"),
    ),
    "wrong-group-length": Defect("a group length that is 6 bytes too long", "PS3.5 7.2", _group_length),
    "unterminated-sequence": Defect(
        "a sequence and an item without their delimiters", "PS3.5 7.5.1, 7.5.2", _unterminated,
    ),
    "no-item-tag": Defect(
        "a sequence whose elements stand in no item", "PS3.5 7.5.1", put(tags.REFERENCED_IMAGES, b"SQ", _REFERENCE),
    ),
    "item-beyond-sequence": Defect(
        "an item longer than its sequence", "PS3.5 7.5.1, 7.5.2",
        put(tags.REFERENCED_IMAGES, b"SQ", _item(_REFERENCE, len(_REFERENCE) + 0x1000)),
    ),
    "negative-item-length": Defect(
        "an item of length FFFFFFFEH, which is -2 to who reads it signed", "PS3.5 7.5.1",
        put(tags.REFERENCED_IMAGES, b"SQ", _item(_REFERENCE, 0xFFFFFFFE)),
    ),
    "stray-item-end": Defect("an item's delimiter where no item is open", "PS3.5 7.5.1", _stray),
    "implicit-item": Defect(
        "an item in implicit VR within explicit VR", "PS3.5 7.1",
        put(tags.REFERENCED_IMAGES, b"SQ", _item(_IMPLICIT)),
    ),
    "explicit-in-un": Defect(
        "a sequence of VR UN and undefined length that holds explicit VR", "PS3.5 6.2.2",
        lambda parts: inserted(
            inserted(parts, Element(0x00990010, b"LO", b"MODALITY DEFECTS")),
            Element(0x00991001, b"UN", _item(_REFERENCE) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0), UNDEFINED),
        ),
    ),
    "length-beyond-end": Defect("an element longer than what follows", "PS3.5 7.1.2", _beyond),
    "truncated": Defect("it ends in the middle of the last element", "PS3.5 7.1.2", _truncated),
    "rubbish": Defect(
        "4096 random bytes", "PS3.5 7", lambda _: [bare(random.Random(_RUBBISH).randbytes(_RUBBISH))],
    ),
    "missing": Defect("no data set where one has to be", "PS3.7 9.3.1.1, PS3.10 7.2", lambda _: []),
}  # fmt: skip
