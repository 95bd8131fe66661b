"""Encapsulated pixel data cut into other fragments (PS3.5 A.4)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from modality.transfer.elements import Buffer

_ITEM = struct.Struct("<HHI")
_TAG = (0xFFFE, 0xE000)
_HEADER = 12  # of the Pixel Data element, whose length is undefined


def refragmented(tail: Sequence[Buffer], most: int, *, table: bool) -> list[Buffer]:
    """The same code in fragments of no more than so many bytes; a basic offset table tells where frames begin.

    Args:
        tail: the Pixel Data element in fragments, one a frame, and what follows.
        most: bytes of a fragment, even; 0 leaves them whole.
        table: whether the basic offset table is filled; a frame of several fragments needs it, so where one is cut and
            there are others, it is.
    """
    data = b"".join(tail)
    at = _HEADER
    items: list[bytes] = []
    while data[at : at + 4] == struct.pack("<HH", *_TAG):
        (length,) = struct.unpack_from("<I", data, at + 4)
        items.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    frames = items[1:]
    offsets, cut, where = [], [], 0
    for frame in frames:
        offsets.append(where)
        pieces = [frame[one : one + most] for one in range(0, len(frame), most)] if most else [frame]
        for piece in pieces:
            cut.append(_ITEM.pack(*_TAG, len(piece)) + piece)
            where += len(cut[-1])
    needed = len(cut) > len(frames) > 1
    filled = struct.pack(f"<{len(offsets)}I", *offsets) if table or needed else b""
    return [data[:_HEADER], _ITEM.pack(*_TAG, len(filled)) + filled, *cut, data[at:]]
