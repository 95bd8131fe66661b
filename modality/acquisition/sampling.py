"""A slice of a phantom with partial volume: each pixel is the mean over points inside its voxel."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from modality.acquisition.geometry import Geometry
from phantoms.phantom import Phantom

Image = npt.NDArray[np.float32]

_QUARTERS = ((-0.25, -0.25), (0.25, 0.25), (-0.25, 0.25), (0.25, -0.25))
_THICKEST_MM = 1.0  # farthest distance of sample points through the slice


def offsets(slice_thickness_mm: float) -> tuple[tuple[float, float, float], ...]:
    """Where the sample points lie in a voxel, as shares of its size along columns, rows and normal.

    The points sit at the centres of a 2 x 2 grid in the plane and step evenly through the thickness, at most 1 mm
    apart and in a multiple of four.
    """
    count = 4 * max(1, math.ceil(slice_thickness_mm / (4 * _THICKEST_MM)))
    return tuple((*_QUARTERS[k % 4], (k + 0.5) / count - 0.5) for k in range(count))


def coordinates(
    geometry: Geometry, index: int, offset: tuple[float, float, float]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Patient coordinates of one sample point of every voxel of a slice.

    Args:
        geometry: the stack.
        index: the slice.
        offset: the point's place in its voxel, see `offsets`.

    Returns:
        x, y and z in mm that broadcast to (rows, columns); each as small as its direction allows.
    """
    across, down, through = offset
    step_c = (np.arange(geometry.columns, dtype=np.float64) + across) * geometry.column_spacing_mm
    step_r = (np.arange(geometry.rows, dtype=np.float64) + down) * geometry.row_spacing_mm
    position, normal = geometry.position_mm(index), geometry.normal
    made = []
    for axis in range(3):
        start = position[axis] + through * geometry.slice_thickness_mm * normal[axis]
        value = np.full((1, 1), start, dtype=np.float64)
        if geometry.row_direction[axis]:
            value = value + step_c.reshape(1, -1) * geometry.row_direction[axis]
        if geometry.column_direction[axis]:
            value = value + step_r.reshape(-1, 1) * geometry.column_direction[axis]
        made.append(value.astype(np.float32))
    return made[0], made[1], made[2]


def averaged(phantom: Phantom, geometry: Geometry, index: int, values: npt.NDArray[np.float32]) -> Image:
    """The mean of a property over each voxel of a slice.

    Args:
        phantom: what is scanned.
        geometry: the stack.
        index: the slice.
        values: the property for each label.

    Returns:
        Shape (rows, columns).
    """
    points = offsets(geometry.slice_thickness_mm)
    total = np.zeros((geometry.rows, geometry.columns), dtype=np.float32)
    for offset in points:
        total += values[phantom.labels(*coordinates(geometry, index, offset))]
    total *= np.float32(1.0 / len(points))
    return total
