"""A breast between a mammograph's plates, from above (CC) or from the middle above (MLO), and its lesions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from phantoms.anatomy.trees import grown, strewn
from phantoms.combined import Difference, Intersection, Union
from phantoms.errors import PhantomError
from phantoms.lofts import Folded, Merged, Warped
from phantoms.noise import ValueNoise
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Box, Capsule, Coordinates, Ellipsoid, Mask, Solid, Vector, sphere
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

Projection = Literal["CC", "MLO"]
Side = Literal["L", "R"]
Density = Literal["A", "B", "C", "D"]

PROJECTIONS: tuple[Projection, ...] = ("CC", "MLO")
SIDES: tuple[Side, ...] = ("L", "R")
DENSITIES = {"A": 0.62, "B": 0.42, "C": 0.2, "D": 0.1}
"""Half width of the fat between glandular tissue by density, in BI-RADS letters: wider is fattier; our choice."""

_SKIN_MM = 1.6
_DUCTS = 70
_MOST_CALCIFICATIONS = 40
_SPICULES = 22


@dataclass(frozen=True, slots=True)
class CompressedBreast(Phantom):
    """A breast as it lies in one projection; the plates are above and below, the chest wall is behind.

    In the projection MLO the axis x runs along the support, to the armpit on the breast's own side.

    Args:
        projection: CC or MLO.
        made_with: the other options of `breast`, by name.
    """

    projection: str = "CC"
    made_with: tuple[tuple[str, float | int | str | None], ...] = ()

    @property
    def thickness_mm(self) -> float:
        """Distance of the plates."""
        return round(self.scan_range_mm[1] - self.scan_range_mm[0], 3)

    @property
    def gland_share(self) -> float:
        """Share of the breast's volume inside the skin that is glandular, as its density letter says: our choice."""
        return {"A": 0.1, "B": 0.25, "C": 0.45, "D": 0.65}[str(dict(self.made_with)["density"])]

    def compressed(self, projection: str, side: str) -> CompressedBreast:
        """The same person's breast in a projection: this one, or the other.

        Raises:
            PhantomError: no such projection or side.
        """
        if (projection, side) == (self.projection, self.laterality):
            return self
        options = dict(self.made_with) | {"projection": projection, "side": side}
        return breast(self.seed, **options)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Shape:
    """The outline in one projection.

    Args:
        variation: of the individual.
        projection: CC or MLO.
        sign: 1 of a left breast, -1 of a right one.
        thick_mm: distance of the plates.
    """

    variation: Variation
    projection: str
    sign: float
    thick_mm: float

    @property
    def reach_mm(self) -> tuple[float, float]:
        """Half width along the chest wall, and depth to the front."""
        return self.variation.around("width", 84.0, 8.0), self.variation.around("depth", 92.0, 12.0)

    def body(self, inset_mm: float) -> Solid:
        """The breast, smaller by an inset: an ellipsoid that the plates flatten."""
        width, depth = self.reach_mm
        high = 0.76 * self.thick_mm - inset_mm
        parts: list[Ellipsoid] = [Ellipsoid((0.0, 0.0, 0.0), (width - inset_mm, depth - inset_mm, high))]
        if self.projection == "MLO":
            for place, share in ((24.0, 0.99), (46.0, 0.95), (68.0, 0.88), (90.0, 0.79), (112.0, 0.68)):
                radii = (86.0 - inset_mm, share * depth - inset_mm, high)
                parts.append(Ellipsoid((self.sign * place, 0.0, 0.0), radii))
        outline = Merged(tuple(parts)) if len(parts) > 1 else parts[0]
        (low, front, _), (end, _, _) = outline.bounds.low_mm, outline.bounds.high_mm
        front *= 1.03
        size = (1.06 * (end - low), -front, self.thick_mm - 2.0 * inset_mm)
        between = Box(((low + end) / 2.0, front / 2.0, 0.0), size)
        bumps = ValueNoise(self.variation.stream(f"outline {self.projection} {self.sign}"), spacing_mm=60.0)
        return Intersection(between, Warped(outline, bumps, 0.02))

    def placed(self, rest: Vector) -> Vector:
        """A point of the breast at rest in this projection.

        Args:
            rest: to the side, to the front and upwards, each from -1 to 1 of the way there, 0 to 1 to the front.
        """
        lateral, front, up = rest
        width, depth = self.reach_mm
        if self.projection == "MLO":  # the support is turned by 45 degrees
            lateral, up = (up + lateral) * math.sqrt(0.5), (up - lateral) * math.sqrt(0.5)
        return (
            round(self.sign * lateral * 0.62 * width, 3),
            round(-front * depth, 3),
            round(up * (self.thick_mm / 2.0 - 9.0), 3),
        )


