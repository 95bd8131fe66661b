"""One encapsulated transfer syntax: what it carries, a frame into its bytes, and the bytes into a frame."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from modality.errors import InputError, UnsupportedError, UsageError
from modality.transfer.codecs.keywords import KEYWORDS
from modality.transfer.codecs.pixels import Frame, PixelFormat, check_frame, check_unused_bits

# Colour models that exist only within a code stream: decoding gives RGB (PS3.3 C.7.6.3.1.2).
_WITHIN_STREAMS = frozenset(("YBR_FULL_422", "YBR_RCT", "YBR_ICT", "XYB"))


class Codec(Protocol):
    """What a module of this package gives."""

    def encode(self, frame: Frame, coded: PixelFormat, quality: float | None, source: str) -> bytes:
        """The frame's bytes; `source` is the Photometric Interpretation of its values."""

    def decode(self, data: bytes, coded: PixelFormat) -> Frame:
        """The frame; its header is checked first, since decoders allocate what a header asks for."""


@dataclass(frozen=True, slots=True)
class Quality:
    """The scale of a lossy codec, its own.

    Args:
        low: the least value.
        high: the greatest value.
        default: taken when nothing is asked.
        meaning: what the number is.
        whole: only whole numbers.
    """

    low: float
    high: float
    default: float
    meaning: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """What the data set must say about the encoded frames.

    Args:
        pixels: Photometric Interpretation, Bits Stored, Pixel Representation and the rest.
        planar_configuration: Planar Configuration, None when it must be absent.
        offset: what was added to every stored value; Rescale Intercept falls by this times Rescale Slope, and values
            in units of stored values (Smallest and Largest Image Pixel Value, Pixel Padding Value) rise by it.
        lossy_method: Lossy Image Compression Method (PS3.3 C.7.6.1.1.5); empty when nothing was lost. If there is
            one, Lossy Image Compression is "01", and Lossy Image Compression Ratio native length by encoded length.
    """

    pixels: PixelFormat
    planar_configuration: int | None
    offset: int = 0
    lossy_method: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """A row of the table.

    Args:
        uid: Transfer Syntax UID.
        codec: where its codec is, ``module:attribute``.
        bits: Bits Allocated to the least and greatest Bits Stored.
        photometric: Photometric Interpretation of the values to that of the encoded frames.
        quality: scale of its quality; None when it is lossless.
        method: Lossy Image Compression Method of what it writes.
        planar: Planar Configuration of colour.
        offsets_signed: signed values are made unsigned by an offset, since they would wrap at 0.
        whole_words: bits above Bits Stored travel too.
        fills_words: decoded values may exceed Bits Stored, so that the data set has to say Bits Allocated.
        refusal: why it cannot be written from pixels; empty when it can.
        packs: where a frame's bytes of another syntax become those of this one without decoding, ``module:attribute``
            by the other syntax's UID.
    """

    uid: str
    codec: str
    bits: Mapping[int, tuple[int, int]]
    photometric: Mapping[str, str]
    quality: Quality | None = None
    method: str = ""
    planar: int = 0
    offsets_signed: bool = False
    whole_words: bool = False
    fills_words: bool = False
    refusal: str = ""
    packs: Mapping[str, str] = field(default_factory=dict)

    @property
    def keyword(self) -> str:
        """Its keyword (PS3.6 Table A-1)."""
        return KEYWORDS[self.uid]

    @property
    def lossless(self) -> bool:
        """Encoding always keeps every value."""
        return not self.method

    def check(self, pixels: PixelFormat, quality: float | None = None) -> None:
        """Refuse pixels that this syntax cannot carry.

        Raises:
            UnsupportedError: with the reason, in one line.
            UsageError: the quality is outside the codec's scale.
        """
        pixels.check()
        if self.refusal:
            raise UnsupportedError(f"{self.keyword} {self.refusal}")
        if pixels.photometric not in self.photometric:
            raise UnsupportedError(f"{self.keyword} does not carry {pixels.photometric}")
        if (pixels.samples == 3) != (pixels.photometric in ("RGB", "YBR_FULL")):
            raise UnsupportedError(f"{pixels.photometric} with {pixels.samples} samples a pixel is no image")
        if pixels.signed and (pixels.samples == 3 or pixels.photometric == "PALETTE COLOR"):
            raise UnsupportedError(f"{pixels.photometric} with signed values is no image")
        low, high = self.bits.get(pixels.bits_allocated, (0, 0))
        if not low <= pixels.bits_stored <= high:
            raise UnsupportedError(
                f"{self.keyword} carries {self._depths()}, these pixels have {pixels.bits_stored} bits stored"
                f" in {pixels.bits_allocated}"
            )
        self.chosen_quality(quality)

    def described(self, pixels: PixelFormat, quality: float | None = None) -> Description:
        """What the data set must say once frames of this format are encoded.

        Raises:
            UnsupportedError: see `check`.
            UsageError: see `check`.
        """
        self.check(pixels, quality)
        offset = -pixels.lowest if self.offsets_signed else 0
        coded = replace(
            pixels,
            photometric=self.photometric[pixels.photometric],
            signed=pixels.signed and not offset,
            bits_stored=pixels.bits_allocated if self.fills_words else pixels.bits_stored,
        )
        return Description(coded, self.planar if pixels.samples > 1 else None, offset, self.method)

    def decoded(self, coded: PixelFormat) -> PixelFormat:
        """The format of the frames that `decode` gives for what the data set says."""
        return replace(coded, photometric="RGB") if coded.photometric in _WITHIN_STREAMS else coded

    def encode(self, frame: Frame, pixels: PixelFormat, quality: float | None = None) -> bytes:
        """One frame, encoded; a fragment of odd length is for the encapsulation to pad (PS3.5 A.4).

        Args:
            frame: values of `pixels.shape` and `pixels.dtype`.
            pixels: the format of the frame, not of what comes out: that is `described`.
            quality: on the codec's own scale, see `quality`; None takes its default.

        Raises:
            UnsupportedError: the syntax cannot carry these pixels, or this Python has no such codec.
            MissingExtraError: the codec is not installed.
            UsageError: the quality is outside the scale, or the frame is not of the format.
        """
        description = self.described(pixels, quality)
        frame = check_frame(frame, pixels)
        if not self.whole_words:
            check_unused_bits(frame, pixels, self.keyword)
        if description.offset:
            unsigned = frame.view(description.pixels.dtype)
            frame = (unsigned + unsigned.dtype.type(description.offset)) & unsigned.dtype.type(pixels.mask)
        return self._codec().encode(frame, description.pixels, self.chosen_quality(quality), pixels.photometric)

    def decode(self, data: bytes, coded: PixelFormat) -> Frame:
        """One frame, decoded: values of `decoded(coded)`.

        Args:
            data: the frame's fragments, joined.
            coded: what the data set says.

        Raises:
            InputError: the bytes are damaged, or hold something else than the data set says.
            UnsupportedError: no codec here for such pixels.
            MissingExtraError: the codec is not installed.
        """
        coded.check()
        coded.check_decoded()
        codec = self._codec()
        try:
            return coded.fitted(codec.decode(data, coded))
        except InputError as error:
            raise InputError(f"{self.keyword}: {error}") from error
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:  # imagecodecs' errors are RuntimeErrors
            raise InputError(f"{self.keyword}: cannot be decoded: {error}") from error

    def pack(self, data: bytes, transfer_syntax_uid: str) -> bytes:
        """One frame out of the bytes that it has in another syntax of `packs`, nothing decoded and nothing lost.

        Raises:
            InputError: the bytes are damaged, or hold no such stream.
            UnsupportedError: they are of a process that cannot be packed.
            MissingExtraError: the codec is not installed.
        """
        packed: bytes = _loaded(self.packs[transfer_syntax_uid])(data)
        return packed

    def _codec(self) -> Codec:
        codec: Codec = _loaded(self.codec)
        return codec

    def _depths(self) -> str:
        ranges = sorted(set(self.bits.values()))
        names = [str(high) if low == high else f"{low} to {high}" for low, high in ranges]
        return " or ".join(names) + " bits"

    def chosen_quality(self, quality: float | None) -> float | None:
        """The quality asked for, or the default; None where there is nothing to choose.

        Raises:
            UsageError: it is outside the codec's scale, or the syntax takes none.
        """
        scale = self.quality
        if scale is None:
            if quality is not None:
                raise UsageError(f"{self.keyword} is lossless and takes no quality")
            return None
        if quality is None:
            return scale.default
        if not scale.low <= quality <= scale.high or (scale.whole and quality != int(quality)):
            kind = "whole numbers" if scale.whole else "numbers"
            raise UsageError(
                f"{self.keyword} takes {kind} from {scale.low:g} to {scale.high:g} as quality"
                f" ({scale.meaning}), not {quality:g}"
            )
        return quality


def _loaded(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
