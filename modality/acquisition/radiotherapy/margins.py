"""A structure grown by a margin: all points that lie no farther from it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from modality.acquisition.radiotherapy.grid import Grid, Values
from phantoms.phantom import Phantom
from phantoms.solids import Vector

_POINTS = 1_000_000  # of the grid on which distances are measured, at most
_FINEST_MM = 0.5
_BELOW = 0.3  # of a step: so far the grid's outermost points lie within the surface, as balls and their margins show


class Grown:
    """A structure and a margin about it, on a grid of its own.

    Distances are those to the nearest point of the grid within the structure, whose surface lies a little farther out:
    along each axis in turn, as in P. F. Felzenszwalb, D. P. Huttenlocher, Theory Comput. 8:415 (2012), here by trying
    every distance up to the margin.

    Args:
        phantom: what was scanned.
        label: of the structure.
        margin_mm: from 0.
    """

    def __init__(self, phantom: Phantom, label: int, margin_mm: float) -> None:
        bounds = phantom.placement.box(phantom.structures[label - 1].solid.bounds)
        sizes = [high - low + 2.0 * margin_mm for low, high in zip(bounds.low_mm, bounds.high_mm, strict=True)]
        step = max(_FINEST_MM, round(math.pow(math.prod(sizes) / _POINTS, 1.0 / 3.0), 3))
        around = math.ceil(margin_mm / step) + 2
        counts = [
            math.ceil((high - low) / step) + 1 + 2 * around
            for low, high in zip(bounds.low_mm, bounds.high_mm, strict=True)
        ]
        x, y, z = (round(low - around * step, 6) for low in bounds.low_mm)
        self.grid = Grid((x, y, z), (step, step, step), (counts[2], counts[1], counts[0]))
        self.reach_mm = margin_mm + _BELOW * step
        self.beyond_mm = self.reach_mm + step
        self.distance_mm = _distances(_within(phantom, label, self.grid), step, around)

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Which points of the grid lie within the margin."""
        found: npt.NDArray[np.bool_] = self.distance_mm <= self.reach_mm
        return found

    def middle_mm(self) -> Vector:
        """The mean of the points within, to 0.1 mm."""
        places = np.nonzero(self.inside)
        count = len(places[0])
        x, y, z = (
            round(start + step * int(place.sum()) / count, 1)
            for start, step, place in zip(self.grid.origin, self.grid.step, places[::-1], strict=True)
        )
        return x, y, z

    def surface(self) -> tuple[Values, Values, Values]:
        """x, y and z of the points within that have a neighbour without."""
        inside = self.inside
        inner = inside.copy()
        for axis in range(3):
            for shift in (1, -1):
                inner &= np.roll(inside, shift, axis=axis)  # nothing reaches the grid's border
        places = np.nonzero(inside & ~inner)[::-1]
        x, y, z = (axis[place] for axis, place in zip(self.grid.axes(), places, strict=True))
        return x, y, z

    def distances_at(self, x: Values, y: Values, z: Values) -> Values:
        """Distances from the structure in mm, right up to the margin and larger than it beyond."""
        (low_x, low_y, low_z), step = self.grid.origin, self.grid.step[0]
        high = [low + step * (count - 1) for low, count in zip(self.grid.origin, self.grid.shape[::-1], strict=True)]
        beyond = (x < low_x) | (x > high[0]) | (y < low_y) | (y > high[1]) | (z < low_z) | (z > high[2])
        return np.where(beyond, self.beyond_mm, self.grid.between(self.distance_mm, x, y, z))


def _within(phantom: Phantom, label: int, grid: Grid) -> Iterator[npt.NDArray[np.bool_]]:
    """Where the structure is, plane by plane."""
    x, y, heights = grid.axes()
    for height in heights:
        yield phantom.labels(x.reshape(1, -1), y.reshape(-1, 1), np.full((1, 1), height)) == label


def _distances(planes: Iterator[npt.NDArray[np.bool_]], step_mm: float, most: int) -> npt.NDArray[np.float32]:
    """Distances to the nearest point within, in mm; `most` steps where it is farther."""
    squares = np.stack([np.where(plane, np.int32(0), np.int32(most * most)) for plane in planes])
    for axis in range(3):
        nearest = squares.copy()
        for away in range(1, most):
            later, sooner = [slice(None)] * 3, [slice(None)] * 3
            later[axis], sooner[axis] = slice(away, None), slice(None, -away)
            for here, there in ((later, sooner), (sooner, later)):
                part = nearest[tuple(here)]
                np.minimum(part, squares[tuple(there)] + np.int32(away * away), out=part)
        squares = nearest
    found: npt.NDArray[np.float32] = np.sqrt(squares.astype(np.float32)) * np.float32(step_mm)
    return found
