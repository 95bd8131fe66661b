"""Many capsules on a slice along the axes at once: each row's piece of each of them, by formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

_PARALLEL = 1e-9  # of a capsule along x: its cylinder's piece of a row is then as long as its ends let it be


def spread_out(counts: Places) -> tuple[Places, Places]:
    """Of runs of the given lengths, laid one after the other: which run each place belongs to, and its place in it."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)


@dataclass(frozen=True, slots=True, eq=False)
class Capsules:
    """Capsules as columns of numbers.

    Args:
        starts_mm: centre of each one's first half ball, shape (n, 3).
        along_mm: from there to the centre of the other, shape (n, 3).
        radii_mm: shape (n,).
    """

    starts_mm: Numbers
    along_mm: Numbers
    radii_mm: Numbers

    def inside(
        self, chosen: Sequence[int], x: npt.NDArray[np.floating], y: npt.NDArray[np.floating], z_mm: float
    ) -> Places:
        """Places of the points that lie in any of the chosen capsules, in the slice's rows laid one after the other.

        Args:
            chosen: which capsules.
            x: ascending, shape (columns,).
            y: ascending, shape (rows,).
            z_mm: height of the slice.
        """
        start, along, radius = (values[chosen] for values in (self.starts_mm, self.along_mm, self.radii_mm))
        ends = start[:, 1], start[:, 1] + along[:, 1]
        top = y.searchsorted(np.minimum(*ends) - radius)
        owner, step = spread_out(y.searchsorted(np.maximum(*ends) + radius) - top)
        row = top[owner] + step
        first, last = _pieces(start[owner], along[owner], radius[owner], y[row].astype(np.float64), z_mm)
        left = x.searchsorted(first, side="left")
        counts = np.maximum(x.searchsorted(last, side="right") - left, 0)
        piece, column = spread_out(counts)
        places: Places = (row * x.size + left)[piece] + column
        return places


def _pieces(start: Numbers, along: Numbers, radius: Numbers, y: Numbers, z_mm: float) -> tuple[Numbers, Numbers]:
    """Where rows enter and leave capsules: the hull of what they have of each half ball and of the cylinder."""
    ex, ey, ez = along.T
    length2 = ex * ex + ey * ey + ez * ez
    dy, dz = y - start[:, 1], z_mm - start[:, 2]
    away2, reach2 = dy * dy + dz * dz, radius * radius
    ahead = dy * ey + dz * ez
    # The cylinder: (1 - ex2 / l2) u2 - 2 (ex ahead / l2) u + away2 - ahead2 / l2 <= r2 with 0 <= u ex + ahead <= l2.
    square = np.maximum((ey * ey + ez * ez) / length2, _PARALLEL)
    middle = ex * ahead / length2 / square
    room = middle * middle - (away2 - ahead * ahead / length2 - reach2) / square
    half = np.sqrt(np.maximum(room, 0.0))
    slanted = np.where(np.abs(ex) < _PARALLEL, _PARALLEL, ex)
    caps = np.sort(np.stack((-ahead / slanted, (length2 - ahead) / slanted)), axis=0)
    pieces = [
        (np.maximum(middle - half, caps[0]), np.minimum(middle + half, caps[1]), room >= 0.0),
    ]
    for offset, past in ((0.0, away2), (ex, (dy - ey) ** 2 + (dz - ez) ** 2)):
        half = np.sqrt(np.maximum(reach2 - past, 0.0))
        pieces.append((offset - half, offset + half, past <= reach2))
    first, last = np.full_like(y, np.inf), np.full_like(y, -np.inf)
    for low, high, there in pieces:
        there = there & (low <= high)  # noqa: PLW2901 - of nothing there is no hull
        first = np.where(there, np.minimum(first, low), first)
        last = np.where(there, np.maximum(last, high), last)
    return first + start[:, 0], last + start[:, 0]
