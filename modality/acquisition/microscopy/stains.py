"""Stains: optical densities to colours by Beer and Lambert, and colours back to densities.

A pixel's code holds two densities of six bits each, spaced as squares so that faint stain is told apart finely, and
four bits that say how thick the section is there. A table gives the colour of each code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint16]
Densities = npt.NDArray[np.float32]
Vector = tuple[float, float, float]

WHITE = (243, 242, 243)
"""What the scanner makes of clear glass; a little below full scale, as scanners leave it."""
DARKEST = 6
"""No pixel is darker in any channel: the scanner's flare; it also keeps the shading of the strips from wrapping."""

LEVELS = 63
THICKNESSES = 16
MOST_DENSITY = (1.9, 1.3)
"""Greatest densities that a code holds: of haematoxylin and of the other stain."""
PATHS = ("brightfield", "epifluorescence")
"""Optical paths: transmitted white light; and the fluorescence of the second stain under green light."""


@dataclass(frozen=True, slots=True)
class Stain:
    """Two stains on a section.

    Args:
        name: as it is asked for.
        first: optical density of haematoxylin in red, green and blue, of unit length.
        second: that of eosin or diaminobenzidine.
    """

    name: str
    first: Vector
    second: Vector


STAINS: Mapping[str, Stain] = {
    # Haematoxylin and DAB: A. C. Ruifrok, D. A. Johnston, Anal. Quant. Cytol. Histol. 23:291 (2001).
    "DAB": Stain("DAB", (0.650, 0.704, 0.286), (0.268, 0.570, 0.776)),
    # Haematoxylin: same paper. Its eosin (0.072, 0.990, 0.105) is magenta; the redder one here is the vector that
    # G. Landini measured on routine slides ("H&E 2" of ImageJ's plugin Colour Deconvolution).
    "HE": Stain("HE", (0.650, 0.704, 0.286), (0.046, 0.842, 0.537)),
}


def thickness(level: int) -> float:
    """Thickness of the section relative to the nominal, for one of the 16 levels."""
    return 0.82 + 0.024 * level


def encoded(first: Densities, second: Densities, dither: Densities) -> Codes:
    """Codes of densities.

    Args:
        first: density of haematoxylin.
        second: density of the other stain, same shape.
        dither: numbers in [0, 1), same shape: what a code cannot hold is left to chance.
    """
    codes = np.zeros(first.shape, dtype=np.uint16)
    for density, most, other in ((first, MOST_DENSITY[0], False), (second, MOST_DENSITY[1], True)):
        level = np.sqrt(np.clip(density * np.float32(1.0 / most), 0.0, 1.0)) * np.float32(LEVELS)
        level = np.minimum(np.floor(level + (1.0 - dither if other else dither)), LEVELS)
        codes |= level.astype(np.uint16) << np.uint16(0 if other else 6)
    return codes


