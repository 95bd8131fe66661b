"""The colours of a fundus: ground, macula, disc, lesions and vessels, each laid over what is there.

Colours are red, green and blue from 0 to 1, our choice after common photographs. Distances are in mm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from modality.acquisition.curves import FARTHEST, Values, bell
from modality.acquisition.retina.vessels import ARTERY, Point, Vessel

_GROUND = (0.78, 0.36, 0.17)
_MACULA = (0.22, 0.30, 0.30)  # what it takes of the ground
_DISC, _CUP = (0.97, 0.80, 0.50), (1.0, 0.93, 0.74)
_DRUSEN, _ANEURYSM = (0.95, 0.80, 0.42), (0.45, 0.08, 0.06)
_BLOOD = {ARTERY: (0.20, 0.48, 0.42), "vein": (0.34, 0.62, 0.52)}  # what a vessel takes of what is below
_REFLEX = 0.35  # of what an artery takes: its middle shines
_EDGE_MM = 0.05
_DARK_MM = 0.16  # a vessel of about half this width is as dark as its kind is


def smooth(grid: Values, down: Values, right: Values) -> Values:
    """A grid of numbers as a smooth surface, by smoothstep between its points.

    Args:
        grid: shape (cells, cells).
        down: places along its rows, in cells.
        right: places along its columns.
    """
    row, column = np.floor(down).astype(np.int64), np.floor(right).astype(np.int64)
    lower, later = down - row, right - column
    lower, later = lower * lower * (3.0 - 2.0 * lower), later * later * (3.0 - 2.0 * later)
    lower, later = lower[:, np.newaxis], later[np.newaxis, :]

    def at(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> Values:
        found: Values = grid[first % len(grid)][:, second % len(grid)]
        return found

    above = at(row, column) * (1.0 - later) + at(row, column + 1) * later
    below = at(row + 1, column) * (1.0 - later) + at(row + 1, column + 1) * later
    found: Values = above * (1.0 - lower) + below * lower
    return found


def ground(right: Values, down: Values, mottle: Values) -> Values:
    """The retina without anything on it: shape (rows, columns, 3).

    Args:
        right: from the fovea, shape (1, columns).
        down: shape (rows, 1).
        mottle: by how much each place is lighter.
    """
    colour = np.empty((down.shape[0], right.shape[1], 3))
    for channel, value in enumerate(_GROUND):
        colour[:, :, channel] = value * mottle
    return colour


def macula(colour: Values, right: Values, down: Values) -> None:
    """A darker spot about the fovea, and the fovea's own."""
    away = np.sqrt(right * right + down * down)
    dark = 0.8 * bell(away / 0.85) + 0.35 * bell(away / 0.22)
    for channel, taken in enumerate(_MACULA):
        colour[:, :, channel] *= 1.0 - taken * dark


def disc(colour: Values, right: Values, down: Values, at: Point, half: Point, cup: float) -> None:
    """The disc with its cup.

    Args:
        colour: gets it.
        right: from the fovea.
        down: from the fovea.
        at: its middle.
        half: half its width and height.
        cup: diameter of the cup over that of the disc.
    """
    across, along = (right - at[0]) / half[0], (down - at[1]) / half[1]
    away = np.sqrt(across * across + along * along)
    soft = _EDGE_MM / half[0]
    for shade, radius, edge in ((_DISC, 1.0, soft), (_CUP, cup, 3.0 * soft)):
        _lay(colour, shade, np.clip((radius - away) / (2.0 * edge) + 0.5, 0.0, 1.0))


def lesion(colour: Values, right: Values, down: Values, kind: str, at: Point, radius_mm: float) -> None:
    """A small round lesion."""
    away = np.sqrt((right - at[0]) * (right - at[0]) + (down - at[1]) * (down - at[1]))
    soft = max(0.012, float(abs(right[0, 1] - right[0, 0])))
    cover = np.clip((radius_mm - away) / soft + 0.5, 0.0, 1.0)
    _lay(colour, _DRUSEN if kind == "drusen" else _ANEURYSM, cover * 0.75)


def _lay(colour: Values, shade: tuple[float, float, float], cover: Values) -> None:
    for channel, value in enumerate(shade):
        colour[:, :, channel] += (value - colour[:, :, channel]) * cover


def vessels(colour: Values, found: Iterable[Vessel], pixel: Callable[[Point], Point], mm_per_px: float) -> None:
    """All vessels: each kind is one sheet, so that vessels which cross do not darken twice.

    Args:
        colour: gets them.
        found: the vessels.
        pixel: row and column of a place.
        mm_per_px: size of a pixel.
    """
    all_of_them = list(found)
    for kind, taken in _BLOOD.items():
        thick = np.zeros(colour.shape[:2])
        shine = np.zeros(colour.shape[:2])
        for vessel in all_of_them:
            if vessel.kind == kind:
                _draw(thick, shine, vessel, pixel, mm_per_px)
        kept = thick * (1.0 - _REFLEX * shine) if kind == ARTERY else thick
        for channel, share in enumerate(taken):
            colour[:, :, channel] *= 1.0 - share * kept


def _draw(thick: Values, shine: Values, vessel: Vessel, pixel: Callable[[Point], Point], mm_per_px: float) -> None:
    """The vessel as a sheet: how much blood is in the way, and where it reflects."""
    places = [pixel(at) for at in vessel.points]
    for (begin, end), width_mm in zip(pairwise(places), vessel.widths_mm[1:], strict=True):
        sigma = max(0.45, 0.42 * width_mm / mm_per_px)
        # A vessel thinner than a pixel covers less of it.
        strength = min(1.0, 0.42 * width_mm / mm_per_px / 0.45) * min(1.0, 0.45 + width_mm / _DARK_MM)
        far = 3.0 * sigma
        first = [max(0, int(min(begin[axis], end[axis]) - far)) for axis in (0, 1)]
        last = [min(thick.shape[axis], int(max(begin[axis], end[axis]) + far) + 2) for axis in (0, 1)]
        if first[0] >= last[0] or first[1] >= last[1]:
            continue
        down = np.arange(first[0], last[0])[:, np.newaxis] - begin[0]
        right = np.arange(first[1], last[1])[np.newaxis, :] - begin[1]
        run = (end[0] - begin[0], end[1] - begin[1])
        length = run[0] * run[0] + run[1] * run[1]
        along = np.clip((down * run[0] + right * run[1]) / max(length, 1e-12), 0.0, 1.0)
        off_down, off_right = down - along * run[0], right - along * run[1]
        away = np.sqrt(off_down * off_down + off_right * off_right) / sigma
        part = (slice(first[0], last[0]), slice(first[1], last[1]))
        np.maximum(thick[part], strength * bell(np.minimum(away, FARTHEST)), out=thick[part])
        if width_mm / mm_per_px > 3.0:
            np.maximum(shine[part], bell(np.minimum(away * 3.0, FARTHEST)), out=shine[part])
