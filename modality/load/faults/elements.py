"""A data set in Explicit VR Little Endian taken apart into the elements at its top, to be put together wrongly."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from modality.errors import InputError
from modality.transfer.elements import LONG_VRS, skim
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import EXPLICIT_LITTLE

PIXEL_DATA = 0x7FE00010


class Element(NamedTuple):
    """An element at the top.

    Args:
        tag: group and element.
        vr: value representation, two bytes.
        value: its value, even length or not.
        length: the length that is written; None for that of the value.
    """

    tag: int
    vr: bytes
    value: bytes
    length: int | None = None

    def encode(self) -> bytes:
        """The element as bytes (PS3.5 7.1.2), whatever it holds."""
        length = len(self.value) if self.length is None else self.length
        head = struct.pack("<HH2s", self.tag >> 16, self.tag & 0xFFFF, self.vr)
        return head + struct.pack("<HI" if self.vr in LONG_VRS else "<H", *self._length(length)) + self.value

    def _length(self, length: int) -> tuple[int, ...]:
        return (0, length) if self.vr in LONG_VRS else (min(length, 0xFFFF),)


Elements = Sequence[Element]
Change = Callable[[Element], Sequence[Element]]


def elements(instance: PreparedInstance) -> list[Element]:
    """The elements at the top of an instance, decoded to Explicit VR Little Endian.

    Raises:
        InputError: a sequence at the top has no length; what we generate has one.
        MissingExtraError: the codec of its transfer syntax is not installed.
    """
    plain = instance if instance.transfer_syntax_uid == EXPLICIT_LITTLE.uid else transcode(instance, EXPLICIT_LITTLE)
    data = b"".join(plain.buffers())
    headers = skim(data, explicit=True, little_endian=True).headers
    if not headers:
        raise InputError(f"{instance.source or instance.sop_instance_uid}: has sequences without a length")
    ends = [*(start for start, _ in headers[1:]), len(data)]
    found = []
    for (start, value), end in zip(headers, ends, strict=True):
        group, element, vr = struct.unpack_from("<HH2s", data, start)
        found.append(Element(group << 16 | element, vr, data[value:end]))
    return found


def encode(parts: Elements) -> bytes:
    """Elements one after the other, in the order given."""
    return b"".join(part.encode() for part in parts)


def changed(parts: Elements, tag: int, change: Change) -> list[Element]:
    """The elements with one of them replaced by what `change` makes of it."""
    return [new for part in parts for new in (change(part) if part.tag == tag else (part,))]


def without(parts: Elements, tag: int) -> list[Element]:
    """The elements but for one."""
    return changed(parts, tag, lambda _: ())


def valued(parts: Elements, tag: int, value: bytes) -> list[Element]:
    """The elements with another value in one of them."""
    return changed(parts, tag, lambda part: (part._replace(value=value),))


def inserted(parts: Elements, new: Element) -> list[Element]:
    """The elements and one more, in its place by tag; in place of one with the same tag."""
    return sorted([*without(parts, new.tag), new], key=lambda part: part.tag)
