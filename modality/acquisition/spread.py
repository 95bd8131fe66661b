"""The point spread of a reconstruction: a Gaussian, applied along rows and columns by shifted sums."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]

_REACH = 3.0  # taps reach this many standard deviations
_SMALLEST_TAP = 1e-4

# glibc takes memory for arrays as large as a slice from the system and gives it back each time, which costs more than
# what is done with them. Once it has seen a block of this size freed it keeps them (mallopt(3): the thresholds follow);
# nothing of the block is touched.
_KEPT_BELOW = 30 << 20
np.empty(_KEPT_BELOW, dtype=np.uint8)


@lru_cache(maxsize=64)
def taps(sigma_mm: float, spacing_mm: float) -> tuple[float, ...]:
    """One half of a symmetric kernel, the middle first.

    Args:
        sigma_mm: standard deviation of the Gaussian.
        spacing_mm: distance of the pixels.

    Returns:
        Weights that sum to 1 over the whole kernel, multiples of 1e-6 so that no two mathematical libraries differ.
    """
    reach = max(1, math.ceil(_REACH * sigma_mm / spacing_mm))
    raw = [math.exp(-0.5 * (k * spacing_mm / sigma_mm) ** 2) for k in range(reach + 1)]
    total = raw[0] + 2 * sum(raw[1:])
    side = [w for w in (round(v / total, 6) for v in raw[1:]) if w >= _SMALLEST_TAP]
    return (round(1.0 - 2 * sum(side), 6), *side)


def reach_mm(sigma_mm: float) -> float:
    """How far a point spreads at most."""
    return _REACH * sigma_mm


def blur(image: Image, along_columns: tuple[float, ...], along_rows: tuple[float, ...]) -> Image:
    """Convolve with a separable kernel; what lies beyond the edge is like the edge.

    Args:
        image: shape (rows, columns).
        along_columns: half kernel over the row index.
        along_rows: half kernel over the column index.
    """
    return _along(_along(image, along_columns, 0), along_rows, 1)


def _along(image: Image, kernel: tuple[float, ...], axis: int) -> Image:
    if len(kernel) == 1:
        return image
    result: Image = image * np.float32(kernel[0])
    pair = np.empty_like(result)
    lines, sums = (image, pair) if axis == 0 else (image.T, pair.T)
    length = len(lines)
    for distance, weight in enumerate(kernel[1:], start=1):
        if 2 * distance < length:
            np.add(lines[: -2 * distance], lines[2 * distance :], out=sums[distance:-distance])
            np.add(lines[:1], lines[distance : 2 * distance], out=sums[:distance])
            np.add(lines[-2 * distance : -distance], lines[-1:], out=sums[-distance:])
        else:
            places = np.arange(length)
            before, after = np.maximum(places - distance, 0), np.minimum(places + distance, length - 1)
            np.add(lines[before], lines[after], out=sums)
        pair *= np.float32(weight)
        result += pair
    return result
