"""The parts that tissue is put together from, each in a few variants: glands, nests, fibre bundles, groups of cells.

A part lies about its own origin, in um. Sizes follow what histology atlases show at large (crypts of 70 to 90 um,
lymphocytes of 6 to 7 um, tumour nuclei up to three times a normal one); the exact numbers are our choice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from phantoms.tissue.chance import Dice, Floats, hashed
from phantoms.tissue.outline import Mask, Outline, direction, rough_radii

EPITHELIAL, TUMOUR, LYMPHOCYTE, FIBROBLAST, MUSCLE = range(1, 6)
NUCLEUS_CLASSES: Mapping[int, str] = {
    EPITHELIAL: "epithelial",
    TUMOUR: "tumour",
    LYMPHOCYTE: "lymphocyte",
    FIBROBLAST: "fibroblast",
    MUSCLE: "muscle",
}

ELLIPSE = np.dtype([("x", "f8"), ("y", "f8"), ("a", "f8"), ("b", "f8"), ("ux", "f8"), ("uy", "f8")])
NUCLEUS = np.dtype([*((name, "f8") for name in ("x", "y", "a", "b", "ux", "uy")), ("kind", "u1"), ("positive", "?")])
Records = npt.NDArray[np.void]
_Where = Callable[[Floats, Floats], Mask]

DIRECTIONS = 8  # of fibres, over half a turn
_OUTLINE_POINTS = 96

# Share of nuclei in cycle, which Ki-67 marks: low at rest, high in tumours; our choice within what pathologists count.
_POSITIVE = {EPITHELIAL: 0.10, TUMOUR: 0.42, LYMPHOCYTE: 0.05, FIBROBLAST: 0.02, MUSCLE: 0.0}


class Lumen(NamedTuple):
    """A space inside a part.

    Args:
        outline: where.
        content: what fills it: "empty", "mucus", "debris" or "blood".
    """

    outline: Outline
    content: str


@dataclass(frozen=True, eq=False)
class Stamp:
    """One variant of a part.

    Args:
        family: what it is.
        outline: its border about the origin.
        opaque: it hides all that lies below; else only its cells do.
        nuclei: records of :data:`NUCLEUS`: centre, semi-axes, direction of the long one, class, Ki-67.
        vacuoles: records of :data:`ELLIPSE`: goblets of mucus or drops of fat.
        red_cells: records of :data:`ELLIPSE`.
        lumens: spaces inside.
        acini: borders of glands inside it, when it holds several.
        axis: direction of its fibres.
        texture: number that tells its chance from that of other variants.
    """

    family: str
    outline: Outline
    opaque: bool
    nuclei: Records
    vacuoles: Records
    red_cells: Records
    lumens: tuple[Lumen, ...]
    acini: tuple[Outline, ...]
    axis: tuple[float, float]
    texture: int


def _records(kind: np.dtype[Any], rows: list[tuple[Any, ...]]) -> Records:
    made: Records = np.array(rows, dtype=kind) if rows else np.zeros(0, dtype=kind)
    made.setflags(write=False)
    return made


class _Maker:
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
        axes = [
            _even((index + start + off) / count) for index, off in enumerate(dice.many(count, -0.22, 0.22).tolist())
        ]
        unit = np.asarray(axes)
        reach = 1.0 / outline.depth(cx + unit[:, 0], cy + unit[:, 1])
        for (ux, uy), far in zip(axes, reach.tolist(), strict=True):
            r = far - depth - spread * dice.one(-0.4, 1.0)
            a, b = size[0] * dice.one(0.86, 1.18), size[1] * dice.one(0.86, 1.14)
            self.nucleus(cx + ux * r, cy + uy * r, a, b, _bent((ux, uy), dice.one(-0.2, 0.2)), EPITHELIAL)

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


def _even(turn: float) -> tuple[float, float]:
    """The unit vector after a part of a full turn, rounded beyond what mathematical libraries differ in."""
    angle = 2.0 * math.pi * turn
    return round(math.cos(angle), 9), round(math.sin(angle), 9)


def _bent(axis: tuple[float, float], by: float) -> tuple[float, float]:
    x, y = axis[0] - by * axis[1], axis[1] + by * axis[0]
    length = math.sqrt(x * x + y * y)
    return x / length, y / length


def _apart(dice: Dice, tries: int, within: _Where, reach: float, distance: float) -> list[tuple[float, float]]:
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


def _inside(outline: Outline, low: float = 0.0, high: float = 1.0) -> _Where:
    def within(x: Floats, y: Floats) -> Mask:
        depth = outline.depth(x, y)
        return (depth >= low) & (depth < high)

    return within


def _but_not(within: _Where, others: list[_Where]) -> _Where:
    def where(x: Floats, y: Floats) -> Mask:
        mask = within(x, y)
        for other in others:
            mask &= ~other(x, y)
        return mask

    return where


def _radius_along(outline: Outline, ux: float, uy: float) -> float:
    """How far an outline lies from its centre in a direction."""
    x, y = outline.center_um
    return 1.0 / float(outline.depth(np.asarray([x + ux]), np.asarray([y + uy]))[0])


def _crypt(make: _Maker) -> Stamp:
    """A crypt of the colon cut across: goblet cells around a narrow lumen, nuclei at the base."""
    dice = make.dice
    radius = 33.0 + 13.0 * make.variant / max(1, make.count - 1)
    outline = make.closed((radius, radius * dice.one(0.86, 1.0)), [(4, 0.05), (7, 0.03)], axis=_even(dice.one()))
    lumen = radius * dice.one(0.10, 0.24)
    shape = make.closed((lumen, lumen * dice.one(0.4, 0.9)), [(5, 0.25)], axis=_even(dice.one()))
    make.lumens.append(Lumen(shape, "mucus" if dice.one() < 0.6 else "empty"))
    make.ring(outline, 6.2, 5.3, (3.9, 2.35), 2.4)
    goblets = round(6.283 * radius * 0.58 / 10.0)
    for index in range(goblets):
        ux, uy = _even((index + dice.one(-0.45, 0.45)) / goblets)
        r = radius * dice.one(0.46, 0.63)
        if dice.one() < 0.82:
            axis = _bent((ux, uy), dice.one(-0.25, 0.25))
            make.vacuoles.append((ux * r, uy * r, radius * dice.one(0.13, 0.23), dice.one(3.2, 5.4), *axis))
    return make.done(outline, opaque=True)


def _tumour_gland(make: _Maker) -> Stamp:
    """An irregular gland of adenocarcinoma: crowded, layered, uneven nuclei, and debris in some lumens."""
    dice = make.dice
    radius = 38.0 + 34.0 * make.variant / max(1, make.count - 1)
    axis = _even(dice.one())
    outline = make.closed((radius, radius * dice.one(0.62, 0.95)), [(5, 0.13), (9, 0.07)], axis=axis)
    spaces = 1 if dice.one() < 0.55 else (0 if dice.one() < 0.4 else 3)
    if spaces == 1:
        a = radius * dice.one(0.22, 0.5)
        shape = make.closed((a, a * dice.one(0.4, 0.8)), [(5, 0.25), (11, 0.12)], axis=axis)
        make.lumens.append(Lumen(shape, "debris" if dice.one() < 0.45 else "empty"))
    for index in range(spaces if spaces > 1 else 0):  # cribriform
        ux, uy = _even((index + dice.one(-0.2, 0.2)) / spaces)
        a, r = radius * dice.one(0.1, 0.2), radius * 0.38
        make.lumens.append(Lumen(make.closed((a, a * 0.8), [(5, 0.2)], (ux * r, uy * r)), "empty"))
    nuclei_in = _inside(outline, 0.0, 0.90)
    clear = [_inside(lumen.outline, 0.0, 1.0 + 4.5 / lumen.outline.reach_um) for lumen in make.lumens]
    for x, y in _apart(dice, int(radius * radius * 0.5), _but_not(nuclei_in, clear), radius * 1.15, 7.2):
        large = dice.one()
        a = 4.3 + 4.4 * large * large
        b = a * dice.one(0.55, 0.9)
        length = math.sqrt(x * x + y * y) + 1e-6
        make.nucleus(x, y, a, b, _bent((x / length, y / length), dice.one(-0.9, 0.9)), TUMOUR)
    return make.done(outline, opaque=True)


def _lobule(make: _Maker) -> Stamp:
    """A terminal lobule of the breast: small acini of two cell layers in pale stroma of its own."""
    dice = make.dice
    radius = 58.0 + 24.0 * make.variant / max(1, make.count - 1)
    outline = make.closed((radius, radius * dice.one(0.7, 0.95)), [(5, 0.08), (9, 0.05)], axis=_even(dice.one()))
    for x, y in _apart(dice, 160, _inside(outline, 0.0, 0.80), radius, 25.0):
        r = dice.one(9.5, 13.0)
        acinus = make.closed((r, r * dice.one(0.75, 1.0)), [(5, 0.08)], (x, y), _even(dice.one()))
        make.acini.append(acinus)
        if dice.one() < 0.8:
            make.lumens.append(Lumen(make.closed((r * 0.26, r * 0.2), [(4, 0.2)], (x, y)), "mucus"))
        make.ring(acinus, 4.3, 5.6, (2.9, 2.3), 0.8)
    hollow = [_inside(acinus, 0.0, 1.25) for acinus in make.acini]
    for x, y in _apart(dice, 160, _but_not(_inside(outline, 0.0, 0.92), hollow), radius, 11.0):
        if dice.one() < 0.35:
            make.nucleus(x, y, 3.0, 2.8, (1.0, 0.0), LYMPHOCYTE)
        else:
            make.nucleus(x, y, dice.one(4.0, 6.5), dice.one(1.1, 1.6), _even(dice.one()), FIBROBLAST)
    return make.done(outline, opaque=True)


def _fat(make: _Maker) -> Stamp:
    """A fat cell: one drop, a thin rim, and a nucleus pressed flat."""
    dice = make.dice
    radius = 32.0 + 20.0 * make.variant / max(1, make.count - 1)
    outline = make.closed((radius, radius * dice.one(0.86, 1.0)), [(5, 0.09), (8, 0.03)], axis=_even(dice.one()))
    axis = _even(dice.one())
    reach = _radius_along(outline, *axis) - 1.6
    make.nucleus(axis[0] * reach, axis[1] * reach, 4.6, 1.3, (-axis[1], axis[0]), FIBROBLAST)
    return make.done(outline, opaque=True)


def _pointed(outline: Outline) -> Outline:
    """An outline drawn in between its axes, so that an ellipse becomes a spindle."""
    count = len(outline.radii)
    drawn = [0.25 + 0.75 / sum(abs(part) for part in direction(4.0 * index / count)) for index in range(count)]
    return Outline(outline.center_um, outline.radii * np.asarray(drawn), outline.semi_axes_um, outline.axis)


def _bundle(make: _Maker) -> Stamp:
    """A bundle of fibres, of collagen or of smooth muscle, with the nuclei that lie along it."""
    dice, muscle = make.dice, make.family == "muscle"
    turn = (make.variant * DIRECTIONS // make.count) / DIRECTIONS
    axis = direction(2.0 * turn + dice.one(-0.06, 0.06))
    a, b = dice.one(76.0, 96.0), dice.one(30.0, 38.0)
    outline = _pointed(make.closed((a, b), [(6, 0.10), (13, 0.05), (31, 0.03)], axis=axis))
    for x, y in _apart(dice, 90 if muscle else 36, _inside(outline, 0.0, 0.85), a, 11.5):
        long = dice.one(6.0, 10.5) if muscle else dice.one(4.5, 8.0)
        make.nucleus(
            x, y, long, dice.one(1.2, 1.9), _bent(axis, dice.one(-0.15, 0.15)), MUSCLE if muscle else FIBROBLAST
        )
    return make.done(outline, opaque=True, axis=axis)


def _cells(make: _Maker) -> Stamp:
    """Loose cells: lymphocytes, a few fibroblasts, red cells; many in an infiltrate, few elsewhere."""
    dice, dense = make.dice, make.family == "infiltrate"
    radius = 52.0
    outline = make.closed((radius, radius), [(4, 0.15)])
    within = _inside(outline, 0.0, 0.95 if dense else 1.0)
    share = 0.9 if dense else 0.5
    for x, y in _apart(dice, 420 if dense else 30, within, radius, 7.2 if dense else 9.0):
        if dense and dice.one() < 0.25 * float(outline.depth(np.asarray([x]), np.asarray([y]))[0]):
            continue
        if dice.one() < share:
            r = dice.one(2.6, 3.3)
            make.nucleus(x, y, r, r * dice.one(0.86, 1.0), _even(dice.one()), LYMPHOCYTE)
        else:
            make.nucleus(x, y, dice.one(4.0, 7.0), dice.one(1.2, 1.9), _even(dice.one()), FIBROBLAST)
    if not dense and dice.one() < 0.4:
        x, y = dice.one(-30.0, 30.0), dice.one(-30.0, 30.0)
        for dx, dy in _apart(dice, 24, lambda u, v: u * u + v * v < 160.0, 13.0, 5.6):
            make.red_cells.append((x + dx, y + dy, dice.one(2.8, 3.5), dice.one(2.4, 3.2), *_even(dice.one())))
    return make.done(outline, opaque=False)


def _vessel(make: _Maker) -> Stamp:
    """A small vessel cut across: a wall of muscle, endothelium, and red cells inside."""
    dice = make.dice
    radius = 22.0 + 30.0 * make.variant / max(1, make.count - 1)
    axis = _even(dice.one())
    flat = dice.one(0.55, 0.95)
    outline = make.closed((radius, radius * flat), [(5, 0.07)], axis=axis)
    inner = radius * dice.one(0.5, 0.72)
    lumen = make.closed((inner, inner * flat), [(5, 0.10)], axis=axis)
    make.lumens.append(Lumen(lumen, "blood" if dice.one() < 0.75 else "empty"))
    wall = (1.0 + inner / radius) / 2 * radius
    for index in range(round(6.283 * wall / 13.0)):
        ux, uy = _even((index + dice.one(-0.3, 0.3)) / round(6.283 * wall / 13.0))
        r = _radius_along(outline, ux, uy) * (wall / radius) + dice.one(-2.0, 2.0)
        make.nucleus(ux * r, uy * r, dice.one(4.5, 7.5), dice.one(1.1, 1.7), (-uy, ux), MUSCLE)
    if make.lumens[0].content == "blood":
        for x, y in _apart(dice, int(inner * inner * 0.5), _inside(lumen, 0.0, 0.88), inner, 5.4):
            make.red_cells.append((x, y, dice.one(3.0, 3.6), dice.one(2.6, 3.4), *_even(dice.one())))
    return make.done(outline, opaque=True)


def _patch(make: _Maker) -> Stamp:
    """A piece of ground: no more than its outline."""
    return make.done(make.closed((84.0, 84.0), [(5, 0.07), (11, 0.06), (31, 0.03)]), opaque=True)


# Family: maker and number of variants, the smallest first.
_FAMILIES: Mapping[str, tuple[Callable[[_Maker], Stamp], int]] = {
    "patch": (_patch, 8),
    "collagen": (_bundle, 3 * DIRECTIONS),
    "muscle": (_bundle, 3 * DIRECTIONS),
    "vessel": (_vessel, 8),
    "sparse": (_cells, 12),
    "infiltrate": (_cells, 10),
    "fat": (_fat, 10),
    "lobule": (_lobule, 10),
    "crypt": (_crypt, 14),
    "tumour": (_tumour_gland, 16),
}
FAMILIES = tuple(_FAMILIES)


@lru_cache(maxsize=32)
def variants(family: str, seed: int) -> tuple[Stamp, ...]:
    """The variants of a part, the smallest first; those of fibres by direction instead."""
    maker, count = _FAMILIES[family]
    return tuple(maker(_Maker(family, seed, variant, count)) for variant in range(count))
