"""The panels of ground as pictures of stain, and how they repeat over an image."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from modality.acquisition.microscopy import textures
from modality.acquisition.microscopy.painting import picture
from modality.acquisition.microscopy.stains import Codes, Densities, encoded
from phantoms.tissue.outline import Mask
from phantoms.tissue.panels import PANEL_UM, panel
from phantoms.tissue.stamps import FAMILIES


class Run(NamedTuple):
    """Pixels of a window that come from one copy of a panel.

    Args:
        start: first pixel in the window.
        stop: one past the last.
        source: where the first one lies in the panel.
    """

    start: int
    stop: int
    source: int


def runs(first: int, count: int, mpp: float) -> list[Run]:
    """How copies of a panel follow each other along `count` pixels from pixel `first`.

    A copy begins at the pixel nearest to its place in um, so that panels never drift from the truth.
    """
    found = []
    at = first
    copy = int(first * mpp // PANEL_UM) - 1
    while at < first + count:
        begin, end = _begin(copy, mpp), _begin(copy + 1, mpp)
        if end > at:
            stop = min(end, first + count)
            found.append(Run(at - first, stop - first, at - begin))
            at = stop
        copy += 1
    return found


def _begin(copy: int, mpp: float) -> int:
    return int((copy * PANEL_UM / mpp + 0.5) // 1.0)


def lay(codes: Codes, made: Codes, down: list[Run], across: list[Run], mask: Mask | None = None) -> None:
    """Copy a panel over a window, in place; where a mask says so, if there is one."""
    for row in down:
        for column in across:
            source = made[
                row.source : row.source + row.stop - row.start,
                column.source : column.source + column.stop - column.start,
            ]
            target = codes[row.start : row.stop, column.start : column.stop]
            if mask is None:
                target[:] = source
            else:
                np.copyto(target, source, where=mask[row.start : row.stop, column.start : column.stop])


@lru_cache(maxsize=64)
def ground(code: int, seed: int, mpp: float, stain: str) -> Codes:
    """A panel at a pixel size, one pixel larger than its side: copies lie a pixel apart now and then.

    Args:
        code: which ground.
        seed: the section's.
        mpp: micrometres of a pixel.
        stain: `HE` or `DAB`.
    """
    side = round(PANEL_UM / mpp)
    codes = _loose(seed, mpp, stain, side).copy()
    for x, y, family, variant, mirror_x, mirror_y in panel(code, seed).parts.tolist():
        stamp, mask, half = picture(FAMILIES[family], seed, variant, mpp, stain)
        step_x, step_y = -1 if mirror_x else 1, -1 if mirror_y else 1
        stamp, mask = stamp[::step_y, ::step_x], mask[::step_y, ::step_x]
        row, column = (int((place / mpp + 0.5) // 1.0) - half for place in (y, x))
        for top in range(row % side - side, row % side + 1, side):
            for left in range(column % side - side, column % side + 1, side):
                _paste(codes, stamp, mask, top, left)
    made: Codes = np.pad(codes, ((0, 1), (0, 1)), mode="wrap")
    made.setflags(write=False)
    return made


def _paste(codes: Codes, stamp: Codes, mask: Mask, top: int, left: int) -> None:
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(codes.shape[0], top + stamp.shape[0]), min(codes.shape[1], left + stamp.shape[1])
    if y0 < y1 and x0 < x1:
        seen = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        np.copyto(codes[y0:y1, x0:x1], stamp[seen], where=mask[seen])


@lru_cache(maxsize=4)
def _loose(seed: int, mpp: float, stain: str, side: int) -> Codes:
    """Loose connective tissue without its cells."""
    fibrils = textures.smooth(mpp, 7.0, 7.0, 4, 53 + seed % 97, side)
    wisps = textures.smooth(mpp, 24.0, 6.0, 3, 59 + seed % 89, side)
    gaps = textures.smooth(mpp, 15.0, 15.0, 2, 61 + seed % 83, side)
    threads: Densities = np.zeros_like(fibrils)
    places = np.arange(side) * mpp
    for number in range(2):  # thin fibres along both diagonals, bent so far that no direction shows
        bends = [
            textures.smooth(mpp, 20.0, 20.0, 2, 101 + seed % 79 + 8 * number + axis, side).astype(np.float64) * 16.0
            for axis in range(2)
        ]
        x, y = places.reshape(1, -1) + bends[0], places.reshape(-1, 1) + bends[1]
        u, v = (x + y, x - y) if number else (x - y, x + y)
        strands = textures.turned(textures.smooth(mpp, 22.0, 2.6, 2, 73 + seed % 79 + number, side), u, v, mpp)
        threads += np.clip(1.0 - np.abs(strands) * np.float32(4.5), 0.0, 1.0)
    second = 0.13 + 0.07 * fibrils + 0.06 * wisps + 0.12 * threads
    second = second * np.clip(0.62 + 1.9 * (gaps + 0.5 * fibrils + np.float32(0.30)), 0.06, 1.0)
    first = 0.05 + 0.03 * fibrils + 0.02 * wisps + 0.015 * threads
    if stain == "DAB":
        second, first = second * np.float32(0.10), first * np.float32(0.40) + np.float32(0.018)
    floor = np.float32(0.01)
    codes = encoded(
        np.maximum(first, floor), np.maximum(second, floor), textures.cut(textures.dither(), 0, 0, side, side)
    )
    codes.setflags(write=False)
    return codes
