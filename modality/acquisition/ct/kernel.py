"""Convolution kernels: how sharp they are, and the power spectrum of the noise that they leave."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

KERNEL_MTF50_PER_MM: Mapping[str, float] = {"SMOOTH": 0.32, "STANDARD": 0.45, "SHARP": 0.70}
"""Spatial frequency in line pairs per mm at which each of our kernels halves the contrast. Their point spread is a
Gaussian, which describes that of scanners well: E. L. Nickoloff, R. Riley, Med. Phys. 12:437 (1985)."""

_LEAST_POWER = 1e-4  # MTF^2 below which a folded frequency adds nothing
_MOST_FOLDS = 24  # either way: of so coarse pixels the noise is white to 1 %, however many more are added


def point_spread_mm(kernel: str) -> float:
    """Standard deviation of the Gaussian whose transform is one half at the kernel's frequency.

    Args:
        kernel: a name from `KERNEL_MTF50_PER_MM`.
    """
    return round(math.sqrt(math.log(2.0) / 2.0) / (math.pi * KERNEL_MTF50_PER_MM[kernel]), 6)


def noise_power(
    down_per_mm: npt.NDArray[np.float64],
    across_per_mm: npt.NDArray[np.float64],
    spacing_mm: tuple[float, float],
    point_spread_mm: float,
) -> npt.NDArray[np.float64]:
    """Power spectrum of the noise of a filtered back projection, sampled on pixels.

    Counts are independent, the ramp filter raises their spectrum with the frequency, and the kernel passes it by its
    MTF squared: f MTF(f)^2 (S. J. Riederer, N. J. Pelc, D. A. Chesler, Phys. Med. Biol. 23:446, 1978). Frequencies
    that the pixels cannot carry fold back.

    Args:
        down_per_mm: frequencies along the rows' spacing, shape (n, 1).
        across_per_mm: frequencies along the columns' spacing, shape (1, m).
        spacing_mm: distance of rows and of columns.
        point_spread_mm: standard deviation of the kernel's Gaussian.

    Returns:
        Relative power, shape (n, m).
    """
    total = np.zeros((down_per_mm.shape[0], across_per_mm.shape[1]))
    reach = math.sqrt(-math.log(_LEAST_POWER)) / (2.0 * math.pi * point_spread_mm)
    folds = [min(math.floor(reach * spacing + 0.5), _MOST_FOLDS) for spacing in spacing_mm]
    for fold_down in range(-folds[0], folds[0] + 1):
        down = (down_per_mm + fold_down / spacing_mm[0]) ** 2
        for fold_across in range(-folds[1], folds[1] + 1):
            squared = down + (across_per_mm + fold_across / spacing_mm[1]) ** 2
            total += np.sqrt(squared) * np.exp(-((2.0 * math.pi * point_spread_mm) ** 2) * squared)
    return total