def densities(codes: Codes) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The densities that codes stand for, with the thickness applied."""
    gain = 0.82 + 0.024 * (codes >> 12).astype(np.float64)
    first = ((codes >> 6) & LEVELS).astype(np.float64) / LEVELS
    second = (codes & LEVELS).astype(np.float64) / LEVELS
    return first * first * MOST_DENSITY[0] * gain, second * second * MOST_DENSITY[1] * gain


@lru_cache(maxsize=8)
def colours(stain: str, path: str = "brightfield", strength: Vector = (1.0, 1.0, 1.0)) -> npt.NDArray[np.uint32]:
    """The colour of every code: red in the lowest byte, then green and blue; the highest byte is 0.

    Args:
        stain: one of :data:`STAINS`.
        path: one of :data:`PATHS`.
        strength: how much this laboratory stained, relative to usual: of the first and the second stain; the third
            number scales the light.
    """
    vectors = STAINS[stain]
    # One stain in one thickness at a time: light passes both, whatever the other is.
    levels, gains = np.arange(LEVELS + 1), [thickness(level) for level in range(THICKNESSES)]
    first, second = (
        np.asarray([[float(level * level) / LEVELS**2 * most * gain for level in levels] for gain in gains])
        for most in MOST_DENSITY
    )
    table = np.zeros((THICKNESSES, LEVELS + 1, LEVELS + 1), dtype=np.uint32)
    for channel in range(3):
        if path == "brightfield":
            through = (
                _transmitted(first * (strength[0] * vectors.first[channel])),
                _transmitted(second * (strength[1] * vectors.second[channel])),
            )
            light = WHITE[channel] * strength[2] * (through[0][:, :, None] * through[1][:, None, :])
        else:
            # Eosin glows in proportion to what it absorbs, less what haematoxylin takes away; our own simple model.
            glow = 1.0 - _transmitted(second * strength[1] * 0.9)
            seen = _transmitted(first * strength[0] * 0.4)
            light = 10.0 + (36.0, 225.0, 20.0)[channel] * (seen[:, :, None] * glow[:, None, :])
        level = np.clip(np.floor(np.round(light, 4) + 0.5), DARKEST, 255).astype(np.uint32)
        table |= level << np.uint32(8 * channel)
    flat: npt.NDArray[np.uint32] = table.reshape(-1)
    flat.setflags(write=False)
    return flat


def pack(colour: npt.NDArray[np.uint32], rgb: npt.NDArray[np.uint8]) -> None:
    """Write the three lower bytes of each word into an image.

    Args:
        colour: words of shape (rows, columns).
        rgb: uint8 of shape (rows, columns, 3), contiguous; written to.
    """
    if _writes_upward():
        _overlapped(colour, rgb)
    else:
        _by_channel(colour, rgb)


def _by_channel(colour: npt.NDArray[np.uint32], rgb: npt.NDArray[np.uint8]) -> None:
    for channel in range(3):
        rgb[..., channel] = (colour >> np.uint32(8 * channel)).astype(np.uint8)


def _overlapped(colour: npt.NDArray[np.uint32], rgb: npt.NDArray[np.uint8]) -> None:
    """As :func:`_by_channel`, faster: words at every third byte, each over the last byte of the one before."""
    flat = colour.reshape(-1)
    if flat.size > 1:
        np.ndarray((flat.size - 1,), dtype="<u4", buffer=rgb, strides=(3,))[:] = flat[:-1]
    last = int(flat[-1]) & 0xFFFFFF
    rgb[-1, -1] = last & 255, last >> 8 & 255, last >> 16  # a word more would not fit


@lru_cache(maxsize=1)
def _writes_upward() -> bool:
    """Whether this numpy fills such an array from its beginning, which no document promises."""
    probe = (np.arange(97 * 64, dtype=np.uint32) * np.uint32(2654435761) & np.uint32(0xFFFFFF)).reshape(97, 64)
    fast, sure = np.zeros((97, 64, 3), dtype=np.uint8), np.zeros((97, 64, 3), dtype=np.uint8)
    _overlapped(probe, fast)
    _by_channel(probe, sure)
    return bool((fast == sure).all())


def _transmitted(density: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """10^-density, from scalars: the same on every processor after rounding."""
    values = [round(math.exp(-2.302585093 * round(place, 9)), 9) for place in density.ravel().tolist()]
    return np.asarray(values).reshape(density.shape)


def separated(
    rgb: npt.NDArray[np.uint8], stain: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Densities of the two stains in an image, and what neither explains: colour deconvolution.

    A. C. Ruifrok, D. A. Johnston (2001): the third vector is the cross product of the two.

    Args:
        rgb: uint8 of shape (..., 3).
        stain: one of :data:`STAINS`.
    """
    a, b = STAINS[stain].first, STAINS[stain].second
    c = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    length = math.sqrt(sum(v * v for v in c))
    c = (c[0] / length, c[1] / length, c[2] / length)
    density = [-np.log10(np.maximum(rgb[..., i].astype(np.float64), 1.0) / WHITE[i]) for i in range(3)]
    whole = _determinant(a, b, c)
    found = []
    for index in range(3):
        total = np.zeros(rgb.shape[:-1])
        for channel in range(3):
            unit: Vector = (float(channel == 0), float(channel == 1), float(channel == 2))
            rows = [a, b, c]
            rows[index] = unit
            total += density[channel] * (_determinant(*rows) / whole)
        found.append(total)
    return found[0], found[1], found[2]


def _determinant(a: Vector, b: Vector, c: Vector) -> float:
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
