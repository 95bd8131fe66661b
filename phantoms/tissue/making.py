"""What makes a part: a collector of nuclei and spaces with its own chance, and points that keep their distance."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from phantoms.tissue.chance import Dice, Floats, hashed
from phantoms.tissue.outline import Mask, Outline, rough_radii
from phantoms.tissue.stamp import (
    ELLIPSE,
    EPITHELIAL,
    FIBROBLAST,
    LYMPHOCYTE,
    MUSCLE,
    NUCLEUS,
    TUMOUR,
    Lumen,
    Records,
    Stamp,
)

Where = Callable[[Floats, Floats], Mask]

_OUTLINE_POINTS = 96

# Share of nuclei in cycle, which Ki-67 marks: low at rest, high in tumours; our choice within what pathologists count.
_POSITIVE = {EPITHELIAL: 0.10, TUMOUR: 0.42, LYMPHOCYTE: 0.05, FIBROBLAST: 0.02, MUSCLE: 0.0}


def _records(kind: np.dtype[Any], rows: list[tuple[Any, ...]]) -> Records:
    made: Records = np.array(rows, dtype=kind) if rows else np.zeros(0, dtype=kind)
    made.setflags(write=False)
    return made


class Maker:
    """Collects what a variant holds."""

    def __init__(self, family: str, seed: int, variant: int, count: int) -> None:
        self.family, self.variant, self.count = family, variant, count
        self.texture = int(hashed(seed, *family.encode(), variant)[0])
        self.dice = Dice(self.texture, 1)
        self.nuclei: list[tuple[Any, ...]] = []
        self.vacuoles: list[tuple[float, ...]] = []
        self.red_cells: list[tuple[float, ...]] = []
        self.lumens: list[Lumen] = []
        self.acini: list[Outline] = []
        self._streams = 0

    def closed(
        self,
        semi_axes: tuple[float, float],
        waves: list[tuple[int, float]],
        at: tuple[float, float] = (0.0, 0.0),
        axis: tuple[float, float] = (1.0, 0.0),
    ) -> Outline:
        """An outline of this variant's own."""
        self._streams += 1
        stream = int(hashed(self.texture, 99, self._streams)[0])
        return Outline(at, rough_radii(stream, _OUTLINE_POINTS, waves), semi_axes, axis)

    def nucleus(self, x: float, y: float, a: float, b: float, axis: tuple[float, float], kind: int) -> None:
        """One more nucleus."""
        self.nuclei.append((x, y, a, b, *axis, kind, self.dice.one() < _POSITIVE[kind]))

    def ring(self, outline: Outline, depth: float, pitch: float, size: tuple[float, float], spread: float) -> None:
        """Epithelial nuclei around an outline, the long axis toward its centre.

        Args:
            outline: the basement membrane.
            depth: of the nuclei below it, in um.
            pitch: from nucleus to nucleus.
            size: semi-axes.
            spread: by how much the depth varies.
        """
        dice, (cx, cy) = self.dice, outline.center_um
        mean = sum(outline.semi_axes_um) / 2 - depth
        count = max(5, round(6.283 * mean / pitch))
        start = dice.one()
        axes = [even((index + start + off) / count) for index, off in enumerate(dice.many(count, -0.22, 0.22).tolist())]
        unit = np.asarray(axes)
        reach = 1.0 / outline.depth(cx + unit[:, 0], cy + unit[:, 1])
        for (ux, uy), far in zip(axes, reach.tolist(), strict=True):
            r = far - depth - spread * dice.one(-0.4, 1.0)
            a, b = size[0] * dice.one(0.86, 1.18), size[1] * dice.one(0.86, 1.14)
            self.nucleus(cx + ux * r, cy + uy * r, a, b, bent((ux, uy), dice.one(-0.2, 0.2)), EPITHELIAL)

    def done(self, outline: Outline, *, opaque: bool, axis: tuple[float, float] = (1.0, 0.0)) -> Stamp:
        """The variant."""
        return Stamp(
            self.family,
            outline,
            opaque,
            _records(NUCLEUS, self.nuclei),
            _records(ELLIPSE, self.vacuoles),
            _records(ELLIPSE, self.red_cells),
            tuple(self.lumens),
            tuple(self.acini),
            axis,
            self.texture,
        )


def even(turn: float) -> tuple[float, float]:
    """The unit vector after a part of a full turn, rounded beyond what mathematical libraries differ in."""
    angle = 2.0 * math.pi * turn
    return round(math.cos(angle), 9), round(math.sin(angle), 9)


def bent(axis: tuple[float, float], by: float) -> tuple[float, float]:
    """A direction turned a little, to one side where `by` is positive; of length 1."""
    x, y = axis[0] - by * axis[1], axis[1] + by * axis[0]
    length = math.sqrt(x * x + y * y)
    return x / length, y / length


def apart(dice: Dice, tries: int, within: Where, reach: float, distance: float) -> list[tuple[float, float]]:
    """Points that keep a distance, thrown at random into a square of half side `reach`."""
    xs, ys = dice.many(tries, -reach, reach), dice.many(tries, -reach, reach)
    allowed = within(xs, ys)
    xs, ys = xs[allowed], ys[allowed]
    kept: list[tuple[float, float]] = []
    free = np.ones(len(xs), dtype=bool)
    for index in range(len(xs)):
        if free[index]:
            x, y = float(xs[index]), float(ys[index])
            kept.append((x, y))
            free &= (xs - x) * (xs - x) + (ys - y) * (ys - y) > distance * distance
    return kept


def inside(outline: Outline, low: float = 0.0, high: float = 1.0) -> Where:
    """Where the depth in an outline, 0 at its centre and 1 on it, lies between two bounds."""

    def within(x: Floats, y: Floats) -> Mask:
        depth = outline.depth(x, y)
        return (depth >= low) & (depth < high)

    return within


def but_not(within: Where, others: list[Where]) -> Where:
    """In one place, and in none of the others."""

    def where(x: Floats, y: Floats) -> Mask:
        mask = within(x, y)
        for other in others:
            mask &= ~other(x, y)
        return mask

    return where


def radius_along(outline: Outline, ux: float, uy: float) -> float:
    """How far an outline lies from its centre in a direction."""
    x, y = outline.center_um
    return 1.0 / float(outline.depth(np.asarray([x + ux]), np.asarray([y + uy]))[0])
