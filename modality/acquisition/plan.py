"""Where to scan: the stack of slices over a phantom."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

from modality.acquisition.geometry import Geometry
from modality.errors import UsageError

_THICKEST_MM = 1000.0
_WIDEST_MM = 2000.0  # of an image: our choice, wider than any bore
_LARGEST_MATRIX = 65535  # Rows and Columns are US (PS3.3 C.7.6.3.1)
_MOST_PIXELS = 0xFFFFFFFE // 2  # of 16 bits, in the one native element of an image (PS3.5 7.1.2)
_FINEST_MM = 1e-4  # pixel spacing: our choice, far finer than anything that these images show
_MOST_SLICES = 65535  # a PET series has Number of Slices, which is US (PS3.3 C.8.9.1)


class Extent(Protocol):
    """How far what is scanned reaches: a phantom, or what stands for a turned one."""

    @property
    def scan_range_mm(self) -> tuple[float, float]:
        """Lowest and highest z of a scan of the whole."""

    @property
    def field_of_view_mm(self) -> float:
        """Width of the square that an image covers."""


def positive(name: str, value: float) -> float:
    """The value, when it is finite and above zero.

    Args:
        name: what it is, for the message.
        value: the number.

    Raises:
        UsageError: it is not.
    """
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{name} must be a positive number, not {value:g}")
    return float(value)


def axial(
    phantom: Extent,
    *,
    rows: int,
    columns: int,
    slices: int | None,
    slice_thickness_mm: float,
    slice_spacing_mm: float,
    field_of_view_mm: float | None = None,
) -> Geometry:
    """A stack of axial slices, symmetric about the middle of the phantom's scan range, from feet to head.

    Args:
        phantom: what is scanned.
        rows: rows of a slice, 1 to 65535; the field of view stays the same whatever their number.
        columns: columns of a slice, 1 to 65535.
        slices: number of slices, 1 to 65535, spread evenly over the scan range; None scans it at `slice_spacing_mm`.
        slice_thickness_mm: nominal thickness.
        slice_spacing_mm: distance of the centres when `slices` is None.
        field_of_view_mm: width and height of an image; None takes the phantom's.

    Raises:
        UsageError: a number is out of range.
    """
    for name, count in (("rows", rows), ("columns", columns)):
        if not 1 <= count <= _LARGEST_MATRIX:
            raise UsageError(f"{name} must be between 1 and {_LARGEST_MATRIX}, not {count}")
    if rows * columns > _MOST_PIXELS:
        raise UsageError(f"an image of {rows} x {columns} pixels: more than the 4 GiB that one element holds")
    if slices is not None and slices < 1:
        raise UsageError(f"slices must be at least 1, not {slices}")
    thickness = positive("slice thickness", slice_thickness_mm)
    if thickness > _THICKEST_MM:
        raise UsageError(f"slice thickness {thickness:g} mm: at most {_THICKEST_MM:g} mm")
    spacing = positive("slice spacing", slice_spacing_mm)
    extent = positive("field of view", phantom.field_of_view_mm if field_of_view_mm is None else field_of_view_mm)
    if extent > _WIDEST_MM:
        raise UsageError(f"field of view {extent:g} mm: at most {_WIDEST_MM:g} mm")
    if extent / max(rows, columns) < _FINEST_MM:
        raise UsageError(f"field of view {extent:g} mm: pixels of less than {_FINEST_MM:g} mm; give a greater one")
    low, high = phantom.scan_range_mm
    count = max(1, round((high - low) / spacing)) if slices is None else slices
    if count > _MOST_SLICES:
        raise UsageError(f"{count} slices: at most {_MOST_SLICES}; give fewer, or a greater slice spacing")
    if slices is not None and slices > 1:
        spacing = (high - low) / slices
    row_spacing, column_spacing = round(extent / rows, 6), round(extent / columns, 6)
    spacing = round(spacing, 6)
    return Geometry(
        rows=rows,
        columns=columns,
        slices=count,
        row_spacing_mm=row_spacing,
        column_spacing_mm=column_spacing,
        slice_spacing_mm=spacing,
        slice_thickness_mm=thickness,
        origin_mm=(
            round(-(columns - 1) / 2 * column_spacing, 6),
            round(-(rows - 1) / 2 * row_spacing, 6),
            round((low + high) / 2 - (count - 1) / 2 * spacing, 6),
        ),
    )


def tilted(geometry: Geometry, tilt_deg: float) -> Geometry:
    """A stack of axial slices as a tilted gantry gives it: the table still moves along z, so the stack is sheared.

    Args:
        geometry: axial; each slice keeps its centre.
        tilt_deg: turn about the patient's x axis; positive takes the back of the slices to the head.
    """
    tilt = math.radians(tilt_deg)
    # 12 digits: no mathematical library differs there.
    cosine, sine = round(math.cos(tilt), 12), round(math.sin(tilt), 12)
    x, y, z = geometry.origin_mm
    return replace(
        geometry,
        origin_mm=(x, round(y * cosine, 6), round(z + y * sine, 6)),
        column_direction=(0.0, cosine, sine),
        step_direction=(0.0, 0.0, 1.0),
    )
