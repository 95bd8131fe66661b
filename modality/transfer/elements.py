"""A walk over an encoded data set that finds where its identifiers stand, without decoding it (PS3.5 section 7).

Only lengths are followed; values are looked at where a place is asked for. It serves the three byte layouts (implicit
and explicit little endian, explicit big endian) and goes into sequences, since references stand in them.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from mmap import mmap
from typing import Literal, NamedTuple

from modality.errors import InputError

Buffer = bytes | bytearray | memoryview


def cut_short(data: Buffer) -> bool:
    """Whether the bytes are of a mapped file that is shorter by now: to read them would end the process (SIGBUS)."""
    source = data.obj if isinstance(data, memoryview) else None
    return isinstance(source, mmap) and source.size() < len(source)


# The identifiers that a stamp may replace (PS3.6). The UIDs are found at any depth: references follow what is renamed.
UID_TAGS = {
    0x00080016: "SOPClassUID",
    0x00080017: "AcquisitionUID",
    0x00080018: "SOPInstanceUID",
    0x00080019: "PyramidUID",
    0x00081155: "ReferencedSOPInstanceUID",
    0x00081195: "TransactionUID",
    0x00083010: "IrradiationEventUID",
    0x0020000D: "StudyInstanceUID",
    0x0020000E: "SeriesInstanceUID",
    0x00200052: "FrameOfReferenceUID",
    0x00200200: "SynchronizationFrameOfReferenceUID",
    0x00209161: "ConcatenationUID",
    0x00209164: "DimensionOrganizationUID",
    0x00281199: "PaletteColorLookupTableUID",
    0x00400554: "SpecimenUID",
    0x0040A124: "UID",
    0x0040A171: "ObservationUID",
    0x00620021: "TrackingUID",
    0x00640003: "SourceFrameOfReferenceUID",
    0x0070031A: "FiducialUID",
    0x00880140: "StorageMediaFileSetUID",
    0x30060024: "ReferencedFrameOfReferenceUID",
    0x300600C2: "RelatedFrameOfReferenceUID",
}
TEXT_TAGS = {
    0x00080005: "SpecificCharacterSet",
    0x00080020: "StudyDate",
    0x00080021: "SeriesDate",
    0x00080022: "AcquisitionDate",
    0x00080023: "ContentDate",
    0x00080030: "StudyTime",
    0x00080031: "SeriesTime",
    0x00080032: "AcquisitionTime",
    0x00080033: "ContentTime",
    0x00080050: "AccessionNumber",
    0x00100010: "PatientName",
    0x00100020: "PatientID",
    0x00100030: "PatientBirthDate",
    0x00100040: "PatientSex",
    0x00200010: "StudyID",
    0x00200011: "SeriesNumber",
    0x00200013: "InstanceNumber",
    0x00400253: "PerformedProcedureStepID",
}
KEYWORDS = {keyword: tag for tag, keyword in (UID_TAGS | TEXT_TAGS).items()}

_TOP_TAGS = frozenset(UID_TAGS | TEXT_TAGS)

# Value representations with two reserved bytes and a length of four (PS3.5 7.1.2).
LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))

_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)  # Float, Double Float, and Pixel Data
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
DEEPEST = 64
"""Sequences within each other that are gone into; our choice: the deepest of the standard's are fewer than ten."""


class Place(NamedTuple):
    """Where an element's value stands.

    Args:
        tag: group and element.
        offset: first byte of the value.
        length: length of the value.
        length_offset: where its length field stands.
        length_size: 2 or 4 bytes.
        depth: 0 at the top, 1 in an item of a sequence there, ...
        containers: offsets of the 4-byte lengths that count this value too: items and sequences of defined length
            around it, and the (retired) group length before it.
    """

    tag: int
    offset: int
    length: int
    length_offset: int
    length_size: int
    depth: int
    containers: tuple[int, ...]


class Layout(NamedTuple):
    """What the walk found.

    Args:
        places: the identifiers, in the order of the bytes.
        pixels: where the pixel data element begins; the end of the data set when there is none.
        headers: where each element of the top begins and where its value does; empty where sequences were walked too.
    """

    places: tuple[Place, ...]
    pixels: int
    headers: tuple[tuple[int, int], ...] = ()


