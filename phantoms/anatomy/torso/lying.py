"""How a trunk differs in build and lies on the table."""

from __future__ import annotations

from phantoms.placement import Placement
from phantoms.variation import Variation


def lying(variation: Variation, *, breadth: float, pitch: float) -> Placement:
    """Size, breadth and depth of one individual, and where it lies.

    Args:
        variation: of the individual.
        breadth: by how much width and depth vary about the size, as a share.
        pitch: most lean along y for each mm of height.
    """
    size = variation.around("size", 1.0, 0.04)
    width, depth = (size * variation.around(name, 1.0, breadth) for name in ("width", "depth"))
    return Placement(
        scale=(width, depth, size),
        shift_mm=(variation.around("shift x", 0.0, 6.0), variation.around("shift y", 0.0, 6.0), 0.0),
        lean=(variation.around("tilt", 0.0, 0.02), variation.around("pitch", 0.0, pitch)),
    )
