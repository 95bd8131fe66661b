"""JPEG-LS (ITU-T T.87), lossless and near-lossless."""

from __future__ import annotations

from modality.errors import InputError
from modality.transfer.codecs.headers import jpeg_header
from modality.transfer.codecs.library import function
from modality.transfer.codecs.pixels import Frame, PixelFormat

_JPEG_LS = 0xF7
_END = b"\xff\xd9"


class JpegLsCodec:
    """CharLS as imagecodecs calls it: streams of 8 or 16 bits, whatever is stored.

    Signed values go as their two's complement with the sign carried into the unused bits, so that a decoder need not
    look at Bits Stored. Near-lossless values may pass the highest stored value by NEAR: the data set says all bits.
    """

    def encode(self, frame: Frame, coded: PixelFormat, quality: float | None, source: str) -> bytes:  # noqa: ARG002
        """A stream as wide as what is allocated."""
        values = frame.view(f"<u{coded.bits_allocated // 8}")
        return bytes(function("jpegls_encode", "JPEG-LS")(values, int(quality or 0)))

    def decode(self, data: bytes, coded: PixelFormat) -> Frame:
        """Values."""
        header = jpeg_header(data)
        header.check(coded)
        if header.process != _JPEG_LS:
            raise InputError("no JPEG-LS stream")
        if _END not in data[-3:]:
            data += _END  # CharLS 2.4.3 never returns from some streams that break off without one
        frame: Frame = function("jpegls_decode", "JPEG-LS")(data)
        return frame


JPEG_LS = JpegLsCodec()
