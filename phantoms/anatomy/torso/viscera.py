"""Organs of the abdomen: liver, spleen, kidneys, pancreas, stomach and bowel, and the great vessels."""

from __future__ import annotations

from phantoms.anatomy.torso.contrast import Enhancement
from phantoms.anatomy.torso.loin import cavity
from phantoms.anatomy.trees import grown, strewn
from phantoms.combined import Difference, Intersection, Union, tube
from phantoms.lofts import Folded, Loft, Merged, Warped
from phantoms.noise import ValueNoise
from phantoms.phantom import Structure
from phantoms.solids import Coordinates, Ellipsoid, Mask, Solid, Vector, sphere
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

PORTA: Vector = (-26.0, -8.0, 32.0)
_PORTAL_TARGETS, _HEPATIC_TARGETS = 190, 110
QUIET: Vector = (-96.0, 12.0, 40.0)
QUIET_MM = 13.0
"""A part of the liver that vessels and lesions leave free."""

_STOMACH: tuple[Vector, ...] = ((46.0, 14.0, 96.0), (60.0, -20.0, 62.0), (48.0, -50.0, 30.0), (10.0, -56.0, 12.0))
_STOMACH_MM = (29.0, 27.0, 19.0)
_COLON: tuple[tuple[Vector, ...], ...] = (
    ((-96.0, 22.0, -150.0), (-100.0, 26.0, -60.0), (-98.0, 8.0, -18.0)),
    ((-98.0, 0.0, -20.0), (-60.0, -56.0, -34.0), (0.0, -64.0, -42.0), (60.0, -60.0, -10.0), (96.0, -8.0, 26.0)),
    ((98.0, 4.0, 26.0), (104.0, 26.0, -40.0), (96.0, 20.0, -150.0)),
)


def liver_shape(variation: Variation) -> Intersection:
    """Both lobes, smooth and a little uneven."""
    large = variation.around("liver", 1.0, 0.05)
    lobes = Merged(
        (
            Ellipsoid((-72.0, -2.0, 58.0), (66.0 * large, 80.0 * large, 74.0 * large)),
            Ellipsoid((-20.0, -46.0, 74.0), (74.0 * large, 34.0 * large, 38.0 * large), (0.0, 0.0, -6.0)),
        )
    )
    return Intersection(Warped(lobes, ValueNoise(variation.stream("liver"), spacing_mm=40.0), 0.05), cavity(3.0))


