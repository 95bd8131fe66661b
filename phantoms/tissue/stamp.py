"""A part of tissue as data: its outline, and the nuclei, spaces and drops in it, in um about its own origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phantoms.tissue.outline import Outline

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