def scan(data: Buffer, *, explicit: bool, little_endian: bool, top: Container[int] = _TOP_TAGS) -> Layout:
    """Find identifiers and pixel data in an encoded data set; what follows the pixel data is checked too.

    Args:
        data: the encoded data set.
        explicit: value representations are written.
        little_endian: byte order.
        top: the elements to find at the top of the data set; the UIDs of `UID_TAGS` are found at any depth.

    Raises:
        InputError: the bytes are no data set, or end too early.
    """
    walk = _Walk(memoryview(data), explicit, little_endian, top)
    try:
        walk.data_set(0, len(data), depth=0, containers=())
    except struct.error:
        raise InputError("truncated: the data set ends within an element") from None
    return Layout(tuple(walk.places), len(data) if walk.pixels is None else walk.pixels)


def skim(data: Buffer, *, explicit: bool, little_endian: bool, top: Container[int] = _TOP_TAGS) -> Layout:
    """As `scan`, but with the elements at the top only, and without a look into sequences of defined length.

    A sender or an index needs no more, and it is many times quicker; a stamp scans the head.

    Raises:
        InputError: the bytes are no data set, or end too early.
    """
    order, end = "<" if little_endian else ">", len(data)
    short = struct.Struct(order + ("HH2sH" if explicit else "HHI")).unpack_from
    long = struct.Struct(order + "I").unpack_from
    places: list[Place] = []
    headers: list[tuple[int, int]] = []
    at, pixels = 0, None
    try:
        while at < end:
            start = at
            if explicit:
                group, element, vr, length = short(data, at)
                long_form = vr in LONG_VRS
                if long_form:
                    (length,) = long(data, at + 8)
                elif not (vr.isalpha() and vr.isupper()):
                    return scan(data, explicit=explicit, little_endian=little_endian, top=top)
                value = at + 12 if long_form else at + 8
            else:
                group, element, length = short(data, at)
                value, long_form = at + 8, True
            if length == _UNDEFINED or element == 0:
                return scan(data, explicit=explicit, little_endian=little_endian, top=top)
            headers.append((start, value))
            at = value + length
            tag = group << 16 | element
            if tag in top:
                size = 4 if long_form else 2
                places.append(Place(tag, value, length, value - size, size, 0, ()))
            elif tag in _PIXEL_TAGS and pixels is None:
                pixels = start
    except struct.error:
        raise InputError("truncated: the data set ends within an element") from None
    if at > end:
        raise InputError(f"truncated: the data set needs {at - end} bytes more")
    return Layout(tuple(places), end if pixels is None else pixels, tuple(headers))