def in_liver(
    variation: Variation, name: str, count: int, margin_mm: float, obstacles: tuple[Solid, ...]
) -> list[Vector]:
    """Points of the right lobe, at least `margin_mm` below its surface and outside all obstacles.

    Args:
        variation: of the individual.
        name: of the draw.
        count: how many points to try.
        margin_mm: distance from the surface.
        obstacles: where no point may lie.
    """
    core = Ellipsoid((-72.0, -2.0, 58.0), (58.0 - margin_mm, 70.0 - margin_mm, 64.0 - margin_mm))
    shell = cavity(8.0 + margin_mm)

    def accepted(x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        inside = core.contains(x, y, z) & shell.contains(x, y, z)
        for obstacle in obstacles:
            inside &= ~obstacle.contains(x, y, z)
        return inside

    return strewn(variation, name, count, (-135.0, -80.0, -10.0), (-10.0, 75.0, 125.0), accepted)


def liver(variation: Variation, seen: Enhancement) -> list[Structure]:
    """The liver with its veins, and the gall bladder."""
    shape = liver_shape(variation)
    quiet = sphere(QUIET, QUIET_MM)
    free = (sphere(QUIET, QUIET_MM + 3.0),)
    portal = grown(PORTA, in_liver(variation, "portal", _PORTAL_TARGETS, 0.0, free))
    hepatic = grown((-22.0, 18.0, 108.0), in_liver(variation, "hepatic", _HEPATIC_TARGETS, 0.0, free))
    bladder: Vector = (-44.0, -40.0, 4.0)
    return [
        Structure("liver", shape, seen["liver"]),
        Structure("portal branches", Difference(portal, quiet), seen["portal vein"]),
        Structure("hepatic veins", Difference(hepatic, quiet), seen["vein"]),
        Structure("liver sample", quiet, seen["liver"], (QUIET, QUIET_MM - 0.5)),
        Structure("gall bladder wall", Ellipsoid(bladder, (14.5, 22.5, 25.5), (15.0, 0.0, 0.0)), seen["bowel wall"]),
        Structure(
            "gall bladder", Ellipsoid(bladder, (12.5, 20.5, 23.5), (15.0, 0.0, 0.0)), TISSUES["bile"], (bladder, 11.0)
        ),
    ]


def _kidney(variation: Variation, side: str, center: Vector, seen: Enhancement) -> list[Structure]:
    """Cortex, medulla between its columns, the fat of the sinus and the pelvis."""
    sign = 1.0 if side == "left" else -1.0
    turn = (8.0, sign * 12.0, sign * -28.0)
    ripple = ValueNoise(variation.stream(f"{side} kidney"), spacing_mm=30.0)
    columns = ValueNoise(variation.stream(f"{side} columns"), spacing_mm=13.0)
    body = Warped(Ellipsoid(center, (27.0, 23.0, 53.0), turn), ripple, 0.05)
    medulla = Folded(Ellipsoid(center, (27.0, 23.0, 53.0), turn), columns, width=0.22, depth=0.5, limit=0.56)
    x, y, z = center
    # The hilum looks to the middle and to the front.
    sinus: Vector = (x - sign * 14.0, y - 7.0, z)
    pelvis: Vector = (x - sign * 17.0, y - 8.0, z - 4.0)
    pole: Vector = (x + sign * 3.0, y + 3.0, z + 38.0)
    return [
        Structure(f"{side} renal cortex", body, seen["kidney cortex"]),
        Structure(f"{side} renal medulla", medulla, seen["kidney medulla"]),
        Structure(f"{side} renal pole", sphere(pole, 7.0), seen["kidney cortex"], (pole, 6.0)),
        Structure(f"{side} renal sinus", Ellipsoid(sinus, (14.0, 9.0, 24.0), turn), TISSUES["adipose"]),
        Structure(f"{side} renal pelvis", Ellipsoid(pelvis, (9.0, 5.5, 10.0), turn), seen["urine"]),
        Structure(
            f"{side} ureter",
            tube([pelvis, (sign * 36.0, 18.0, z - 50.0), (sign * 38.0, -2.0, -190.0)], 2.2),
            seen["urine"],
        ),
    ]


def solid_organs(variation: Variation, seen: Enhancement) -> list[Structure]:
    """Spleen, kidneys, pancreas and adrenal glands."""
    long = variation.around("spleen", 1.0, 0.15)
    spleen = Warped(
        Ellipsoid((96.0, 42.0, 66.0), (23.0, 42.0, 46.0 * long), (0.0, 10.0, 24.0)),
        ValueNoise(variation.stream("spleen"), spacing_mm=30.0),
        0.06,
    )
    left = (60.0, 44.0 + variation.around("left kidney y", 0.0, 3.0), 12.0 + variation.around("left kidney", 0.0, 8.0))
    right = (-60.0, 46.0 + variation.around("right kidney y", 0.0, 3.0), variation.around("right kidney", -8.0, 8.0))
    lobules = ValueNoise(variation.stream("pancreas"), spacing_mm=9.0)
    pancreas = Merged(
        tuple(
            Ellipsoid(place, (radius, 0.8 * radius, radius))
            for place, radius in (
                ((-14.0, -20.0, 0.0), 15.0),
                ((-12.0, -22.0, 10.0), 15.0),
                ((0.0, -24.0, 20.0), 13.0),
                ((14.0, -22.0, 26.0), 12.0),
                ((28.0, -14.0, 31.0), 12.0),
                ((42.0, -4.0, 36.0), 12.0),
                ((56.0, 6.0, 42.0), 12.0),
                ((69.0, 16.0, 48.0), 11.0),
            )
        )
    )
    glands = []
    for sign, z in ((1.0, 72.0), (-1.0, 62.0)):
        apex: Vector = (sign * 32.0, 22.0, z)
        glands += [
            *tube([apex, (sign * 40.0, 40.0, z - 8.0)], 2.4).parts,
            *tube([apex, (sign * 27.0, 40.0, z - 8.0)], 2.4).parts,
        ]
    return [
        Structure("spleen", Intersection(spleen, cavity(2.0)), seen["spleen"], ((90.0, 40.0, 80.0), 9.0)),
        Structure("adrenal glands", Union(tuple(glands), "tube"), seen["pancreas"]),
        *_kidney(variation, "left", left, seen),
        *_kidney(variation, "right", right, seen),
        Structure("pancreas", Folded(pancreas, lobules, width=0.12, depth=0.35), seen["pancreas"]),
        Structure("pancreatic head", sphere((-13.0, -21.0, 6.0), 8.0), seen["pancreas"], ((-13.0, -21.0, 6.0), 7.5)),
    ]


def bowel(variation: Variation, seen: Enhancement) -> list[Structure]:
    """Stomach, small bowel and colon with fluid, gas and stool."""
    fluid, gas, lining = TISSUES["bowel content"], TISSUES["air"], seen["bowel wall"]
    loops = ValueNoise(variation.stream("loops"), spacing_mm=24.0)
    bubbles = ValueNoise(variation.stream("bubbles"), spacing_mm=34.0)
    stool = ValueNoise(variation.stream("stool"), spacing_mm=10.0, octaves=3)
    room = Loft(
        (
            (-190.0, 4.0, -14.0, 82.0, 52.0, 34.0),
            (-60.0, 6.0, -14.0, 78.0, 50.0, 30.0),
            (-18.0, 14.0, -16.0, 60.0, 40.0, 22.0),
            (4.0, 24.0, -18.0, 30.0, 20.0, 10.0),
        ),
        squareness=0.3,
    )
    wide = Union(tuple(part for path in _COLON for part in tube(path, 22.0).parts), "tube")
    narrow = Union(tuple(part for path in _COLON for part in tube(path, 19.0).parts), "tube")
    full = Intersection(narrow, Folded(room_everywhere(), stool, width=0.12, depth=1.0, limit=0.55))
    stomach, lumen = (tube(_STOMACH, tuple(r - inset for r in _STOMACH_MM)) for inset in (0.0, 4.0))
    x, y, z = _STOMACH[1]
    surface = y + 2.0
    above = Loft(
        ((-190.0, 0.0, surface - 100.0, 200.0, 100.0, 100.0), (170.0, 0.0, surface - 100.0, 200.0, 100.0, 100.0)), 1.0
    )
    return [
        Structure("small bowel", Folded(room, loops, width=0.2, depth=1.0, limit=0.999), lining),
        Structure("small bowel content", Folded(room, loops, width=0.38, depth=1.0, limit=0.93), fluid),
        Structure(
            "small bowel gas",
            Intersection(Folded(room, loops, width=0.5, depth=1.0, limit=0.7), Folded(room, bubbles, 1.6, 1.0, 0.72)),
            gas,
        ),
        Structure("colon", wide, lining),
        Structure("colonic gas", narrow, gas),
        Structure("stool", full, fluid),
        Structure("stomach", stomach, lining),
        Structure("stomach content", lumen, fluid, ((x, y + 14.0, z + 2.0), 8.0)),
        Structure("stomach gas", Intersection(lumen, above), gas),
    ]


def room_everywhere() -> Loft:
    """All of the abdomen as a shape whose level is small."""
    return Loft(((-190.0, 0.0, 0.0, 900.0, 900.0, 900.0), (170.0, 0.0, 0.0, 900.0, 900.0, 900.0)))


def vessels(variation: Variation, seen: Enhancement) -> list[Structure]:
    """Aorta, inferior vena cava, portal, renal and mesenteric vessels."""
    wide = variation.around("aorta", 1.0, 0.1)
    artery, vein = seen["artery"], seen["vein"]
    aorta: list[Vector] = [(6.0, 28.0, 170.0), (6.0, 22.0, 60.0), (5.0, 14.0, -20.0), (4.0, 12.0, -96.0)]
    cava: list[Vector] = [(-22.0, 14.0, 170.0), (-22.0, 16.0, 100.0), (-20.0, 18.0, 0.0), (-18.0, 18.0, -100.0)]
    iliac_arteries: list[Solid] = []
    iliac_veins: list[Solid] = []
    for sign in (-1.0, 1.0):
        iliac_arteries += tube([(4.0, 12.0, -94.0), (sign * 34.0, 14.0, -150.0), (sign * 44.0, 4.0, -190.0)], 5.0).parts
        iliac_veins += tube([(-18.0, 18.0, -98.0), (sign * 34.0, 26.0, -150.0), (sign * 46.0, 16.0, -190.0)], 6.0).parts
    portal = Union(
        (
            *tube([PORTA, (-14.0, -8.0, 24.0), (-2.0, -12.0, 18.0)], 7.0).parts,
            *tube([(-2.0, -12.0, 18.0), (30.0, -4.0, 28.0), (72.0, 26.0, 50.0), (86.0, 34.0, 58.0)], 4.5).parts,
            *tube([(-2.0, -12.0, 18.0), (-6.0, -14.0, -20.0), (-4.0, -20.0, -90.0)], 5.5).parts,
        ),
        "tube",
    )
    arteries = Union(
        (
            *tube([(6.0, 18.0, 22.0), (7.0, 2.0, 14.0), (8.0, -10.0, -10.0), (8.0, -18.0, -90.0)], 3.5).parts,
            *tube([(6.0, 20.0, 38.0), (4.0, 2.0, 40.0), (-20.0, -6.0, 40.0)], 3.0).parts,
            *tube([(4.0, 2.0, 40.0), (40.0, 10.0, 46.0), (84.0, 36.0, 62.0)], 2.6).parts,
            *tube([(6.0, 16.0, 4.0), (26.0, 26.0, 6.0), (46.0, 36.0, 10.0)], 2.8).parts,
            *tube([(6.0, 16.0, 2.0), (-24.0, 28.0, -2.0), (-46.0, 38.0, -6.0)], 2.8).parts,
            *iliac_arteries,
        ),
        "tube",
    )
    renal = Union(
        (
            *tube([(-18.0, 18.0, 8.0), (6.0, 4.0, 10.0), (46.0, 34.0, 10.0)], 4.5).parts,
            *tube([(-22.0, 20.0, -4.0), (-44.0, 34.0, -4.0)], 4.5).parts,
        ),
        "tube",
    )
    return [
        Structure("renal veins", renal, seen["renal vein"]),
        Structure("portal vein", portal, seen["portal vein"], ((-8.0, -10.0, 21.0), 4.5)),
        Structure("iliac veins", Union(tuple(iliac_veins), "tube"), vein),
        Structure("inferior vena cava", tube(cava, 11.0), vein, ((-19.5, 18.0, -40.0), 8.0)),
        Structure("arteries", arteries, artery),
        Structure("aorta", tube(aorta, 10.0 * wide), artery, ((4.6, 13.0, -50.0), 7.5)),
    ]
