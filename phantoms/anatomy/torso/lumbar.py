"""The lumbar spine in its surroundings: muscles, organs, great vessels, fat and skin."""

from __future__ import annotations

from dataclasses import replace

from phantoms.anatomy.torso.column import spine as column
from phantoms.anatomy.torso.contrast import Enhancement
from phantoms.anatomy.torso.loin import wall
from phantoms.anatomy.torso.lying import lying
from phantoms.anatomy.torso.viscera import bowel, liver, solid_organs, vessels
from phantoms.phantom import Phantom, Structure
from phantoms.solids import sphere
from phantoms.variation import Variation

_ROUND_THE_SPINE = ("erector muscles", "psoas muscles")


def spine(seed: int = 0) -> Phantom:
    """An adult lumbar spine from the eleventh thoracic vertebra to the sacrum; no two seeds alike.

    The origin lies before the third lumbar vertebra. Lordosis, a narrowed disc, fat, bowel, size and position vary with
    the seed.

    Args:
        seed: of the individual.
    """
    variation = Variation(seed)
    seen = Enhancement("none")
    around = [
        *wall(variation, variation.uniform("fat", 9.0, 28.0), seen["muscle"]),
        *bowel(variation, seen),
        *liver(variation, seen),
        *solid_organs(variation, seen),
        *vessels(variation, seen),
    ]
    bones = column(variation)
    placement = lying(variation, breadth=0.04, pitch=0.02)
    size = placement.scale[2]
    return Phantom(
        name="spine",
        body_part="LSPINE",
        structures=(*(_clear_of(structure, bones) for structure in around), *bones),
        scan_range_mm=(round(-140.0 * size, 1), round(120.0 * size, 1)),
        field_of_view_mm=400.0,
        seed=seed,
        placement=placement,
    )


def _clear_of(structure: Structure, later: list[Structure]) -> Structure:
    """A structure, unlisted in the truth when something may be painted over its ball."""
    if structure.ball is None or structure.name in _ROUND_THE_SPINE:
        return structure
    box = sphere(*structure.ball).bounds
    return replace(structure, ball=None) if any(one.solid.bounds.meets(box) for one in later) else structure
