"""The knee: bones with cartilage and menisci, ligaments, muscles, fat and skin."""

from __future__ import annotations

from typing import Literal

from phantoms.anatomy.limb.bones import PLATEAU_MM, skeleton
from phantoms.combined import Intersection, Union, tube
from phantoms.errors import PhantomError
from phantoms.lofts import Folded, Loft, Section, Warped
from phantoms.noise import ValueNoise
from phantoms.phantom import Phantom, Structure
from phantoms.placement import Placement
from phantoms.solids import Ellipsoid, Solid, Vector
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

Side = Literal["left", "right"]

# Skin: z, half width, depth in front and behind.
_SKIN = (
    (-160.0, 50.0, 46.0, 62.0),
    (-90.0, 54.0, 50.0, 66.0),
    (-45.0, 55.0, 54.0, 58.0),
    (-10.0, 58.0, 58.0, 52.0),
    (20.0, 60.0, 65.0, 54.0),
    (60.0, 64.0, 64.0, 62.0),
    (160.0, 76.0, 74.0, 72.0),
)

# Muscles: name, centre and half axes on the inner (-1) or outer (1) side, as if the outer side lay at positive x.
_MUSCLES: tuple[tuple[str, Vector, Vector, Vector], ...] = (
    ("vastus medialis", (-34.0, -20.0, 92.0), (25.0, 32.0, 66.0), (0.0, 0.0, 30.0)),
    ("vastus lateralis", (36.0, -18.0, 100.0), (24.0, 33.0, 72.0), (0.0, 0.0, -30.0)),
    ("rectus femoris", (2.0, -48.0, 130.0), (28.0, 14.0, 58.0), (0.0, 0.0, 0.0)),
    ("sartorius", (-45.0, 14.0, 40.0), (8.0, 15.0, 110.0), (0.0, 0.0, 10.0)),
    ("semimembranosus", (-27.0, 38.0, 74.0), (22.0, 18.0, 84.0), (0.0, 0.0, 20.0)),
    ("biceps femoris", (31.0, 37.0, 78.0), (18.0, 17.0, 88.0), (0.0, 0.0, -25.0)),
    ("gastrocnemius, inner head", (-20.0, 42.0, -74.0), (20.0, 15.0, 84.0), (0.0, 0.0, 12.0)),
    ("gastrocnemius, outer head", (20.0, 41.0, -70.0), (18.0, 14.0, 78.0), (0.0, 0.0, -12.0)),
    ("popliteus", (-4.0, 27.0, -52.0), (26.0, 7.0, 26.0), (0.0, 0.0, 0.0)),
    ("soleus", (2.0, 32.0, -128.0), (34.0, 17.0, 72.0), (0.0, 0.0, 0.0)),
    ("tibialis anterior", (27.0, -12.0, -104.0), (17.0, 23.0, 74.0), (0.0, 0.0, -30.0)),
)


def _limb(inset_mm: float) -> Loft:
    """The leg's surface moved inwards."""
    sections: list[Section] = [
        (z, 0.0, 0.0, width - inset_mm, front - inset_mm, back - inset_mm) for z, width, front, back in _SKIN
    ]
    return Loft(tuple(sections), squareness=0.12)


def _muscles(variation: Variation, side: float) -> list[Structure]:
    """Muscles with the fat between their bundles."""
    bundles = ValueNoise(variation.stream("muscles"), spacing_mm=11.0)
    bulk = variation.around("bulk", 0.97, 0.07)
    parts: list[Solid] = []
    for _, (x, y, z), (a, b, c), (u, v, w) in _MUSCLES:
        belly = Ellipsoid((side * x, y, z), (a * bulk, b * bulk, c), (u, v, side * w))
        parts.append(Folded(belly, bundles, width=0.07, depth=0.5))
    calm: Vector = (side * -20.0, 43.0, -64.0)
    return [
        Structure("muscles", Intersection(Union(tuple(parts), "muscle"), _limb(4.5)), TISSUES["muscle"]),
        Structure("muscle sample", Ellipsoid(calm, (6.0, 6.0, 6.0)), TISSUES["muscle"], (calm, 5.5)),
    ]


