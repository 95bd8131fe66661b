"""The bones of the knee with their cartilage: femur, tibia, fibula and patella."""

from __future__ import annotations

from phantoms.combined import Difference, Intersection, Union, tube
from phantoms.lofts import Loft, Merged, Section, Warped
from phantoms.noise import ValueNoise
from phantoms.phantom import Structure
from phantoms.slices.levels import Levelled
from phantoms.solids import Box, Ellipsoid, Vector, sphere
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

PLATEAU_MM = -16.0
"""Height of the tibia's joint surface; the condyles end 5.5 mm above it."""

_CORTEX_MM = 1.6


def femur(side: float, inset_mm: float) -> Merged:
    """The lower end of the femur moved inwards.

    Args:
        side: 1.0 where the outer condyle lies at positive x.
        inset_mm: by how much; negative moves it outwards.
    """
    shaft: list[Section] = [
        (z, 0.0, y, width - inset_mm, front - inset_mm, back - inset_mm)
        for z, y, width, front, back in (
            (12.0, -10.0, 22.0, 12.0, 8.0),
            (22.0, -8.0, 34.0, 18.0, 17.0),
            (34.0, -6.0, 29.0, 18.0, 18.0),
            (52.0, -5.0, 19.0, 16.0, 15.0),
            (80.0, -5.0, 14.5, 14.0, 14.0),
            (160.0, -6.0, 14.0, 14.0, 14.0),
        )
    ]
    # The cortex of the shaft is thicker than that of the joint.
    if inset_mm > 0:
        shaft = [(z, x, y, w - 3.4, f - 3.4, b - 3.4) if z > 60 else (z, x, y, w, f, b) for z, x, y, w, f, b in shaft]
    inner, outer, groove = (
        Ellipsoid(center, tuple(r - inset_mm for r in radii), turn)  # type: ignore[arg-type]
        for center, radii, turn in (
            ((-side * 21.0, 6.0, 10.5), (15.5, 27.0, 21.0), (0.0, 0.0, side * 8.0)),
            ((side * 21.0, 4.0, 11.0), (15.0, 26.0, 21.0), (0.0, 0.0, -side * 6.0)),
            ((side * 3.0, -12.0, 17.0), (28.0, 19.0, 19.0), (0.0, 0.0, 0.0)),
        )
    )
    return Merged((Loft(tuple(shaft)), inner, outer, groove), "femur")


def tibia(side: float, inset_mm: float) -> Merged:
    """The upper end of the tibia moved inwards."""
    tilt = side * 1.0
    sections: tuple[Section, ...] = tuple(
        (z, x, y, width - inset_mm, front - inset_mm, back - inset_mm)
        for z, x, y, width, front, back in (
            (-160.0, -4.0 * tilt, 4.0, 12.0, 13.0, 12.0),
            (-80.0, -3.0 * tilt, 2.0, 15.0, 18.0, 14.0),
            (-50.0, -1.0 * tilt, 2.0, 22.0, 26.0, 17.0),
            (-30.0, 0.0, 2.0, 34.0, 26.0, 22.0),
            (PLATEAU_MM - inset_mm - 3.0, 0.0, 3.0, 38.0, 23.0, 24.0),
            (PLATEAU_MM - inset_mm, 0.0, 3.0, 36.0, 20.0, 22.0),
        )
    )
    spines = (
        Ellipsoid((side * 4.5, 2.0, PLATEAU_MM), (3.5 - inset_mm / 2, 6.0 - inset_mm / 2, 6.5 - inset_mm)),
        Ellipsoid((-side * 4.5, 4.0, PLATEAU_MM), (3.5 - inset_mm / 2, 7.0 - inset_mm / 2, 7.5 - inset_mm)),
    )
    return Merged((Loft(sections, squareness=0.25), *spines), "tibia")


def _patella(side: float, inset_mm: float, behind_mm: float = 0.0) -> Ellipsoid:
    radii = (22.0 - inset_mm, 10.5 - inset_mm, 21.0 - inset_mm)
    return Ellipsoid((side * 3.0, -47.0 + behind_mm, 19.0), radii)


def _meniscus(side: float) -> Difference:
    """A wedge around one compartment, open to the middle of the joint; the condyle's cartilage is painted over it."""
    place = (side * 21.0, 3.0, PLATEAU_MM + 4.6)
    whole = Ellipsoid(place, (19.5, 25.0, 7.5))
    above = Box((side * 21.0, 3.0, PLATEAU_MM + 6.0), (44.0, 56.0, 12.0))
    hole = Ellipsoid((side * 17.0, 3.0, PLATEAU_MM + 3.0), (14.5, 14.0, 14.0))
    return Difference(Intersection(whole, above), hole)


def skeleton(variation: Variation, side: float) -> list[Structure]:
    """Cartilage, menisci and bones, in the order of painting.

    Args:
        variation: of the individual.
        side: 1.0 where the outer side of the knee lies at positive x.
    """
    bone, marrow, cartilage = (TISSUES[n] for n in ("cortical bone", "fatty spongiosa", "articular cartilage"))
    bumps = ValueNoise(variation.stream("bones"), spacing_mm=22.0)
    thick = variation.uniform("cartilage", 1.9, 2.7)

    def uneven(solid: Levelled) -> Warped:
        return Warped(solid, bumps, 0.015)

    joint = Union(
        (
            Box((0.0, 6.0, 3.0), (90.0, 80.0, 34.0)),
            Box((0.0, -30.0, 16.0), (60.0, 40.0, 44.0)),
        )
    )
    plateau = Union(
        tuple(Ellipsoid((s * 20.5, 3.0, PLATEAU_MM), (16.0, 20.0, thick + 0.4)) for s in (1.0, -1.0)),
        "ellipsoid",
    )
    fibula: tuple[Vector, ...] = ((side * 37.0, 21.0, -34.0), (side * 38.0, 22.0, -70.0), (side * 36.0, 20.0, -160.0))
    shin: Vector = (0.0, 2.0, -33.0)
    thigh: Vector = (0.0, -7.0, 30.0)
    return [
        Structure("menisci", Union((_meniscus(1.0), _meniscus(-1.0)), "wedge"), TISSUES["meniscus"]),
        Structure("tibial cartilage", plateau, cartilage),
        Structure("femoral cartilage", Intersection(uneven(femur(side, -thick)), joint), cartilage),
        Structure("femur", uneven(femur(side, 0.0)), bone),
        Structure("femoral marrow", uneven(femur(side, _CORTEX_MM)), marrow, (thigh, 9.0)),
        Structure("tibia", uneven(tibia(side, 0.0)), bone),
        Structure("tibial marrow", uneven(tibia(side, _CORTEX_MM)), marrow, (shin, 10.0)),
        Structure("fibula", Union((*tube(fibula, (8.0, 6.5)).parts, sphere(fibula[0], 9.5)), "tube"), bone),
        Structure("fibular marrow", Union((*tube(fibula, (6.0, 3.6)).parts, sphere(fibula[0], 8.0)), "tube"), marrow),
        Structure("patellar cartilage", _patella(side, 0.6, 1.2 + thick), cartilage),
        Structure("patella", _patella(side, 0.0), bone),
        Structure("patellar marrow", _patella(side, _CORTEX_MM), marrow, ((side * 3.0, -47.0, 19.0), 7.5)),
    ]
