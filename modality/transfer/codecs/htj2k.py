"""High-throughput JPEG 2000 (ITU-T T.814) by OpenJPH.

OpenJPH as imagecodecs calls it writes streams of 8 or 16 bits, while PS3.5 8.2.14 wants the depth of the stream to
agree with Bits Stored. The depth stands in one byte of SIZ, and only two things in a stream follow from it (T.800
A.5.1, E.1.1, G.1): the level shift of unsigned values, half the range, and in irreversible streams the scale of the
values. So unsigned values go to a reversible stream already shifted, as signed ones, and values go to an irreversible
stream scaled to the range; then the byte is put right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modality.errors import UnsupportedError
from modality.transfer.codecs.headers import jpeg2000_header
from modality.transfer.codecs.library import function
from modality.transfer.codecs.pixels import Frame, PixelFormat

_COMPONENTS = 42  # where Ssiz, XRsiz and YRsiz of the components stand: after SOC and 40 bytes of SIZ (T.800 A.5.1)
# HTJ2KLosslessRPCL: the lowest resolution is at most 64 wide and high (PS3.5 10.18); OpenJPH halves five times.
_THUMBNAIL = 64
_DECOMPOSITIONS = 5


@dataclass(frozen=True, slots=True)
class Htj2kCodec:
    """Code streams in the order RPCL, which is OpenJPH's own.

    Args:
        reversible: the 5-3 wavelet, and RCT for colour; otherwise 9-7 and ICT.
        streaming: tile-parts by resolution, and their lengths in TLM, as HTJ2KLosslessRPCL asks.
    """

    reversible: bool
    streaming: bool = False

    def encode(self, frame: Frame, coded: PixelFormat, quality: float | None, source: str) -> bytes:
        """The code stream."""
        encode = function("htj2k_encode", "HTJ2K")
        if quality is not None:
            quality /= 1 << coded.idle_bits(frame)
        spare = coded.bits_allocated - coded.bits_stored
        if spare and not self.reversible:
            frame = frame << spare
        elif spare and not coded.signed:
            shifted = frame - frame.dtype.type(1 << (coded.bits_stored - 1))
            frame = shifted.view(f"<i{coded.bits_allocated // 8}")
        colour = coded.photometric in ("YBR_RCT", "YBR_ICT")
        planar = coded.samples > 1 and not colour
        if planar:
            if coded.columns == 1:
                raise UnsupportedError(f"HTJ2K of {source} one column wide cannot be written here")
            frame = np.ascontiguousarray(np.moveaxis(frame, -1, 0))
        decompositions = max(_DECOMPOSITIONS, (-(-max(coded.rows, coded.columns) // _THUMBNAIL) - 1).bit_length())
        stream: bytes = encode(
            frame,
            quality,
            rgb=colour,
            planar=planar,
            reversible=self.reversible,
            resolutions=decompositions,
            tlm=self.streaming,
            tilepart=1 if self.streaming else None,
        )
        components = bytes(((0x80 if coded.signed else 0) | (coded.bits_stored - 1), 1, 1)) * coded.samples
        return b"".join((stream[:_COMPONENTS], components, memoryview(stream)[_COMPONENTS + len(components) :]))

    def decode(self, data: bytes, coded: PixelFormat) -> Frame:
        """Values, RGB where the code stream transforms colour.

        OpenJPEG reads these, and not OpenJPH: as imagecodecs 2026.3.6 calls it, that lets values of irreversible
        streams wrap at the ends of the range instead of clamping them, and never returns from some damaged streams.
        """
        jpeg2000_header(data).check(coded)
        frame: Frame = function("jpeg2k_decode", "HTJ2K")(data, planar=False)
        return frame


LOSSLESS = Htj2kCodec(reversible=True)
LOSSLESS_RPCL = Htj2kCodec(reversible=True, streaming=True)
LOSSY = Htj2kCodec(reversible=False)
