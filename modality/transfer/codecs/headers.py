"""What a code stream's header says, read before a decoder allocates for it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from modality.errors import InputError
from modality.transfer.codecs.pixels import PixelFormat

_JPEG_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7))
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xD8)))


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """Size and depth of what a stream holds.

    Args:
        rows: rows.
        columns: columns.
        samples: components.
        bits: precision of a component.
        process: the frame marker of a JPEG stream, which tells the process.
        colour: what the stream itself says of its colour, "RGB" or "YCbCr"; empty when it says nothing.
    """

    rows: int
    columns: int
    samples: int
    bits: int
    process: int = 0
    colour: str = ""

    def check(self, coded: PixelFormat) -> None:
        """Refuse a stream that does not hold what the data set says.

        Raises:
            InputError: the two differ.
        """
        if (self.rows, self.columns, self.samples) != (coded.rows, coded.columns, coded.samples):
            raise InputError(
                f"the stream holds {self.rows} x {self.columns} x {self.samples},"
                f" the data set says {coded.rows} x {coded.columns} x {coded.samples}"
            )
        if not 1 <= self.bits <= coded.bits_allocated:
            raise InputError(f"the stream holds {self.bits} bits, the data set allocates {coded.bits_allocated}")


def jpeg_header(data: bytes) -> StreamHeader:
    """Frame header of JPEG (ITU-T T.81 B.2.2) or JPEG-LS (ITU-T T.87 C.2.2), with JFIF and Adobe markers.

    Raises:
        InputError: there is none.
    """
    if data[:2] != b"\xff\xd8":
        raise InputError("no JPEG stream")
    at, colour = 2, ""
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF or marker in _JPEG_BARE:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at + 4 : at + 2 + length]
        if marker in _JPEG_FRAMES and len(segment) >= 6:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", segment)
            return StreamHeader(rows, columns, samples, bits, process=marker, colour=colour)
        if marker in (0xDA, 0xD9) or length < 2:
            break
        if marker == 0xE0 and segment[:5] == b"JFIF\0":
            colour = "YCbCr"
        elif marker == 0xEE and segment[:5] == b"Adobe" and len(segment) >= 12:
            colour = "YCbCr" if segment[11] == 1 else "RGB"
        at += 2 + length
    raise InputError("no frame header in the JPEG stream")


def jpeg2000_header(data: bytes) -> StreamHeader:
    """SIZ of a JPEG 2000 code stream (ITU-T T.800 A.5.1); a JP2 file's boxes are looked into.

    Raises:
        InputError: there is none, or its components differ in size, depth or sign.
    """
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0 or at + 42 > len(data):
        raise InputError("no JPEG 2000 code stream")
    right, bottom, left, top, tile_width, tile_height = struct.unpack_from(">6I", data, at + 8)
    (samples,) = struct.unpack_from(">H", data, at + 40)
    components = data[at + 42 : at + 42 + 3 * samples]
    if len(components) < 3 or components != components[:3] * samples or components[1:3] != b"\1\1":
        raise InputError("components of the JPEG 2000 code stream differ")
    rows, columns = bottom - top, right - left
    if tile_width * tile_height == 0 or -(-right // tile_width) * -(-bottom // tile_height) > 65535:
        raise InputError("the JPEG 2000 code stream has no tiles, or too many")
    return StreamHeader(rows, columns, samples, (components[0] & 0x7F) + 1)


def jpegxl_size(data: bytes) -> tuple[int, int]:
    """Rows and columns of a JPEG XL code stream, bare or in its container (ISO/IEC 18181-1 SizeHeader, 18181-2).

    Raises:
        InputError: there is none.
    """
    stream = data
    if data[:12] == b"\0\0\0\x0cJXL \r\n\x87\n":
        stream = _jpegxl_box(data)
    if stream[:2] != b"\xff\x0a":
        raise InputError("no JPEG XL code stream")
    bits = int.from_bytes(stream[2:14].ljust(12, b"\0"), "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    small = take(1)

    def side() -> int:
        return (take(5) + 1) * 8 if small else take((9, 13, 18, 30)[take(2)]) + 1

    rows = side()
    ratio = take(3)
    across, down = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio]
    return rows, rows * across // down if ratio else side()


def _jpegxl_box(data: bytes) -> bytes:
    at = 12
    while at + 8 <= len(data):
        size, kind, body = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        if kind == b"jxlc":
            return data[body : body + 16]
        if kind == b"jxlp":
            return data[body + 4 : body + 20]
        if size < 8:
            break
        at += size
    raise InputError("no code stream in the JPEG XL container")
