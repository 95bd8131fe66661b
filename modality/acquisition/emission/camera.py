"""What a gamma camera expects to count: activity seen through tissue and the holes of a collimator."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.acquisition import spread
from modality.acquisition.emission.tracers import Isotope
from phantoms.attenuation import WATER, mass_attenuation
from phantoms.material import Tissue
from phantoms.phantom import Phantom
from phantoms.solids import Vector

Real = npt.NDArray[np.float32]

_FWHM_OF_DEVIATION = 2.0 * math.sqrt(2.0 * math.log(2.0))
_DIGITS = 9
_SAMPLES = ((-0.25, 0.25, -0.25), (0.25, -0.25, 0.25))  # of a voxel, in its width, depth and height


@dataclass(frozen=True, slots=True)
class Collimator:
    """A collimator of parallel holes, and the crystal behind it.

    Args:
        name: Collimator/grid Name.
        hole_mm: width of the holes.
        length_mm: their length.
        sensitivity: counts of a decay with nothing in the way.
        intrinsic_mm: resolution of the crystal and its electronics, full width at half maximum.
    """

    name: str
    hole_mm: float
    length_mm: float
    sensitivity: float
    intrinsic_mm: float = 3.8

    def fwhm_mm(self, distance_mm: float) -> float:
        """Resolution at a distance from the collimator: holes see a circle that widens with it.

        Hole times (length + distance) over length, as H. O. Anger found it (J. Nucl. Med. 5:515, 1964), and the
        crystal's own, added as squares.
        """
        holes = self.hole_mm * (self.length_mm + distance_mm) / self.length_mm
        return math.hypot(holes, self.intrinsic_mm)


COLLIMATORS = {
    "LEHR": Collimator("LEHR", 1.11, 24.05, 91e-6),
    "LEAP": Collimator("LEAP", 1.45, 24.05, 149e-6),
}
"""Low energy, high resolution and all purpose: of the usual order, our choice."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Where a detector looks.

    Args:
        center_mm: what it turns about, LPS.
        radius_mm: from there to the collimator.
        rows: pixels from head to feet.
        columns: pixels across.
        pixel_mm: size of a pixel.
        angle_deg: where the detector stands: 0 behind the patient, 90 at his left, 180 before him (PS3.3 C.8.4.11, as
            Start Angle counts).
    """

    center_mm: Vector
    radius_mm: float
    rows: int
    columns: int
    pixel_mm: float
    angle_deg: float

    @property
    def directions(self) -> tuple[Vector, Vector]:
        """Unit vectors along a row of the image, and from the centre to the detector."""
        angle = math.radians(self.angle_deg)
        cosine, sine = round(math.cos(angle), 12) + 0.0, round(math.sin(angle), 12) + 0.0
        return (-cosine, sine, 0.0), (sine, cosine, 0.0)

    @property
    def first_pixel_mm(self) -> Vector:
        """Where the middle of the first pixel lies, on the collimator."""
        across, out = self.directions
        back = (self.columns - 1) / 2.0 * self.pixel_mm
        up = (self.rows - 1) / 2.0 * self.pixel_mm
        x, y, z = (
            round(c + self.radius_mm * o - back * a, 6) for c, o, a in zip(self.center_mm, out, across, strict=True)
        )
        return (x, y, round(z + up, 6))

    def seen(self, point: Vector) -> tuple[float, float]:
        """Row and column, from 0, at which a point of the patient is seen."""
        across, _ = self.directions
        x, y, z = (p - c for p, c in zip(point, self.center_mm, strict=True))
        column = (x * across[0] + y * across[1]) / self.pixel_mm + (self.columns - 1) / 2.0
        return round((self.rows - 1) / 2.0 - z / self.pixel_mm, 4), round(column, 4)


def attenuation_per_mm(tissue: Tissue, isotope: Isotope) -> float:
    """Linear attenuation coefficient of a tissue for the photons that are counted."""
    if tissue.fixed_hu is not None:
        return round((1.0 + tissue.fixed_hu / 1000.0) * mass_attenuation(WATER, isotope.energy_kev) / 10.0, _DIGITS)
    return round(tissue.density_g_per_cm3 * mass_attenuation(tissue.composition, isotope.energy_kev) / 10.0, _DIGITS)


class Volume:
    """A phantom on a grid of cubes as wide as pixels: its activity in several parts, and its attenuation.

    Args:
        phantom: what is seen.
        values: activity concentration of each label, shape (labels, parts), and attenuation in the last of the parts.
        camera: gives the grid; its angle is not looked at.
        deep: how many cubes there are from front to back.
    """

    def __init__(self, phantom: Phantom, values: Real, camera: Camera, deep: int) -> None:
        size, (cx, cy, cz) = camera.pixel_mm, camera.center_mm
        self._camera, self._deep = camera, deep
        across = np.arange(camera.columns) - (camera.columns - 1) / 2.0
        behind = np.arange(deep) - (deep - 1) / 2.0
        self._parts = np.zeros((values.shape[1], camera.rows, deep, camera.columns), dtype=np.float32)
        for row in range(camera.rows):
            height = (camera.rows - 1) / 2.0 - row
            for dx, dy, dz in _SAMPLES:
                x = (cx + (across + dx) * size).reshape(1, -1)
                y = (cy + (behind + dy) * size).reshape(-1, 1)
                labels = phantom.labels(x, y, np.full((1, 1), cz + (height + dz) * size))
                for part in range(values.shape[1]):
                    self._parts[part, row] += values[:, part][labels]
        self._parts *= np.float32(1.0 / len(_SAMPLES))

    def filled_ml(self, part: int) -> float:
        """How much one part has in all: its volume, where it is 1 in some labels and 0 in others."""
        return float(self._parts[part].sum(dtype=np.float64)) * self._camera.pixel_mm**3 / 1000.0

    def projections(self, camera: Camera, collimator: Collimator) -> Real:
        """What a detector counts in 1 s of each part of the activity, for 1 Bq in each unit of it.

        Args:
            camera: on the same grid.
            collimator: before the crystal.

        Returns:
            Shape (parts, rows, columns).
        """
        turned = self._turned(camera)
        activity, step = turned[:-1], np.float32(camera.pixel_mm)
        lost = turned[-1] * step
        half = _survival(lost * np.float32(0.5))
        through = np.ones(lost[:, 0].shape, dtype=np.float32)
        found = np.zeros((len(activity), camera.rows, camera.columns), dtype=np.float32)
        for depth in range(lost.shape[1]):
            through = through * half[:, depth]
            distance = camera.radius_mm + (depth - (lost.shape[1] - 1) / 2.0) * camera.pixel_mm
            deviation = round(collimator.fwhm_mm(max(0.0, distance)) / _FWHM_OF_DEVIATION, 6)
            taps = spread.taps(deviation, camera.pixel_mm)
            for part, values in enumerate(activity):
                plane = values[:, depth]
                if plane.any():
                    found[part] += spread.blur(plane * through, taps, taps)
            through = through * half[:, depth]
        found *= np.float32(camera.pixel_mm**3 / 1000.0 * collimator.sensitivity)
        return found

    def _turned(self, camera: Camera) -> Real:
        """The grid as a detector sees it, depth by depth from the near side: (parts, rows, depths, columns)."""
        if camera.angle_deg == 180.0:
            return self._parts
        if camera.angle_deg == 0.0:
            return self._parts[:, :, ::-1, ::-1]
        across, out = camera.directions
        columns, deep = camera.columns, self._deep
        wide = max(columns, deep)
        u = (np.arange(columns) - (columns - 1) / 2.0).reshape(1, -1)
        v = ((wide - 1) / 2.0 - np.arange(wide)).reshape(-1, 1)
        x = u * across[0] + v * out[0] + (columns - 1) / 2.0
        y = u * across[1] + v * out[1] + (deep - 1) / 2.0
        inside = (x >= 0.0) & (x < columns - 1) & (y >= 0.0) & (y < deep - 1)
        x, y = np.where(inside, x, 0.0), np.where(inside, y, 0.0)
        left, front = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
        right, back = (x - left).astype(np.float32), (y - front).astype(np.float32)
        # At the rim of a small grid nothing lies to the right or behind: there nothing is taken from.
        beside, behind = np.minimum(left + 1, columns - 1), np.minimum(front + 1, deep - 1)
        turned = np.empty((*self._parts.shape[:2], wide, columns), dtype=np.float32)
        for place, part in enumerate(self._parts):
            upper = part[:, front, left] * (1 - right) + part[:, front, beside] * right
            lower = part[:, behind, left] * (1 - right) + part[:, behind, beside] * right
            turned[place] = (upper * (1 - back) + lower * back) * inside
        return turned


def _survival(lost: Real) -> Real:
    """The exponential of minus this, by Pade's approximant: numpy's is another on other processors."""
    square = lost * lost * np.float32(1.0 / 12.0)
    half = lost * np.float32(0.5)
    found: Real = (1 - half + square) / (1 + half + square)
    return found
