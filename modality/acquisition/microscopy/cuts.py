"""Where an edge cuts a window: which pixels are meant, and how much of those at the edge."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phantoms.tissue.outline import Mask

Rgb = npt.NDArray[np.uint8]

LATTICE = 8
"""Pixels between the points where the distance to an edge is known."""
SHARES = 16
"""In how many parts a pixel at an edge is shared out."""


class Cut(NamedTuple):
    """Which pixels of a window are meant.

    Args:
        box: rows and columns of the window that hold all of them.
        within: which pixels of the box are meant wholly.
        edge: row and column in the box of those that are meant in part.
        share: how many sixteenths of each.
    """

    box: tuple[slice, slice]
    within: Mask
    edge: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    share: npt.NDArray[np.uint16]


def cut_of(sixteenths: npt.NDArray[np.float64], skip: tuple[int, int], size: tuple[int, int]) -> Cut | None:
    """A cut from what of each pixel is meant, at the corners of squares of :data:`LATTICE` pixels."""
    low, high = np.minimum(sixteenths[:-1], sixteenths[1:]), np.maximum(sixteenths[:-1], sixteenths[1:])
    low, high = np.minimum(low[:, :-1], low[:, 1:]), np.maximum(high[:, :-1], high[:, 1:])
    some = high > 0.0
    rows, columns = np.flatnonzero(some.any(axis=1)), np.flatnonzero(some.any(axis=0))
    if not len(rows):
        return None
    step = LATTICE
    (top, bottom), (left, right) = (
        (max(int(at[0]) * step, less), min((int(at[-1]) + 1) * step, less + count))
        for at, less, count in zip((rows, columns), skip, size, strict=True)
    )
    if top >= bottom or left >= right:
        return None
    within = np.repeat(np.repeat(low >= SHARES, step, axis=1), step, axis=0)
    j, i = np.nonzero(some & (low < SHARES))
    t = ((np.arange(step) + 0.5) * (1.0 / step)).astype(np.float32)
    corners = sixteenths.astype(np.float32)
    above, below = (corners[k, i, None] + (corners[k, i + 1, None] - corners[k, i, None]) * t for k in (j, j + 1))
    share = above[:, None, :] + (below - above)[:, None, :] * t[:, None]
    within.reshape(len(low), step, -1, step)[j, :, i, :] = share >= SHARES
    number, y, x = np.nonzero((share >= 1.0) & (share < SHARES))
    part = share[number, y, x].astype(np.uint16)
    y, x = y + j[number] * step, x + i[number] * step
    seen = (y >= top) & (y < bottom) & (x >= left) & (x < right)
    box = slice(top - skip[0], bottom - skip[0]), slice(left - skip[1], right - skip[1])
    return Cut(box, within[top:bottom, left:right], (y[seen] - top, x[seen] - left), part[seen, None])


def mixed_pixels(lower: Rgb, upper: Rgb, cut: Cut) -> Rgb:
    """The pixels at a cut's edge, of two images of its box."""
    above, below = upper[cut.edge].astype(np.uint16), lower[cut.edge].astype(np.uint16)
    mixed = (above * cut.share + below * (SHARES - cut.share) + SHARES // 2) // SHARES
    return mixed.astype(np.uint8)


def by_pixel(image: Rgb) -> npt.NDArray[np.void]:
    """An image by whole pixels, which are copied faster than channels."""
    return image.view("V3")[..., 0]
