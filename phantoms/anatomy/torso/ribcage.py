"""The bones of the thorax: spine, ribs, sternum, clavicles and scapulae."""

from __future__ import annotations

import math

from phantoms.anatomy.symmetry import both, both_tubes
from phantoms.combined import Intersection, Union, tube
from phantoms.lofts import Loft, Section
from phantoms.phantom import Structure
from phantoms.solids import Box, Capsule, Ellipsoid, Solid, Vector
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

LOWEST_MM, HIGHEST_MM = -200.0, 190.0
SQUARENESS = 0.35

# Inner surface of the cage: z, half width, depth in front and behind.
CAGE = (
    (-200.0, 128.0, 86.0, 86.0),
    (-120.0, 137.0, 93.0, 93.0),
    (-60.0, 137.0, 92.0, 97.0),
    (0.0, 131.0, 86.0, 97.0),
    (50.0, 116.0, 74.0, 94.0),
    (90.0, 92.0, 56.0, 84.0),
    (118.0, 60.0, 36.0, 66.0),
    (136.0, 24.0, 14.0, 38.0),
)
_VERTEBRA_MM = 25.0
_DISC_MM = 5.0
_RIB_STEPS = 16


def cage(inset_mm: float = 0.0) -> Loft:
    """The inside of the rib cage, moved inwards."""
    sections: list[Section] = [
        (z, 0.0, 0.0, max(width - inset_mm, 1.0), max(front - inset_mm, 1.0), max(back - inset_mm, 1.0))
        for z, width, front, back in CAGE
    ]
    return Loft(tuple(sections), squareness=SQUARENESS)


def spine_y_mm(z: float) -> float:
    """Where the vertebral bodies' centres lie: a thoracic kyphosis."""
    share = (z - 10.0) / 180.0
    return round(58.0 - 20.0 * share * share, 6)


def _measure(z: float, column: int) -> float:
    """A measure of the cage at a height, on straight lines between its sections."""
    height = min(max(z, CAGE[0][0]), CAGE[-1][0])
    upper = next(i for i in range(1, len(CAGE)) if height <= CAGE[i][0])
    low, high = CAGE[upper - 1], CAGE[upper]
    share = (height - low[0]) / (high[0] - low[0])
    return low[column] * (1 - share) + high[column] * share


def on_cage(z: float, angle_deg: float, outwards_mm: float) -> Vector:
    """A point outside the left wall of the cage.

    Args:
        z: height.
        angle_deg: 0 at the back, 90 at the left, 180 in front.
        outwards_mm: distance from the inner surface.
    """
    sine, cosine = math.sin(math.radians(angle_deg)), math.cos(math.radians(angle_deg))
    product = SQUARENESS * sine * sine * cosine * cosine
    # Where u2 + v2 - squareness u2 v2 = 1 along this direction.
    reach = 1.0 if product < 1e-9 else math.sqrt((1.0 - math.sqrt(1.0 - 4.0 * product)) / (2.0 * product))
    depth = _measure(z, 3 if cosine > 0 else 2)
    return (
        round(reach * sine * (_measure(z, 1) + outwards_mm), 4),
        round(reach * cosine * (depth + outwards_mm), 4),
        round(z, 4),
    )


def _rib(level: int) -> list[Vector]:
    """The left rib of the vertebra `level`, 1 for the first, from its head to its end in front."""
    top = 128.0 - _VERTEBRA_MM * (level - 1)
    drop = min(18.0 + 9.0 * level, 78.0)
    last = 158.0 if level <= 7 else 158.0 - 16.0 * (level - 7)
    path: list[Vector] = [(19.0, spine_y_mm(top) + 8.0, top)]
    for step in range(_RIB_STEPS):
        share = step / (_RIB_STEPS - 1)
        path.append(on_cage(top + 2.0 - drop * share * (0.6 + 0.4 * share), 24.0 + (last - 24.0) * share, 4.5))
    return path


def _mirror(path: list[Vector]) -> list[Vector]:
    return [(-x, y, z) for x, y, z in path]


def _vertebral_arch(z: float) -> list[Solid]:
    """Pedicles, laminae, transverse and spinous processes of one vertebra."""
    y = spine_y_mm(z)
    parts: list[Solid] = []
    for side in (-1.0, 1.0):
        pedicle, joint = (side * 11.0, y + 10.0, z + 4.0), (side * 13.0, y + 24.0, z + 3.0)
        parts += [
            Capsule(pedicle, joint, 4.0),
            Capsule(joint, (side * 34.0, y + 34.0, z + 4.0), 4.2),
            Capsule(joint, (0.0, y + 36.0, z - 3.0), 3.2),
        ]
    parts.append(Capsule((0.0, y + 36.0, z - 3.0), (0.0, y + 52.0, z - 22.0), 3.0))
    return parts


