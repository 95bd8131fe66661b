"""Balls at known places, to prove where an image says things are. Sizes, places and materials are our choice."""

from __future__ import annotations

from phantoms.material import same
from phantoms.objects.plastics import ACRYLIC, plastic, solution
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Cylinder, Vector, sphere

BALLS: tuple[tuple[Vector, float], ...] = (
    ((46.0, -18.0, 34.0), 20.0),
    ((-38.0, 40.0, 28.0), 17.0),
    ((-44.0, -30.0, -6.0), 15.0),
    ((14.0, 52.0, -20.0), 13.0),
    ((30.0, -44.0, -36.0), 11.5),
    ((-12.0, 2.0, 48.0), 10.0),
    ((-20.0, 34.0, -46.0), 9.0),
    ((58.0, 30.0, -2.0), 8.0),
)
"""Centre and radius in mm: all different, no mirror or turn maps them onto themselves, and each has more than a third
of its radius free around it."""

_FLUID = solution("thin gel", 0.0, 0.7, same(1500.0, 100.0))
_GEL = solution("gel", 150.0, 1.0, same(350.0, 180.0))
_RADIUS_MM, _LENGTH_MM, _SHELL_MM = 92.0, 140.0, 4.0


def spheres(seed: int = 0) -> Phantom:
    """Eight balls of different size in a cylinder of gel, bright in CT and in T1-, T2- and density-weighted MR.

    Args:
        seed: kept with the phantom; every one is alike.
    """
    center = (0.0, 0.0, 0.0)
    outer = _RADIUS_MM + _SHELL_MM
    return Phantom(
        name="spheres",
        body_part="PHANTOM",
        structures=(
            Structure(
                "shell",
                Cylinder(center, (outer, outer), _LENGTH_MM + 2 * _SHELL_MM),
                plastic("acrylic", ACRYLIC, 120.0),
            ),
            Structure("gel", Cylinder(center, (_RADIUS_MM, _RADIUS_MM), _LENGTH_MM), _FLUID, ((0.0, 0.0, 0.0), 15.0)),
            *(
                Structure(f"ball {number}", sphere(place, radius), _GEL, (place, round(0.98 * radius, 3)))
                for number, (place, radius) in enumerate(BALLS, start=1)
            ),
        ),
        scan_range_mm=(-72.0, 72.0),
        field_of_view_mm=230.0,
        seed=seed,
    )
