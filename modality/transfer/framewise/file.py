"""A DICOM file that grows by one frame at a time and appears whole (PS3.5 A.4, PS3.3 C.7.6.3.1.8).

The number of frames is known, so the extended offset table has its room in the head and is filled in at the end; what
stands in memory is the head and one frame.
"""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from pydicom.dataset import Dataset

from modality.errors import UnsupportedError, UsageError
from modality.transfer.elements import skim
from modality.transfer.encode import around_pixels, pixel_header
from modality.transfer.framewise.layout import FrameEncoding
from modality.transfer.part10 import write_meta
from modality.transfer.pixels import PixelElement, pixel_format

_FRAGMENTS = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_ITEM = struct.Struct("<HHI")
_NO_OFFSETS = _ITEM.pack(0xFFFE, 0xE000, 0)  # the basic table is empty where there is an extended one
_END = _ITEM.pack(0xFFFE, 0xE0DD, 0)
_OFFSETS, _LENGTHS, _RATIO = 0x7FE00001, 0x7FE00002, 0x00282112
_RATIO_WIDTH = 8
LARGEST_NATIVE = 0xFFFFFFFE
"""Bytes of native Pixel Data in one instance: its length has 32 bits and is even (PS3.5 7.1)."""


class FrameFile:
    """A file of frames; a context manager, and nothing stays of it where the block raises.

    Args:
        path: where it appears, once all frames are there.
        dataset: all but the Pixel Data; says Number of Frames, and what the pixels are before they are encoded.
        encoding: what encodes them.

    Raises:
        UnsupportedError: the syntax cannot carry these pixels, or not so many of them.
        UsageError: the file cannot be written.
    """

    def __init__(self, path: Path, dataset: Dataset, encoding: FrameEncoding) -> None:
        self.path = path
        self._aside = path.with_name(f".{os.urandom(8).hex()}.part")
        self._count = int(dataset.NumberOfFrames)
        self._pixels = pixel_format(dataset)
        syntax = self._syntax = encoding.syntax
        native = self._pixels.length * self._count
        if syntax.encapsulated:
            room = bytes(8 * self._count)
            changes = encoding.said(self._pixels) | {"ExtendedOffsetTable": room, "ExtendedOffsetTableLengths": room}
            if "LossyImageCompressionMethod" in changes:
                changes["LossyImageCompressionRatio"] = "1".ljust(_RATIO_WIDTH, "0")
            header = _FRAGMENTS + _NO_OFFSETS
        elif native > LARGEST_NATIVE:
            raise UnsupportedError(
                f"{syntax.keyword} holds less than 4 GiB of pixels in one instance, not {native} bytes"
            )
        else:
            changes, header = {}, pixel_header(native + native % 2, self._pixels.bits_allocated // 8, syntax)
        # As if there were a Pixel Data element: what stands behind it is not written yet.
        self._head, after = around_pixels(dataset, syntax, PixelElement([b""], changes))
        self._after = b"".join(map(bytes, after))
        self._lengths: list[int] = []
        meta = write_meta(str(dataset.SOPClassUID), str(dataset.SOPInstanceUID), syntax.uid)
        self._data_set = len(meta)
        self._deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS) if syntax.deflated else None
        self._deflated = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = self._aside.open("xb")
            self._file.write(meta)
        except OSError as error:
            with suppress(OSError):
                self._aside.unlink(missing_ok=True)
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error
        self._write(self._head + header)

    def __enter__(self) -> FrameFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # what could not be written before cannot now, and has been told
            self._file.close()
        self._aside.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        try:
            if self._deflate is None:
                self._file.write(data)
                return
            deflated = self._deflate.compress(data)
            self._deflated += len(deflated)
            self._file.write(deflated)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be written: {error.strerror or error}") from error

    @property
    def whole(self) -> bool:
        """All frames are there."""
        return len(self._lengths) == self._count

    def add(self, code: bytes) -> None:
        """The next frame's bytes, encoded."""
        if self.whole:
            raise UsageError(f"{self.path}: more than the {self._count} frames that it was made for")
        self._lengths.append(len(code))
        if self._syntax.encapsulated:
            pad = len(code) % 2
            self._write(_ITEM.pack(0xFFFE, 0xE000, len(code) + pad))
            code += b"\0" * pad
        self._write(code)

    def finish(self) -> None:
        """All frames are there: fill in what only now is known, and let the file appear.

        Raises:
            UsageError: frames are missing, or the file cannot be written.
        """
        if not self.whole:
            raise UsageError(f"{self.path}: {len(self._lengths)} of {self._count} frames")
        end = _END if self._syntax.encapsulated else b"\0" * (sum(self._lengths) % 2)
        self._write(end + self._after)
        try:
            if self._deflate is not None:
                last = self._deflate.flush()
                self._file.write(last + b"\0" * ((self._deflated + len(last)) % 2))  # PS3.5 A.5
            if self._syntax.encapsulated:
                self._fill_in()
            self._file.close()
            self._aside.replace(self.path)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def _fill_in(self) -> None:
        offset, offsets = 0, []
        for length in self._lengths:
            offsets.append(offset)
            offset += _ITEM.size + length + length % 2
        number = struct.Struct(f"<{self._count}Q")
        ratio = self._pixels.length * self._count / max(sum(self._lengths), 1)
        values = {
            _OFFSETS: number.pack(*offsets),
            _LENGTHS: number.pack(*(length + length % 2 for length in self._lengths)),  # padding counts, readers say
            _RATIO: f"{ratio:.4g}".ljust(_RATIO_WIDTH).encode(),
        }
        found = skim(self._head, explicit=True, little_endian=True, top=frozenset(values))
        for place in found.places:
            self._file.seek(self._data_set + place.offset)
            self._file.write(values[place.tag])
