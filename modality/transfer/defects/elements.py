"""A data set in explicit VR, little endian, taken apart into the elements at its top, to be put together wrongly."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from modality.errors import UsageError
from modality.transfer.elements import LONG_VRS, scan
from modality.transfer.instance import PreparedInstance

PIXEL_DATA = 0x7FE00010
UNDEFINED = 0xFFFFFFFF
_BARE = b""
_LAST = 0xFFFFFFFF


class Element(NamedTuple):
    """An element at the top.

    Args:
        tag: group and element.
        vr: value representation, two bytes; without one `value` is all that is written.
        value: its value, even length or not.
        length: the length that is written; None for that of the value.
    """

    tag: int
    vr: bytes
    value: bytes
    length: int | None = None

    def encode(self) -> bytes:
        """The element as bytes (PS3.5 7.1.2), whatever it holds."""
        if self.vr == _BARE:
            return self.value
        length = len(self.value) if self.length is None else self.length
        head = struct.pack("<HH2s", self.tag >> 16, self.tag & 0xFFFF, self.vr)
        return head + struct.pack("<HI" if self.vr in LONG_VRS else "<H", *self._length(length)) + self.value

    def _length(self, length: int) -> tuple[int, ...]:
        return (0, length) if self.vr in LONG_VRS else (min(length, 0xFFFF),)


Elements = Sequence[Element]
Break = Callable[[Elements], list[Element]]
"""What makes a data set wrong; one that finds nothing to break gives back what it got."""


def bare(content: bytes, tag: int = _LAST) -> Element:
    """Bytes that are no element."""
    return Element(tag, _BARE, content)


class _Every:
    def __contains__(self, tag: object) -> bool:
        return True


def elements(instance: PreparedInstance) -> list[Element]:
    """The elements at the top of an instance.

    Args:
        instance: in a transfer syntax with explicit VRs, little endian and not deflated, encapsulated or not.

    Raises:
        UsageError: it is in another one.
        InputError: the instance cannot be taken apart.
    """
    syntax = instance.syntax
    if not takes_apart(syntax):
        raise UsageError(f"{syntax.keyword}: a data set is broken in explicit VR little endian, not deflated")
    data = b"".join(instance.buffers())
    found = []
    for place in scan(data, explicit=True, little_endian=True, top=_Every()).places:
        if place.depth:
            continue
        start = place.length_offset - (6 if place.length_size == 2 else 8)
        group, element, vr = struct.unpack_from("<HH2s", data, start)
        said = int.from_bytes(data[place.length_offset : place.length_offset + place.length_size], "little")
        value = data[place.offset : place.offset + place.length]
        length = UNDEFINED if place.length_size == 4 and said == UNDEFINED else None
        found.append(Element(group << 16 | element, vr, value, length))
    return found


def takes_apart(syntax: object) -> bool:
    """Whether `elements` knows a transfer syntax."""
    return bool(
        getattr(syntax, "explicit", False)
        and getattr(syntax, "little_endian", False)
        and not getattr(syntax, "deflated", False)
    )


def encode(parts: Iterable[Element]) -> bytes:
    """Elements one after the other, in the order given."""
    return b"".join(part.encode() for part in parts)


def value_of(parts: Elements, tag: int) -> bytes:
    """The value of an element without its padding; empty where it is absent."""
    return next((part.value.rstrip(b"\0 ") for part in parts if part.tag == tag), b"")


def changed(parts: Elements, tag: int, change: Callable[[Element], Sequence[Element]]) -> list[Element]:
    """The elements with one of them replaced by what `change` makes of it."""
    return [new for part in parts for new in (change(part) if part.tag == tag else (part,))]


def without(parts: Elements, tag: int) -> list[Element]:
    """The elements but for one."""
    return changed(parts, tag, lambda _: ())


def valued(parts: Elements, tag: int, value: bytes) -> list[Element]:
    """The elements with another value in one of them."""
    return changed(parts, tag, lambda part: (part._replace(value=value, length=None),))


def inserted(parts: Elements, new: Element) -> list[Element]:
    """The elements and one more, in its place by tag; in place of one with the same tag."""
    return sorted([*without(parts, new.tag), new], key=lambda part: part.tag)


def value(tag: int, content: bytes) -> Break:
    """Another value in an element that is there."""
    return lambda parts: valued(parts, tag, content)


def remade(tag: int, make: Callable[[bytes], bytes]) -> Break:
    """The value of an element that is there, made into another one."""
    return lambda parts: changed(parts, tag, lambda one: (one._replace(value=make(one.value), length=None),))


def put(tag: int, vr: bytes, content: bytes) -> Break:
    """An element, whether it was there or not."""
    return lambda parts: inserted(parts, Element(tag, vr, content))


def left_out(tag: int) -> Break:
    """An element that is there no more."""
    return lambda parts: without(parts, tag)
