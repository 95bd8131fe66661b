"""A block of acrylic in air."""

from __future__ import annotations

from phantoms.objects.plastics import ACRYLIC, plastic
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Box


def wedge(*, side_mm: float = 80.0, seed: int = 0) -> Phantom:
    """A cube of acrylic.

    Args:
        side_mm: length of its sides.
        seed: kept with the phantom; every one is alike.
    """
    cube = Box((0.0, 0.0, 0.0), (side_mm, side_mm, side_mm))
    ball = ((0.0, 0.0, 0.0), 0.4 * side_mm)
    parts = (Structure("cube", cube, plastic("acrylic", ACRYLIC, 120.0), ball=ball),)
    return Phantom("wedge", "PHANTOM", parts, (-0.4 * side_mm, 0.4 * side_mm), 1.5 * side_mm, seed)
