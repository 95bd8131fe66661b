"""What stands where on a slide: patches of ground and parts on scattered points, square by square, from the seed."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from phantoms.tissue.chance import hashed, scattered, shares
from phantoms.tissue.layout import NONE, Layout
from phantoms.tissue.outline import Box
from phantoms.tissue.panels import PART
from phantoms.tissue.patches import ACROSS, PATCH_UM, RING, stands
from phantoms.tissue.stamp import Records
from phantoms.tissue.stamps import FAMILIES, variants

CELL_UM = 1280.0
"""Side of the squares whose parts are made together."""
REACH_UM = 101.0
"""No part reaches farther from the point that it stands on."""

_GLANDS, _LOBULES = 1, 2
_POINTS = {_GLANDS: 256, _LOBULES: 70}
_PATCHES = int(CELL_UM) // PATCH_UM  # along the side of a cell
_ROOM = {"tumour": 0.66, "lobule": 0.58, "fat": 0.62, "crypt": 0.58}  # semi-axis over the distance to the next part


class Laid(Hashable, Protocol):
    """A section as far as parts stand on it; equal ones have equal parts."""

    @property
    def stream(self) -> int:
        """The seed in 32 bits."""

    @property
    def layout(self) -> Layout:
        """The outlines."""


@lru_cache(maxsize=96)
def cell(section: Laid, i: int, j: int) -> tuple[npt.NDArray[np.uint8], Records, Records]:
    """What the patches hold that stand in a square of the slide, and the glands and lobules."""
    return _patches(section, i, j), _stood(section, _GLANDS, i, j), _stood(section, _LOBULES, i, j)


@lru_cache(maxsize=512)
def ring(section: Laid, j: int, i: int) -> npt.NDArray[np.uint8]:
    """What the patches in and around a panel's place hold."""
    found = np.empty((RING, RING), dtype=np.uint8)
    top, left = j * ACROSS - 1, i * ACROSS - 1
    for b in range(top // _PATCHES, (top + RING - 1) // _PATCHES + 1):
        for a in range(left // _PATCHES, (left + RING - 1) // _PATCHES + 1):
            codes = cell(section, a, b)[0]
            y0, y1 = max(top, b * _PATCHES), min(top + RING, (b + 1) * _PATCHES)
            x0, x1 = max(left, a * _PATCHES), min(left + RING, (a + 1) * _PATCHES)
            found[y0 - top : y1 - top, x0 - left : x1 - left] = codes[
                y0 - b * _PATCHES : y1 - b * _PATCHES, x0 - a * _PATCHES : x1 - a * _PATCHES
            ]
    flat = found.ravel()
    flat.setflags(write=False)
    return flat


def squares(box: Box) -> list[tuple[int, int]]:
    """Row and column of the squares whose parts may reach into a box."""
    rows = range(int((box[1] - REACH_UM) // CELL_UM), int((box[3] + REACH_UM) // CELL_UM) + 1)
    columns = range(int((box[0] - REACH_UM) // CELL_UM), int((box[2] + REACH_UM) // CELL_UM) + 1)
    return [(j, i) for j in rows for i in columns]


def _patches(section: Laid, i: int, j: int) -> npt.NDArray[np.uint8]:
    column, row = np.meshgrid(np.arange(_PATCHES) + i * _PATCHES, np.arange(_PATCHES) + j * _PATCHES)
    x, y = stands(section.stream, row, column)
    chance = shares(int(hashed(section.stream, 50)[0]), row, column)
    reach = max(stamp.outline.reach_um for stamp in variants("patch", section.stream))
    codes: npt.NDArray[np.uint8] = section.layout.ground(x, y, chance, reach).astype(np.uint8)
    return codes


def _stood(section: Laid, layer: int, i: int, j: int) -> Records:
    """The parts that stand on the scattered points of a square."""
    seed, layout, count = section.stream, section.layout, _POINTS[layer]
    px, py, nearest = scattered(int(hashed(seed, 40 + layer)[0]), count, CELL_UM)
    x, y = i * CELL_UM + px, j * CELL_UM + py
    number = np.arange(count)
    stream = int(hashed(seed, 50 + layer)[0])
    chance = shares(stream, j, i, number)
    family = layout.glands(x, y, chance, nearest * 0.6) if layer == _GLANDS else layout.lobules(x, y, chance)
    made = np.zeros(count, dtype=PART)
    made["x"], made["y"], made["family"] = x, y, np.maximum(family, 0)
    bits = hashed(stream + 1, j, i, number)
    made["mirror_x"], made["mirror_y"] = bits & 1, (bits >> np.uint32(1)) & 1
    share = shares(stream + 2, j, i, number)
    share = 1.0 - (1.0 - share) * (1.0 - share)  # of the variants that fit, the larger ones more often
    for code in np.unique(family[family != NONE]).tolist():
        stamps = variants(FAMILIES[code], seed)
        axes = np.asarray([max(stamp.outline.semi_axes_um) for stamp in stamps])
        room = nearest * _ROOM.get(FAMILIES[code], 10.0)
        fits = np.maximum(1, (axes[None, :] <= room[:, None]).sum(axis=1))
        those = family == code
        made["variant"][those] = np.minimum((share * fits).astype(np.int64), fits - 1)[those]
    outline = layout.outline
    shown = outline.depth(x, y) < 1.0 + 3.0 * REACH_UM / min(outline.semi_axes_um)  # others would only be cut away
    stood: Records = made[(family != NONE) & shown]
    return stood


def near(found: Records, box: Box) -> Records:
    """Those that may reach into a box."""
    x, y = found["x"], found["y"]
    reaching = (x > box[0] - REACH_UM) & (x < box[2] + REACH_UM) & (y > box[1] - REACH_UM) & (y < box[3] + REACH_UM)
    kept: Records = found[reaching]
    return kept
