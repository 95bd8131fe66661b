"""Where materials meet along the scan lines of a plane through a phantom.

A plane is ruled with lines along its two directions. Labels are sampled along them, and where two neighbouring samples
differ the boundary between them is halved in until it is known to 1/8 of their distance. A line integral needs nothing
else of what is homogeneous between boundaries, whatever solids, placements and paintings-over put them there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phantoms.phantom import Fine, Phantom

Real = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int16]
Vector = tuple[float, float, float]

NOTHING = -1
"""Label of what another part of the plane describes."""

STEP_MM = 0.6
"""Distance of samples where a phantom has no small parts; a boundary is found to an eighth of it, and what is thinner
than a sample's distance may be missed by one line, but is met by others: those of each sheet lie between those of the
sheets above and below."""

_HALVINGS = 3
_MOST_POINTS = 12  # samples along one direction in place of one, about small parts
_SHEET_MM = 1.0  # farthest distance of the sheets through a slice, as `modality.acquisition.sampling` has it
_MOST_SHEETS = 64


@dataclass(frozen=True, slots=True)
class Plane:
    """A slice of the patient as the beam's fan sees it.

    Args:
        center_mm: the place of the axis of rotation in it, LPS.
        across: unit vector of its first direction.
        down: unit vector of its second.
        normal: unit vector through it.
        thickness_mm: its nominal thickness.
        ramp_mm: how far the slice sensitivity profile rises around the edges of the nominal thickness.
    """

    center_mm: Vector
    across: Vector
    down: Vector
    normal: Vector
    thickness_mm: float
    ramp_mm: float = 0.0

    def sheets(self, farthest_mm: float = _SHEET_MM) -> list[tuple[float, float]]:
        """Heights along the normal that stand for the slice, and the share of each: the profile is a trapezoid.

        Args:
            farthest_mm: of two sheets.
        """
        reach = self.thickness_mm + self.ramp_mm
        count = min(_MOST_SHEETS, 4 * max(1, math.ceil(reach / (4.0 * farthest_mm))))
        heights = [((k + 0.5) / count - 0.5) * reach for k in range(count)]
        shares = [min(1.0, (reach / 2 - abs(height)) / self.ramp_mm) if self.ramp_mm else 1.0 for height in heights]
        return [(height, share / sum(shares)) for height, share in zip(heights, shares, strict=True)]

    def points(self, u: Real, v: Real, height: float) -> tuple[Real, Real, Real]:
        """Coordinates in the patient of points of the plane; axes that a direction does not touch stay small."""
        made = []
        for axis in range(3):
            value = np.full((1,) * u.ndim, self.center_mm[axis] + height * self.normal[axis])
            if self.across[axis]:
                value = value + u * self.across[axis]
            if self.down[axis]:
                value = value + v * self.down[axis]
            made.append(value)
        return made[0], made[1], made[2]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Boundaries along parallel lines.

    Args:
        along_mm: place of each boundary along its line.
        line_mm: place of its line.
        before: label before it.
        after: label after it.
        width_mm: what each line stands for: the distance of the lines times the share of the sheet.
    """

    along_mm: Real
    line_mm: Real
    before: Labels
    after: Labels
    width_mm: Real


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """Boundaries of a plane along both of its directions.

    Args:
        across: along lines of the first direction, which lie side by side along the second.
        down: along lines of the second.
        radius_mm: of a circle about the axis of rotation that holds all of the phantom.
    """

    across: Lines
    down: Lines
    radius_mm: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A rectangle of the plane that is sampled alike.

    Args:
        low_mm: its corner.
        cells: rows and columns of cells of the coarse grid in it.
        step_mm: size of a cell.
        finer: samples along a cell's row and its column.
        sheets: heights and shares.
    """

    low_mm: tuple[float, float]
    cells: tuple[slice, slice]
    step_mm: float
    finer: tuple[int, int]
    sheets: list[tuple[float, float]]


def boundaries(phantom: Phantom, plane: Plane, step_mm: float = STEP_MM) -> Boundaries:
    """Find where materials meet.

    Args:
        phantom: what is scanned.
        plane: where; its first direction is the patient's x axis or lies along the axes.
        step_mm: distance of samples; about small parts they lie as close as the phantom asks for.
    """
    low, high = _extent(phantom, plane)
    counts = [math.ceil((b - a) / step_mm) + 2 for a, b in zip(low, high, strict=True)]
    start = tuple((a + b) / 2 - count * step_mm / 2 for a, b, count in zip(low, high, counts, strict=True))
    owner = np.zeros((counts[1], counts[0]), dtype=np.int16)
    corner = (start[0], start[1])
    parts = [_Part(corner, (slice(0, counts[1]), slice(0, counts[0])), step_mm, (1, 1), plane.sheets())]
    for fine in phantom.fine:
        part = _fine_part(fine, plane, corner, owner.shape, step_mm)
        if part is not None:
            owner[part.cells] = len(parts)
            parts.append(part)
    found: tuple[list[Lines], list[Lines]] = ([], [])
    for number, part in enumerate(parts):
        mine = owner[part.cells] == number
        if mine.any():
            for lines, more in zip(found, _of_part(phantom, plane, part, mine), strict=True):
                lines.extend(more)
    across, down = _joined(found[0]), _joined(found[1])
    radius = max(_farthest(across), _farthest(down)) + step_mm
    return Boundaries(across, down, round(radius, 3))


def _extent(phantom: Phantom, plane: Plane) -> tuple[tuple[float, float], tuple[float, float]]:
    """Least and greatest coordinates in the plane of what the phantom's box leaves of it."""
    bounds, ends = phantom.bounds, []
    for direction in (plane.across, plane.down):
        axis = max(range(3), key=lambda k: abs(direction[k]))
        sides = [(side[axis] - plane.center_mm[axis]) / direction[axis] for side in (bounds.low_mm, bounds.high_mm)]
        ends.append((min(sides), max(sides)))
    return (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1])


