"""A slice of a phantom with partial volume: each pixel is the mean over points inside its voxel.

A sample point stands for a section, a layer of the slice. Where a surface rises by less than a section's thickness over
many pixels, the slice would show the heights of its points as contour lines, terraces: there, more points are asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modality.acquisition.geometry import Geometry
from phantoms.phantom import Fine, Phantom

Image = npt.NDArray[np.float32]

_QUARTERS = ((-0.25, -0.25), (0.25, 0.25), (-0.25, 0.25), (0.25, -0.25))
_THICKEST_MM = 1.0  # farthest distance of sample points through the slice
_FIXED_POINT = 1024  # sums of whole numbers do not depend on their order, nor on a processor's SIMD level
_MOST_POINTS = 64  # along one direction of a voxel
_LATTICE = 2  # pixels: every other one is looked at, and a terrace is as broad as two that are neighbours there
# How many heights, for so many squares of the lattice in all. Fewer make no line that an eye would follow, unless they
# are dense in a small box, where they cost little too. With the eight sections of a slice of 5 mm a terrace is then
# 1/32 or 1/64 of the contrast.
_HEIGHTS = ((1000, 8), (200, 4))
_FEW, _DENSE = 40, 0.05


def offsets(slice_thickness_mm: float) -> tuple[tuple[float, float, float], ...]:
    """Where the sample points lie in a voxel, as shares of its size along columns, rows and normal.

    The points sit at the centres of a 2 x 2 grid in the plane and step evenly through the thickness, at most 1 mm
    apart and in a multiple of four.
    """
    count = 4 * max(1, math.ceil(slice_thickness_mm / (4 * _THICKEST_MM)))
    return tuple((*_QUARTERS[k % 4], (k + 0.5) / count - 0.5) for k in range(count))


def coordinates(
    geometry: Geometry, index: int, offset: tuple[float, float, float], band: slice = slice(None)
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Patient coordinates of one sample point of every voxel of a slice.

    Args:
        geometry: the stack.
        index: the slice.
        offset: the point's place in its voxel, see `offsets`.
        band: the rows that are wanted; all by default.

    Returns:
        x, y and z in mm that broadcast to (rows, columns); each as small as its direction allows.
    """
    across, down, through = offset
    columns, rows = np.arange(geometry.columns, dtype=np.float64), np.arange(geometry.rows, dtype=np.float64)
    return _grid(geometry, index, columns + across, rows[band] + down, through)


