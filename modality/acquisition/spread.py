"""The point spread of a reconstruction: a Gaussian, applied along rows and columns by shifted sums."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]

_REACH = 3.0  # taps reach this many standard deviations
_SMALLEST_TAP = 1e-4


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


def blur(image: Image, along_columns: tuple[float, ...], along_rows: tuple[float, ...]) -> Image:
    """Convolve with a separable kernel; what lies beyond the edge is like the edge.

    Args:
        image: shape (rows, columns).
        along_columns: half kernel over the row index.
        along_rows: half kernel over the column index.
    """
    return _along(_along(image, along_columns, 0), along_rows, 1)


def _along(image: Image, kernel: tuple[float, ...], axis: int) -> Image:
    reach = len(kernel) - 1
    if reach == 0:
        return image
    length = image.shape[axis]
    padding = [(0, 0), (0, 0)]
    padding[axis] = (reach, reach)
    padded = np.pad(image, padding, mode="edge")

    def shifted(offset: int) -> Image:
        part = slice(reach + offset, reach + offset + length)
        view: Image = padded[part] if axis == 0 else padded[:, part]
        return view

    result: Image = image * np.float32(kernel[0])
    pair = np.empty_like(result)
    for distance, weight in enumerate(kernel[1:], start=1):
        np.add(shifted(-distance), shifted(distance), out=pair)
        pair *= np.float32(weight)
        result += pair
    return result
