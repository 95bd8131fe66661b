"""JPEG XL (ISO/IEC 18181): lossless, lossy, and a JPEG stream packed without touching its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from modality.errors import InputError, UnsupportedError
from modality.transfer.codecs.headers import jpeg_header, jpegxl_size
from modality.transfer.codecs.library import function
from modality.transfer.codecs.pixels import Frame, PixelFormat

_EFFORT = 3  # of 1 to 9: twice the effort gives a few hundredths in size at a tenth of the speed
_BASELINE = 0xC0
_LEAST_DISTANCE = 0.01  # below it libjxl takes 0, which is its lossless mode


@dataclass(frozen=True, slots=True)
class JpegXlCodec:
    """libjxl's: a bare code stream of as many bits as are stored.

    JPEG XL has no sign. Lossless signed values go as their two's complement in the stored bits, which is what a reader
    that knows only bytes and Pixel Representation expects; lossy ones are offset before.

    Args:
        lossless: every value is kept.
    """

    lossless: bool

    def encode(self, frame: Frame, coded: PixelFormat, quality: float | None, source: str) -> bytes:  # noqa: ARG002
        """The code stream; colour becomes XYB when it is lossy."""
        values = coded.unsigned(frame)
        if quality is not None:
            quality = max(quality / (1 << coded.idle_bits(frame)), _LEAST_DISTANCE)
        return bytes(
            function("jpegxl_encode", "JPEG XL")(
                values,
                effort=_EFFORT,
                lossless=self.lossless,
                distance=None if self.lossless else quality,
                bitspersample=coded.bits_stored,
                usecontainer=False,
                numthreads=1,
            )
        )

    def decode(self, data: bytes, coded: PixelFormat) -> Frame:
        """Values, RGB in colour."""
        if jpegxl_size(data) != (coded.rows, coded.columns):
            raise InputError(f"the stream holds {jpegxl_size(data)}, the data set says {(coded.rows, coded.columns)}")
        frame: Frame = function("jpegxl_decode", "JPEG XL")(data, numthreads=1)
        return frame


LOSSLESS = JpegXlCodec(lossless=True)
LOSSY = JpegXlCodec(lossless=False)
JPEG_RECOMPRESSION = LOSSY


def from_jpeg(data: bytes) -> bytes:
    """A JPEG baseline stream packed as JPEG XL, from which `to_jpeg` gives back the same bytes (PS3.5 8.2.15).

    Raises:
        InputError: it is damaged.
        UnsupportedError: it is another JPEG process.
    """
    if jpeg_header(data).process != _BASELINE:
        raise UnsupportedError("JPEGXLJPEGRecompression is made from JPEG baseline streams, this is another process")
    try:
        return bytes(function("jpegxl_encode_jpeg", "JPEG XL")(data, usecontainer=True, numthreads=1))
    except RuntimeError as error:
        raise InputError(f"the JPEG stream cannot be packed: {error}") from error


def to_jpeg(data: bytes) -> bytes:
    """The JPEG stream within a JPEG XL recompression.

    Raises:
        InputError: there is none, or it is damaged.
    """
    jpegxl_size(data)
    try:
        return bytes(function("jpegxl_decode_jpeg", "JPEG XL")(data, numthreads=1))
    except (RuntimeError, ValueError) as error:
        raise InputError(f"no JPEG stream in the JPEG XL one: {error}") from error
