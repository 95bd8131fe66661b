"""The macro camera's picture of the whole glass: the section small, the label's place empty."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modality.acquisition.microscopy.grounds import ground
from modality.acquisition.microscopy.painting import drawn
from modality.acquisition.microscopy.stains import WHITE, Vector, colours, densities, encoded
from modality.errors import UsageError
from phantoms.tissue.chance import shares
from phantoms.tissue.layout import NONE
from phantoms.tissue.panels import GROUNDS, family_of
from phantoms.tissue.section import TissueSection
from phantoms.tissue.stamps import FAMILIES, variants

GLASS_MM = (76.0, 26.0)
"""Length and width of a slide (ISO 8037-1); longer ones are made where the scanned area needs it."""
LABEL_MM = 24.0
"""Length of the frosted end that takes the label."""

_COARSE_MPP = 3.0
_POINTS_AT_ONCE = 1 << 14  # so few that the caches hold all that is made of them
_TABLE = (214, 216, 220)  # light of the table under the glass


class Overview(NamedTuple):
    """A picture of the whole glass.

    Args:
        pixels: uint8 of shape (rows, columns, 3); the label lies at the left.
        mm_per_pixel: size of a pixel.
        label: first row, first column, rows and columns of the label's place.
        scanned: first row, first column, rows and columns of the scanned area.
    """

    pixels: npt.NDArray[np.uint8]
    mm_per_pixel: float
    label: tuple[int, int, int, int]
    scanned: tuple[int, int, int, int]


def overview(section: TissueSection, strength: Vector, mm_per_pixel: float) -> Overview:
    """The whole glass.

    Args:
        section: what lies on it.
        strength: how strongly it is stained.
        mm_per_pixel: size of a pixel.

    Raises:
        UsageError: the pixels are larger than the glass can be drawn with, or smaller than is worth it.
    """
    if not 0.01 <= mm_per_pixel <= 0.5:
        raise UsageError(f"an overview of {mm_per_pixel} mm per pixel: from 0.01 to 0.5")
    width_mm, height_mm = section.size_mm
    long, wide = max(GLASS_MM[0], LABEL_MM + width_mm + 4.0), max(GLASS_MM[1], height_mm + 2.0)
    rows, columns = round(wide / mm_per_pixel), round(long / mm_per_pixel)
    pixels = np.empty((rows, columns, 3), dtype=np.uint8)
    pixels[:] = WHITE
    h, w = max(1, round(height_mm / mm_per_pixel)), max(1, round(width_mm / mm_per_pixel))
    label_columns = round(LABEL_MM / mm_per_pixel)
    top, left = (rows - h) // 2, label_columns + (columns - label_columns - w) // 2
    pixels[top : top + h, left : left + w] = _seen_small(section, strength, h, w)
    edge = max(1, round(0.35 / mm_per_pixel))
    for border in (pixels[:edge], pixels[-edge:], pixels[:, :edge], pixels[:, -edge:]):
        border[:] = _TABLE
    margin = edge + max(1, round(1.0 / mm_per_pixel))
    label = (margin, margin, rows - 2 * margin, label_columns - 2 * margin)
    pixels[margin : rows - margin, margin : label_columns - margin] = (250, 250, 248)
    return Overview(pixels, mm_per_pixel, label, (top, left, h, w))


def _seen_small(section: TissueSection, strength: Vector, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """The scanned area, from the mean stain of what lies at two points of each pixel."""
    table = colours(section.stain, "brightfield", strength)
    width_um, height_um = (1000.0 * side for side in section.size_mm)
    total = np.zeros((rows * columns, 3), dtype=np.uint16)
    at_once = max(1, _POINTS_AT_ONCE // columns) * columns
    for sub, (dy, dx) in enumerate(((0.25, 0.75), (0.75, 0.25))):
        for first_pixel in range(0, rows * columns, at_once):
            down, across = np.divmod(np.arange(first_pixel, min(first_pixel + at_once, rows * columns)), columns)
            x, y = (across + dx) * (width_um / columns), (down + dy) * (height_um / rows)
            seen = np.tile(np.asarray(WHITE, dtype=np.uint16), (len(x), 1))
            there = section.is_tissue(x, y)
            if there.any():
                first, second = _mean_stain(section, x[there], y[there], sub)
                codes = encoded(first, second, np.full(first.shape, 0.5, dtype=np.float32)) | np.uint16(7 << 12)
                colour = table[codes]
                for channel in range(3):
                    seen[there, channel] = (colour >> np.uint32(8 * channel)) & np.uint32(255)
            total[first_pixel : first_pixel + at_once] += seen
    return ((total + 1) >> 1).astype(np.uint8).reshape(rows, columns, 3)


def _mean_stain(
    section: TissueSection, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], sub: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    layout = section.layout
    chance = shares(section.stream + 71 + sub, y.astype(np.int64), x.astype(np.int64))
    first, second = np.zeros(x.shape, dtype=np.float32), np.zeros(x.shape, dtype=np.float32)
    grounds = layout.ground(x, y, chance, 0.0)
    for code in np.unique(grounds).tolist():
        of_first, of_second = _mean_ground(family_of(code), section.stream, section.stain)
        those = grounds == code
        first[those], second[those] = of_first, of_second
    layers = layout.glands(x, y, chance, np.zeros(x.shape)), layout.lobules(x, y, chance)
    for found in layers:
        for code in np.unique(found[found != NONE]).tolist():
            cover, part_first, part_second = _mean_part(FAMILIES[code], section.stream, section.stain)
            those = found == code
            first[those] += cover * (part_first - first[those])
            second[those] += cover * (part_second - second[those])
    folded = np.zeros(x.shape, dtype=bool)
    for fold in layout.folds:
        folded |= fold.outline.contains(x, y)
    factor = np.where(folded, 2.0, 1.0).astype(np.float32)
    return first * factor, second * factor


@lru_cache(maxsize=16)
def _mean_ground(family: str, seed: int, stain: str) -> tuple[np.float32, np.float32]:
    """The mean densities of a ground; fibres are alike in all directions."""
    code = next(code for code in range(GROUNDS) if family_of(code) == family)
    first, second = densities(ground(code, seed, _COARSE_MPP, stain) | np.uint16(7 << 12))
    return np.float32(first.mean()), np.float32(second.mean())


@lru_cache(maxsize=32)
def _mean_part(family: str, seed: int, stain: str) -> tuple[np.float32, np.float32, np.float32]:
    """How much of its place a part covers, and its mean densities."""
    covers, firsts, seconds = [], [], []
    for variant in range(0, len(variants(family, seed)), 5):
        made = drawn(variants(family, seed)[variant], _COARSE_MPP, stain)
        first, second = densities(made.codes[made.mask] | np.uint16(7 << 12))
        covers.append(min(1.0, float(made.mask.sum()) / (0.8 * made.mask.size)))
        firsts.append(float(first.mean()))
        seconds.append(float(second.mean()))
    count = len(covers)
    return np.float32(sum(covers) / count), np.float32(sum(firsts) / count), np.float32(sum(seconds) / count)
