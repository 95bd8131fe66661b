"""Wall and bones of the abdomen: skin, fat, muscles, lumbar spine, lowest ribs and iliac wings."""

from __future__ import annotations

import math

from phantoms.anatomy.symmetry import both, both_tubes, pair
from phantoms.combined import Difference, Intersection, Union, tube
from phantoms.lofts import Folded, Loft, Section, Warped
from phantoms.material import Tissue
from phantoms.noise import ValueNoise
from phantoms.phantom import Structure
from phantoms.solids import Box, Capsule, Ellipsoid, Solid, Vector
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

LOWEST_MM, HIGHEST_MM = -190.0, 170.0
_SQUARENESS = 0.3

# Inside of the muscular wall: z, half width, depth in front and behind of y = 0.
_CAVITY = (
    (-190.0, 122.0, 70.0, 62.0),
    (-120.0, 124.0, 76.0, 66.0),
    (-50.0, 122.0, 80.0, 70.0),
    (20.0, 128.0, 84.0, 76.0),
    (90.0, 132.0, 88.0, 84.0),
    (170.0, 126.0, 84.0, 84.0),
)
_VERTEBRA_MM, _DISC_MM = 34.0, 9.0
_RIB_STEPS = 12


def cavity(inset_mm: float = 0.0) -> Loft:
    """The inside of the muscular wall, moved inwards."""
    sections: list[Section] = [
        (z, 0.0, 0.0, width - inset_mm, front - inset_mm, back - inset_mm) for z, width, front, back in _CAVITY
    ]
    return Loft(tuple(sections), squareness=_SQUARENESS)


def spine_y_mm(z: float) -> float:
    """Where the vertebral bodies' centres lie: a lumbar lordosis."""
    share = (z + 60.0) / 180.0
    return round(40.0 + 16.0 * share * share, 6)


def wall(variation: Variation, padding_mm: float, muscle: Tissue) -> list[Structure]:
    """Skin, fat and muscles, in the order of painting; the cavity's own fat is the last.

    Args:
        variation: of the individual.
        padding_mm: thickness of the fat below the skin.
        muscle: as the phase of the contrast agent makes it.
    """
    ripple = ValueNoise(variation.stream("surface"), spacing_mm=60.0)
    strands = ValueNoise(variation.stream("muscles"), spacing_mm=19.0)
    fat = TISSUES["adipose"]
    thick = 13.0
    back = 26.0

    def around(outset_mm: float, behind_mm: float) -> Loft:
        sections: list[Section] = [(z, 0.0, 0.0, w + outset_mm, f + outset_mm, b + behind_mm) for z, w, f, b in _CAVITY]
        return Loft(tuple(sections), squareness=_SQUARENESS)

    muscles = around(thick, thick + back)
    erectors = Union(pair((36.0, 92.0, -10.0), (27.0, 19.0, 260.0)), "ellipsoid")
    psoas = both_tubes(
        ((28.0, 50.0, 60.0), (36.0, 46.0, -30.0), (48.0, 36.0, -110.0), (56.0, 22.0, -190.0)), (13.0, 21.0, 24.0)
    )
    rectus = Intersection(both((34.0, -88.0, -20.0), (30.0, 12.0, 260.0)), muscles)
    return [
        Structure(
            "skin",
            Warped(around(thick + padding_mm + 2.0, thick + back + padding_mm + 2.0), ripple, 0.02),
            TISSUES["skin"],
        ),
        Structure("subcutaneous fat", Warped(around(thick + padding_mm, thick + back + padding_mm), ripple, 0.02), fat),
        Structure("muscle", Folded(muscles, strands, width=0.06, depth=0.25), muscle),
        Structure("abdominal fat", cavity(), fat),
        Structure("rectus muscles", rectus, muscle),
        Structure("erector muscles", erectors, muscle, ((38.0, 94.0, -20.0), 9.0)),
        Structure("psoas muscles", psoas, muscle, ((42.0, 41.0, -70.0), 12.0)),
    ]


def _on_wall(z: float, angle_deg: float) -> Vector:
    """A point in the left wall: 0 degrees at the back, 90 at the side."""
    sine, cosine = math.sin(math.radians(angle_deg)), math.cos(math.radians(angle_deg))
    product = _SQUARENESS * sine * sine * cosine * cosine
    reach = 1.0 if product < 1e-9 else math.sqrt((1.0 - math.sqrt(1.0 - 4.0 * product)) / (2.0 * product))
    depth = 92.0 if cosine > 0 else 90.0
    return (round(reach * sine * 137.0, 4), round(reach * cosine * depth, 4), round(z, 4))


