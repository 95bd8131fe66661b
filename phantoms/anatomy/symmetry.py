"""Left and right."""

from __future__ import annotations

from phantoms.combined import Union, tube
from phantoms.solids import Ellipsoid, Vector


def pair(center_mm: Vector, radii_mm: Vector, turn_deg: Vector = (0.0, 0.0, 0.0)) -> tuple[Ellipsoid, Ellipsoid]:
    """An ellipsoid on the left and its mirror image on the right of the plane x = 0.

    Args:
        center_mm: centre of the left one.
        radii_mm: half axes before it is turned.
        turn_deg: angles of the left one about x, y and z.
    """
    (x, y, z), (a, b, c) = center_mm, turn_deg
    return Ellipsoid((x, y, z), radii_mm, (a, b, c)), Ellipsoid((-x, y, z), radii_mm, (a, -b, -c))


def both(center_mm: Vector, radii_mm: Vector, turn_deg: Vector = (0.0, 0.0, 0.0)) -> Union:
    """Such a pair as one solid."""
    left, right = pair(center_mm, radii_mm, turn_deg)
    return Union((left, right), shape=left.shape)


def both_tubes(path_mm: tuple[Vector, ...], radii_mm: tuple[float, ...]) -> Union:
    """A tube on the left and its mirror image as one solid."""
    left = tube(path_mm, radii_mm)
    right = tube(tuple((-x, y, z) for x, y, z in path_mm), radii_mm)
    return Union((*left.parts, *right.parts), shape="tube")
