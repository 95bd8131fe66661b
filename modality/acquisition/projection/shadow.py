"""Parallel rays across the patient: what lies on them, height by height, for radiographs."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from modality.acquisition.projection.sinogram import mixed
from phantoms.phantom import Phantom

Real = npt.NDArray[np.float64]

STEP_MM = 2.0
"""Distance of samples along a ray; neighbouring ones lie half a pixel apart across it."""


def lengths(phantom: Phantom, densities: Real, height_mm: float, places_mm: Real, *, along: int) -> Real:
    """Density times length of each basis material on rays at one height.

    Args:
        phantom: what is in the beam.
        densities: partial densities of the basis materials for each label in g/cm3, shape (labels, basis).
        height_mm: z of the rays.
        places_mm: of the rays on the axis across them, ascending and evenly: x for rays along y, y for rays along x.
        along: the axis that the rays follow, 0 for x or 1 for y.

    Returns:
        mm g/cm3, shape (basis, places).
    """
    low, high = phantom.bounds.low_mm[along], phantom.bounds.high_mm[along]
    count = max(2, math.ceil((high - low) / STEP_MM))
    step = (high - low) / count
    depths = low + (np.arange(count) + 0.5) * step
    half = (places_mm[1] - places_mm[0]) / 4.0 if places_mm.size > 1 else 0.0
    labels_count = len(densities)
    z = np.full((1, 1), height_mm)
    total = np.zeros(places_mm.size * labels_count, dtype=np.int64)
    first = np.arange(places_mm.size, dtype=np.int64) * labels_count
    for some, offset in ((depths[::2], -half), (depths[1::2], half)):
        places = places_mm + offset
        if along == 1:
            labels = phantom.labels(places.reshape(1, -1), some.reshape(-1, 1), z)
        else:
            labels = phantom.labels(some.reshape(1, -1), places.reshape(-1, 1), z).T
        total += np.bincount((labels + first).ravel(), minlength=total.size)
    return mixed(densities, total.reshape(-1, labels_count).T * step)
