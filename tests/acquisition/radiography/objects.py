"""Objects whose radiographs can be told by hand."""

from __future__ import annotations

from phantoms.phantom import Phantom, Structure
from phantoms.solids import Box, Vector, sphere
from phantoms.tissues import TISSUES


def balls(*places: tuple[Vector, float]) -> Phantom:
    """Balls of bone in air."""
    return Phantom(
        "balls",
        "PHANTOM",
        tuple(
            Structure(f"ball {k}", sphere(center, radius), TISSUES["cortical bone"], (center, 0.9 * radius))
            for k, (center, radius) in enumerate(places)
        ),
        (-60.0, 60.0),
        200.0,
    )


def slab(thick_mm: float, wide_mm: float = 400.0, tissue: str = "water", x_mm: float = 0.0) -> Phantom:
    """A block of one material, with a structure that a truth can list."""
    block = Box((x_mm, 0.0, 0.0), (wide_mm, thick_mm, 200.0))
    ball = ((x_mm, 0.0, 0.0), min(thick_mm, wide_mm) / 4.0)
    return Phantom("slab", "PHANTOM", (Structure("slab", block, TISSUES[tissue], ball),), (-60.0, 60.0), 400.0)
