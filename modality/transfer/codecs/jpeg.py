"""JPEG (ITU-T T.81): baseline, extended with 12 bits, and lossless."""

from __future__ import annotations

from dataclasses import dataclass

from modality.errors import InputError
from modality.transfer.codecs.headers import jpeg_header
from modality.transfer.codecs.library import function
from modality.transfer.codecs.pixels import Frame, PixelFormat

_SEQUENTIAL = (0xC0, 0xC1, 0xC2)
_LOSSLESS = 0xC3
# The lossless process transforms no colour: components go in and come out as they are, whatever they are.
_AS_IS = {"colorspace": "RGB", "outcolorspace": "RGB"}


@dataclass(frozen=True, slots=True)
class JpegCodec:
    """libjpeg-turbo's.

    Args:
        predictor: selection value of the lossless process (T.81 Table H.1); 0 for the lossy ones.
        chroma: how a lossy stream samples the colours; 444 stores red, green and blue as they are.
    """

    predictor: int = 0
    chroma: str = "422"

    def encode(self, frame: Frame, coded: PixelFormat, quality: float | None, source: str) -> bytes:
        """A stream of as many bits as are stored; signed values as their two's complement in these bits."""
        encode = function("jpeg8_encode", "JPEG")
        values = coded.unsigned(frame)
        if self.predictor:
            return bytes(
                encode(
                    values,
                    lossless=True,
                    predictor=self.predictor,
                    bitspersample=coded.bits_stored,
                    **(_AS_IS if coded.samples > 1 else {}),
                )
            )
        level = int(quality or 0)
        if coded.samples == 1:
            return bytes(encode(values, level, bitspersample=coded.bits_stored))
        if self.chroma == "444":
            return bytes(encode(values, level, **_AS_IS, subsampling="444"))
        # YBR_FULL_422 halves the colour horizontally (PS3.3 C.7.6.3.1.2); 420 does so vertically too.
        given = "RGB" if source == "RGB" else "YCbCr"
        return bytes(encode(values, level, colorspace=given, outcolorspace="YCbCr", subsampling=self.chroma))

    def decode(self, data: bytes, coded: PixelFormat) -> Frame:
        """Values; colour becomes RGB where the data set says YBR_FULL_422."""
        header = jpeg_header(data)
        header.check(coded)
        if header.process not in (*_SEQUENTIAL, _LOSSLESS):
            raise InputError(f"a JPEG process that cannot be decoded here (frame marker {header.process:02X}H)")
        decode = function("jpeg8_decode", "JPEG")
        if coded.samples == 1:
            frame: Frame = decode(data)
        elif header.process == _LOSSLESS:
            frame = decode(data, **_AS_IS)
        elif coded.photometric == "YBR_FULL":
            frame = decode(data, colorspace="YCbCr", outcolorspace="YCbCr")
        else:
            # Files that say RGB over a YCbCr stream are many: what the stream says of itself goes before.
            model = "YCbCr" if coded.photometric == "YBR_FULL_422" else header.colour or "RGB"
            frame = decode(data, colorspace=model, outcolorspace="RGB")
        return frame


LOSSY = JpegCodec()
LOSSY_420 = JpegCodec(chroma="420")
RGB = JpegCodec(chroma="444")
LOSSLESS = JpegCodec(predictor=6)
LOSSLESS_SV1 = JpegCodec(predictor=1)