def skeleton(variation: Variation) -> list[Structure]:
    """The bones in the order of painting, over muscle and under what the cage holds.

    Args:
        variation: of the individual.
    """
    bone, marrow = TISSUES["cortical bone"], TISSUES["rib spongiosa"]
    spongiosa = TISSUES["vertebral spongiosa"]
    cartilage = TISSUES["cartilage"]
    thick = variation.around("rib", 1.0, 0.1)
    ribs = [_rib(level) for level in range(1, 13)]
    paths = [p for rib in ribs for p in (rib, _mirror(rib))]
    ends = [rib[-1] for rib in ribs[:7]]
    plate = [(14.0, -_measure(end[2] + 14.0, 2) - 7.0, end[2] + 14.0) for end in ends]
    costal = [(a, b) for a, b in zip(ends, plate, strict=True)]
    heights = [128.0 - _VERTEBRA_MM * i for i in range(-2, 14)]

    def column(inset_mm: float) -> Loft:
        return Loft(
            tuple(
                (float(z), 0.0, spine_y_mm(z), 17.5 - inset_mm, 14.0 - inset_mm, 13.0 - inset_mm)
                for z in range(int(LOWEST_MM), int(HIGHEST_MM) + 1, 30)
            ),
            squareness=0.2,
        )

    breast_y = -_measure(10.0, 2) - 9.0
    top_y = -_measure(78.0, 2) - 8.0
    return [
        Structure(
            "clavicles",
            both_tubes(
                ((20.0, -58.0, 102.0), (60.0, -62.0, 114.0), (105.0, -34.0, 132.0), (140.0, -12.0, 140.0)),
                (6.5, 5.5, 6.0),
            ),
            bone,
        ),
        Structure(
            "scapulae",
            Union(
                (
                    *both((106.0, 84.0, 66.0), (46.0, 4.2, 66.0), (0.0, -8.0, -38.0)).parts,
                    *both_tubes(((84.0, 106.0, 96.0), (138.0, 68.0, 124.0)), (5.5,)).parts,
                )
            ),
            bone,
        ),
        Structure("humeral heads", both((158.0, 18.0, 150.0), (23.0, 23.0, 23.0)), bone),
        Structure("humeral marrow", both((158.0, 18.0, 150.0), (20.5, 20.5, 20.5)), marrow),
        Structure("ribs", Union(tuple(c for p in paths for c in tube(p, 4.6 * thick).parts)), bone),
        Structure("rib marrow", Union(tuple(c for p in paths for c in tube(p, 3.2 * thick).parts)), marrow),
        Structure(
            "costal cartilage",
            Union(
                tuple(
                    Capsule((s * a[0], a[1], a[2]), (s * b[0], b[1], b[2]), 4.5) for a, b in costal for s in (-1.0, 1.0)
                )
            ),
            cartilage,
        ),
        Structure(
            "sternum",
            Union(
                (
                    Ellipsoid((0.0, breast_y, 8.0), (18.0, 6.0, 62.0), (-9.0, 0.0, 0.0)),
                    Ellipsoid((0.0, top_y, 80.0), (27.0, 7.0, 24.0), (-18.0, 0.0, 0.0)),
                )
            ),
            bone,
        ),
        Structure(
            "sternal marrow",
            Union(
                (
                    Ellipsoid((0.0, breast_y, 8.0), (15.8, 4.4, 59.0), (-9.0, 0.0, 0.0)),
                    Ellipsoid((0.0, top_y, 80.0), (24.5, 5.2, 21.5), (-18.0, 0.0, 0.0)),
                )
            ),
            marrow,
        ),
        Structure("vertebrae", column(0.0), bone),
        Structure("vertebral arches", Union(tuple(part for z in heights for part in _vertebral_arch(z))), bone),
        Structure("vertebral marrow", column(1.8), spongiosa, ball=((0.0, spine_y_mm(heights[7]), heights[7]), 6.0)),
        Structure(
            "discs",
            Intersection(
                Union(tuple(Box((0.0, spine_y_mm(z), z + _VERTEBRA_MM / 2), (40.0, 40.0, _DISC_MM)) for z in heights)),
                column(-0.4),
            ),
            cartilage,
        ),
        Structure(
            "spinal canal",
            tube(
                [(0.0, spine_y_mm(z) + 21.5, z) for z in (LOWEST_MM, -120.0, -60.0, 0.0, 60.0, 120.0, HIGHEST_MM)], 8.5
            ),
            TISSUES["cerebrospinal fluid"],
        ),
        Structure(
            "spinal cord",
            tube(
                [(0.0, spine_y_mm(z) + 21.5, z) for z in (LOWEST_MM, -120.0, -60.0, 0.0, 60.0, 120.0, HIGHEST_MM)], 5.0
            ),
            TISSUES["white matter"],
        ),
    ]
