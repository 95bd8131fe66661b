"""Frames to encode, and how near two of them are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modality.transfer.codecs.encoding import Encoding
from modality.transfer.codecs.pixels import PixelFormat

ODD = (67, 131)

MONOCHROME = [
    PixelFormat(*ODD, 1, allocated, stored, signed)
    for allocated, stored in ((8, 8), (16, 8), (16, 10), (16, 12), (16, 16))
    for signed in (False, True)
]
COLOUR = [PixelFormat(*ODD, 3, bits, bits, photometric="RGB") for bits in (8, 16)]
PALETTE = [PixelFormat(*ODD, 1, 8, 8, photometric="PALETTE COLOR")]
FORMATS = [*MONOCHROME, *COLOUR, *PALETTE, PixelFormat(*ODD, 1, 16, 12, photometric="MONOCHROME1")]


def name(value: PixelFormat | Encoding) -> str:
    """What to call a parameter of a test."""
    if isinstance(value, Encoding):
        return value.keyword
    sign = "signed" if value.signed else "unsigned"
    return f"{value.photometric.replace(' ', '')}-{value.bits_stored}in{value.bits_allocated}-{sign}"


def picture(pixels: PixelFormat, noise: float = 0.003, seed: int = 1) -> NDArray[Any]:
    """Waves under noise, over the whole range of values, both of its ends included."""
    y, x = np.mgrid[: pixels.rows, : pixels.columns]
    waves = (np.sin(x / 9) + np.cos(y / 7) + 2) / 4
    waves = waves + np.random.default_rng(seed).normal(0, noise, waves.shape)
    values = (waves * pixels.mask).round().clip(0, pixels.mask)
    values.flat[0], values.flat[-1] = 0, pixels.mask
    if pixels.samples == 3:
        values = np.stack([values, values[::-1], pixels.mask - values], axis=-1)
    return (values + pixels.lowest).astype(pixels.dtype)


def psnr_db(first: NDArray[Any], second: NDArray[Any], peak: int) -> float:
    """Peak signal to noise ratio."""
    error = float(np.mean((first.astype(np.float64) - second) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(peak**2 / error))
