"""How the ground is shared out: patches whose borders repeat, while what each patch holds is decided place by place."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from phantoms.tissue.chance import Floats, hashed, shares
from phantoms.tissue.panels import PANEL_UM, mask_um
from phantoms.tissue.stamps import variants

PATCH_UM = 80
"""Side of the squares in which patches stand, one in each."""
REPEAT = 2
"""Panels along the pattern's side."""
ACROSS = int(PANEL_UM) // PATCH_UM
"""Patches along a panel's side."""
RING = ACROSS + 2
"""Patches along the square of all that reach into a panel: its own and those around it."""

_EACH = ACROSS * REPEAT
_SIDE = _EACH * PATCH_UM
_JITTER_UM = 7.0


def stands(seed: int, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Coordinates x and y of patches by their row and column on the slide, in um."""
    stream = int(hashed(seed, 51)[0])
    x, y = (
        (index + 0.5) * PATCH_UM + (shares(stream + source, row % _EACH, column % _EACH) * 2.0 - 1.0) * _JITTER_UM
        for index, source in ((column, 1), (row, 2))
    )
    return x, y


@lru_cache(maxsize=4)
def owners(seed: int) -> npt.NDArray[np.uint8]:
    """Which patch each square micrometre of a panel belongs to.

    Returns:
        uint8 of shape (REPEAT, REPEAT, side, side), for panels by their row and column modulo :data:`REPEAT`; values
        count row by row through the :data:`RING` x :data:`RING` patches that reach into the panel.
    """
    stream = int(hashed(seed, 52)[0])
    row, column = (axis.ravel() for axis in np.meshgrid(np.arange(_EACH), np.arange(_EACH), indexing="ij"))
    x, y = stands(seed, row, column)
    bits = hashed(stream, row, column)
    order = np.argsort(hashed(stream + 1, row, column), kind="stable")
    margin = 2 * PATCH_UM  # more than a patch reaches
    whole = np.zeros((_SIDE + 2 * margin, _SIDE + 2 * margin), dtype=np.int16)
    for number in order.tolist():
        variant = int(bits[number] >> np.uint32(8)) % len(variants("patch", seed))
        mask = mask_um("patch", seed, variant, bool(bits[number] & 1), bool(bits[number] & 2))
        half = mask.shape[0] // 2
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                top = int(y[number] // 1.0) + down * _SIDE + margin - half
                left = int(x[number] // 1.0) + across * _SIDE + margin - half
                y0, x0 = max(top, 0), max(left, 0)
                y1, x1 = min(top + len(mask), len(whole)), min(left + len(mask), len(whole))
                if y0 < y1 and x0 < x1:
                    own = (int(row[number]) + down * _EACH + 2) * 64 + int(column[number]) + across * _EACH + 2
                    np.copyto(whole[y0:y1, x0:x1], own, where=mask[y0 - top : y1 - top, x0 - left : x1 - left])
    side = int(PANEL_UM)
    found = np.empty((REPEAT, REPEAT, side, side), dtype=np.uint8)
    for j in range(REPEAT):
        for i in range(REPEAT):
            part = whole[margin + j * side : margin + (j + 1) * side, margin + i * side : margin + (i + 1) * side]
            found[j, i] = (part // 64 - 1 - j * ACROSS) * RING + (part % 64 - 1 - i * ACROSS)
    found.setflags(write=False)
    return found