class _Walk:
    def __init__(self, data: memoryview, explicit: bool, little_endian: bool, top: Container[int]) -> None:
        self.data = data
        self.top = top
        self.explicit = explicit
        self.order = "<" if little_endian else ">"
        self.tag_format = struct.Struct(self.order + "HH")
        self.short = struct.Struct(self.order + "H")
        self.long = struct.Struct(self.order + "I")
        self.places: list[Place] = []
        self.pixels: int | None = None

    def header(self, at: int) -> tuple[int, bytes, int, int, int, int]:
        """Tag, VR, length, offset of the value, offset and size of the length field."""
        group, element = self.tag_format.unpack_from(self.data, at)
        tag = group << 16 | element
        if group == 0xFFFE or not self.explicit:
            return tag, b"", self.long.unpack_from(self.data, at + 4)[0], at + 8, at + 4, 4
        vr = bytes(self.data[at + 4 : at + 6])
        if not (vr.isalpha() and vr.isupper()):
            raise InputError(f"not a data set: no value representation at byte {at}")
        if vr in LONG_VRS:
            return tag, vr, self.long.unpack_from(self.data, at + 8)[0], at + 12, at + 8, 4
        return tag, vr, self.short.unpack_from(self.data, at + 6)[0], at + 8, at + 6, 2

    def data_set(self, at: int, end: int, *, depth: int, containers: tuple[int, ...], open_item: bool = False) -> int:
        """Walk elements from `at` to `end`, or to the item's delimiter; returns where it stopped."""
        if depth > DEEPEST:
            raise InputError(f"sequences are nested deeper than {DEEPEST}")
        group_length: tuple[int, int] | None = None
        while at < end:
            tag, vr, length, value, length_offset, length_size = self.header(at)
            if tag == _ITEM_END and open_item:
                return value
            if tag >> 16 == 0xFFFE:
                raise InputError(f"not a data set: tag ({tag >> 16:04X},{tag & 0xFFFF:04X}) out of place at byte {at}")
            counted = containers
            if group_length and group_length[0] == tag >> 16:
                counted = (*containers, group_length[1])
            if depth == 0 and tag in _PIXEL_TAGS and self.pixels is None:
                self.pixels = at
            if vr == b"SQ" or length == _UNDEFINED or self.looks_like_sequence(tag, vr, length, value):
                at = self.sequence(tag, vr, value, length, length_offset, end, depth, counted)
                if depth == 0 and tag in self.top:  # a sequence that was asked for, with its delimiter
                    self.places.append(Place(tag, value, at - value, length_offset, length_size, 0, counted))
                continue
            at = value + length
            if at > end:
                raise InputError(f"truncated: ({tag >> 16:04X},{tag & 0xFFFF:04X}) needs {at - end} bytes more")
            if tag & 0xFFFF == 0 and length == 4:
                group_length = (tag >> 16, value)
            if tag in UID_TAGS or (depth == 0 and tag in self.top):
                self.places.append(Place(tag, value, length, length_offset, length_size, depth, counted))
        if open_item:
            raise InputError("truncated: an item has no end")
        return at

    def looks_like_sequence(self, tag: int, vr: bytes, length: int, value: int) -> bool:
        """Implicit VR tells no sequence from a string of bytes: one of the standard's begins with an item."""
        if vr or length < 8 or tag >> 16 & 1:
            return False
        return bytes(self.data[value : value + 4]) == self.tag_format.pack(0xFFFE, 0xE000) and tag not in _PIXEL_TAGS

    def sequence(
        self,
        tag: int,
        vr: bytes,
        at: int,
        length: int,
        length_offset: int,
        outer_end: int,
        depth: int,
        containers: tuple[int, ...],
    ) -> int:
        """Walk the items of a sequence, or the fragments of encapsulated pixel data; returns what follows."""
        fragments = length == _UNDEFINED and vr in (b"OB", b"OW")
        if length == _UNDEFINED:
            end, inner = outer_end, containers
        else:
            end, inner = at + length, (*containers, length_offset)
            if end > outer_end:
                raise InputError(f"truncated: ({tag >> 16:04X},{tag & 0xFFFF:04X}) ends too early")
        explicit, self.explicit = self.explicit, self.explicit and vr != b"UN"  # PS3.5 6.2.2: UN holds implicit VR
        try:
            while at < end:
                item, _, item_length, value, item_length_offset, _ = self.header(at)
                if item == _SEQUENCE_END and length == _UNDEFINED:
                    return value
                if item != _ITEM:
                    raise InputError(f"not a data set: no item at byte {at}")
                if fragments:
                    at = value + item_length
                elif item_length == _UNDEFINED:
                    at = self.data_set(value, end, depth=depth + 1, containers=inner, open_item=True)
                else:
                    at = value + item_length
                    if at > end:
                        raise InputError(f"truncated: an item of ({tag >> 16:04X},{tag & 0xFFFF:04X}) ends too early")
                    self.data_set(value, at, depth=depth + 1, containers=(*inner, item_length_offset))
        finally:
            self.explicit = explicit
        if length == _UNDEFINED or at > end:
            raise InputError(f"truncated: ({tag >> 16:04X},{tag & 0xFFFF:04X}) has no end")
        return at


def replace(data: bytes, edits: list[tuple[Place, bytes]], *, little_endian: bool) -> bytes:
    """The data set with new values at the given places, and every length that counts them put right.

    Args:
        data: the encoded data set.
        edits: place and new value (of even length), in any order, each place at most once.
        little_endian: byte order of the lengths.
    """
    byte_order: Literal["little", "big"] = "little" if little_endian else "big"
    order = "<" if little_endian else ">"
    growth: dict[int, int] = {}
    lengths: dict[int, tuple[int, int]] = {}
    for place, value in edits:
        lengths[place.length_offset] = (place.length_size, len(value))
        for container in place.containers:
            growth[container] = growth.get(container, 0) + len(value) - place.length
    pieces = [(offset, size, length.to_bytes(size, byte_order)) for offset, (size, length) in lengths.items()]
    for offset, more in growth.items():
        if more:
            (old,) = struct.unpack_from(order + "I", data, offset)
            pieces.append((offset, 4, struct.pack(order + "I", old + more)))
    pieces += [(place.offset, place.length, value) for place, value in edits]
    out, at = [], 0
    for offset, length, new in sorted(pieces):
        out += [data[at:offset], new]
        at = offset + length
    return b"".join([*out, data[at:]])
