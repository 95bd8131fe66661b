"""The panels of ground as pictures of stain, and how they and the patches that share them out repeat over an image."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from modality.acquisition.microscopy import textures
from modality.acquisition.microscopy.painting import COARSE_MPP, Picture, drawn
from modality.acquisition.microscopy.stains import Codes, Densities, encoded
from phantoms.tissue.outline import Mask
from phantoms.tissue.panels import PANEL_UM, mirrored, panel_parts
from phantoms.tissue.patches import REPEAT, owners
from phantoms.tissue.section import TissueSection
from phantoms.tissue.stamps import FAMILIES, variants


class Run(NamedTuple):
    """Pixels of a window that come from one copy of a panel.

    Args:
        start: first pixel in the window.
        stop: one past the last.
        source: where the first one lies in the panel.
        copy: which copy, counted from the section's corner.
    """

    start: int
    stop: int
    source: int
    copy: int


class Piece(NamedTuple):
    """What of a panel's place belongs to one patch.

    Args:
        number: of the patch, as in :func:`~phantoms.tissue.patches.owners`.
        top: first row of the mask in the panel.
        left: first column.
        bottom: one past its last row.
        right: one past its last column.
        mask: which of these pixels it holds.
    """

    number: int
    top: int
    left: int
    bottom: int
    right: int
    mask: Mask


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
            found.append(Run(at - first, stop - first, at - begin, copy))
            at = stop
        copy += 1
    return found


def _begin(copy: int, mpp: float) -> int:
    return int((copy * PANEL_UM / mpp + 0.5) // 1.0)


def ground_window(section: TissueSection, row: int, column: int, height: int, width: int, mpp: float) -> Codes:
    """What lies below the glands of a window.

    Args:
        section: the tissue.
        row: first row of the window.
        column: first column.
        height: rows.
        width: columns.
        mpp: micrometres of a pixel.
    """
    codes = np.empty((height, width), dtype=np.uint16)
    for down in runs(row, height, mpp):
        for across in runs(column, width, mpp):
            _lay(codes[down.start : down.stop, across.start : across.stop], section, down, across, mpp)
    return codes


def _lay(codes: Codes, section: TissueSection, down: Run, across: Run, mpp: float) -> None:
    """Write what lies in one panel's place: the most frequent ground everywhere, then the pieces of the others."""
    held = section.ground_codes(down.copy, across.copy).tolist()
    top, left = down.source, across.source
    bottom, right = top + down.stop - down.start, left + across.stop - across.start
    if held.count(held[0]) == len(held):
        codes[:] = ground(held[0], section.stream, mpp, section.stain)[top:bottom, left:right]
        return
    areas: dict[int, int] = {}
    found: list[tuple[int, Piece, int, int, int, int]] = []
    for piece in pieces(section.stream, mpp)[down.copy % REPEAT][across.copy % REPEAT]:
        number, y0, x0, y1, x1, _ = piece
        y0, x0 = (y0 if y0 > top else top), (x0 if x0 > left else left)
        y1, x1 = (y1 if y1 < bottom else bottom), (x1 if x1 < right else right)
        if y0 < y1 and x0 < x1:
            code = held[number]
            areas[code] = areas.get(code, 0) + (y1 - y0) * (x1 - x0)
            found.append((code, piece, y0, x0, y1, x1))
    panels = {code: ground(code, section.stream, mpp, section.stain) for code in areas}
    most = max(areas, key=lambda code: areas[code])
    codes[:] = panels[most][top:bottom, left:right]
    for code, piece, y0, x0, y1, x1 in found:
        if code != most:
            np.copyto(
                codes[y0 - top : y1 - top, x0 - left : x1 - left],
                panels[code][y0:y1, x0:x1],
                where=piece.mask[y0 - piece.top : y1 - piece.top, x0 - piece.left : x1 - piece.left],
            )


@lru_cache(maxsize=4)
def pieces(seed: int, mpp: float) -> tuple[tuple[tuple[Piece, ...], ...], ...]:
    """The patches' shapes in pixels, for panels by their row and column modulo :data:`REPEAT`."""
    side = round(PANEL_UM / mpp) + 1
    places = np.minimum(((np.arange(side) + 0.5) * mpp).astype(np.int64), int(PANEL_UM) - 1)
    found = []
    for line in owners(seed):
        row = []
        for small in line:
            large = small[places[:, None], places[None, :]]
            own = []
            for number in np.unique(small).tolist():
                there = small == number
                top, bottom = _bounds(there.any(axis=1), places)
                left, right = _bounds(there.any(axis=0), places)
                mask = large[top:bottom, left:right] == number
                mask.setflags(write=False)
                own.append(Piece(number, top, left, bottom, right, mask))
            row.append(tuple(own))
        found.append(tuple(row))
    return tuple(found)