def _grid(
    geometry: Geometry, index: int, across: npt.NDArray[np.float64], down: npt.NDArray[np.float64], through: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Patient coordinates of points at columns `across` and rows `down`, `through` the thickness of a slice."""
    step_c, step_r = across * geometry.column_spacing_mm, down * geometry.row_spacing_mm
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
    """The mean of a property over each voxel of a slice, finely where the phantom has small parts.

    Args:
        phantom: what is scanned.
        geometry: the stack.
        index: the slice.
        values: the property for each label, or several of them: shape (labels,) or (labels, properties).

    Returns:
        Shape (rows, columns), or (rows, columns, properties).
    """
    points = offsets(geometry.slice_thickness_mm)
    total = np.zeros((geometry.rows, geometry.columns, *values.shape[1:]), dtype=np.float32)
    for offset in points:
        total += values[phantom.labels(*coordinates(geometry, index, offset))]
    total *= np.float32(1.0 / len(points))
    _refine(total, phantom, geometry, index, values)
    return total


def sampled(phantom: Phantom, geometry: Geometry, values: npt.NDArray[np.float32], quarter: int) -> Image:
    """A property at one point of each voxel of a stack's first slice, finely where the phantom has small parts.

    Args:
        phantom: what is scanned.
        geometry: the stack.
        values: the property for each label.
        quarter: which of the four points in the plane, 0 to 3; the point lies in the middle of the thickness.

    Returns:
        Shape (rows, columns).
    """
    labels = phantom.labels(*coordinates(geometry, 0, (*_QUARTERS[quarter], 0.0)))
    image = values.take(labels)
    _refine(image, phantom, geometry, 0, values)
    return image


def _refine(image: Image, phantom: Phantom, geometry: Geometry, index: int, values: npt.NDArray[np.float32]) -> None:
    """Set the voxels about small parts to their means."""
    for fine in phantom.fine:
        place = _voxels(geometry, index, fine)
        if place is not None:
            image[place] = _finely(phantom, geometry, index, place, fine, values)


def _voxels(geometry: Geometry, index: int, fine: Fine) -> tuple[slice, slice] | None:
    """Rows and columns of a slice whose voxels may meet a box."""
    low, high = fine.bounds.low_mm, fine.bounds.high_mm
    position = geometry.position_mm(index)
    spans = []
    for direction in (geometry.row_direction, geometry.column_direction, geometry.normal):
        ends = [(d * (a - p), d * (b - p)) for d, a, b, p in zip(direction, low, high, position, strict=True)]
        spans.append((sum(min(pair) for pair in ends), sum(max(pair) for pair in ends)))
    if spans[2][0] > geometry.slice_thickness_mm / 2 or spans[2][1] < -geometry.slice_thickness_mm / 2:
        return None
    found = []
    for (first, last), spacing, count in (
        (spans[1], geometry.row_spacing_mm, geometry.rows),
        (spans[0], geometry.column_spacing_mm, geometry.columns),
    ):
        start, stop = max(0, math.floor(first / spacing + 0.5)), min(count, math.ceil(last / spacing + 0.5))
        if start >= stop:
            return None
        found.append(slice(start, stop))
    return found[0], found[1]


def _finely(
    phantom: Phantom,
    geometry: Geometry,
    index: int,
    place: tuple[slice, slice],
    fine: Fine,
    values: npt.NDArray[np.float32],
) -> Image:
    """The mean over the voxels of a window from a grid of points as dense as its small parts need."""
    rows, columns = (part.stop - part.start for part in place)
    points = [
        _points(direction, size, fine.step_mm)
        for direction, size in (
            (geometry.column_direction, geometry.row_spacing_mm),
            (geometry.row_direction, geometry.column_spacing_mm),
            (geometry.normal, geometry.slice_thickness_mm),
        )
    ]
    down = (np.arange(rows * points[0]) + 0.5) / points[0] + (place[0].start - 0.5)
    across = (np.arange(columns * points[1]) + 0.5) / points[1] + (place[1].start - 0.5)
    whole = np.rint(values * _FIXED_POINT).astype(np.int64)
    total = np.zeros((rows, columns, *values.shape[1:]), dtype=np.int64)
    for k in range(points[2]):
        x, y, z = _grid(geometry, index, across, down, (k + 0.5) / points[2] - 0.5)
        seen = whole[phantom.labels(x, y, z)].reshape(rows, points[0], columns, points[1], *values.shape[1:])
        total += seen.sum(axis=(1, 3))
    return (total / (_FIXED_POINT * math.prod(points))).astype(np.float32)


def _points(direction: tuple[float, float, float], size_mm: float, step_mm: tuple[float, float, float]) -> int:
    """How many points a voxel needs along one of its edges."""
    needed = max(size_mm * abs(part) / step for part, step in zip(direction, step_mm, strict=True))
    return min(_MOST_POINTS, max(1, math.ceil(needed)))


class Terraces(NamedTuple):
    """Where a section is to be sampled at several heights, and at how many.

    Args:
        place: rows and columns.
        heights: a multiple of four: each quarter of the pixel as often.
    """

    place: tuple[slice, slice]
    heights: int


def terraces(section: Image, *neighbours: Image, least: float) -> Terraces | None:
    """The box of all places where a section differs from a neighbour over an area, not along a line.

    Args:
        section: a property of shape (rows, columns), not blurred.
        neighbours: likewise, of the sections below and above it.
        least: what differs by less is left as it is.
    """
    coarse, broad = section[::_LATTICE, ::_LATTICE], None
    for other in neighbours:
        if other is section:
            continue
        change = coarse - other[::_LATTICE, ::_LATTICE]
        differs = np.abs(change, out=change) > least
        lines = differs[1:] & differs[:-1]
        squares = lines[:, 1:] & lines[:, :-1]
        broad = squares if broad is None else broad | squares
    count = 0 if broad is None else np.count_nonzero(broad)
    if broad is None or count < _FEW:
        return None
    rows, columns = (np.flatnonzero(broad.any(axis=axis)).tolist() for axis in (1, 0))
    if count > _DENSE * (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1):
        count = max(count, _HEIGHTS[-1][0])
    heights = next((heights for squares, heights in _HEIGHTS if count >= squares), 0)
    top, bottom, left, right = (_LATTICE * at for at in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))
    return Terraces((slice(top, bottom + 1), slice(left, right + 1)), heights) if heights else None


def layers(section: Geometry, found: Terraces) -> Iterator[Geometry]:
    """The part of a section that is to be sampled at several heights, as stacks of one slice, the lowest first.

    Args:
        section: the whole, a stack of one slice.
        found: which part, and how many heights.
    """
    rows, columns = found.place
    step = section.slice_thickness_mm / found.heights
    for height in range(found.heights):
        along = (height + 0.5) * step - section.slice_thickness_mm / 2
        x, y, z = (
            o + rows.start * section.row_spacing_mm * d + columns.start * section.column_spacing_mm * a + along * n
            for o, d, a, n in zip(
                section.origin_mm, section.column_direction, section.row_direction, section.normal, strict=True
            )
        )
        yield replace(
            section,
            rows=rows.stop - rows.start,
            columns=columns.stop - columns.start,
            slice_thickness_mm=step,
            origin_mm=(x, y, z),
        )
