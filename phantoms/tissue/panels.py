"""The ground between glands, as panels that repeat without a joint: loose tissue, infiltrate, collagen, muscle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from phantoms.tissue.chance import Floats, hashed, scattered, shares
from phantoms.tissue.outline import Mask
from phantoms.tissue.stamps import DIRECTIONS, FAMILIES, NUCLEUS, Records, variants

PANEL_UM = 320.0
"""Side of a panel."""

LOOSE, INFILTRATE, COLLAGEN = 0, 1, 2
MUSCLE = COLLAGEN + DIRECTIONS
GROUNDS = MUSCLE + DIRECTIONS
"""Codes of what a panel holds: collagen and muscle have one for each direction of their fibres."""

PART = np.dtype([("x", "f8"), ("y", "f8"), ("family", "u1"), ("variant", "u1"), ("mirror_x", "?"), ("mirror_y", "?")])
_POINTS = {"sparse": 18, "infiltrate": 24, "collagen": 34, "muscle": 48}


@dataclass(frozen=True, eq=False)
class Panel:
    """One ground.

    Args:
        parts: records of :data:`PART` in the order in which they are painted; each also lies a panel's side further on.
        nuclei: records of nuclei that are seen, in [0, PANEL_UM).
    """

    parts: Records
    nuclei: Records


def direction_class(turn: Floats) -> npt.NDArray[np.int64]:
    """Which of the directions of fibres is nearest to a diamond angle modulo 2."""
    nearest: npt.NDArray[np.int64] = np.floor(turn * (DIRECTIONS / 2.0) + 0.5).astype(np.int64) % DIRECTIONS
    return nearest


def family_of(code: int) -> str:
    """The part that a ground is made of."""
    if code < COLLAGEN:
        return "sparse" if code == LOOSE else "infiltrate"
    return "collagen" if code < MUSCLE else "muscle"


@lru_cache(maxsize=4 * GROUNDS)
def panel(code: int, seed: int) -> Panel:
    """The panel of a ground.

    Args:
        code: which ground.
        seed: the section's.
    """
    family = family_of(code)
    stamps = variants(family, seed)
    count = _POINTS[family]
    stream = int(hashed(seed, 60 + code)[0])
    x, y, _ = scattered(stream, count, PANEL_UM)
    number = np.arange(count)
    parts = np.zeros(count, dtype=PART)
    parts["x"], parts["y"], parts["family"] = x, y, FAMILIES.index(family)
    bits = hashed(stream, 1, number)
    parts["mirror_x"], parts["mirror_y"] = bits & 1, (bits >> np.uint32(1)) & 1
    share = shares(stream, 2, number)
    if code >= COLLAGEN:
        each = len(stamps) // DIRECTIONS
        parts["variant"] = (code - COLLAGEN) % DIRECTIONS * each + (share * each).astype(np.int64)
        parts["mirror_y"] = parts["mirror_x"]  # half a turn: fibres keep their direction
    else:
        parts["variant"] = (share * len(stamps)).astype(np.int64)
    parts.setflags(write=False)
    return Panel(parts, _seen(parts, seed))


def _seen(parts: Records, seed: int) -> Records:
    """The nuclei that no later part of the panel hides."""
    side = int(PANEL_UM)
    owner = np.zeros((side, side), dtype=np.int32)
    groups, numbers = [], []
    for number, (x, y, family, variant, mirror_x, mirror_y) in enumerate(parts.tolist(), start=1):
        stamp = variants(FAMILIES[family], seed)[variant]
        if stamp.opaque:
            mask = mask_um(FAMILIES[family], seed, variant, mirror_x, mirror_y)
            rows, columns = np.nonzero(mask)
            half = mask.shape[0] // 2
            owner[(rows + int(y) - half) % side, (columns + int(x) - half) % side] = number
        groups.append(placed_nuclei(stamp.nuclei, x, y, mirror_x, mirror_y))
        numbers.append(np.full(len(stamp.nuclei), number))
    nuclei, by = np.concatenate(groups), np.concatenate(numbers)
    nuclei["x"], nuclei["y"] = nuclei["x"] % PANEL_UM, nuclei["y"] % PANEL_UM
    at = nuclei["y"].astype(np.int64) % side, nuclei["x"].astype(np.int64) % side
    seen: Records = nuclei[owner[at] <= by]
    seen.setflags(write=False)
    return seen


def placed_nuclei(nuclei: Records, x: float, y: float, mirror_x: bool, mirror_y: bool) -> Records:
    """A part's nuclei where the part stands."""
    placed = np.array(nuclei, dtype=NUCLEUS)
    placed["x"] = x + (-placed["x"] if mirror_x else placed["x"])
    placed["y"] = y + (-placed["y"] if mirror_y else placed["y"])
    return placed


@lru_cache(maxsize=512)
def mask_um(family: str, seed: int, variant: int, mirror_x: bool, mirror_y: bool) -> Mask:
    """Which square micrometres a part hides, about its origin."""
    stamp = variants(family, seed)[variant]
    half = int(stamp.outline.reach_um) + 1
    places = np.arange(-half, half + 1, dtype=np.float64)
    mask = stamp.outline.contains(places.reshape(1, -1), places.reshape(-1, 1))
    mask = mask[:: -1 if mirror_y else 1, :: -1 if mirror_x else 1]
    mask.setflags(write=False)
    return mask
