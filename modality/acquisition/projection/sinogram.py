"""Parallel rays through a plane: how much of each basis material lies on each of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.acquisition.projection.boundaries import Boundaries, Lines

Real = npt.NDArray[np.float64]

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class View:
    """A direction of parallel rays.

    Args:
        cosine: of the angle from the plane's first direction to that in which the detector's cells follow each other.
        sine: of that angle.
        moved_mm: how far the patient has moved along the plane's first and second directions.
    """

    cosine: float
    sine: float
    moved_mm: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def at(cls, angle_deg: float, moved_mm: tuple[float, float] = (0.0, 0.0)) -> View:
        """The view at an angle; cosines rounded so that no two mathematical libraries differ."""
        angle = math.radians(angle_deg)
        return cls(round(math.cos(angle), _DIGITS), round(math.sin(angle), _DIGITS), moved_mm)


@dataclass(frozen=True, slots=True)
class Cells:
    """Places along the detector, symmetric about the axis of rotation, measured there.

    Args:
        count: how many.
        width_mm: of each.
    """

    count: int
    width_mm: float

    @property
    def first_edge_mm(self) -> float:
        """Where the first cell begins."""
        return -self.count * self.width_mm / 2.0


class Projector:
    """Line integrals of a plane.

    Args:
        found: the boundaries of the plane.
        densities: partial densities of the basis materials for each label in g/cm3, shape (labels, basis).
        cells: where along the detector.
    """

    def __init__(self, found: Boundaries, densities: Real, cells: Cells) -> None:
        # Tissues that are alike in the beam are one; the last row is what other parts of the plane describe.
        self._materials, alike = np.unique(
            np.concatenate([densities, np.zeros((1, densities.shape[1]))]), axis=0, return_inverse=True
        )
        self._across = _Jumps(found.across, alike.reshape(-1))
        self._down = _Jumps(found.down, alike.reshape(-1))
        self._cells = cells

    def lengths(self, view: View) -> Real:
        """Density times length of each basis material, the mean over each cell.

        Rows are summed where the rays cross them steeply, else columns: within a line the boundaries are exact.

        Args:
            view: the direction of the rays.

        Returns:
            mm g/cm3, shape (basis, cells).
        """
        cells, (du, dv) = self._cells, view.moved_mm
        moved = du * view.cosine + dv * view.sine
        if abs(view.cosine) >= abs(view.sine):
            jumps, along, aside = self._across, view.cosine, view.sine
        else:
            jumps, along, aside = self._down, view.sine, view.cosine
        places = jumps.along_mm * along
        places += jumps.line_mm * aside
        places += moved - cells.first_edge_mm
        places *= 1.0 / cells.width_mm
        np.clip(places, 0.0, cells.count, out=places)
        index = places.astype(np.int64)
        places -= index
        # A step within a cell adds its part behind it to the cell's mean, and the rest to those after it.
        count = cells.count + 2
        weights = jumps.width_mm * (1.0 / along)
        later = weights * places
        weights -= later
        before, after = jumps.before * count + index, jumps.after * count + index
        total = np.bincount(after, weights, minlength=len(self._materials) * count)
        total[1:] += np.bincount(after, later, minlength=total.size)[:-1]
        total -= np.bincount(before, weights, minlength=total.size)
        total[1:] -= np.bincount(before, later, minlength=total.size)[:-1]
        lengths = total.reshape(len(self._materials), count)[:, : cells.count].cumsum(axis=1)
        return mixed(self._materials, lengths)


class _Jumps:
    """Lines with the materials of their boundaries; boundaries between labels of one material are left out."""

    def __init__(self, lines: Lines, alike: npt.NDArray[np.int64]) -> None:
        before, after = alike[lines.before], alike[lines.after]
        kept = before != after
        self.along_mm, self.line_mm, self.width_mm = (
            values[kept] for values in (lines.along_mm, lines.line_mm, lines.width_mm)
        )
        self.before, self.after = before[kept].astype(np.int64), after[kept].astype(np.int64)


def mixed(materials: Real, lengths: Real) -> Real:
    """Lengths in materials as amounts of the basis: sums in a fixed order, which a matrix product does not promise.

    Args:
        materials: partial densities in g/cm3, shape (materials, basis).
        lengths: in mm, shape (materials, rays).

    Returns:
        mm g/cm3, shape (basis, rays).
    """
    mixed = np.zeros((materials.shape[1], lengths.shape[1]))
    for densities, length in zip(materials, lengths, strict=True):
        for place, density in enumerate(densities.tolist()):
            if density:
                mixed[place] += density * length
    return mixed
