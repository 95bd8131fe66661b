"""Parts with an epithelium: crypts of the colon, glands of a tumour, lobules of the breast."""

from __future__ import annotations

import math

from phantoms.tissue.making import Maker, apart, bent, but_not, even, inside
from phantoms.tissue.stamp import FIBROBLAST, LYMPHOCYTE, TUMOUR, Lumen, Stamp


def crypt(make: Maker) -> Stamp:
    """A crypt of the colon cut across: goblet cells around a narrow lumen, nuclei at the base."""
    dice = make.dice
    radius = 33.0 + 13.0 * make.variant / max(1, make.count - 1)
    outline = make.closed((radius, radius * dice.one(0.86, 1.0)), [(4, 0.05), (7, 0.03)], axis=even(dice.one()))
    lumen = radius * dice.one(0.10, 0.24)
    shape = make.closed((lumen, lumen * dice.one(0.4, 0.9)), [(5, 0.25)], axis=even(dice.one()))
    make.lumens.append(Lumen(shape, "mucus" if dice.one() < 0.6 else "empty"))
    make.ring(outline, 6.2, 5.3, (3.9, 2.35), 2.4)
    goblets = round(6.283 * radius * 0.58 / 10.0)
    for index in range(goblets):
        ux, uy = even((index + dice.one(-0.45, 0.45)) / goblets)
        r = radius * dice.one(0.46, 0.63)
        if dice.one() < 0.82:
            axis = bent((ux, uy), dice.one(-0.25, 0.25))
            make.vacuoles.append((ux * r, uy * r, radius * dice.one(0.13, 0.23), dice.one(3.2, 5.4), *axis))
    return make.done(outline, opaque=True)


def tumour_gland(make: Maker) -> Stamp:
    """An irregular gland of adenocarcinoma: crowded, layered, uneven nuclei, and debris in some lumens."""
    dice = make.dice
    radius = 38.0 + 34.0 * make.variant / max(1, make.count - 1)
    axis = even(dice.one())
    outline = make.closed((radius, radius * dice.one(0.62, 0.95)), [(5, 0.13), (9, 0.07)], axis=axis)
    spaces = 1 if dice.one() < 0.55 else (0 if dice.one() < 0.4 else 3)
    if spaces == 1:
        a = radius * dice.one(0.22, 0.5)
        shape = make.closed((a, a * dice.one(0.4, 0.8)), [(5, 0.25), (11, 0.12)], axis=axis)
        make.lumens.append(Lumen(shape, "debris" if dice.one() < 0.45 else "empty"))
    for index in range(spaces if spaces > 1 else 0):  # cribriform
        ux, uy = even((index + dice.one(-0.2, 0.2)) / spaces)
        a, r = radius * dice.one(0.1, 0.2), radius * 0.38
        make.lumens.append(Lumen(make.closed((a, a * 0.8), [(5, 0.2)], (ux * r, uy * r)), "empty"))
    nuclei_in = inside(outline, 0.0, 0.90)
    clear = [inside(lumen.outline, 0.0, 1.0 + 4.5 / lumen.outline.reach_um) for lumen in make.lumens]
    for x, y in apart(dice, int(radius * radius * 0.5), but_not(nuclei_in, clear), radius * 1.15, 7.2):
        large = dice.one()
        a = 4.3 + 4.4 * large * large
        b = a * dice.one(0.55, 0.9)
        length = math.sqrt(x * x + y * y) + 1e-6
        make.nucleus(x, y, a, b, bent((x / length, y / length), dice.one(-0.9, 0.9)), TUMOUR)
    return make.done(outline, opaque=True)


def lobule(make: Maker) -> Stamp:
    """A terminal lobule of the breast: small acini of two cell layers in pale stroma of its own."""
    dice = make.dice
    radius = 58.0 + 24.0 * make.variant / max(1, make.count - 1)
    outline = make.closed((radius, radius * dice.one(0.7, 0.95)), [(5, 0.08), (9, 0.05)], axis=even(dice.one()))
    for x, y in apart(dice, 160, inside(outline, 0.0, 0.80), radius, 25.0):
        r = dice.one(9.5, 13.0)
        acinus = make.closed((r, r * dice.one(0.75, 1.0)), [(5, 0.08)], (x, y), even(dice.one()))
        make.acini.append(acinus)
        if dice.one() < 0.8:
            make.lumens.append(Lumen(make.closed((r * 0.26, r * 0.2), [(4, 0.2)], (x, y)), "mucus"))
        make.ring(acinus, 4.3, 5.6, (2.9, 2.3), 0.8)
    hollow = [inside(acinus, 0.0, 1.25) for acinus in make.acini]
    for x, y in apart(dice, 160, but_not(inside(outline, 0.0, 0.92), hollow), radius, 11.0):
        if dice.one() < 0.35:
            make.nucleus(x, y, 3.0, 2.8, (1.0, 0.0), LYMPHOCYTE)
        else:
            make.nucleus(x, y, dice.one(4.0, 6.5), dice.one(1.1, 1.6), even(dice.one()), FIBROBLAST)
    return make.done(outline, opaque=True)
