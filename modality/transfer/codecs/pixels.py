"""How a frame's stored values are laid out, apart from how they are encoded (PS3.3 C.7.6.3, PS3.5 8.1.1).

numpy is imported where values are touched: the table of syntaxes is read by senders that touch none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from modality.errors import InputError, UnsupportedError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Frame: TypeAlias = "NDArray[Any]"
LARGEST_DECODED = 512 << 20
"""Bytes of a frame that is decoded; our choice: ten times what devices make at the most, and a bomb is a few bytes."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """The Image Pixel attributes that a codec has to know; colour frames are colour by pixel.

    Args:
        rows: Rows.
        columns: Columns.
        samples: Samples per Pixel, 1 or 3.
        bits_allocated: Bits Allocated, 8, 16 or 32.
        bits_stored: Bits Stored; High Bit is one less.
        signed: Pixel Representation is 1, two's complement.
        photometric: Photometric Interpretation.
    """

    rows: int
    columns: int
    samples: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    signed: bool = False
    photometric: str = "MONOCHROME2"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a frame: (rows, columns), or (rows, columns, 3)."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a frame's values, as allocated, little endian."""
        import numpy as np

        return np.dtype(f"<{'i' if self.signed else 'u'}{self.bits_allocated // 8}")

    @property
    def mask(self) -> int:
        """The stored bits, set."""
        return (1 << self.bits_stored) - 1

    @property
    def lowest(self) -> int:
        """The lowest value that the stored bits hold."""
        return -(1 << (self.bits_stored - 1)) if self.signed else 0

    @property
    def highest(self) -> int:
        """The highest value that the stored bits hold."""
        return self.lowest + self.mask

    @property
    def length(self) -> int:
        """Bytes of a frame when it is native."""
        return self.rows * self.columns * self.samples * self.bits_allocated // 8

    def check_decoded(self) -> None:
        """Refuse a frame that is too large to be decoded, before a decoder allocates for it.

        Raises:
            UnsupportedError: with its size.
        """
        if self.length > LARGEST_DECODED:
            raise UnsupportedError(
                f"a frame of {self.rows} by {self.columns} is not decoded here:"
                f" {self.length >> 20} MiB, and {LARGEST_DECODED >> 20} are the most"
            )

    def check(self) -> None:
        """Refuse attributes that no codec here can mean.

        Raises:
            UnsupportedError: with the reason.
        """
        if not (1 <= self.rows <= 65535 and 1 <= self.columns <= 65535):
            raise UnsupportedError(f"{self.rows} rows by {self.columns} columns are no image")
        if self.samples not in (1, 3):
            raise UnsupportedError(f"{self.samples} samples a pixel; there are codecs for 1 and 3")
        if self.bits_allocated not in (8, 16, 32):
            raise UnsupportedError(f"{self.bits_allocated} bits allocated; there are codecs for 8, 16 and 32")
        if not 1 <= self.bits_stored <= self.bits_allocated:
            raise UnsupportedError(f"{self.bits_stored} bits stored do not fit {self.bits_allocated} allocated")

    def cleaned(self, values: Frame) -> Frame:
        """The values with the bits above Bits Stored dropped, and the sign carried into them.

        What stands there means nothing (PS3.5 8.1.1), except where an old overlay was put there (Overlay Bit Position
        above 0, retired): whoever drops that has to keep it elsewhere.
        """
        spare = self.bits_allocated - self.bits_stored
        if spare == 0:
            return values
        unsigned = values.view(f"<u{self.bits_allocated // 8}")
        cleaned: Frame = (
            (unsigned << spare).view(self.dtype) >> spare if self.signed else unsigned & unsigned.dtype.type(self.mask)
        )
        return cleaned

    def unsigned(self, values: Frame) -> Frame:
        """The stored bits alone, as unsigned values in as few bytes as they need."""
        bits = values.view(f"<u{self.bits_allocated // 8}")
        if self.signed and self.bits_stored < self.bits_allocated:
            bits = bits & bits.dtype.type(self.mask)
        return bits.astype("u1") if self.bits_stored <= 8 < self.bits_allocated else bits

    def idle_bits(self, values: Frame) -> int:
        """How many of the stored bits the range of the values leaves idle.

        A CT of 4,096 values in 16 stored bits has four: what a lossy codec takes for a small part of its full scale
        would be large in such an image.
        """
        spread = int(values.max()) - int(values.min())
        return max(self.bits_stored - max(spread.bit_length(), 1), 0)

    def fitted(self, values: Frame) -> Frame:
        """What a decoder gave, as values of this format.

        Raises:
            InputError: it has another shape, or more bits than are allocated.
        """
        if values.shape != self.shape:
            raise InputError(f"the stream holds {values.shape}, the data set says {self.shape}")
        if values.dtype.kind not in "iu" or values.dtype.itemsize > self.bits_allocated // 8:
            raise InputError(
                f"the stream holds {values.dtype} values, the data set allocates {self.bits_allocated} bits"
            )
        if values.dtype != self.dtype:
            values = values.astype(self.dtype)
        return self.cleaned(values) if self.signed else values


def check_frame(frame: Frame, pixels: PixelFormat) -> Frame:
    """The frame, contiguous.

    Raises:
        UsageError: it has not the shape or type that the format says.
    """
    if frame.shape != pixels.shape or frame.dtype != pixels.dtype:
        raise UsageError(
            f"a frame of {frame.shape} {frame.dtype} is not the {pixels.shape} {pixels.dtype} that was said"
        )
    return frame if frame.flags.c_contiguous else frame.copy()


def check_unused_bits(frame: Frame, pixels: PixelFormat, keyword: str) -> None:
    """Refuse values that need bits above Bits Stored, for an encoding that does not carry these.

    Raises:
        UnsupportedError: there are some.
    """
    if pixels.bits_stored == pixels.bits_allocated:
        return
    if int(frame.max()) > pixels.highest or (pixels.signed and int(frame.min()) < pixels.lowest):
        raise UnsupportedError(
            f"{keyword} carries the {pixels.bits_stored} bits stored, and bits above them are in use"
            " (an overlay in the pixels, or rubbish): move or clear them first"
        )
