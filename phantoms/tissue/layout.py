"""How organs are laid out on a slide: its layers, its diseased parts, and which parts go where.

Thicknesses follow large-scale anatomy (a colonic mucosa of about half a millimetre over submucosa over muscle); where a
slide is smaller than the organ the layers shrink with it. The shapes are our choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from phantoms.tissue.chance import Dice, Floats, field, hashed
from phantoms.tissue.outline import Outline, diamond_angle, direction, rough_radii
from phantoms.tissue.panels import COLLAGEN, INFILTRATE, LOOSE, MUSCLE, direction_class
from phantoms.tissue.stamps import FAMILIES

Families = npt.NDArray[np.int8]
Codes = npt.NDArray[np.int64]

NONE = -1
CODE: Mapping[str, int] = {name: index for index, name in enumerate(FAMILIES)}
_ROUGH = [(3, 0.09), (7, 0.05), (17, 0.02), (61, 0.008), (241, 0.003), (1201, 0.0012)]
_POINTS = 8192


@dataclass(frozen=True, eq=False)
class Fold:
    """Tissue that lies double.

    Args:
        outline: where.
        shift_um: where the tissue on top comes from, relative to where it lies.
    """

    outline: Outline
    shift_um: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Layout:
    """The outlines of one section.

    Args:
        kind: the organ.
        stream: source of chance of its smooth fields.
        outline: the section's edge.
        lumen: the hollow of the organ, if the section shows it; a hole among the others.
        holes: where the section is missing.
        folds: where it lies double.
        tumours: where tumour grows.
        inflamed: where it is inflamed.
    """

    kind: str
    stream: int
    outline: Outline
    lumen: Outline | None
    holes: tuple[Outline, ...]
    folds: tuple[Fold, ...]
    tumours: tuple[Outline, ...]
    inflamed: tuple[Outline, ...]

    def ground(self, x: Floats, y: Floats, chance: Floats, radius_um: float) -> Codes:
        """What lies between the glands at points: codes of :mod:`~phantoms.tissue.panels`.

        Args:
            x: in um.
            y: in um.
            chance: a number in [0, 1) for each point.
            radius_um: how far around a point what is chosen there may reach.
        """
        tumour, _ = self.diseased(x, y)
        turn = (field(self.stream + 1, x, y, 2100.0, 2) + 1.0) * 2.0 % 2.0
        dense = field(self.stream + 2, x, y, 520.0, 2) < 0.22  # elsewhere loose
        found = np.full(x.shape, LOOSE, dtype=np.int64)
        if self.kind == "colon":
            layer, across, depth = self._colon_layer(x, y)
            dx, dy = x - self.outline.center_um[0], y - self.outline.center_um[1]
            around = diamond_angle(-dy, dx)
            thin = np.abs(depth - 1.06) < 0.07  # the muscle of the mucosa
            muscle = (layer == 2) | thin
            # The inner layer of muscle runs around the organ, the outer one along the cut here.
            bend = 0.25 * (turn - 1.0)
            turn = np.where(muscle, np.where((across < 0.72) | thin, around, around + 1.0) + bend, turn) % 2.0
            found = np.where((layer == 1) & dense, COLLAGEN + direction_class(turn), found)
            found = np.where(muscle, MUSCLE + direction_class(turn), found)
            between = (np.abs(across - 0.72) < 0.03) & (layer == 2)
            found = np.where(between, COLLAGEN + direction_class(turn), found)
        elif self.kind == "breast":
            found = np.where(dense, COLLAGEN + direction_class(turn), found)
        else:
            found = np.where(dense, COLLAGEN + direction_class(turn), found)
        found = np.where(tumour, np.where(dense, COLLAGEN + direction_class(turn), LOOSE), found)
        for region in self.inflamed:
            within = region.holds_discs(x, y, radius_um)
            found = np.where(within & (chance < 0.9), INFILTRATE, found)
        return found

    def glands(self, x: Floats, y: Floats, chance: Floats, radius_um: Floats) -> Families:
        """Which glands, vessels or fat cells lie at points that have so much room."""
        found = np.full(x.shape, NONE, dtype=np.int8)
        vessel = CODE["vessel"]
        if self.kind == "colon":
            layer, across, _ = self._colon_layer(x, y)
            found[(layer == 0) & (chance < 0.96)] = CODE["crypt"]
            found[(layer == 1) & (chance < 0.09)] = vessel
            found[(layer == 1) & (chance > 0.15) & (field(self.stream + 5, x, y, 600.0) > 0.3)] = CODE["fat"]
            found[(layer == 2) & ((chance < 0.012) | ((np.abs(across - 0.72) < 0.03) & (chance < 0.2)))] = vessel
        elif self.kind == "breast":
            found[self._fat(x, y)] = CODE["fat"]
            found[~self._fat(x, y) & (chance < 0.02)] = vessel
        else:
            found[chance < 0.04] = vessel
        found[(found == CODE["fat"]) & self.diseased(x, y)[1]] = NONE
        nests = field(self.stream + 6, x, y, 320.0, 2)
        for region in self.tumours:
            near = region.contains(x, y)
            found[near] = np.where(chance < 0.015, vessel, NONE)[near]
            grows = region.holds_discs(x, y, radius_um) & (nests > -0.22) & (chance >= 0.015)
            found[grows] = CODE["tumour"]
        return found

    def lobules(self, x: Floats, y: Floats, chance: Floats) -> Families:
        """Which lobules lie at points."""
        found = np.full(x.shape, NONE, dtype=np.int8)
        if self.kind == "breast":
            clustered = field(self.stream + 7, x, y, 1300.0, 2) > 0.12
            fits = clustered & ~self._fat(x, y) & (chance < 0.8)
            for region in self.tumours:
                fits &= ~region.contains(x, y)
            found[fits] = CODE["lobule"]
        return found

    def diseased(self, x: Floats, y: Floats) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Whether points lie in tumour, and in inflamed tissue."""
        tumour, inflamed = np.zeros(x.shape, dtype=bool), np.zeros(x.shape, dtype=bool)
        for region in self.tumours:
            tumour |= region.contains(x, y)
        for region in self.inflamed:
            inflamed |= region.contains(x, y)
        return tumour, inflamed

    def _fat(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        fat: npt.NDArray[np.bool_] = field(self.stream + 8, x, y, 2600.0, 3) > 0.16
        return fat & ~self.diseased(x, y)[0]

    def _colon_layer(self, x: Floats, y: Floats) -> tuple[npt.NDArray[np.int8], Floats, Floats]:
        """0 mucosa, 1 submucosa, 2 muscle; the share of the wall inward of a point; its depth in mucosae."""
        assert self.lumen is not None
        dx, dy = x - self.outline.center_um[0], y - self.outline.center_um[1]
        r = np.sqrt(dx * dx + dy * dy)
        inner = r / np.maximum(self.lumen.depth(x, y), 1e-9)
        outer = r / np.maximum(self.outline.depth(x, y), 1e-9)
        wall = np.maximum(outer - inner, 1.0)
        inward = r - inner
        wave = 1.0 + 0.25 * field(self.stream + 9, x, y, 700.0, 2)
        mucosa = np.minimum(560.0, 0.34 * wall) * wave
        submucosa = mucosa + np.minimum(620.0, 0.22 * wall) * wave
        layer: npt.NDArray[np.int8] = (inward > mucosa).astype(np.int8) + (inward > submucosa).astype(np.int8)
        return layer, inward / wall, inward / mucosa


def laid_out(kind: str, seed: int, width_um: float, height_um: float) -> Layout:
    """The outlines of an organ's section on a slide of that size.

    Args:
        kind: `colon`, `breast` or `tumour`.
        seed: what makes this individual.
        width_um: of the scanned area.
        height_um: of the scanned area.
    """
    stream = int(hashed(seed, *kind.encode())[0])
    dice = Dice(stream, 1)
    center = (width_um * dice.one(0.485, 0.515), height_um * dice.one(0.485, 0.515))
    axes = (width_um * 0.42, height_um * 0.42)
    size = min(axes)
    outline = Outline(center, rough_radii(stream + 11, _POINTS, _ROUGH), axes)
    lumen = None
    if kind == "colon":
        waves = [(5, 0.12), (11, 0.34), (23, 0.13), (61, 0.035), (241, 0.012), (1201, 0.004)]
        lumen = Outline(center, rough_radii(stream + 12, _POINTS, waves), (axes[0] * 0.45, axes[1] * 0.45))
    between = 0.68 if lumen else 0.45
    start = dice.one(0.0, 4.0)

    def spot(turn: float, relative: float) -> tuple[float, float]:
        ux, uy = direction(start + turn)
        return center[0] + ux * relative * axes[0], center[1] + uy * relative * axes[1]

    def disease(number: int, at: tuple[float, float], part: float) -> Outline:
        waves = [(4, 0.20), (9, 0.16), (23, 0.08), (47, 0.04)]
        angle = direction(dice.one(0.0, 4.0))
        return Outline(at, rough_radii(stream + number, 480, waves), (axes[0] * part, axes[1] * part * 0.8), angle)

    tumours: tuple[Outline, ...]
    inflamed: tuple[Outline, ...]
    if kind == "tumour":
        tumours = (disease(21, center, 0.72),)
        inflamed = (disease(22, spot(0.3, 0.72), 0.26), disease(23, spot(2.3, 0.70), 0.22))
    else:
        tumours = (disease(21, spot(0.0, between), 0.26),)
        inflamed = (disease(22, spot(1.9, between - 0.08), 0.22),)
    return Layout(
        kind,
        stream,
        outline,
        lumen,
        _holes(dice, stream, spot, size, lumen),
        _folds(dice, stream, spot, size),
        tumours,
        inflamed,
    )


def _holes(dice: Dice, stream: int, spot: Any, size: float, lumen: Outline | None) -> tuple[Outline, ...]:
    """Tears and clefts, some round and most of them long."""
    holes = [lumen] if lumen else []
    for number in range(7):
        radius = min(dice.one(60.0, 420.0), size * 0.06)
        flat = dice.one(0.12, 0.7)
        radii = rough_radii(stream + 100 + number, 512, [(5, 0.22), (13, 0.12), (47, 0.06), (128, 0.03)])
        at = spot(dice.one(0.0, 4.0), dice.one(0.55 if lumen else 0.1, 0.92))
        holes.append(Outline(at, radii, (radius, radius * flat), direction(dice.one(0.0, 4.0))))
    return tuple(holes)


def _folds(dice: Dice, stream: int, spot: Any, size: float) -> tuple[Fold, ...]:
    folds = []
    for number in range(3):
        length, width = size * dice.one(0.08, 0.2), min(dice.one(28.0, 70.0), size * 0.02)
        ux, uy = axis = direction(dice.one(0.0, 4.0))
        radii = rough_radii(stream + 200 + number, 512, [(5, 0.3), (17, 0.15), (63, 0.05)])
        outline = Outline(spot(dice.one(0.0, 4.0), dice.one(0.5, 0.85)), radii, (length, width), axis)
        folds.append(Fold(outline, (-uy * width * 2.5, ux * width * 2.5)))
    return tuple(folds)
