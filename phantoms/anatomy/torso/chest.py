"""The thorax: body wall, lungs with their vessels, nodules, and the organs below the diaphragm."""

from __future__ import annotations

from phantoms.anatomy.symmetry import pair
from phantoms.anatomy.torso.lying import lying
from phantoms.anatomy.torso.mediastinum import LEFT_HILUM, RIGHT_HILUM, mediastinal_fat, mediastinal_space, mediastinum
from phantoms.anatomy.torso.ribcage import cage, skeleton
from phantoms.anatomy.trees import grown, strewn
from phantoms.combined import Difference, Intersection, Union
from phantoms.errors import PhantomError
from phantoms.lofts import Folded, Loft, Section, Warped
from phantoms.noise import ValueNoise
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Coordinates, Ellipsoid, Mask, Solid, Vector, sphere
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

# Skin: z, half width, depth in front and behind.
_SKIN = (
    (-200.0, 152.0, 110.0, 118.0),
    (-110.0, 160.0, 118.0, 124.0),
    (-40.0, 166.0, 119.0, 126.0),
    (30.0, 170.0, 110.0, 125.0),
    (90.0, 178.0, 90.0, 118.0),
    (130.0, 186.0, 74.0, 104.0),
    (160.0, 170.0, 62.0, 92.0),
    (190.0, 120.0, 58.0, 84.0),
)
_VESSEL_TARGETS = 1200
_MOST_NODULES = 40


def _wall(inset_mm: float, front_mm: float = 0.0) -> Loft:
    """The body's surface moved inwards, in front by more."""
    sections: list[Section] = [
        (z, 0.0, 0.0, width - inset_mm, front - inset_mm - front_mm, back - inset_mm) for z, width, front, back in _SKIN
    ]
    return Loft(tuple(sections), squareness=0.45)


def _domes(variation: Variation) -> tuple[Ellipsoid, Ellipsoid]:
    """The right and left half of the diaphragm."""
    breath = variation.around("breath", 0.0, 8.0)
    right = Ellipsoid((-62.0, -2.0, -158.0 + breath), (74.0, 92.0, 78.0))
    left = Ellipsoid((66.0, 0.0, -170.0 + breath), (68.0, 90.0, 76.0))
    return right, left


