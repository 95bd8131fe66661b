"""The head: skin, bones, eyes, sinuses and neck around the brain."""

from __future__ import annotations

import math

from phantoms.anatomy.neuro.brain import brain
from phantoms.anatomy.neuro.face import face
from phantoms.anatomy.symmetry import both, pair
from phantoms.combined import Difference
from phantoms.lofts import Folded, Loft, Merged, Section, Warped
from phantoms.noise import ValueNoise
from phantoms.phantom import Phantom, Structure
from phantoms.placement import Placement
from phantoms.solids import Ellipsoid
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

_CROWN_MM = 88.0
_EQUATOR_MM = 12.0
_VAULT = 2.4  # exponent of its profile

# Scalp surface below the equator: z, half width, depth in front and behind of a centre, and that centre's y.
_OUTLINE = (
    (-122.0, 56.0, 44.0, 52.0, 20.0),
    (-104.0, 57.0, 50.0, 58.0, 18.0),
    (-90.0, 58.0, 88.0, 64.0, 12.0),
    (-62.0, 63.0, 92.0, 72.0, 6.0),
    (-36.0, 69.0, 92.0, 87.0, 2.0),
    (-14.0, 74.0, 93.0, 95.0, 0.0),
    (_EQUATOR_MM, 75.5, 94.0, 96.0, 0.0),
)


def _surface(inset_mm: float, lowest_mm: float) -> Loft:
    """The head's surface moved inwards by `inset_mm`, from `lowest_mm` up."""
    sections: list[Section] = [
        (z, 0.0, y, width - inset_mm, front - inset_mm, back - inset_mm)
        for z, width, front, back, y in _OUTLINE
        if z >= lowest_mm
    ]
    _, width, front, back, _ = _OUTLINE[-1]
    height = _CROWN_MM - inset_mm - _EQUATOR_MM
    for share in (0.2, 0.4, 0.58, 0.74, 0.86, 0.94, 0.985, 1.0):
        # A vault is flatter on top and steeper at the sides than an ellipsoid.
        scale = math.pow(max(1.0 - math.pow(share, _VAULT), 1e-4), 1.0 / _VAULT)
        half_axes = [round((radius - inset_mm) * scale, 6) for radius in (width, front, back)]
        sections.append((round(_EQUATOR_MM + share * height, 6), 0.0, 0.0, half_axes[0], half_axes[1], half_axes[2]))
    return Loft(tuple(sections), squareness=0.15)


def head(seed: int = 0) -> Phantom:
    """An adult head from the crown to the jaw, no two seeds alike.

    The origin lies in the third ventricle. Proportions follow adult mean measures; the individual's size, the skull's
    thickness, ventricles, sulci, gyri and position vary with the seed.

    Args:
        seed: of the individual.
    """
    variation = Variation(seed)
    return individual("head", variation, head_structures(variation))


def head_structures(variation: Variation) -> list[Structure]:
    """What a head consists of, in the order of painting.

    Args:
        variation: of the individual.
    """
    skin, fat = TISSUES["skin"], TISSUES["adipose"]
    bone, spongiosa = TISSUES["cortical bone"], TISSUES["cranial spongiosa"]
    fluid = TISSUES["cerebrospinal fluid"]
    scalp = variation.around("scalp", 5.5, 0.8)
    table = 1.7
    diploe = variation.around("diploe", 3.2, 0.7)
    ripple = ValueNoise(variation.stream("surface"), spacing_mm=38.0)
    inner = scalp + 2 * table + diploe
    cavity = Merged(
        (
            _surface(inner, -14.0),
            *pair((42.0, -14.0, -15.0), (25.0, 34.0, 23.0)),
            Ellipsoid((0.0, 46.0, -20.0), (56.0, 41.0, 33.0)),
        )
    )
    room = 2.0
    cerebrum = Merged(
        (
            _surface(inner + room, -14.0),
            *pair((42.0, -14.0, -14.0), (23.0, 32.0, 21.5)),
        )
    )
    cerebellum = Ellipsoid((0.0, 48.0, -27.0), (50.0, 35.0, 23.0))
    flesh = _surface(7.0, -122.0)
    strands = ValueNoise(variation.stream("muscles"), spacing_mm=13.0)
    return [
        Structure("skin", Warped(_surface(0.0, -122.0), ripple, 0.012), skin),
        Structure("subcutaneous fat", Warped(_surface(1.8, -122.0), ripple, 0.012), fat),
        Structure("muscle", Folded(flesh, strands, width=0.09, depth=0.6), TISSUES["muscle"]),
        Structure(
            "skull",
            Merged(
                (
                    _surface(scalp, -14.0),
                    *pair((42.0, -14.0, -15.0), (28.0, 37.0, 26.0)),
                    Ellipsoid((0.0, 46.0, -20.0), (61.0, 45.0, 37.0)),
                )
            ),
            bone,
        ),
        Structure(
            "diploe",
            Difference(Warped(_surface(scalp + table, -14.0), ripple, 0.006), _surface(scalp + table + diploe, -14.0)),
            spongiosa,
        ),
        *face(variation, _surface(2.0, -122.0)),
        Structure("cranial cavity", cavity, fluid),
        *brain(variation, cavity, cerebrum, cerebellum),
        *(
            Structure(f"{side} petrous bone", solid, bone, ball=(solid.center_mm, 5.0))
            for side, solid in zip(
                ("left", "right"), pair((42.0, 16.0, -27.0), (24.0, 9.0, 8.0), (0.0, 0.0, 38.0)), strict=True
            )
        ),
        Structure("mastoid cells", both((56.0, 28.0, -34.0), (7.0, 9.0, 12.0)), TISSUES["lung"]),
        Structure("ear canals", both((60.0, 10.0, -30.0), (13.0, 2.8, 3.0)), TISSUES["air"]),
    ]


def individual(name: str, variation: Variation, structures: list[Structure]) -> Phantom:
    """A head as it lies in the scanner.

    Args:
        name: of the phantom.
        variation: of the individual.
        structures: of its model.
    """
    size = variation.around("size", 1.0, 0.04)
    placement = Placement(
        scale=(
            size * variation.around("width", 1.0, 0.03),
            size * variation.around("length", 1.0, 0.03),
            size,
        ),
        shift_mm=(variation.around("shift x", 0.0, 4.0), variation.around("shift y", 0.0, 4.0), 0.0),
        lean=(variation.around("tilt", 0.0, 0.04), variation.around("nod", 0.0, 0.05)),
    )
    return Phantom(
        name=name,
        body_part="HEAD",
        structures=tuple(structures),
        scan_range_mm=(round(-64.0 * size, 1), round(90.0 * size, 1)),
        field_of_view_mm=240.0,
        seed=variation.seed,
        placement=placement,
    )
