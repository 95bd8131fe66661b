"""How a stack of slices is turned: along the patient's axes, or about two of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

from modality.acquisition import plan
from modality.acquisition.geometry import Geometry, Vector
from modality.errors import UnknownNameError
from phantoms.phantom import Phantom

_TURN_DEG, _TILT_DEG = 15.0, 20.0  # our choice: as far as a head may lie turned


def _oblique(turn_deg: float, tilt_deg: float) -> tuple[Vector, Vector]:
    """Directions of rows and columns turned about the patient's y axis, then about its x axis."""
    turn, tilt = math.radians(turn_deg), math.radians(tilt_deg)
    row = (math.cos(turn), math.sin(turn) * math.sin(tilt), -math.sin(turn) * math.cos(tilt))
    column = (0.0, math.cos(tilt), math.sin(tilt))
    # 12 digits: no mathematical library differs there, and they are unit vectors far beyond what DS can hold.
    return _rounded(row), _rounded(column)


def _rounded(vector: Vector) -> Vector:
    x, y, z = (round(value, 12) for value in vector)
    return (x, y, z)


ORIENTATIONS: Mapping[str, tuple[Vector, Vector]] = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "oblique": _oblique(_TURN_DEG, _TILT_DEG),
}
"""Directions of increasing column and row index (PS3.3 C.7.6.2.1.1), as films are hung: the patient's right at the left
of axial and coronal images, the face at the left of sagittal ones, the head at the top. Of oblique images neither an
axis nor the normal is parallel to an axis of the patient."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """How far what is scanned reaches in the directions of a stack."""

    scan_range_mm: tuple[float, float]
    field_of_view_mm: float


def _reach_mm(phantom: Phantom, direction: Vector, middle: Vector) -> float:
    """How far the box around a phantom reaches along a direction, either way from the middle of its scan range.

    What lies above or below the scan range is not looked at.
    """
    low, high = phantom.scan_range_mm
    ends = zip(phantom.bounds.low_mm, phantom.bounds.high_mm, strict=True)
    sides = [*list(ends)[:2], (low, high)]
    return max(
        abs(sum((corner - m) * d for corner, m, d in zip(corners, middle, direction, strict=True)))
        for corners in product(*sides)
    )


def stack(
    phantom: Phantom,
    orientation: str,
    *,
    rows: int,
    columns: int,
    slices: int | None,
    slice_thickness_mm: float,
    slice_spacing_mm: float,
    field_of_view_mm: float | None = None,
) -> Geometry:
    """A stack of slices over the whole phantom, about the middle of its scan range.

    Args:
        phantom: what is scanned: a cylinder along z as wide as its field of view and as long as its scan range; across
            the slices no more of it than the phantom reaches.
        orientation: a name from `ORIENTATIONS`.
        rows: rows of a slice.
        columns: columns of a slice.
        slices: number of slices, spread evenly; None scans all at `slice_spacing_mm`.
        slice_thickness_mm: nominal thickness.
        slice_spacing_mm: distance of the centres when `slices` is None.
        field_of_view_mm: width and height of an image; None takes what shows the whole.

    Raises:
        UnknownNameError: no such orientation.
        UsageError: a number is out of range.
    """
    if orientation not in ORIENTATIONS:
        raise UnknownNameError(f"orientation {orientation!r}: one of {', '.join(ORIENTATIONS)}")
    row, column = ORIENTATIONS[orientation]
    low, high = phantom.scan_range_mm
    middle = (0.0, 0.0, (low + high) / 2)
    turned = Geometry(1, 1, 1, 1.0, 1.0, 1.0, 1.0, middle, row, column)
    depth, across, down = (
        round(phantom.field_of_view_mm * math.hypot(d[0], d[1]) + (high - low) * abs(d[2]), 6)
        for d in (turned.normal, row, column)
    )
    depth = min(depth, round(2.0 * _reach_mm(phantom, turned.normal, middle), 6))  # no slices of air beside it
    extent = _Extent((-depth / 2, depth / 2), max(across, down))
    flat = plan.axial(
        phantom if orientation == "axial" else extent,
        rows=rows,
        columns=columns,
        slices=slices,
        slice_thickness_mm=slice_thickness_mm,
        slice_spacing_mm=slice_spacing_mm,
        field_of_view_mm=field_of_view_mm,
    )
    if orientation == "axial":
        return flat
    x, y, z = (
        round(m + sum(step * d[axis] for step, d in zip(flat.origin_mm, (row, column, turned.normal), strict=True)), 6)
        for axis, m in enumerate(middle)
    )
    return replace(flat, origin_mm=(x, y, z), row_direction=row, column_direction=column)