def _ligaments(side: float) -> list[Structure]:
    """Cruciate and collateral ligaments and the tendons of the patella."""
    front: list[Vector] = [(side * 8.0, 14.0, 10.0), (side * 3.0, 5.0, -4.0), (-side * 2.0, -9.0, PLATEAU_MM - 0.5)]
    back: list[Vector] = [(-side * 7.0, 2.0, 4.0), (-side * 3.0, 15.0, -2.0), (0.0, 23.0, PLATEAU_MM - 8.0)]
    inner: list[Vector] = [(-side * 38.0, 2.0, 16.0), (-side * 40.0, 2.0, -14.0), (-side * 31.0, 0.0, -52.0)]
    outer: list[Vector] = [(side * 37.5, 3.0, 14.0), (side * 40.0, 12.0, -10.0), (side * 38.0, 20.0, -30.0)]
    tendon = TISSUES["tendon"]
    return [
        Structure("anterior cruciate ligament", tube(front, (3.6, 4.2)), TISSUES["meniscus"]),
        Structure("posterior cruciate ligament", tube(back, (4.6, 4.6)), tendon, ((-side * 3.0, 15.0, -2.0), 3.0)),
        Structure("collateral ligaments", Union((*tube(inner, 1.8).parts, *tube(outer, 2.2).parts), "tube"), tendon),
        Structure(
            "patellar ligament", Ellipsoid((side * 2.0, -40.0, -24.0), (13.0, 3.4, 29.0), (24.0, 0.0, 0.0)), tendon
        ),
        Structure(
            "quadriceps tendon", Ellipsoid((side * 2.0, -46.0, 62.0), (15.0, 4.0, 34.0), (3.0, 0.0, 0.0)), tendon
        ),
    ]


def knee(seed: int = 0, *, side: Side | None = None, effusion_ml: float = 4.0) -> Phantom:
    """An adult knee, stretched, with cartilage, menisci and ligaments; no two seeds alike.

    The origin lies in the joint, 16 mm above the tibia's plateau. Size, bones' shape, thickness of the cartilage,
    muscles, fat and position vary with the seed.

    Args:
        seed: of the individual.
        side: `left` or `right`; None lets the seed choose.
        effusion_ml: fluid in the pouch above the patella, 0 to 40 ml; about the joint there is always a little.

    Raises:
        PhantomError: no such side, or the volume is out of range.
    """
    if side not in (None, "left", "right"):
        raise PhantomError(f"knee: side {side!r}: left or right")
    if not 0.0 <= effusion_ml <= 40.0:
        raise PhantomError(f"knee: effusion of {effusion_ml:g} ml: 0 to 40")
    variation = Variation(seed)
    chosen = side or ("left" if variation.uniform("knee side", 0.0, 1.0) < 0.5 else "right")
    outward = 1.0 if chosen == "left" else -1.0
    ripple = ValueNoise(variation.stream("surface"), spacing_mm=48.0)
    fat, fluid = TISSUES["adipose"], TISSUES["joint fluid"]
    pouch: list[Structure] = []
    if effusion_ml:
        radius = round((effusion_ml * 1000.0 * 3.0 / (4.0 * 3.14159265) / (2.2 * 0.55 * 1.4)) ** (1.0 / 3.0), 4)
        shape = Ellipsoid((outward * 2.0, -29.0, 50.0), (2.2 * radius, 0.55 * radius, 1.4 * radius), (4.0, 0.0, 0.0))
        pouch = [Structure("suprapatellar pouch", shape, fluid)]
    capsule = Ellipsoid((0.0, 3.0, -6.0), (36.0, 25.0, 14.0))
    vessel: list[Vector] = [(2.0, 36.0, 160.0), (2.0, 35.0, 40.0), (0.0, 36.0, -20.0), (0.0, 36.0, -160.0)]
    pad: Vector = (0.0, -35.0, -8.0)
    structures = [
        Structure("skin", Warped(_limb(0.0), ripple, 0.025), TISSUES["skin"]),
        Structure("fat", Warped(_limb(1.8), ripple, 0.025), fat, (pad, 4.0)),
        *_muscles(variation, outward),
        Structure("joint fluid", capsule, fluid),
        *pouch,
        Structure("popliteal artery", tube(vessel, 3.4), TISSUES["blood"]),
        Structure("popliteal vein", tube([(x + 8.0, y + 4.0, z) for x, y, z in vessel], 4.4), TISSUES["blood"]),
        Structure("tibial nerve", tube([(x + 3.0, y + 11.0, z) for x, y, z in vessel], 2.4), TISSUES["white matter"]),
        *skeleton(variation, outward),
        *_ligaments(outward),
    ]
    size = variation.around("size", 1.0, 0.06)
    return Phantom(
        name="knee",
        body_part="KNEE",
        structures=tuple(structures),
        scan_range_mm=(round(-66.0 * size, 1), round(74.0 * size, 1)),
        field_of_view_mm=170.0,
        seed=seed,
        laterality="L" if chosen == "left" else "R",
        placement=Placement(
            scale=(size * variation.around("width", 1.0, 0.03), size * variation.around("depth", 1.0, 0.03), size),
            shift_mm=(variation.around("shift x", 0.0, 4.0), variation.around("shift y", 0.0, 4.0), 0.0),
            lean=(variation.around("tilt", 0.0, 0.03), variation.around("bend", 0.0, 0.04)),
        ),
    )
