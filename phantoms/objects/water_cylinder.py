"""A cylinder of water in a thin acrylic shell, for CT numbers, noise and uniformity."""

from __future__ import annotations

from phantoms.errors import PhantomError
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Cylinder
from phantoms.tissues import TISSUES

SHELL_MM = 5.0


def water(*, diameter_mm: float = 200.0, length_mm: float = 200.0, seed: int = 0) -> Phantom:
    """A cylinder of water along z, its axis at x = y = 0.

    Args:
        diameter_mm: outer diameter, 20 to 500.
        length_mm: outer length, at least 20.
        seed: kept with the phantom; every water cylinder is alike.

    Raises:
        PhantomError: a size is out of range.
    """
    if not 20.0 <= diameter_mm <= 500.0 or not 20.0 <= length_mm <= 2000.0:
        raise PhantomError(f"water: {diameter_mm:g} x {length_mm:g} mm: diameter 20 to 500, length 20 to 2000")
    center = (0.0, 0.0, 0.0)
    outer, inner = diameter_mm / 2, diameter_mm / 2 - SHELL_MM
    depth = length_mm - 2 * SHELL_MM
    return Phantom(
        name="water",
        body_part="PHANTOM",
        structures=(
            Structure("shell", Cylinder(center, (outer, outer), length_mm), TISSUES["acrylic"]),
            Structure(
                "water",
                Cylinder(center, (inner, inner), depth),
                TISSUES["water"],
                ball=(center, 0.8 * min(inner, depth / 2)),
            ),
        ),
        scan_range_mm=(-length_mm / 2, length_mm / 2),
        field_of_view_mm=1.25 * diameter_mm,
        seed=seed,
    )
