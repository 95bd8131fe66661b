"""The abdomen from the dome of the liver to the iliac crests."""

from __future__ import annotations

import math

from phantoms.anatomy.torso.contrast import Enhancement
from phantoms.anatomy.torso.loin import bones, lung_bases, wall
from phantoms.anatomy.torso.lying import lying
from phantoms.anatomy.torso.viscera import QUIET, QUIET_MM, bowel, in_liver, liver, solid_organs, vessels
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Ellipsoid, Vector, sphere
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

_MOST_LESIONS = 20
_SMALLEST_MM, _LARGEST_MM = 3.0, 40.0


def _lesions(variation: Variation, count: int, diameter_mm: float, seen: Enhancement) -> list[Structure]:
    """Round lesions of the liver, metastases and cysts in turn, none touching another."""
    radius = diameter_mm / 2
    kidney = Ellipsoid((-60.0, 46.0, 0.0), (40.0 + radius, 36.0 + radius, 70.0 + radius))
    free = (sphere(QUIET, QUIET_MM + radius + 1.0), kidney)
    places: list[Vector] = []
    for point in in_liver(variation, "lesion", 80 * count + 80, radius, free):
        if len(places) < count and all(math.dist(point, other) > diameter_mm + 3.0 for other in places):
            places.append(point)
    if len(places) < count:
        raise PhantomError(f"abdomen: no room for {count} lesions of {diameter_mm:g} mm")
    kinds = (("metastasis", seen["metastasis"]), ("cyst", TISSUES["cyst"]))
    return [
        Structure(
            f"{kinds[k % 2][0]} {k // 2 + 1}", sphere(place, radius), kinds[k % 2][1], (place, round(0.98 * radius, 3))
        )
        for k, place in enumerate(places)
    ]


def abdomen(seed: int = 0, *, phase: str = "portal", lesion_mm: float = 14.0, lesions: int = 4) -> Phantom:
    """An adult abdomen with a contrast agent and lesions of the liver; no two seeds alike.

    The origin lies before the second lumbar vertebra. Body size, fat, organs, vessels, bowel, lesion places and
    position vary with the seed.

    Args:
        seed: of the individual.
        phase: of the contrast agent: `none`, `arterial`, `portal` or `delayed`.
        lesion_mm: diameter of the lesions, 3 to 40; metastases and cysts in turn.
        lesions: how many, 0 to 20.

    Raises:
        PhantomError: no such phase, a number is out of range, or the lesions do not fit.
    """
    if not _SMALLEST_MM <= lesion_mm <= _LARGEST_MM or not 0 <= lesions <= _MOST_LESIONS:
        raise PhantomError(f"abdomen: {lesions} lesions of {lesion_mm:g} mm: 0 to {_MOST_LESIONS} of 3 to 40 mm")
    seen = Enhancement(phase)
    variation = Variation(seed)
    structures = [
        *wall(variation, variation.uniform("fat", 9.0, 32.0), seen["muscle"]),
        lung_bases(variation),
        *bones(),
        *bowel(variation, seen),
        *liver(variation, seen),
        *solid_organs(variation, seen),
        *vessels(variation, seen),
        *_lesions(variation, lesions, lesion_mm, seen),
    ]
    placement = lying(variation, breadth=0.04, pitch=0.02)
    size = placement.scale[2]
    return Phantom(
        name="abdomen",
        body_part="ABDOMEN",
        structures=tuple(structures),
        scan_range_mm=(round(-150.0 * size, 1), round(130.0 * size, 1)),
        field_of_view_mm=420.0,
        seed=seed,
        placement=placement,
    )