def _parenchyma(shape: _Shape, density: str) -> list[Structure]:
    """Glandular tissue behind the nipple, fibrous strands and ducts."""
    variation, (width, depth) = shape.variation, shape.reach_mm
    name = f"{shape.projection} {shape.sign}"
    gland, fibrous = TISSUES["mammary gland"], TISSUES["breast stroma"]
    center: Vector = (round(shape.sign * 0.1 * width, 3), round(-0.42 * depth, 3), 0.0)
    room = Ellipsoid(center, (0.66 * width, 0.47 * depth, 0.52 * shape.thick_mm))
    lobes = ValueNoise(variation.stream(f"lobes {name}"), spacing_mm=22.0, octaves=4)
    strands = ValueNoise(variation.stream(f"strands {name}"), spacing_mm=24.0, octaves=3)
    inner = shape.body(_SKIN_MM + 1.0)
    whole = Ellipsoid((0.0, 0.0, 0.0), (2.2 * width, 2.2 * depth, 3.0 * shape.thick_mm))

    def accepted(x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        return room.contains(x, y, z)

    low = tuple(c - r for c, r in zip(center, room.radii_mm, strict=True))
    high = tuple(c + r for c, r in zip(center, room.radii_mm, strict=True))
    leaves = strewn(variation, f"ducts {name}", _DUCTS, low, high, accepted)  # type: ignore[arg-type]
    ducts = grown((0.0, round(3.0 - depth, 3), 0.0), leaves)
    return [
        Structure(
            "fibrous strands",
            Intersection(Difference(inner, Folded(whole, strands, width=0.013, depth=4.0)), inner),
            fibrous,
        ),
        Structure("glandular tissue", Intersection(Folded(room, lobes, DENSITIES[density], 1.15), inner), gland),
        Structure("ducts", Intersection(ducts, inner), fibrous),
    ]


def _mass(shape: _Shape, diameter_mm: float, inner: Solid) -> list[Structure]:
    """A mass with spicules, in the fat behind the glandular tissue."""
    variation, radius = shape.variation, diameter_mm / 2.0
    rest = (
        variation.uniform("mass lateral", 0.15, 0.5),
        variation.uniform("mass front", 0.16, 0.3),
        variation.uniform("mass up", -0.1, 0.5),
    )
    center = shape.placed(rest)
    bumps = ValueNoise(variation.stream("mass"), spacing_mm=max(2.0, 0.7 * radius))
    spicules: list[Solid] = []
    for number in range(_SPICULES):
        turn = 2.0 * math.pi * (number + variation.uniform(f"spicule {number}", -0.3, 0.3)) / _SPICULES
        rise = variation.uniform(f"spicule rise {number}", -0.5, 0.5)
        length = radius * variation.uniform(f"spicule length {number}", 1.5, 2.4)
        end = (
            round(center[0] + length * math.cos(turn), 3),
            round(center[1] + length * math.sin(turn), 3),
            round(center[2] + rise * length, 3),
        )
        spicules.append(Capsule(center, end, round(0.06 * radius + 0.15, 3)))
    tumour = TISSUES["breast tumour"]
    return [
        Structure("spicules", Intersection(Union(tuple(spicules)), inner), tumour),
        Structure("mass", Warped(sphere(center, radius), bumps, 0.16), tumour, (center, round(0.65 * radius, 3))),
    ]


def _calcifications(shape: _Shape, count: int) -> list[Structure]:
    """A cluster of microcalcifications."""
    variation = shape.variation
    rest = (
        variation.uniform("cluster lateral", -0.45, -0.05),
        variation.uniform("cluster front", 0.3, 0.6),
        variation.uniform("cluster up", -0.4, 0.3),
    )
    around = shape.placed(rest)
    places: list[tuple[Vector, float]] = []
    tried = 0
    while len(places) < count:
        draw = [variation.uniform(f"calcification {axis} {tried}", -1.0, 1.0) for axis in range(3)]
        radius = round(variation.uniform(f"calcification size {tried}", 0.11, 0.26), 3)
        tried += 1
        x, y, z = (round(a + 5.5 * d, 3) for a, d in zip(around, draw, strict=True))
        if all(math.dist((x, y, z), other) > 0.8 for other, _ in places):
            places.append(((x, y, z), radius))
    grain = TISSUES["hydroxyapatite"]
    return [
        Structure(
            f"microcalcification {number}", sphere(place, radius), grain, (place, round(0.95 * radius, 4)),
            (0.1, 0.1, 0.1),
        )
        for number, (place, radius) in enumerate(places, start=1)
    ]  # fmt: skip


def breast(
    seed: int = 0,
    *,
    projection: Projection = "CC",
    side: Side = "L",
    density: Density = "B",
    mass_mm: float = 16.0,
    microcalcifications: int = 12,
    thickness_mm: float | None = None,
) -> CompressedBreast:
    """A breast under compression, with glandular tissue, a mass and a cluster of microcalcifications; seeds differ.

    The plates lie above and below the origin, the chest wall behind it (y = 0). Lesions have their place in the breast
    at rest, and lie in each projection where compression moves it; the tissue's texture is another's in each.

    Args:
        seed: of the individual.
        projection: CC or MLO.
        side: L or R.
        density: A (fatty) to D (dense).
        mass_mm: diameter of the mass, 3 to 40; 0 for none.
        microcalcifications: how many, 0 to 40.
        thickness_mm: distance of the plates, 20 to 90; the individual's own by default.

    Raises:
        PhantomError: a value is out of range.
    """
    if projection not in PROJECTIONS or side not in SIDES or density not in DENSITIES:
        raise PhantomError(f"breast: {projection} {side}, density {density}: CC or MLO, L or R, A to D")
    if mass_mm and not 3.0 <= mass_mm <= 40.0:
        raise PhantomError(f"breast: mass of {mass_mm:g} mm: 0, or 3 to 40")
    if not 0 <= microcalcifications <= _MOST_CALCIFICATIONS:
        raise PhantomError(f"breast: {microcalcifications} microcalcifications: 0 to {_MOST_CALCIFICATIONS}")
    if thickness_mm is not None and not 20.0 <= thickness_mm <= 90.0:
        raise PhantomError(f"breast: thickness {thickness_mm:g} mm: 20 to 90")
    variation = Variation(seed)
    thick = thickness_mm if thickness_mm is not None else round(variation.around("thickness", 52.0, 10.0), 1)
    if mass_mm > thick - 12.0:
        raise PhantomError(f"breast: a mass of {mass_mm:g} mm has no room in {thick:g} mm")
    shape = _Shape(variation, projection, 1.0 if side == "L" else -1.0, thick)
    inner = shape.body(_SKIN_MM)
    depth = shape.reach_mm[1]
    structures = [
        Structure("skin", shape.body(0.0), TISSUES["skin"]),
        Structure("nipple", Ellipsoid((0.0, round(1.5 - depth, 3), 0.0), (6.0, 7.5, 5.5)), TISSUES["skin"]),
        Structure("fat", inner, TISSUES["adipose"]),
        *_parenchyma(shape, density),
    ]
    if projection == "MLO":
        muscle = Ellipsoid((shape.sign * 100.0, 22.0, 0.0), (125.0, 58.0, 0.36 * thick), (0.0, 0.0, shape.sign * -20.0))
        ball = ((shape.sign * 78.0, -12.0, 0.0), 6.0)
        structures.append(Structure("pectoral muscle", Intersection(inner, muscle), TISSUES["muscle"], ball))
    structures += _mass(shape, mass_mm, inner) if mass_mm else []
    structures += _calcifications(shape, microcalcifications)
    if not mass_mm and not microcalcifications and projection == "CC":
        nipple = (0.0, round(1.5 - depth, 3), 0.0)
        structures[1] = replace(structures[1], ball=(nipple, 1.0))
    return CompressedBreast(
        name="breast",
        body_part="BREAST",
        structures=tuple(structures),
        scan_range_mm=(-thick / 2.0, thick / 2.0),
        field_of_view_mm=300.0,
        seed=seed,
        laterality=side,
        projection=projection,
        made_with=(
            ("density", density), ("mass_mm", mass_mm), ("microcalcifications", microcalcifications),
            ("thickness_mm", thickness_mm),
        ),
    )  # fmt: skip
