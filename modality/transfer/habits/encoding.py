"""A prepared instance encoded anew as a machine has the habit of, its pixels untouched."""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.transfer.deflation import deflated_tail, inflated
from modality.transfer.elements import Buffer, Place, replace, scan
from modality.transfer.encode import around_pixels, transcode
from modality.transfer.habits.fragments import refragmented
from modality.transfer.habits.habits import EncodingHabits
from modality.transfer.habits.preamble import tiff_opening
from modality.transfer.instance import PreparedInstance
from modality.transfer.pixels import PixelElement
from modality.transfer.syntaxes import EXPLICIT_LITTLE, RLE, TransferSyntax

_PADDING = 0xFFFCFFFC
_PIXEL_GROUP = 0x7FE0


def head_of(instance: PreparedInstance) -> Dataset:
    """All before the pixels, decoded, its words little endian."""
    head = PreparedInstance(instance.transfer_syntax_uid, instance.head)
    if instance.syntax.deflated or instance.syntax.encapsulated:
        head = PreparedInstance(EXPLICIT_LITTLE.uid, instance.head)
    dataset = transcode(head, EXPLICIT_LITTLE).dataset()
    del dataset.file_meta
    return dataset


def encoded_as(instance: PreparedInstance, head: Dataset, habits: EncodingHabits) -> PreparedInstance:
    """The instance with another head, written as the habits say.

    Args:
        instance: gives the transfer syntax and the pixels.
        head: all that stands before them; is changed.
        habits: how it is written.
    """
    syntax = instance.syntax
    if not syntax.little_endian:
        _close_unknown(head)
    if habits.lengths != "defined":
        _leave_open(head, items=habits.lengths == "undefined")
    data, after = around_pixels(head, syntax, PixelElement([]))
    assert not after
    if habits.padded:
        data = _padded(data, syntax, habits)
    if habits.group_lengths:
        data = _with_group_lengths(data, syntax)
    tail = _plain_tail(instance)
    if syntax.encapsulated and tail and syntax is not RLE and "ExtendedOffsetTable" not in head:
        tail = refragmented(tail, habits.fragment, table=habits.offset_table)
    if habits.trailing_padding:
        tail.append(_element(_PADDING, b"OB", bytes(habits.trailing_padding), syntax))
    made = PreparedInstance(syntax.uid, data, [deflated_tail(tail)] if syntax.deflated else tail, instance.source)
    if habits.preamble == "tiff":
        made.opening = tiff_opening(made, head)
    return made


def _leave_open(dataset: Dataset, *, items: bool) -> None:
    """Let sequences, and perhaps their items, end by a delimiter."""
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = items
                _leave_open(item, items=items)


def _close_unknown(dataset: Dataset) -> None:
    """Give UN a length: else its items are little endian among big ones, which is more than readers bear."""
    for element in dataset:
        if element.VR == "UN":
            element.is_undefined_length = False
        elif element.VR == "SQ":
            for item in element.value:
                _close_unknown(item)


def _padded(data: bytes, syntax: TransferSyntax, habits: EncodingHabits) -> bytes:
    widths = {int(Tag(keyword)): width for keyword, width in habits.padded.items()}
    edits = []
    for place in _top(data, syntax, widths):
        value = data[place.offset : place.offset + place.length]
        last = value.rpartition(b"\\")[2]
        if value.strip() and len(last) < widths[place.tag]:
            edits.append((place, value + b" " * ((widths[place.tag] - len(last)) // 2 * 2)))
    return replace(data, edits, little_endian=syntax.little_endian)


def _top(data: bytes, syntax: TransferSyntax, tags: Container[int]) -> Iterator[Place]:
    found = scan(data, explicit=syntax.explicit, little_endian=syntax.little_endian, top=tags)
    return (place for place in found.places if place.depth == 0 and place.tag in tags)


class _Every:
    def __contains__(self, tag: object) -> bool:
        return True


def _with_group_lengths(data: bytes, syntax: TransferSyntax) -> bytes:
    """Each group with its length in front of it; that of the pixels has none, since they are not here."""
    starts: dict[int, int] = {}
    for place in _top(data, syntax, _Every()):
        header = 4 if not syntax.explicit else 6 if place.length_size == 2 else 8
        starts.setdefault(place.tag >> 16, place.length_offset - header)
    ends = [*list(starts.values())[1:], len(data)]
    parts: list[bytes] = []
    for (group, start), end in zip(starts.items(), ends, strict=True):
        if group != _PIXEL_GROUP:
            length = struct.pack("<I" if syntax.little_endian else ">I", end - start)
            parts.append(_element(group << 16, b"UL", length, syntax))
        parts.append(data[start:end])
    return b"".join(parts)


def _element(tag: int, vr: bytes, value: bytes, syntax: TransferSyntax) -> bytes:
    order = "<" if syntax.little_endian else ">"
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    if not syntax.explicit:
        return head + struct.pack(order + "I", len(value)) + value
    if vr == b"OB":
        return head + struct.pack(order + "2sHI", vr, 0, len(value)) + value
    return head + struct.pack(order + "2sH", vr, len(value)) + value


def _plain_tail(instance: PreparedInstance) -> list[Buffer]:
    """What stands behind the head, not deflated."""
    if not instance.syntax.deflated:
        return list(instance.tail)
    rest = inflated(b"".join(instance.buffers()))[len(instance.head) :]
    return [rest] if rest else []
