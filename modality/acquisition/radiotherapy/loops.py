"""Outlines of masks: closed loops between pixels inside and pixels outside, by marching squares.

W. E. Lorensen, H. E. Cline, Comput. Graph. (SIGGRAPH) 21(4):163 (1987) have the cubes; these are their faces. Pixels
that touch at a corner alone are apart, so a loop never meets itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

_PASSES = 3  # of thinning: the distance of vertices may grow eightfold
_FEWEST = 8  # vertices: a loop of less is left as it is


class Outline(NamedTuple):
    """A closed loop, each vertex of which lies between two neighbouring pixels.

    Args:
        inside: column and row of the pixel within the mask, shape (vertices, 2).
        outside: column and row of its neighbour; it may lie one pixel beyond the image.
    """

    inside: Places
    outside: Places

    def at(self, share: npt.NDArray[np.float64] | float) -> Points:
        """Its vertices, columns and rows.

        Args:
            share: of the way from the pixel inside to the one outside.
        """
        step = (self.outside - self.inside).astype(np.float64)
        found: Points = self.inside + step * np.reshape(share, (-1, 1))
        return found


def _segments(code: int) -> list[tuple[int, int]]:
    """Sides of a cell between which an outline passes: top 0, right 1, bottom 2, left 3.

    Args:
        code: which corners lie inside, a bit for each, clockwise from the upper left.
    """
    inside = [bool(code >> corner & 1) for corner in range(4)]
    found = []
    for entry in range(4):
        if not inside[entry] and inside[(entry + 1) % 4]:
            leaving = (entry + 1) % 4
            while inside[(leaving + 1) % 4]:
                leaving = (leaving + 1) % 4
            found.append((entry, leaving))
    return found


_SEGMENTS = [_segments(code) for code in range(16)]


def traced(mask: Mask) -> list[Outline]:
    """The outlines of a mask, those around it and those around its holes, in an order that the mask alone decides.

    Args:
        mask: shape (rows, columns).
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return []
    top, left = int(rows[0]), int(columns[0])
    padded = np.pad(mask[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1], 1)
    width = padded.shape[1]
    across = padded.size  # the number of the first line between two rows; those between two columns come first
    corners = padded.astype(np.uint8)
    code = corners[:-1, :-1] | corners[:-1, 1:] << 1 | corners[1:, 1:] << 2 | corners[1:, :-1] << 3
    cells = np.flatnonzero((code > 0) & (code < 15))
    codes = code.ravel()[cells]
    cells = cells // (width - 1) * width + cells % (width - 1)
    sides = (0, across + 1, width, across)
    starts, ends = [], []
    for kind in range(1, 15):
        of_kind = cells[codes == kind]
        for entry, leaving in _SEGMENTS[kind]:
            starts.append(of_kind + sides[entry])
            ends.append(of_kind + sides[leaving])
    first = np.concatenate(starts)
    following = dict(zip(first.tolist(), np.concatenate(ends).tolist(), strict=True))
    flat, offset = padded.ravel(), (left - 1, top - 1)
    found = []
    for start in np.sort(first).tolist():
        if start not in following:
            continue
        loop, at = [], start
        while at in following:
            loop.append(at)
            at = following.pop(at)
        found.append(_between(np.asarray(loop, dtype=np.int64), flat, width, across, offset))
    return found


def _between(loop: Places, flat: Mask, width: int, across: int, offset: tuple[int, int]) -> Outline:
    """The pixels that a loop's vertices lie between, from the numbers of the lines that it crosses."""
    downward = loop >= across
    one = np.where(downward, loop - across, loop)
    other = one + np.where(downward, width, 1)
    within = flat[one]
    pair = [np.where(within, one, other), np.where(within, other, one)]
    inside, outside = (np.stack([place % width, place // width], axis=1) + np.asarray(offset) for place in pair)
    return Outline(inside, outside)


def area(points: Points) -> float:
    """What a loop encloses: positive around a mask, negative around a hole, as `traced` gives them.

    Args:
        points: its vertices, shape (vertices, 2).
    """
    x, y = (points - points[0]).T
    # In their order, one after the other: a sum in another order is another number.
    twice = np.add.accumulate(np.roll(x, -1) * y - x * np.roll(y, -1))
    return 0.5 * float(twice[-1])


def thinned(points: Points, tolerance: float) -> Points:
    """A loop without vertices that its neighbours make needless.

    Args:
        points: its vertices, shape (vertices, 2).
        tolerance: how far a vertex that is left out may lie from the line between those beside it.
    """
    for _ in range(_PASSES):
        if len(points) < _FEWEST:
            break
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        chord, own = after - before, points - before
        off = chord[:, 0] * own[:, 1] - chord[:, 1] * own[:, 0]
        needless = off * off <= tolerance * tolerance * (chord[:, 0] * chord[:, 0] + chord[:, 1] * chord[:, 1])
        needless[::2] = False  # never two beside each other
        if not needless.any():
            break
        points = points[~needless]
    return points
