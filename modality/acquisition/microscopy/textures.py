"""Textures that repeat: smooth noise, fibres, and the chance of each pixel; made once for a pixel size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from phantoms.tissue.chance import shares

Texture = npt.NDArray[np.float32]

SIDE = 512
"""Rows and columns before a texture repeats."""


def _read_only(texture: npt.NDArray[np.float64]) -> Texture:
    made = texture.astype(np.float32)
    made.setflags(write=False)
    return made


@lru_cache(maxsize=1)
def dither() -> Texture:
    """Independent numbers in [0, 1)."""
    places = np.arange(SIDE)
    return _read_only(np.floor(shares(0x5EED, places.reshape(-1, 1), places.reshape(1, -1)) * 256.0) / 256.0)


@lru_cache(maxsize=48)
def smooth(mpp: float, along_um: float, across_um: float, octaves: int, stream: int) -> Texture:
    """As :func:`fresh`, made once, and repeating after :data:`SIDE`."""
    return fresh(mpp, along_um, across_um, octaves, stream, SIDE)


def fresh(mpp: float, along_um: float, across_um: float, octaves: int, stream: int, side: int) -> Texture:
    """Value noise with values in [-1, 1] that repeats.

    Args:
        mpp: micrometres of a pixel.
        along_um: distance of the lattice points along a row.
        across_um: along a column.
        octaves: number of fields added.
        stream: which of the sources of chance.
        side: rows and columns before it repeats.
    """
    total, weight, norm = np.zeros((side, side), dtype=np.float32), 1.0, 0.0
    for octave in range(octaves):
        shrink = 0.5**octave
        columns, rows = (_points(side, mpp, spacing * shrink) for spacing in (along_um, across_um))
        field = _lattice(side, columns, rows, stream + octave)
        field *= np.float32(weight)
        total += field
        norm += weight
        weight *= 0.5
    total *= np.float32(1.0 / norm)
    total.setflags(write=False)
    return total


def _points(side: int, mpp: float, spacing_um: float) -> int:
    """How many lattice points fit, at most one for each pixel."""
    return max(2, min(side, round(side * mpp / spacing_um)))


def _lattice(side: int, columns: int, rows: int, stream: int) -> Texture:
    drawn = shares(stream, np.arange(rows).reshape(-1, 1), np.arange(columns).reshape(1, -1)) * 2.0 - 1.0
    values = drawn.astype(np.float32)
    left, right, wx = _between(side, columns)
    top, bottom, wy = _between(side, rows)
    wide = values[:, left] + (values[:, right] - values[:, left]) * wx
    above: Texture = wide[top]
    whole: Texture = wide[bottom]
    whole -= above
    whole *= wy.reshape(-1, 1)
    whole += above
    return whole


def _between(side: int, points: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Texture]:
    at = np.arange(side) * (points / side)
    low = np.floor(at)
    t = at - low
    index = low.astype(np.int64)
    return index % points, (index + 1) % points, (t * t * (3.0 - 2.0 * t)).astype(np.float32)


def cut(texture: Texture, row: int, column: int, rows: int, columns: int) -> Texture:
    """A window of a texture that repeats without end."""
    side = texture.shape[0]
    row, column = row % side, column % side
    if row + rows <= side and column + columns <= side:
        return texture[row : row + rows, column : column + columns]
    at = (np.arange(row, row + rows) % side)[:, None], (np.arange(column, column + columns) % side)[None, :]
    window: Texture = texture[at]
    return window


def turned(texture: Texture, u_um: npt.NDArray[np.float64], v_um: npt.NDArray[np.float64], mpp: float) -> Texture:
    """A texture at points of its own coordinates, by the nearest pixel."""
    side = texture.shape[0]
    column, row = (np.floor(at * (1.0 / mpp)).astype(np.int32) for at in (u_um, v_um))
    for index in (column, row):
        np.remainder(index, side, out=index)
    row *= side
    row += column
    found: Texture = texture.reshape(-1).take(row)
    return found


def refined(coarse: Texture) -> Texture:
    """What lies between pixels put there: twice the pixels each way, less one."""
    rows, columns = coarse.shape
    wide = np.empty((rows, 2 * columns - 1), dtype=np.float32)
    wide[:, ::2] = coarse
    wide[:, 1::2] = (coarse[:, 1:] + coarse[:, :-1]) * np.float32(0.5)
    fine = np.empty((2 * rows - 1, 2 * columns - 1), dtype=np.float32)
    fine[::2] = wide
    fine[1::2] = (wide[1:] + wide[:-1]) * np.float32(0.5)
    return fine
