"""A phantom's activity as a scanner resolves it along z: planes of it, weighted by how far they are from a slice."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from modality.acquisition import sampling
from modality.acquisition.geometry import Geometry
from phantoms.phantom import Phantom

Real = npt.NDArray[np.float64]

_FARTHEST_MM = 1.0  # from one plane to the next
_REACH = 3.0  # standard deviations
_QUARTERS = ((-0.25, -0.25), (0.25, 0.25), (-0.25, 0.25), (0.25, -0.25))  # where a plane's points lie in their pixels
_DIGITS = 9


class Layers:
    """The slices of a stack along z, blurred along z only.

    Args:
        phantom: what is scanned.
        geometry: axial slices.
        values: what a point has for each label.
        deviation_mm: standard deviation of the Gaussian along z.
    """

    def __init__(self, phantom: Phantom, geometry: Geometry, values: Real, deviation_mm: float) -> None:
        self._phantom, self._geometry, self._values = phantom, geometry, values
        self._deviation_mm = deviation_mm
        self._finer = max(1, math.ceil(geometry.slice_spacing_mm / _FARTHEST_MM))
        self._step_mm = geometry.slice_spacing_mm / self._finer
        self._plane = lru_cache(maxsize=2 * len(self._weights) + self._finer)(self._drawn)

    def image(self, index: int) -> Real:
        """A slice, shape (rows, columns)."""
        middle, reach = index * self._finer, len(self._weights) - 1
        total = self._plane(middle) * self._weights[0]
        for away in range(1, reach + 1):
            total += (self._plane(middle - away) + self._plane(middle + away)) * self._weights[away]
        return total

    def filled(self, index: int) -> float:
        """How much of a slice's plane something lies in, in mm2."""
        labels = self._phantom.labels(*self._points(index * self._finer, (0.0, 0.0)))
        return float(np.count_nonzero(labels)) * self._geometry.row_spacing_mm * self._geometry.column_spacing_mm

    def clear(self) -> None:
        """Let go of the planes."""
        self._plane.cache_clear()

    @property
    def _weights(self) -> list[float]:
        """Of the planes from a slice's middle on: a Gaussian over the slice's thickness; all of them sum to 1."""
        half, spread = self._geometry.slice_thickness_mm / 2.0, self._deviation_mm * math.sqrt(2.0)
        reach = math.ceil((_REACH * self._deviation_mm + half) / self._step_mm)
        places = [k * self._step_mm for k in range(reach + 1)]
        raw = [math.erf((place + half) / spread) - math.erf((place - half) / spread) for place in places]
        total = raw[0] + 2.0 * sum(raw[1:])
        return [round(value / total, _DIGITS) for value in raw]

    def _points(
        self, number: int, quarter: tuple[float, float]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        x, y, z = sampling.coordinates(self._geometry, 0, (*quarter, 0.0))
        return x, y, (z + number * self._step_mm).astype(np.float32)

    def _drawn(self, number: int) -> Real:
        plane: Real = self._values[self._phantom.labels(*self._points(number, _QUARTERS[number % 4]))]
        return plane
