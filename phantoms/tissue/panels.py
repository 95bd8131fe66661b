"""The ground between glands, as panels that repeat without a joint: loose tissue, infiltrate, collagen, muscle."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from phantoms.tissue.chance import Floats, hashed, scattered, shares
from phantoms.tissue.outline import Box, Mask
from phantoms.tissue.stamp import NUCLEUS, Records
from phantoms.tissue.stamps import FAMILIES, variants
from phantoms.tissue.stroma import DIRECTIONS

PANEL_UM = 320.0
"""Side of a panel."""

LOOSE, INFILTRATE, COLLAGEN = 0, 1, 2
MUSCLE = COLLAGEN + DIRECTIONS
GROUNDS = MUSCLE + DIRECTIONS
"""Codes of what a panel holds: collagen and muscle have one for each direction of their fibres."""

PART = np.dtype(
    [("x", "f8"), ("y", "f8"), ("family", "u1"), ("variant", "u1"), ("mirror_x", "?"), ("mirror_y", "?")], align=True
)
_POINTS = {"sparse": 18, "infiltrate": 24, "collagen": 34, "muscle": 48}


def direction_class(turn: Floats) -> npt.NDArray[np.int64]:
    """Which of the directions of fibres is nearest to a diamond angle modulo 2."""
    nearest: npt.NDArray[np.int64] = np.floor(turn * (DIRECTIONS / 2.0) + 0.5).astype(np.int64) % DIRECTIONS
    return nearest


def family_of(code: int) -> str:
    """The part that a ground is made of."""
    if code < COLLAGEN:
        return "sparse" if code == LOOSE else "infiltrate"
    return "collagen" if code < MUSCLE else "muscle"


def mirrored(code: int) -> int:
    """The ground that a ground is the mirror image of, upside down; -1 if it is drawn itself.

    Fibres of a direction lie as those of the opposite one do in a mirror.
    """
    if code < COLLAGEN:
        return -1
    first = COLLAGEN if code < MUSCLE else MUSCLE
    direction = code - first
    return first + DIRECTIONS - direction if direction > DIRECTIONS // 2 else -1


@lru_cache(maxsize=4 * GROUNDS)
def panel_parts(code: int, seed: int) -> Records:
    """The parts of a ground's panel: each also lies a panel's side further on, both ways.

    Args:
        code: which ground.
        seed: the section's.

    Returns:
        Records of :data:`PART` in the order in which they are painted.
    """
    of = mirrored(code)
    if of >= 0:
        parts: Records = panel_parts(of, seed).copy()
        parts["mirror_y"] = ~parts["mirror_y"]
        parts["y"] = (PANEL_UM - parts["y"]) % PANEL_UM
        parts.setflags(write=False)
        return parts
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
    return parts


@lru_cache(maxsize=4 * GROUNDS)
def panel_nuclei(code: int, seed: int) -> Records:
    """The nuclei of a ground's panel that no later part of it hides, in [0, PANEL_UM) both ways."""
    of = mirrored(code)
    if of >= 0:
        seen: Records = panel_nuclei(of, seed).copy()
        seen["uy"] = -seen["uy"]
        seen["y"] = (PANEL_UM - seen["y"]) % PANEL_UM
        seen.setflags(write=False)
        return seen
    side = int(PANEL_UM)
    owner = np.zeros((side, side), dtype=np.int32)
    groups, numbers = [], []
    for number, (x, y, family, variant, mirror_x, mirror_y) in enumerate(panel_parts(code, seed).tolist(), start=1):
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
    seen = nuclei[owner[at] <= by]
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


def within(nuclei: Records, box: Box) -> Mask:
    """Those whose centres lie in a box."""
    x, y = nuclei["x"], nuclei["y"]
    inside: Mask = (x >= box[0]) & (x < box[2]) & (y >= box[1]) & (y < box[3])
    return inside


def repeated(nuclei: Records, box: Box) -> Records:
    """A panel's nuclei, over and over, as far as they lie in a box."""
    found = [nuclei[:0]]
    for j in range(int(box[1] // PANEL_UM), int(box[3] // PANEL_UM) + 1):
        for i in range(int(box[0] // PANEL_UM), int(box[2] // PANEL_UM) + 1):
            copy = nuclei.copy()
            copy["x"] += i * PANEL_UM
            copy["y"] += j * PANEL_UM
            found.append(copy[within(copy, box)])
    whole: Records = np.concatenate(found)
    return whole