def _rib(top: float, last_deg: float) -> tuple[Vector, ...]:
    """A lower rib of the left side from the spine to its end."""
    path: list[Vector] = [(20.0, spine_y_mm(top) + 12.0, top)]
    for step in range(_RIB_STEPS):
        share = step / (_RIB_STEPS - 1)
        path.append(_on_wall(top - 78.0 * share * (0.5 + 0.5 * share), 28.0 + (last_deg - 28.0) * share))
    return tuple(path)


def _arch(z: float) -> list[Solid]:
    """Pedicles, laminae, transverse and spinous processes of a lumbar vertebra."""
    y = spine_y_mm(z)
    parts: list[Solid] = [Capsule((0.0, y + 46.0, z - 4.0), (0.0, y + 66.0, z - 10.0), 4.0)]
    for side in (-1.0, 1.0):
        pedicle, joint = (side * 14.0, y + 14.0, z + 5.0), (side * 17.0, y + 32.0, z + 2.0)
        parts += [
            Capsule(pedicle, joint, 5.0),
            Capsule(joint, (side * 44.0, y + 32.0, z + 5.0), 4.0),
            Capsule(joint, (0.0, y + 46.0, z - 4.0), 4.0),
        ]
    return parts


def lung_bases(variation: Variation) -> Structure:
    """What the lungs reach of the scan, around the domes of the diaphragm."""
    breath = variation.around("breath", 0.0, 6.0)
    domes = Union(
        (
            Ellipsoid((-66.0, -4.0, 42.0 + breath), (76.0, 92.0, 88.0)),
            Ellipsoid((66.0, 4.0, 38.0 + breath), (72.0, 90.0, 90.0)),
        )
    )
    middle = Loft(((-190.0, 0.0, 20.0, 34.0, 92.0, 60.0), (170.0, 4.0, 10.0, 40.0, 92.0, 60.0)))
    top = HIGHEST_MM - 60.0
    chest = Intersection(Box((0.0, 0.0, 60.0 + top / 2), (300.0, 240.0, top)), cavity(2.0))
    return Structure("lung bases", Difference(chest, Union((*domes.parts, middle))), TISSUES["lung"])


def bones() -> list[Structure]:
    """Spine, ribs and iliac wings, in the order of painting."""
    bone, spongiosa, marrow = (TISSUES[n] for n in ("cortical bone", "vertebral spongiosa", "rib spongiosa"))
    pitch = _VERTEBRA_MM + _DISC_MM
    heights = [110.0 - pitch * k for k in range(-1, 7)]
    rib_paths = [_rib(150.0 - 26.0 * k, last) for k, last in enumerate((140.0, 132.0, 118.0, 84.0))]
    knots = [float(z) for z in range(int(LOWEST_MM), int(HIGHEST_MM) + 1, 30)]

    def column(inset_mm: float) -> Loft:
        return Loft(
            tuple((z, 0.0, spine_y_mm(z), 24.0 - inset_mm, 17.0 - inset_mm, 16.0 - inset_mm) for z in knots),
            squareness=0.2,
        )

    wings = both((84.0, 40.0, -178.0), (46.0, 62.0, 78.0), (0.0, 0.0, 38.0))
    hollow = both((70.0, 30.0, -178.0), (46.0, 62.0, 82.0), (0.0, 0.0, 38.0))
    inner = both((84.0, 40.0, -178.0), (43.0, 59.0, 75.0), (0.0, 0.0, 38.0))
    hollow_more = both((72.5, 32.0, -178.0), (46.0, 62.0, 82.0), (0.0, 0.0, 38.0))
    canal = [(0.0, spine_y_mm(z) + 27.0, z) for z in knots]
    middle = heights[3]
    return [
        Structure("ribs", Union(tuple(c for p in rib_paths for c in both_tubes(p, (5.0,) * _RIB_STEPS).parts)), bone),
        Structure(
            "rib marrow", Union(tuple(c for p in rib_paths for c in both_tubes(p, (3.4,) * _RIB_STEPS).parts)), marrow
        ),
        Structure("iliac wings", Difference(wings, hollow), bone),
        Structure("iliac marrow", Difference(inner, hollow_more), marrow),
        Structure("vertebrae", column(0.0), bone),
        Structure("vertebral arches", Union(tuple(part for z in heights for part in _arch(z))), bone),
        Structure("vertebral marrow", column(1.8), spongiosa, ((0.0, spine_y_mm(middle), middle), 9.0)),
        Structure(
            "discs",
            Intersection(
                Union(tuple(Box((0.0, spine_y_mm(z), z + pitch / 2), (56.0, 44.0, _DISC_MM)) for z in heights)),
                column(-0.6),
            ),
            TISSUES["cartilage"],
        ),
        Structure("spinal canal", tube(canal, 9.5), TISSUES["cerebrospinal fluid"]),
        Structure("nerve roots", tube(canal, 5.0), TISSUES["white matter"]),
    ]
