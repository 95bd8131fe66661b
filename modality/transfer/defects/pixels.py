"""Defects of pixels: attributes that do not fit them, native pixels of another length, fragments in disorder."""

from __future__ import annotations

import struct
from collections.abc import Callable

from modality.transfer.defects import tags
from modality.transfer.defects.defect import Defect
from modality.transfer.defects.elements import (
    PIXEL_DATA,
    Break,
    Element,
    Elements,
    changed,
    left_out,
    remade,
    value,
    value_of,
)

_ITEM = struct.Struct("<HHI")
_END = _ITEM.pack(0xFFFE, 0xE0DD, 0)


def _number(parts: Elements, tag: int) -> int:
    return int.from_bytes(next((one.value[:2] for one in parts if one.tag == tag), b""), "little")


def _doubled(content: bytes) -> bytes:
    return struct.pack("<H", 2 * int.from_bytes(content, "little"))


def _half(content: bytes) -> bytes:
    return content[: len(content) // 4 * 2]


def _row_more(parts: Elements) -> list[Element]:
    rows = max(_number(parts, tags.ROWS), 1)

    def longer(content: bytes) -> bytes:
        return content + bytes(max(2, len(content) // rows // 2 * 2))

    return remade(PIXEL_DATA, longer)(parts)


def _frame_more(parts: Elements) -> list[Element]:
    frames = str(int(value_of(parts, tags.FRAMES) or 1) + 1).encode()
    return value(tags.FRAMES, frames + b" " * (len(frames) % 2))(parts)


def _fragments(make: Callable[[bytes], bytes]) -> Break:
    """The value of Pixel Data made into another one, its length undefined as it was."""
    return lambda parts: changed(parts, PIXEL_DATA, lambda one: (one._replace(value=make(one.value)),))


def _first(content: bytes) -> int:
    """Where the first fragment begins, behind the basic offset table."""
    return _ITEM.size + int.from_bytes(content[4:8], "little")


def _wrong_offsets(content: bytes) -> bytes:
    """A table whose one offset, or each, is the last byte that 32 bits can tell of."""
    at = _first(content)
    count = max((at - _ITEM.size) // 4, 1)
    return _ITEM.pack(0xFFFE, 0xE000, 4 * count) + b"\xfe\xff\xff\xff" * count + content[at:]


def _beyond(content: bytes) -> bytes:
    at = _first(content)
    length = int.from_bytes(content[at + 4 : at + 8], "little")
    return content[: at + 4] + struct.pack("<I", length + len(content)) + content[at + 8 :]


def _odd(content: bytes) -> bytes:
    """The first fragment without its last byte; what follows is where it was told to be."""
    at = _first(content)
    length = int.from_bytes(content[at + 4 : at + 8], "little")
    end = at + 8 + length
    return content[: at + 4] + struct.pack("<I", length - 1) + content[at + 8 : end - 1] + content[end:]


PIXELS: dict[str, Defect] = {
    "no-rows": Defect("Rows left out", "PS3.3 C.7.6.3, Type 1", left_out(tags.ROWS), needs="pixels"),
    "wrong-rows": Defect(
        "twice the Rows that Pixel Data has", "PS3.3 C.7.6.3, PS3.5 8.2", remade(tags.ROWS, _doubled),
        needs="pixels",
    ),
    "bits-stored": Defect(
        "99 Bits Stored in fewer allocated", "PS3.5 8.1.1", value(tags.BITS_STORED, b"\x63\0"), needs="pixels",
    ),
    "high-bit": Defect(
        "a High Bit that is not one less than Bits Stored", "PS3.3 C.7.6.3, PS3.5 8.1.1",
        lambda parts: value(tags.HIGH_BIT, struct.pack("<H", _number(parts, tags.BITS_STORED)))(parts),
        needs="pixels",
    ),
    "unknown-photometric": Defect(
        "Photometric Interpretation GREY", "PS3.3 C.7.6.3.1.2", value(tags.PHOTOMETRIC, b"GREY"), needs="pixels",
    ),
    "no-pixel-data": Defect(
        "Pixel Data left out", "PS3.3 C.7.6.3, Type 1C", left_out(PIXEL_DATA), needs="pixels",
    ),
    "wrong-frames": Defect(
        "one frame more in Number of Frames than in Pixel Data", "PS3.3 C.7.6.6.1.1", _frame_more, needs="frames",
    ),
    "short-pixels": Defect(
        "half of the Pixel Data that Rows and Columns tell of", "PS3.3 C.7.6.3.1.4, PS3.5 8.2",
        remade(PIXEL_DATA, _half), needs="native pixels",
    ),
    "long-pixels": Defect(
        "Pixel Data with a row more than Rows tells of", "PS3.5 8.1.1: no more than to even length", _row_more,
        needs="native pixels",
    ),
    "odd-pixels": Defect(
        "Pixel Data of odd length", "PS3.5 7.1.1, 8.1.1: even", remade(PIXEL_DATA, lambda one: one + b"\0"),
        needs="native pixels",
    ),
    "no-fragments-end": Defect(
        "fragments without the sequence delimiter", "PS3.5 A.4", _fragments(lambda one: one.removesuffix(_END)),
        needs="encapsulated pixels",
    ),
    "wrong-offsets": Defect(
        "a basic offset table that points beyond the end", "PS3.5 A.4", _fragments(_wrong_offsets),
        needs="encapsulated pixels",
    ),
    "no-offset-table": Defect(
        "the item of the basic offset table left out, which may be empty but not absent", "PS3.5 A.4",
        _fragments(lambda one: one[_first(one) :]), needs="encapsulated pixels",
    ),
    "fragment-beyond-end": Defect(
        "a fragment longer than what follows", "PS3.5 A.4", _fragments(_beyond), needs="encapsulated pixels",
    ),
    "odd-fragment": Defect(
        "a fragment of odd length", "PS3.5 A.4: even", _fragments(_odd), needs="encapsulated pixels",
    ),
    "defined-length-fragments": Defect(
        "encapsulated Pixel Data with a length", "PS3.5 A.4: undefined",
        lambda parts: changed(parts, PIXEL_DATA, lambda one: (one._replace(length=None),)),
        needs="encapsulated pixels",
    ),
}  # fmt: skip