def _fine_part(
    fine: Fine, plane: Plane, corner: tuple[float, float], shape: tuple[int, ...], step_mm: float
) -> _Part | None:
    """The cells about small parts, and how finely they are sampled; None where the slice misses them."""
    spans = []
    for direction in (plane.across, plane.down, plane.normal):
        ends = [
            (d * (a - c), d * (b - c))
            for d, a, b, c in zip(direction, fine.bounds.low_mm, fine.bounds.high_mm, plane.center_mm, strict=True)
        ]
        spans.append((sum(min(pair) for pair in ends), sum(max(pair) for pair in ends)))
    reach = (plane.thickness_mm + plane.ramp_mm) / 2
    if spans[2][0] > reach or spans[2][1] < -reach:
        return None
    cells = []
    for (first, last), start, count in ((spans[1], corner[1], shape[0]), (spans[0], corner[0], shape[1])):
        cells.append(
            slice(
                max(0, math.floor((first - start) / step_mm) - 1), min(count, math.ceil((last - start) / step_mm) + 1)
            )
        )
    if any(part.start >= part.stop for part in cells):
        return None
    sizes = [_nearest(direction, fine.step_mm) for direction in (plane.across, plane.down, plane.normal)]
    across, down = (min(_MOST_POINTS, max(1, math.ceil(step_mm / size))) for size in sizes[:2])
    low = (corner[0] + cells[1].start * step_mm, corner[1] + cells[0].start * step_mm)
    return _Part(low, (cells[0], cells[1]), step_mm, (across, down), plane.sheets(min(_SHEET_MM, sizes[2])))


def _nearest(direction: Vector, step_mm: Vector) -> float:
    """How far samples along a direction may lie apart."""
    return min(step / abs(part) for part, step in zip(direction, step_mm, strict=True) if part)


