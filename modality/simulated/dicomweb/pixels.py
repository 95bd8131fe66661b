"""The frames of a stored instance, one at a time: a large instance is never in memory whole."""

from __future__ import annotations

import struct
from functools import cached_property
from io import BytesIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.filereader import read_dataset
from pydicom.sequence import Sequence

from modality.errors import InputError, UnsupportedError
from modality.protocol.matching import UNREADABLE
from modality.transfer.codecs.encoding import Encoding
from modality.transfer.codecs.pixels import Frame, PixelFormat
from modality.transfer.elements import DEEPEST, Buffer
from modality.transfer.instance import PreparedInstance
from modality.transfer.part10 import write_meta
from modality.transfer.pixels import pixel_format
from modality.transfer.syntaxes import BY_UID, EXPLICIT_LITTLE, TransferSyntax

_UNDEFINED = 0xFFFFFFFF
_SEQUENCE_DELIMITER = (0xFFFE, 0xE0DD)
_FLOATS = {0x0008: "<f4", 0x0009: "<f8"}  # Float and Double Float Pixel Data


class StoredPixels:
    """An instance's attributes without its pixels, and its frames.

    Args:
        instance: what is stored, mapped from its file.
    """

    def __init__(self, instance: PreparedInstance) -> None:
        self.instance = instance
        self.syntax: TransferSyntax = instance.syntax
        self._tail = memoryview(instance.tail[0]) if instance.tail else memoryview(b"")

    @cached_property
    def header(self) -> Dataset:
        """All elements before the pixel data, and after it.

        Raises:
            InputError: they cannot be read.
        """
        # The head is never deflated; a deflated syntax is explicit little endian inside.
        uid = EXPLICIT_LITTLE.uid if self.syntax.deflated else self.instance.transfer_syntax_uid
        try:
            meta = write_meta(self.instance.sop_class_uid, self.instance.sop_instance_uid, uid)
            dataset: Dataset = dcmread(BytesIO(meta + self.instance.head))
            if after := self._after():
                explicit, little = self.syntax.explicit, self.syntax.little_endian
                dataset.update(read_dataset(BytesIO(after), not explicit, little, len(after)))
        except (*UNREADABLE, RecursionError) as error:
            raise InputError(f"the data set cannot be read: {error}") from error
        _check_depth(dataset)
        return dataset

    @cached_property
    def format(self) -> PixelFormat:
        """What the pixel attributes say.

        Raises:
            InputError: there are no pixels, or an attribute is missing.
        """
        if not self.has_pixels:
            raise InputError("the instance has no pixel data")
        return pixel_format(self.header)

    @property
    def has_pixels(self) -> bool:
        """There is pixel data, be it of integers or of floats."""
        return len(self._tail) >= 12

    @cached_property
    def frames(self) -> int:
        """How many frames there are; 1 where the attribute is absent.

        Raises:
            InputError: it is no number, or there are fewer bits of pixel data.
        """
        try:
            found = int(self.header.get("NumberOfFrames") or 1)
        except UNREADABLE as error:
            raise InputError(f"Number of Frames cannot be read: {error}") from error
        if not 1 <= found <= max(8 * len(self._tail), 1):
            raise InputError(f"{found} frames are said to stand in {len(self._tail)} bytes")
        return found

    @cached_property
    def element(self) -> tuple[int, str, int, int]:
        """Tag, value representation, place of the value in the tail, and length of the pixel data element."""
        order = "<" if self.syntax.little_endian else ">"
        group, number = struct.unpack_from(order + "HH", self._tail)
        if self.syntax.explicit:
            vr = bytes(self._tail[4:6]).decode("latin-1")
            (length,) = struct.unpack_from(order + "I", self._tail, 8)
            return group << 16 | number, vr, 12, length
        (length,) = struct.unpack_from(order + "I", self._tail, 4)
        return group << 16 | number, {0x0008: "OF", 0x0009: "OD"}.get(number, "OW"), 8, length

    @property
    def encoding(self) -> Encoding | None:
        """What decodes the frames; None for native ones.

        Raises:
            UnsupportedError: they are encapsulated, and there is no codec here.
        """
        if self.instance.transfer_syntax_uid not in BY_UID:
            raise UnsupportedError(f"{self.instance.transfer_syntax_uid} cannot be decoded here")
        return self.syntax.encoding

    @property
    def encapsulated(self) -> bool:
        """The frames stand in fragments, as stored."""
        return self.element[3] == _UNDEFINED

    def stored(self, frame: int) -> bytes:
        """A frame's bytes as they are stored: its fragments joined, or its samples, little endian.

        Args:
            frame: its number, from 0.

        Raises:
            InputError: the pixel data is damaged, or has no such frame.
        """
        if not self.encapsulated:
            return self._native(frame)
        tables = (self.header.get("ExtendedOffsetTable"), self.header.get("ExtendedOffsetTableLengths"))
        extended = (tables[0], tables[1]) if tables[0] and tables[1] else None
        value = _Window(self._tail[self.element[2] :])
        try:
            return get_frame(value, frame, number_of_frames=self.frames, extended_offsets=extended)
        except UNREADABLE as error:
            raise InputError(f"frame {frame + 1} cannot be read: {error}") from error

    def _native(self, frame: int) -> bytes:
        tag, _, start, length = self.element
        number = tag & 0xFFFF
        value = self._tail[start : start + length]
        if not self.syntax.little_endian:
            return self._swapped(frame, value)
        if number in _FLOATS:
            size = int(self.header.Rows) * int(self.header.Columns) * np.dtype(_FLOATS[number]).itemsize
            return self._cut(value, frame, size)
        if self.header.get("BitsAllocated") == 1:
            # Frames follow each other bit by bit, and need not begin with a byte (PS3.5 8.1.1).
            bits = int(self.header.Rows) * int(self.header.Columns)
            first, last = frame * bits, (frame + 1) * bits
            packed = self._cut(value, 0, (last + 7) // 8)[first // 8 :]
            values = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")[first % 8 :][:bits]
            return np.packbits(values, bitorder="little").tobytes()
        subsampled = str(self.header.get("PhotometricInterpretation")) == "YBR_FULL_422"
        size = self.format.length * 2 // 3 if subsampled else self.format.length
        return self._cut(value, frame, size)

    def _cut(self, value: Buffer, frame: int, size: int) -> bytes:
        found = bytes(value[frame * size : (frame + 1) * size])
        if len(found) < size or not size:
            raise InputError(f"frame {frame + 1} is not there: the pixel data has {len(value)} bytes")
        return found

    def _swapped(self, frame: int, value: memoryview) -> bytes:
        """A frame of Explicit VR Big Endian, its words turned (PS3.5 7.3)."""
        size = self.format.length
        width = 1 if self.element[1] == "OB" else 2  # a sample of 32 bits is two words (PS3.5 annex D)
        first = frame * size
        begin, end = first - first % width, -(-(first + size) // width) * width
        words = np.frombuffer(self._cut(value[begin:end], 0, end - begin), f">u{width}")
        return words.astype(f"<u{width}").tobytes()[first - begin :][:size]

    def values(self, frame: int) -> tuple[Frame, PixelFormat]:
        """A frame decoded, colour by pixel, and what its values are.

        Raises:
            InputError: the pixel data is damaged, or has no such frame.
            UnsupportedError: no codec here for such pixels.
            MissingExtraError: the codec is not installed.
        """
        encoding, pixels = self.encoding, self.format
        if encoding and self.encapsulated:
            return encoding.decode(self.stored(frame), pixels), encoding.decoded(pixels)
        if pixels.bits_allocated == 1:
            packed = np.frombuffer(self.stored(frame), np.uint8)
            bits = np.unpackbits(packed, bitorder="little")[: pixels.rows * pixels.columns]
            return bits.reshape(pixels.rows, pixels.columns), pixels
        if pixels.photometric == "YBR_FULL_422":
            raise UnsupportedError("native YBR_FULL_422 is not decoded here")
        pixels.check()
        flat = np.frombuffer(self.stored(frame), pixels.dtype)
        if pixels.samples > 1 and self.header.get("PlanarConfiguration"):
            return np.ascontiguousarray(flat.reshape(pixels.samples, -1).T).reshape(pixels.shape), pixels
        whole = flat.reshape(pixels.shape)
        return pixels.cleaned(whole), pixels

    def _after(self) -> bytes:
        """What stands behind the pixel data."""
        if not self.has_pixels:
            return b""
        _, _, at, length = self.element
        if length != _UNDEFINED:
            return bytes(self._tail[at + length :])
        while at + 8 <= len(self._tail):
            group, number, size = struct.unpack_from("<HHI", self._tail, at)
            at += 8
            if (group, number) == _SEQUENCE_DELIMITER:
                return bytes(self._tail[at:])
            at += size
        raise InputError("the pixel data has no end")


def _check_depth(dataset: Dataset) -> None:
    """Refuse sequences that are nested without end: whoever answers with them goes down with each.

    Raises:
        InputError: they are nested too deeply.
    """
    waiting = [(dataset, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST:
            raise InputError(f"sequences are nested deeper than {DEEPEST}")
        for tag in one.keys():  # noqa: SIM118 - which converts no element
            if one.get_item(tag).VR not in (None, "SQ", "UN"):
                continue
            try:
                value = one[tag].value
            except (*UNREADABLE, RecursionError):
                continue  # what cannot be read is not gone into by anybody
            if isinstance(value, Sequence):
                waiting += [(item, depth + 1) for item in value]


class _Window:
    """A part of a file in memory as pydicom reads one: nothing is copied but what is asked for."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        end = len(self._data) if size < 0 else self._at + size
        found = bytes(self._data[self._at : end])
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = offset + {0: 0, 1: self._at, 2: len(self._data)}[whence]
        return self._at

    def tell(self) -> int:
        return self._at
