"""JPEG 2000 (ITU-T T.800) by OpenJPEG."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modality.transfer.codecs.headers import jpeg2000_header
from modality.transfer.codecs.library import function
from modality.transfer.codecs.pixels import Frame, PixelFormat

# OpenJPEG's choice of passes misses its PSNR by far in frames smaller than a code block (64 x 64): they keep all.
_SMALL = 64 * 64
_DECIBEL_PER_BIT = 20 * math.log10(2)


@dataclass(frozen=True, slots=True)
class Jpeg2000Codec:
    """A bare code stream of as many bits as are stored, with the sign of Pixel Representation (PS3.5 8.2.4).

    Args:
        reversible: the 5-3 wavelet, and RCT for colour; otherwise 9-7 and ICT.
    """

    reversible: bool

    def encode(self, frame: Frame, coded: PixelFormat, quality: float | None, source: str) -> bytes:  # noqa: ARG002
        """The code stream."""
        if coded.bits_stored <= 8 < coded.bits_allocated:
            frame = frame.astype(np.int8 if coded.signed else np.uint8)
        if quality is not None:
            quality += _DECIBEL_PER_BIT * coded.idle_bits(frame)  # OpenJPEG's is against the greatest stored value
        small = coded.rows * coded.columns < _SMALL
        return bytes(
            function("jpeg2k_encode", "JPEG 2000")(
                frame,
                0 if small or quality is None else quality,
                codecformat="j2k",
                reversible=self.reversible,
                bitspersample=coded.bits_stored,
                mct=coded.photometric in ("YBR_RCT", "YBR_ICT"),
            )
        )

    def decode(self, data: bytes, coded: PixelFormat) -> Frame:
        """Values, RGB where the code stream transforms colour."""
        jpeg2000_header(data).check(coded)
        frame: Frame = function("jpeg2k_decode", "JPEG 2000")(data, planar=False)
        return frame


LOSSLESS = Jpeg2000Codec(reversible=True)
LOSSY = Jpeg2000Codec(reversible=False)