def _lung_points(
    variation: Variation, name: str, count: int, side: float, depth_mm: float, obstacles: tuple[Solid, ...]
) -> list[Vector]:
    """Points inside one lung, at least about `depth_mm` below its surface and outside all obstacles."""
    inner = cage(depth_mm)
    low, high = sorted((side * 8.0, side * 134.0))

    def accepted(x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        inside = inner.contains(x, y, z)
        for obstacle in obstacles:
            inside &= ~obstacle.contains(x, y, z)
        return inside

    return strewn(variation, name, count, (low, -92.0, -125.0), (high, 96.0, 132.0), accepted)


def _nodules(variation: Variation, count: int, diameter_mm: float, obstacles: tuple[Solid, ...]) -> list[Structure]:
    """Solid round nodules in both lungs, none touching another."""
    radius = diameter_mm / 2
    places: list[Vector] = []
    points = [
        p
        for pair_ in zip(
            _lung_points(variation, "right nodule", 40 * count + 40, -1.0, radius + 6.0, obstacles),
            _lung_points(variation, "left nodule", 40 * count + 40, 1.0, radius + 6.0, obstacles),
            strict=False,
        )
        for p in pair_
    ]
    for point in points:
        if len(places) < count and all(
            sum((a - b) ** 2 for a, b in zip(point, other, strict=True)) > (2 * diameter_mm + 4.0) ** 2
            for other in places
        ):
            places.append(point)
    if len(places) < count:
        raise PhantomError(f"thorax: no room for {count} nodules of {diameter_mm:g} mm")
    return [
        Structure(f"nodule {number}", sphere(place, radius), TISSUES["muscle"], ball=(place, round(0.98 * radius, 3)))
        for number, place in enumerate(places, start=1)
    ]


def _breasts(variation: Variation, padding_mm: float) -> list[Structure]:
    """Breasts, in half of the individuals."""
    if variation.uniform("sex", 0.0, 1.0) < 0.5:
        return []
    x, height = variation.around("breast x", 76.0, 5.0), variation.around("breast z", -42.0, 8.0)
    depth = variation.uniform("breast", 15.0, 25.0) + 0.5 * padding_mm
    shape = ValueNoise(variation.stream("breasts"), spacing_mm=45.0)

    def side(sign: float, inset_mm: float) -> Warped:
        radii = (58.0 - inset_mm, depth - inset_mm, 50.0 - inset_mm)
        return Warped(Ellipsoid((sign * x, -100.0, height), radii, (0.0, 0.0, sign * 12.0)), shape, 0.06)

    return [
        Structure("breast skin", Union((side(1.0, 0.0), side(-1.0, 0.0))), TISSUES["skin"]),
        Structure("breasts", Union((side(1.0, 2.0), side(-1.0, 2.0))), TISSUES["adipose"]),
    ]


def thorax(seed: int = 0, *, nodule_mm: float = 8.0, nodules: int = 3) -> Phantom:
    """An adult thorax in inspiration, arms raised, from the lung tips to the upper abdomen; no two seeds alike.

    The origin lies before the eighth thoracic vertebra. Body size, fat, heart, aorta, diaphragm, lung vessels, nodule
    places and position vary with the seed.

    Args:
        seed: of the individual.
        nodule_mm: diameter of the lung nodules, 1 to 40.
        nodules: how many, 0 to 40.

    Raises:
        PhantomError: a number is out of range, or the nodules do not fit.
    """
    if not 1.0 <= nodule_mm <= 40.0 or not 0 <= nodules <= _MOST_NODULES:
        raise PhantomError(f"thorax: {nodules} nodules of {nodule_mm:g} mm: 0 to {_MOST_NODULES} of 1 to 40 mm")
    variation = Variation(seed)
    fat, muscle, lung, air = (TISSUES[n] for n in ("adipose", "muscle", "lung", "air"))
    blood, liver = TISSUES["blood"], TISSUES["liver"]
    padding = variation.uniform("fat", 4.0, 13.0)
    ripple = ValueNoise(variation.stream("surface"), spacing_mm=55.0)
    strands = ValueNoise(variation.stream("muscles"), spacing_mm=17.0)
    right_dome, left_dome = _domes(variation)
    space = mediastinal_space()
    heart_room = Ellipsoid((24.0, -22.0, -52.0), (76.0, 56.0, 62.0), (0.0, 25.0, 38.0))
    spine_room = Loft(((-200.0, 0.0, 60.0, 24.0, 30.0, 40.0), (190.0, 0.0, 60.0, 24.0, 30.0, 40.0)))
    below = (
        Ellipsoid(right_dome.center_mm, tuple(r + 8.0 for r in right_dome.radii_mm)),  # type: ignore[arg-type]
        Ellipsoid(left_dome.center_mm, tuple(r + 8.0 for r in left_dome.radii_mm)),  # type: ignore[arg-type]
    )
    obstacles: tuple[Solid, ...] = (space, heart_room, spine_room, *below)
    calm = ((-88.0, -18.0, 22.0), (88.0, -18.0, 22.0))
    quiet = 7.0
    lesions = _nodules(variation, nodules, nodule_mm, (*obstacles, *(sphere(c, quiet + nodule_mm + 2.0) for c in calm)))
    vessels = Union(
        (
            *grown(RIGHT_HILUM, _lung_points(variation, "right vessel", _VESSEL_TARGETS, -1.0, 4.0, obstacles)).parts,
            *grown(LEFT_HILUM, _lung_points(variation, "left vessel", _VESSEL_TARGETS, 1.0, 4.0, obstacles)).parts,
        ),
        shape="tree",
    )
    erectors = pair((32.0, 109.0, -20.0), (24.0, 11.0, 200.0))
    structures = [
        Structure("skin", Warped(_wall(0.0), ripple, 0.02), TISSUES["skin"]),
        Structure("subcutaneous fat", Warped(_wall(2.0), ripple, 0.02), fat),
        *_breasts(variation, padding),
        Structure("muscle", Folded(_wall(2.0 + padding, 0.4 * padding), strands, width=0.07, depth=0.5), muscle),
        Structure(
            "erector muscles",
            Intersection(Union(erectors, "ellipsoid"), _wall(3.0)),
            muscle,
            ball=((32.0, 112.0, -32.0), 6.0),
        ),
        Structure("intercostal muscle", cage(-9.0), muscle),
        *skeleton(variation),
        Structure("pleural fat", Difference(cage(-0.2), spine_room), fat),
        Structure("lungs", Difference(cage(1.6), spine_room), lung),
        Structure("lung vessels", Difference(vessels, Union(tuple(sphere(c, quiet) for c in calm))), blood),
        *(
            Structure(f"{side} lung sample", sphere(center, quiet), lung, ball=(center, quiet - 0.5))
            for side, center in zip(("right", "left"), calm, strict=True)
        ),
        *mediastinal_fat(variation),
        Structure(
            "diaphragm",
            Union(
                (
                    Ellipsoid(right_dome.center_mm, tuple(r + 2.5 for r in right_dome.radii_mm)),  # type: ignore[arg-type]
                    Ellipsoid(left_dome.center_mm, tuple(r + 2.5 for r in left_dome.radii_mm)),  # type: ignore[arg-type]
                )
            ),
            muscle,
        ),
        Structure("abdominal fat", Union((left_dome,)), fat),
        Structure("liver", right_dome, liver, ball=((-74.0, 0.0, -120.0), 15.0)),
        Structure("spleen", Ellipsoid((88.0, 48.0, -146.0), (28.0, 34.0, 44.0), (0.0, 0.0, 25.0)), liver),
        Structure("stomach", Ellipsoid((58.0, -14.0, -146.0), (38.0, 42.0, 40.0)), muscle),
        Structure("stomach gas", Ellipsoid((58.0, -30.0, -140.0), (28.0, 20.0, 28.0)), air),
        *mediastinum(variation),
        *lesions,
    ]
    placement = lying(variation, breadth=0.03, pitch=0.03)
    size = placement.scale[2]
    return Phantom(
        name="thorax",
        body_part="CHEST",
        structures=tuple(structures),
        scan_range_mm=(round(-150.0 * size, 1), round(142.0 * size, 1)),
        field_of_view_mm=400.0,
        seed=seed,
        placement=placement,
    )
