"""The markers of a JPEG stream (ISO/IEC 10918-1 annex B): what process it is, and where it ends."""

from __future__ import annotations

import struct
from dataclasses import dataclass

SOI = b"\xff\xd8"
_EOI, _SOS, _APP1, _APP14 = 0xD9, 0xDA, 0xE1, 0xEE
_BASELINE = 0xC0
# SOF markers: C0 to CF but DHT, JPG and DAC.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM and RST: without a length
_ORIENTATION = 0x0112  # of Exif's 0th IFD


@dataclass(frozen=True, slots=True)
class JpegStream:
    """One image.

    Args:
        length: bytes of the stream, EOI and all.
        baseline: the baseline process, of 8 bits.
        rows: lines.
        columns: samples of a line.
        components: of a pixel.
        subsampled: colour has fewer samples than lightness.
        adobe_transform: colour transform of an Adobe marker; None without one.
        identifiers: of the components.
        orientation: of Exif; 1 is upright.
    """

    length: int
    baseline: bool
    rows: int
    columns: int
    components: int
    subsampled: bool
    adobe_transform: int | None
    identifiers: tuple[int, ...]
    orientation: int

    @property
    def is_rgb(self) -> bool:
        """Whether three components are RGB and not YCbCr, as common decoders decide it."""
        if self.adobe_transform is not None:
            return self.adobe_transform == 0
        return self.identifiers == tuple(b"RGB")


def parse(data: bytes) -> JpegStream | None:
    """Read the markers of the first image of a file; None where they do not hold together or break off."""
    try:
        return _parse(data)
    except (struct.error, IndexError):
        return None


def _parse(data: bytes) -> JpegStream | None:
    if data[:2] != SOI:
        return None
    at, frame, adobe, orientation = 2, None, None, 1
    while True:
        marker, at = _marker(data, at)
        if marker == _EOI:
            break
        if marker in _ALONE:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        segment = data[at + 2 : at + length]
        if length < 2 or len(segment) != length - 2:
            return None
        at += length
        if marker in _FRAMES:
            if frame is not None:
                return None
            frame = (marker, segment)
        elif marker == _APP14 and segment.startswith(b"Adobe"):
            adobe = segment[11]
        elif marker == _APP1 and segment.startswith(b"Exif\0\0"):
            orientation = _orientation(segment[6:])
        elif marker == _SOS:
            at = _after_scan(data, at)
    if frame is None:
        return None
    marker, segment = frame
    precision, rows, columns, components = struct.unpack_from(">BHHB", segment)
    if components < 1 or len(segment) < 6 + 3 * components:
        return None
    sampling = [segment[6 + 3 * index + 1] for index in range(components)]
    return JpegStream(
        length=at,
        baseline=marker == _BASELINE and precision == 8,
        rows=rows,
        columns=columns,
        components=components,
        subsampled=any(factor != sampling[0] for factor in sampling),
        adobe_transform=adobe,
        identifiers=tuple(segment[6 + 3 * index] for index in range(components)),
        orientation=orientation,
    )


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at a place, fill bytes before it skipped, and where it ends."""
    if data[at] != 0xFF:
        raise IndexError
    while data[at] == 0xFF:
        at += 1
    return data[at], at + 1


def _after_scan(data: bytes, at: int) -> int:
    """Where the next marker that is not part of the entropy-coded data stands."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise IndexError
        following = data[at + 1]
        if following and following != 0xFF and following not in _ALONE:
            return at
        at += 1 if following == 0xFF else 2


def _orientation(tiff: bytes) -> int:
    """Orientation of an Exif block; 1 where it has none that makes sense."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, first)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, first + 2 + 12 * index)
            if (tag, kind) == (_ORIENTATION, 3):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
