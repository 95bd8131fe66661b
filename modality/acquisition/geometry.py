"""Where the pixels lie: an image grid in the patient's coordinates (LPS, mm), as PS3.3 C.7.6.2.1.1 writes it."""

from __future__ import annotations

from dataclasses import dataclass

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Geometry:
    """A stack of parallel, equally spaced slices.

    Args:
        rows: number of rows of a slice.
        columns: number of columns of a slice.
        slices: number of slices.
        row_spacing_mm: distance between the centres of neighbouring rows.
        column_spacing_mm: distance between the centres of neighbouring columns.
        slice_spacing_mm: distance between the centres of neighbouring slices.
        slice_thickness_mm: nominal thickness of a slice.
        origin_mm: centre of the first pixel of the first slice, LPS.
        row_direction: unit vector along increasing column index (first triple of Image Orientation).
        column_direction: unit vector along increasing row index (second triple).
        step_direction: unit vector from one slice to the next; None where that is the normal, as it is but for a
            tilted gantry.
    """

    rows: int
    columns: int
    slices: int
    row_spacing_mm: float
    column_spacing_mm: float
    slice_spacing_mm: float
    slice_thickness_mm: float
    origin_mm: Vector
    row_direction: Vector = (1.0, 0.0, 0.0)
    column_direction: Vector = (0.0, 1.0, 0.0)
    step_direction: Vector | None = None

    @property
    def normal(self) -> Vector:
        """Unit vector across the slices: row direction x column direction."""
        (a, b, c), (d, e, f) = self.row_direction, self.column_direction
        return (b * f - c * e, c * d - a * f, a * e - b * d)

    def position_mm(self, index: int) -> Vector:
        """Image Position (Patient) of slice `index`: the centre of its first pixel."""
        if not 0 <= index < self.slices:
            raise IndexError(index)
        step = index * self.slice_spacing_mm
        x, y, z = (o + step * n for o, n in zip(self.origin_mm, self.step_direction or self.normal, strict=True))
        return (x, y, z)

    def slice_location_mm(self, index: int) -> float:
        """Slice Location: the slice's position along the normal."""
        x, y, z = self.position_mm(index)
        nx, ny, nz = self.normal
        return x * nx + y * ny + z * nz

    @property
    def field_of_view_mm(self) -> tuple[float, float]:
        """Height and width of the field of view."""
        return (self.rows * self.row_spacing_mm, self.columns * self.column_spacing_mm)
