"""RLE Lossless (PS3.5 annex G): a segment for each byte of a sample, packed row by row."""

from __future__ import annotations

import struct
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from modality.errors import InputError
from modality.transfer.codecs.pixels import Frame, PixelFormat

_HEADER = struct.Struct("<16I")
_LONGEST = 128
_SHORTEST_RUN = 3  # two equal bytes cost no more within a literal run


class RleCodec:
    """Samples one after the other, each as planes of its bytes, the most significant first (PS3.5 G.2)."""

    def encode(self, frame: Frame, coded: PixelFormat, quality: float | None, source: str) -> bytes:  # noqa: ARG002
        """Header and segments."""
        width = coded.dtype.itemsize
        planes = np.ascontiguousarray(frame).view(np.uint8).reshape(coded.rows, coded.columns, coded.samples, width)
        segments = [
            _packed(np.ascontiguousarray(planes[:, :, sample, byte]))
            for sample in range(coded.samples)
            for byte in reversed(range(width))
        ]
        offsets, at = [], _HEADER.size
        for segment in segments:
            offsets.append(at)
            at += len(segment)
        return _HEADER.pack(len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)

    def decode(self, data: bytes, coded: PixelFormat) -> Frame:
        """The frame."""
        width = coded.dtype.itemsize
        count = coded.samples * width
        if len(data) < _HEADER.size:
            raise InputError("truncated: the header breaks off")
        number, *offsets = _HEADER.unpack_from(data)
        if number != count:
            raise InputError(f"{number} segments where the data set asks for {count}")
        if _LONGEST // 2 * len(data) < coded.length:  # two bytes stand for 128 at the most
            raise InputError("truncated: too few bytes for such a frame")
        ends = [*offsets[1:count], len(data)]
        planes = np.empty((coded.rows, coded.columns, coded.samples, width), np.uint8)
        for segment, (start, end) in enumerate(zip(offsets[:count], ends, strict=True)):
            if not _HEADER.size <= start <= end <= len(data):
                raise InputError(f"segment {segment + 1} stands outside the frame")
            plane = _unpacked(data[start:end], coded.rows * coded.columns)
            sample, byte = divmod(segment, width)
            planes[:, :, sample, width - 1 - byte] = np.frombuffer(plane, np.uint8).reshape(coded.rows, coded.columns)
        return planes.view(coded.dtype).reshape(coded.shape)


def _packed(plane: NDArray[np.uint8]) -> bytes:
    """A plane packed without a loop over its bytes (PS3.5 G.3.1); runs end with their row, the length is even."""
    columns = plane.shape[1]
    values = plane.reshape(-1)
    fresh = np.empty(values.size, bool)
    fresh[1:] = values[1:] != values[:-1]
    fresh[::columns] = True
    starts = np.flatnonzero(fresh)
    lengths = np.diff(starts, append=values.size)
    # Runs too short to repeat join the literal run before them, within their row.
    repeated = lengths >= _SHORTEST_RUN
    joins = ~repeated[1:] & ~repeated[:-1] & (starts[1:] % columns != 0)
    kept = np.concatenate(([True], ~joins))
    starts, repeated = starts[kept], repeated[kept]
    lengths = np.diff(starts, append=values.size)
    # No run is longer than 128 bytes: cut.
    pieces = -(-lengths // _LONGEST)
    place = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    starts = np.repeat(starts, pieces) + place * _LONGEST
    lengths = np.minimum(np.repeat(lengths, pieces) - place * _LONGEST, _LONGEST)
    repeated = np.repeat(repeated, pieces) & (lengths > 1)
    sizes = np.where(repeated, 2, lengths + 1)
    offsets = np.cumsum(sizes) - sizes
    total = int(offsets[-1] + sizes[-1])
    packed = np.zeros(total + total % 2, np.uint8)
    packed[offsets] = np.where(repeated, 257 - lengths, lengths - 1)
    packed[offsets[repeated] + 1] = values[starts[repeated]]
    literal = np.repeat(~repeated, lengths)
    targets = np.arange(values.size) + np.repeat(offsets + 1 - starts, lengths)
    packed[targets[literal]] = values[literal]
    return packed.tobytes()


def _unpacked(data: bytes, length: int) -> bytearray:
    """The bytes of a segment (PS3.5 G.3.2); padding with zeros may follow them."""
    out = bytearray()
    at, most = 0, length + _LONGEST
    with suppress(IndexError):  # at the end
        while True:
            head = data[at]
            at += 1
            if head < _LONGEST:
                end = at + head + 1
                out += data[at:end]
                at = end
            elif head > _LONGEST:
                out += data[at : at + 1] * (257 - head)
                at += 1
                if len(out) > most:  # literals are no longer than what we were given
                    break
    if len(out) < length:
        raise InputError("truncated: a segment breaks off")
    if any(out[length:]):
        raise InputError("a segment holds more than its plane")
    del out[length:]
    return out


RLE = RleCodec()
