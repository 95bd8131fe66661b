"""How the frames of a file are encoded, and what its data set says of that before there is one (PS3.3 C.7.6.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from modality.errors import UsageError
from modality.transfer.codecs.pixels import Frame, PixelFormat
from modality.transfer.syntaxes import TransferSyntax

if TYPE_CHECKING:
    from modality.transfer.codecs.encoding import Encoding

# How a colour JPEG stream samples its chroma, and what Photometric Interpretation says of it: readers of slides expect
# YBR_FULL_422 over any subsampled stream, and RGB where all three components are stored as they are.
_CHROMA = {"420": ("jpeg:LOSSY_420", "YBR_FULL_422"), "422": ("jpeg:LOSSY", "YBR_FULL_422"), "444": ("jpeg:RGB", "RGB")}
CHROMA = tuple(_CHROMA)
_BASELINE = "JPEGBaseline8Bit"


@dataclass(frozen=True)
class FrameEncoding:
    """What turns one frame into its bytes.

    Args:
        syntax: the transfer syntax.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
        chroma: how JPEG baseline samples the colours: 420, 422 or 444.

    Raises:
        UsageError: the quality is outside the scale, or there is no such sampling.
    """

    syntax: TransferSyntax
    quality: float | None = None
    chroma: str = "420"

    def __post_init__(self) -> None:
        if self.chroma not in _CHROMA:
            raise UsageError(f"chroma {self.chroma!r}: one of {', '.join(CHROMA)}")
        self.syntax.check_quality(self.quality)

    @cached_property
    def codec(self) -> Encoding | None:
        """The row of the table of codecs, for this sampling; None for a native syntax."""
        encoding = self.syntax.encoding
        if encoding is None or self.syntax.keyword != _BASELINE:
            return encoding
        name, photometric = _CHROMA[self.chroma]
        colours = {**encoding.photometric, "RGB": photometric}
        return replace(encoding, codec=f"modality.transfer.codecs.{name}", photometric=colours)

    def encoded(self, frame: Frame, pixels: PixelFormat) -> bytes:
        """One frame's bytes.

        Raises:
            UnsupportedError: the syntax cannot carry these pixels.
            MissingExtraError: the codec is not installed.
        """
        codec = self.codec
        return frame.tobytes() if codec is None else codec.encode(frame, pixels, self.quality)

    def said(self, pixels: PixelFormat) -> dict[str, Any]:
        """What the data set says of the frames, by keyword; the ratio of a lossy one is known at the end alone.

        Planar Configuration stays 0: RLE may say so too (PS3.5 Table 8.2.2-1), and slides want it (PS3.3 C.8.12.4).

        Raises:
            UnsupportedError: the syntax cannot carry these pixels.
        """
        codec = self.codec
        if codec is None:
            return {}
        description = codec.described(pixels, self.quality)
        said: dict[str, Any] = {"PhotometricInterpretation": description.pixels.photometric}
        if description.lossy_method:
            said |= {"LossyImageCompression": "01", "LossyImageCompressionMethod": description.lossy_method}
        return said
