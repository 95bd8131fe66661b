"""The scanner: focus over the slide, uneven thickness, glass with dust, and the strips that an image is joined from."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from modality.acquisition.microscopy import textures
from modality.acquisition.microscopy.stains import DARKEST, THICKNESSES, WHITE, Codes
from phantoms.tissue.chance import field, hashed, shares

Rgb = npt.NDArray[np.uint8]

THICKNESS_BLOCK = 16
"""Pixels that share one thickness."""
FOCUS_BLOCK = 64
"""Pixels that share one degree of blur."""
BLURS = 3
HALO = 7
"""Pixels around a window that its strongest blur looks at."""
STRIP = 2048
"""Columns that the scanner takes in one pass."""
DUST_CELL_UM = 1500.0

_CONE = (
    0.58  # tangent of the half angle of light in glass, aperture 0.75 and index 1.52: half width of a blur by defocus
)
_FOCUS_WANDER_UM = 1.0
_DEGREES = 64  # rows and columns of blocks whose blur is found together
_KEEPS = np.uint16(0b111110111110)  # without the lowest bit of each density
_GLASS_SIDE = 509  # prime to the usual sizes of tiles: no two tiles of glass are alike
_GLASS_MOST = 512  # rows and columns of the largest window


@lru_cache(maxsize=4)
def thickness_levels(seed: int, mpp: float) -> Codes:
    """Thickness of each block of pixels, in the highest bits of a code; repeats after 1024 blocks."""
    side = 2 * textures.SIDE
    slow = textures.fresh(mpp * THICKNESS_BLOCK, 1900.0, 2600.0, 3, 67 + seed % 101, side)
    chance = np.tile(textures.dither(), (2, 2))
    level = np.clip(np.floor(7.0 + 9.0 * slow + chance), 0, THICKNESSES - 1).astype(np.uint16) << np.uint16(12)
    levels: Codes = level.reshape(side, side)
    levels.setflags(write=False)
    return levels


def thickness_lines(levels: Codes, row: int, column: int, height: int, width: int) -> Codes:
    """The thickness of each column of a window, for each row of blocks that it meets.

    Args:
        levels: from :func:`thickness_levels`.
        row: first row of the window.
        column: first column.
        height: rows.
        width: columns.
    """
    side, block = levels.shape[0], THICKNESS_BLOCK
    down = np.arange(row // block, (row + height - 1) // block + 1)
    across = np.arange(column // block, (column + width - 1) // block + 1)
    coarse = levels[(down % side)[:, None], (across % side)[None, :]]
    lines: Codes = np.repeat(coarse, block, axis=1)[:, column % block : column % block + width]
    return lines


def add_thickness(codes: Codes, row: int, lines: Codes) -> None:
    """Write the thickness of its place into each code, in place.

    Args:
        codes: some rows of a window.
        row: the first one's on the slide.
        lines: from :func:`thickness_lines`, the first line that of the first row.
    """
    height, width = codes.shape
    block = THICKNESS_BLOCK
    if row % block == 0 and height % block == 0 and codes.flags.c_contiguous:
        blocks = codes.reshape(height // block, block, width)
        np.bitwise_or(blocks, lines[: height // block, None, :], out=blocks)
        return
    start = 0
    while start < height:
        stop = min(height, start + block - (row + start) % block)
        codes[start:stop] |= lines[(row + start) // block - row // block]
        start = stop


def blur_degrees(
    seed: int, mpp: float, plane_um: float, rows: tuple[int, int], columns: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """How blurred blocks of pixels are, 0 to 3: each degree doubles the width.

    Args:
        seed: the acquisition's.
        mpp: micrometres of a pixel.
        plane_um: height of the focal plane above the middle one.
        rows: first and one past the last row of blocks.
        columns: first and one past the last column of blocks.
    """
    found = np.empty((rows[1] - rows[0], columns[1] - columns[0]), dtype=np.uint8)
    side = _DEGREES
    for j in range(rows[0] // side, (rows[1] - 1) // side + 1):
        for i in range(columns[0] // side, (columns[1] - 1) // side + 1):
            y0, y1 = max(rows[0], j * side), min(rows[1], (j + 1) * side)
            x0, x1 = max(columns[0], i * side), min(columns[1], (i + 1) * side)
            degrees = _degrees(seed, mpp, plane_um, j, i)
            found[y0 - rows[0] : y1 - rows[0], x0 - columns[0] : x1 - columns[0]] = degrees[
                y0 - j * side : y1 - j * side, x0 - i * side : x1 - i * side
            ]
    return found


@lru_cache(maxsize=256)
def _degrees(seed: int, mpp: float, plane_um: float, j: int, i: int) -> npt.NDArray[np.uint8]:
    places = np.arange(_DEGREES, dtype=np.float64) + 0.5
    y, x = ((places + index * _DEGREES) * (FOCUS_BLOCK * mpp) for index in (j, i))
    surface = field(int(hashed(seed, 3)[0]), x.reshape(1, -1), y.reshape(-1, 1), 4300.0, 2) * _FOCUS_WANDER_UM
    width = np.abs(surface - plane_um) * (_CONE / mpp)  # pixels
    return (width > 1.6).astype(np.uint8) + (width > 3.2) + (width > 6.4)


def blur(codes: Codes, degrees: npt.NDArray[np.uint8], row: int, column: int) -> Codes:
    """A window without its halo, each block as sharp as its degree says.

    Args:
        codes: the window with :data:`HALO` more pixels on each side, without thickness; written to.
        degrees: of the blocks that the window meets.
        row: first row of the window without its halo.
        column: first column.
    """
    height, width = codes.shape[0] - 2 * HALO, codes.shape[1] - 2 * HALO
    out: Codes = codes[HALO : HALO + height, HALO : HALO + width].copy()
    blocks_down, blocks_across = np.nonzero(degrees.any(axis=1))[0], np.nonzero(degrees.any(axis=0))[0]
    y_first, y_last = (int(at) for at in (blocks_down[0], blocks_down[-1]))
    x_first, x_last = (int(at) for at in (blocks_across[0], blocks_across[-1]))
    base_row, base_column = row // FOCUS_BLOCK * FOCUS_BLOCK - row, column // FOCUS_BLOCK * FOCUS_BLOCK - column
    top, bottom = max(0, base_row + y_first * FOCUS_BLOCK), min(height, base_row + (y_last + 1) * FOCUS_BLOCK)
    left, right = max(0, base_column + x_first * FOCUS_BLOCK), min(width, base_column + (x_last + 1) * FOCUS_BLOCK)
    step = codes[top : bottom + 2 * HALO, left : right + 2 * HALO]
    whole = step.shape[0]
    for degree in range(1, int(degrees.max()) + 1):
        step = _spread(step, 1 << (degree - 1))
        skip = HALO - (whole - step.shape[0]) // 2
        for j, i in zip(*(at.tolist() for at in np.nonzero(degrees == degree)), strict=True):
            y, x = base_row + j * FOCUS_BLOCK, base_column + i * FOCUS_BLOCK
            y0, y1, x0, x1 = max(0, y), min(height, y + FOCUS_BLOCK), max(0, x), min(width, x + FOCUS_BLOCK)
            out[y0:y1, x0:x1] = step[skip + y0 - top : skip + y1 - top, skip + x0 - left : skip + x1 - left]
    return out


def refined(codes: Codes) -> Codes:
    """What lies between pixels put there: twice the pixels each way, less one."""
    rows, columns = codes.shape
    wide = np.empty((rows, 2 * columns - 1), dtype=np.uint16)
    wide[:, ::2] = codes
    wide[:, 1::2] = _mean(*_apart(codes, 1, 1), up=False)
    fine = np.empty((2 * rows - 1, 2 * columns - 1), dtype=np.uint16)
    fine[::2] = wide
    fine[1::2] = _mean(*_apart(wide, 0, 1), up=True)
    return fine


def _spread(codes: Codes, distance: int) -> Codes:
    """Each density averaged with those `distance` pixels away, weights 1 2 1 along columns and rows."""
    for axis in (0, 1):
        near = _mean(*_apart(codes, axis, distance), up=False)
        codes = _mean(*_apart(near, axis, distance), up=True)
    return codes


def _apart(codes: Codes, axis: int, distance: int) -> tuple[Codes, Codes]:
    if axis == 0:
        return codes[:-distance], codes[distance:]
    return codes[:, :-distance], codes[:, distance:]


def _mean(a: Codes, b: Codes, *, up: bool) -> Codes:
    """Mean of both densities of two codes at once, rounded down or up."""
    half = a ^ b
    half &= _KEEPS
    half >>= 1
    if up:
        mean: Codes = a | b
        mean -= half
        return mean
    mean = a & b
    mean += half
    return mean


@lru_cache(maxsize=4)
def glass(path: str) -> Rgb:
    """Clear glass, faintly uneven, larger than its period by the largest window."""
    side = _GLASS_SIDE
    chance = shares(0x61A55, np.arange(side).reshape(-1, 1), np.arange(side).reshape(1, -1))
    made = np.empty((side, side, 3), dtype=np.uint8)
    for channel in range(3):
        level = WHITE[channel] if path == "brightfield" else 10
        # One pixel in eight lies a level off, either way, in one channel more often than in all.
        off = np.floor(chance * 61.0 * (channel + 2)) % 16.0
        made[..., channel] = level + (off == 3).astype(np.int64) - (off == 7)
    made = np.pad(made, ((0, _GLASS_MOST), (0, _GLASS_MOST), (0, 0)), mode="wrap")
    made.setflags(write=False)
    return made


def glass_window(path: str, row: int, column: int, height: int, width: int) -> Rgb:
    """The glass at a window of at most 512 x 512 pixels; not to be written to."""
    whole = glass(path)
    top, left = row % _GLASS_SIDE, column % _GLASS_SIDE
    return whole[top : top + height, left : left + width]


def add_dust(rgb: Rgb, row: int, column: int, mpp: float, seed: int) -> None:
    """Darken specks of dust, out of focus on the cover glass, in place."""
    height, width = rgb.shape[:2]
    low_i, high_i = int((column * mpp - 60.0) // DUST_CELL_UM), int(((column + width) * mpp + 60.0) // DUST_CELL_UM)
    low_j, high_j = int((row * mpp - 60.0) // DUST_CELL_UM), int(((row + height) * mpp + 60.0) // DUST_CELL_UM)
    for j in range(low_j, high_j + 1):
        for i in range(low_i, high_i + 1):
            there, px, py, size, dark, flat = _dust(seed, j, i)
            if there < 0.3:
                x, y = (i + px) * DUST_CELL_UM, (j + py) * DUST_CELL_UM
                _speck(
                    rgb,
                    (x / mpp - column, y / mpp - row),
                    (4.0 + 26.0 * size * size * size) / mpp,
                    0.4 * dark + 0.1,
                    0.4 + flat,
                )


@lru_cache(maxsize=1024)
def _dust(seed: int, j: int, i: int) -> tuple[float, ...]:
    return tuple(shares(int(hashed(seed, 4)[0]), j, i, np.arange(6)).tolist())


def _speck(rgb: Rgb, at: tuple[float, float], radius: float, dark: float, flat: float) -> None:
    x, y = at
    x0, x1 = max(0, int(x - 2.0 * radius) - 1), min(rgb.shape[1], int(x + 2.0 * radius) + 2)
    y0, y1 = max(0, int(y - 2.0 * radius) - 1), min(rgb.shape[0], int(y + 2.0 * radius) + 2)
    if x0 >= x1 or y0 >= y1:
        return
    # Distances in 1/16 pixel, as whole numbers: the same wherever a window begins.
    dx = np.floor((np.arange(x0, x1) - x) * 16.0 + 0.5).reshape(1, -1)
    dy = np.floor((np.arange(y0, y1) - y) * 16.0 + 0.5).reshape(-1, 1)
    distance = np.sqrt(dx * dx + dy * dy * flat + dx * dy * (flat - 0.9) * 0.5) * (1.0 / (16.0 * radius))
    keep = 256.0 - np.floor(256.0 * dark * np.clip(1.6 - 1.3 * distance, 0.0, 1.0))
    part = rgb[y0:y1, x0:x1]
    shaded = (part * keep[..., None].astype(np.uint32)) >> 8
    part[:] = np.maximum(shaded, DARKEST)


def shade_strips(rgb: Rgb, column: int) -> None:
    """Take a level or two off near the joints of the scanner's strips, in place."""
    height, width = rgb.shape[:2]
    first, last, off = _shade(column % STRIP, width)
    if first < last:
        part = rgb.reshape(height, width * 3)[:, 3 * first : 3 * last]
        np.subtract(part, off, out=part)


@lru_cache(maxsize=64)
def _shade(column: int, width: int) -> tuple[int, int, npt.NDArray[np.uint8]]:
    """First column of a window that is shaded, one past the last, and what is taken off each sample between."""
    at = np.arange(column, column + width) % STRIP
    edge = np.minimum(at, STRIP - 1 - at)
    near = np.flatnonzero(edge < STRIP // 9)
    first, last = (int(near[0]), int(near[-1]) + 1) if len(near) else (0, 0)
    edge = edge[first:last]
    off = (edge < 1).astype(np.uint8) + (edge < STRIP // 40) + (edge < STRIP // 9)
    return first, last, np.repeat(off.astype(np.uint8), 3)
