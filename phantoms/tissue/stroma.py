"""Parts that lie between glands: fat, bundles of fibres, loose cells, vessels, pieces of ground."""

from __future__ import annotations

import numpy as np

from phantoms.tissue.making import Maker, apart, bent, even, inside, radius_along
from phantoms.tissue.outline import Outline, direction
from phantoms.tissue.stamp import FIBROBLAST, LYMPHOCYTE, MUSCLE, Lumen, Stamp

DIRECTIONS = 8  # of fibres, over half a turn


def fat(make: Maker) -> Stamp:
    """A fat cell: one drop, a thin rim, and a nucleus pressed flat."""
    dice = make.dice
    radius = 32.0 + 20.0 * make.variant / max(1, make.count - 1)
    outline = make.closed((radius, radius * dice.one(0.86, 1.0)), [(5, 0.09), (8, 0.03)], axis=even(dice.one()))
    axis = even(dice.one())
    reach = radius_along(outline, *axis) - 1.6
    make.nucleus(axis[0] * reach, axis[1] * reach, 4.6, 1.3, (-axis[1], axis[0]), FIBROBLAST)
    return make.done(outline, opaque=True)


def _pointed(outline: Outline) -> Outline:
    """An outline drawn in between its axes, so that an ellipse becomes a spindle."""
    count = len(outline.radii)
    drawn = [0.25 + 0.75 / sum(abs(part) for part in direction(4.0 * index / count)) for index in range(count)]
    return Outline(outline.center_um, outline.radii * np.asarray(drawn), outline.semi_axes_um, outline.axis)


def bundle(make: Maker) -> Stamp:
    """A bundle of fibres, of collagen or of smooth muscle, with the nuclei that lie along it."""
    dice, muscle = make.dice, make.family == "muscle"
    turn = (make.variant * DIRECTIONS // make.count) / DIRECTIONS
    axis = direction(2.0 * turn + dice.one(-0.06, 0.06))
    a, b = dice.one(76.0, 96.0), dice.one(30.0, 38.0)
    outline = _pointed(make.closed((a, b), [(6, 0.10), (13, 0.05), (31, 0.03)], axis=axis))
    for x, y in apart(dice, 90 if muscle else 36, inside(outline, 0.0, 0.85), a, 11.5):
        long = dice.one(6.0, 10.5) if muscle else dice.one(4.5, 8.0)
        make.nucleus(
            x, y, long, dice.one(1.2, 1.9), bent(axis, dice.one(-0.15, 0.15)), MUSCLE if muscle else FIBROBLAST
        )
    return make.done(outline, opaque=True, axis=axis)


def cells(make: Maker) -> Stamp:
    """Loose cells: lymphocytes, a few fibroblasts, red cells; many in an infiltrate, few elsewhere."""
    dice, dense = make.dice, make.family == "infiltrate"
    radius = 52.0
    outline = make.closed((radius, radius), [(4, 0.15)])
    within = inside(outline, 0.0, 0.95 if dense else 1.0)
    share = 0.9 if dense else 0.5
    for x, y in apart(dice, 420 if dense else 30, within, radius, 7.2 if dense else 9.0):
        if dense and dice.one() < 0.25 * float(outline.depth(np.asarray([x]), np.asarray([y]))[0]):
            continue
        if dice.one() < share:
            r = dice.one(2.6, 3.3)
            make.nucleus(x, y, r, r * dice.one(0.86, 1.0), even(dice.one()), LYMPHOCYTE)
        else:
            make.nucleus(x, y, dice.one(4.0, 7.0), dice.one(1.2, 1.9), even(dice.one()), FIBROBLAST)
    if not dense and dice.one() < 0.4:
        x, y = dice.one(-30.0, 30.0), dice.one(-30.0, 30.0)
        for dx, dy in apart(dice, 24, lambda u, v: u * u + v * v < 160.0, 13.0, 5.6):
            make.red_cells.append((x + dx, y + dy, dice.one(2.8, 3.5), dice.one(2.4, 3.2), *even(dice.one())))
    return make.done(outline, opaque=False)


def vessel(make: Maker) -> Stamp:
    """A small vessel cut across: a wall of muscle, endothelium, and red cells inside."""
    dice = make.dice
    radius = 22.0 + 30.0 * make.variant / max(1, make.count - 1)
    axis = even(dice.one())
    flat = dice.one(0.55, 0.95)
    outline = make.closed((radius, radius * flat), [(5, 0.07)], axis=axis)
    inner = radius * dice.one(0.5, 0.72)
    lumen = make.closed((inner, inner * flat), [(5, 0.10)], axis=axis)
    make.lumens.append(Lumen(lumen, "blood" if dice.one() < 0.75 else "empty"))
    wall = (1.0 + inner / radius) / 2 * radius
    for index in range(round(6.283 * wall / 13.0)):
        ux, uy = even((index + dice.one(-0.3, 0.3)) / round(6.283 * wall / 13.0))
        r = radius_along(outline, ux, uy) * (wall / radius) + dice.one(-2.0, 2.0)
        make.nucleus(ux * r, uy * r, dice.one(4.5, 7.5), dice.one(1.1, 1.7), (-uy, ux), MUSCLE)
    if make.lumens[0].content == "blood":
        for x, y in apart(dice, int(inner * inner * 0.5), inside(lumen, 0.0, 0.88), inner, 5.4):
            make.red_cells.append((x, y, dice.one(3.0, 3.6), dice.one(2.6, 3.4), *even(dice.one())))
    return make.done(outline, opaque=True)


def patch(make: Maker) -> Stamp:
    """A piece of ground: no more than its outline."""
    return make.done(make.closed((84.0, 84.0), [(5, 0.07), (11, 0.06), (31, 0.03)]), opaque=True)