def _of_part(
    phantom: Phantom, plane: Plane, part: _Part, mine: npt.NDArray[np.bool_]
) -> tuple[list[Lines], list[Lines]]:
    """The boundaries in a rectangle of the plane, sheet by sheet."""
    steps = (part.step_mm / part.finer[0], part.step_mm / part.finer[1])
    rows, columns = mine.shape[0] * part.finer[1], mine.shape[1] * part.finer[0]
    outside = None if mine.all() else ~np.repeat(np.repeat(mine, part.finer[1], 0), part.finer[0], 1)
    across: list[Lines] = []
    down: list[Lines] = []
    count = len(part.sheets)
    for number, (height, share) in enumerate(part.sheets):
        # Lines of each sheet lie between those of the others; columns in another order than rows.
        places = (((3 * number + 1) % count + 0.5) / count, (number + 0.5) / count)
        u = part.low_mm[0] + (np.arange(columns) + places[0]) * steps[0]
        v = part.low_mm[1] + (np.arange(rows) + places[1]) * steps[1]
        labels = phantom.labels(*plane.points(u.reshape(1, -1), v.reshape(-1, 1), height)).astype(np.int16)
        labels = np.array(np.broadcast_to(labels, (rows, columns)))
        if outside is not None:
            labels[outside] = NOTHING
        sheet = _Sheet(phantom, plane, height)
        across.append(_along(sheet, labels, u, v, places[0], steps[1] * share, turned=False))
        down.append(_along(sheet, labels.T, v, u, places[1], steps[0] * share, turned=True))
    return across, down


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """A plane of points.

    Args:
        phantom: what is scanned.
        plane: the slice.
        height_mm: above its middle.
    """

    phantom: Phantom
    plane: Plane
    height_mm: float

    def labels(self, u: Real, v: Real) -> npt.NDArray[np.uint8]:
        """What lies at single points."""
        return self.phantom.labels(*np.broadcast_arrays(*self.plane.points(u, v, self.height_mm)))


def _along(
    sheet: _Sheet, labels: Labels, along: Real, lines: Real, place_in_cell: float, width: float, *, turned: bool
) -> Lines:
    """The boundaries along lines of one sheet; labels have a line in each row."""
    step = float(along[1] - along[0]) if along.size > 1 else 1.0
    padded = np.full((labels.shape[0], labels.shape[1] + 2), NOTHING, dtype=np.int16)
    padded[:, 1:-1] = labels
    line, place = np.nonzero(padded[:, 1:] != padded[:, :-1])
    before, after = padded[line, place], padded[line, place + 1]
    # Between two parts the boundary is the cells' own; `place` is that of the sample after it.
    at = along[0] + (place - place_in_cell) * step
    inner = np.flatnonzero((before != NOTHING) & (after != NOTHING))
    if inner.size:
        low = along[0] + (place[inner] - 1) * step
        at[inner] = _halved(sheet, low, step, lines[line[inner]], before[inner], turned=turned)
    return Lines(at, lines[line], before, after, np.full(at.shape, width))


def _halved(sheet: _Sheet, low: Real, step: float, lines: Real, before: Labels, *, turned: bool) -> Real:
    """Where the label changes after `low`, within a step."""
    width = step
    for _ in range(_HALVINGS):
        width /= 2.0
        middle = low + width
        same = (sheet.labels(lines, middle) if turned else sheet.labels(middle, lines)) == before
        low = np.where(same, middle, low)
    found: Real = low + width / 2.0
    return found


def _farthest(lines: Lines) -> float:
    """How far from the axis of rotation materials meet at most; 0 where none do."""
    real = (lines.before != NOTHING) & (lines.after != NOTHING)
    squares = lines.along_mm[real] ** 2 + lines.line_mm[real] ** 2
    return math.sqrt(float(squares.max())) if squares.size else 0.0


def _joined(lines: list[Lines]) -> Lines:
    return Lines(
        *(np.concatenate([getattr(one, name) for one in lines]) for name in Lines.__dataclass_fields__),
    )