def _bounds(there: Mask, places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[int, int]:
    """First pixel, and one past the last, of those whose places are there."""
    at = np.nonzero(there)[0]
    first, last = np.searchsorted(places, [at[0], at[-1] + 1]).tolist()
    return first, last


@lru_cache(maxsize=64)
def ground(code: int, seed: int, mpp: float, stain: str) -> Codes:
    """A panel at a pixel size, one pixel larger than its side: copies lie a pixel apart now and then.

    Args:
        code: which ground.
        seed: the section's.
        mpp: micrometres of a pixel.
        stain: `HE` or `DAB`.
    """
    of, side = mirrored(code), round(PANEL_UM / mpp)
    if of >= 0:
        upright = _panel(of, seed, mpp, stain)
        return upright[side::-1]
    return _panel(code, seed, mpp, stain)[1:]


@lru_cache(maxsize=64)
def _panel(code: int, seed: int, mpp: float, stain: str) -> Codes:
    """A panel with the last row before the first, and the first row and column after the last."""
    side = round(PANEL_UM / mpp)
    codes = _loose(seed, mpp, stain, side).copy()
    pictures: dict[tuple[int, int], Picture] = {}  # needed here only
    for x, y, family, variant, mirror_x, mirror_y in panel_parts(code, seed).tolist():
        if (family, variant) not in pictures:
            pictures[family, variant] = drawn(variants(FAMILIES[family], seed)[variant], mpp, stain)
        stamp, mask, top, left = pictures[family, variant].turned(mirror_x, mirror_y)
        row, column = int((y / mpp + 0.5) // 1.0) + top, int((x / mpp + 0.5) // 1.0) + left
        for top in range(row % side - side, row % side + 1, side):
            for left in range(column % side - side, column % side + 1, side):
                _paste(codes, stamp, mask, top, left)
    made: Codes = np.pad(codes, ((1, 1), (0, 1)), mode="wrap")
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
    finer = 0
    while mpp * (1 << finer) < COARSE_MPP:
        finer += 1
    layers = _loose_densities(seed, mpp * (1 << finer), stain, -(-side >> finer))
    for _ in range(finer):
        layers = [textures.refined(np.pad(layer, ((0, 1), (0, 1)), mode="wrap"))[:-1, :-1] for layer in layers]
    first, second = (layer[:side, :side] for layer in layers)
    codes = encoded(first, second, textures.cut(textures.dither(), 0, 0, side, side))
    codes.setflags(write=False)
    return codes


def _loose_densities(seed: int, mpp: float, stain: str, side: int) -> list[Densities]:
    """Both densities of loose connective tissue."""
    fibrils = textures.fresh(mpp, 7.0, 7.0, 4, 53 + seed % 97, side)
    wisps = textures.fresh(mpp, 24.0, 6.0, 3, 59 + seed % 89, side)
    gaps = textures.fresh(mpp, 15.0, 15.0, 2, 61 + seed % 83, side)
    threads: Densities = np.zeros_like(fibrils)
    places = np.arange(side) * mpp
    for number in range(2):  # thin fibres along both diagonals, bent so far that no direction shows
        bends = [
            textures.fresh(mpp, 20.0, 20.0, 2, 101 + seed % 79 + 8 * number + axis, side).astype(np.float64) * 16.0
            for axis in range(2)
        ]
        x, y = places.reshape(1, -1) + bends[0], places.reshape(-1, 1) + bends[1]
        u, v = (x + y, x - y) if number else (x - y, x + y)
        strands = textures.turned(textures.fresh(mpp, 22.0, 2.6, 2, 73 + seed % 79 + number, side), u, v, mpp)
        threads += np.clip(1.0 - np.abs(strands) * np.float32(4.5), 0.0, 1.0)
    second = 0.13 + 0.07 * fibrils + 0.06 * wisps + 0.12 * threads
    second = second * np.clip(0.62 + 1.9 * (gaps + 0.5 * fibrils + np.float32(0.30)), 0.06, 1.0)
    first = 0.05 + 0.03 * fibrils + 0.02 * wisps + 0.015 * threads
    if stain == "DAB":
        second, first = second * np.float32(0.10), first * np.float32(0.40) + np.float32(0.018)
    floor = np.float32(0.01)
    return [np.maximum(first, floor), np.maximum(second, floor)]
