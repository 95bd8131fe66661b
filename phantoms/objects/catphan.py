"""The Catphan 504: sensitometry and geometry, line pairs, low contrast and uniformity in a cylinder of 200 mm.

Sources:
    [503] The Phantom Laboratory, Catphan 503 Manual, 2017, as stored publicly: page 7, four wire ramps that rise at 23
        degrees in the CTP404; page 15, the materials, formulas, specific gravities and ranges of the CT numbers of
        the targets. The CTP404 is the same module in the 503 and the 504.
    [IO] Image Owl's and The Phantom Laboratory's help pages "Spatial Linearity": holes of 3 mm, their centres 50 mm
        apart, one of them filled with Teflon.
    [pylinac] pylinac 3.49, ct.py: where this quality-assurance program looks for each part of a 504, the heights of
        the modules, and the numbers of line pairs in each group.
Diameters of the targets are those of the project's brief. Marked "our choice": what none of them gives.
"""

from __future__ import annotations

import math

from phantoms.combined import Union, tube
from phantoms.objects.plastics import (
    ACRYLIC,
    AIR,
    ALUMINIUM,
    DELRIN,
    POLYETHYLENE,
    POLYSTYRENE,
    STEEL,
    TEFLON,
    plastic,
    solid_water,
)
from phantoms.objects.polar import at
from phantoms.patterns import Bars
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Cylinder, Vector, sphere

RADIUS_MM = 100.0
_MODULE_RADIUS_MM = 75.0  # our choice, as for the next three
_SPANS_MM = {"CTP528": (10.0, 50.0), "CTP404": (-10.0, 10.0), "CTP515": (-50.0, -10.0), "CTP486": (-90.0, -50.0)}
_BACKGROUND_HU = {"CTP528": 60.0, "CTP404": 95.0, "CTP515": 50.0, "CTP486": 10.0}
_HOUSING_HU = 120.0

TARGET_RADIUS_MM, TARGET_PLACE_MM = 6.0, 58.7
TEFLON_TISSUE = plastic("Teflon", TEFLON, 1000.0)
TARGETS = (
    ("upper air", -90.0, AIR),
    ("lower air", 90.0, AIR),
    ("PMP", -120.0, plastic("PMP", POLYETHYLENE, -196.0)),
    ("LDPE", 180.0, plastic("LDPE", POLYETHYLENE, -104.0)),
    ("polystyrene", 120.0, plastic("polystyrene", POLYSTYRENE, -47.0)),
    ("acrylic", 60.0, plastic("acrylic", ACRYLIC, 115.0)),
    ("Delrin", 0.0, plastic("Delrin", DELRIN, 365.0)),
    ("Teflon", -60.0, TEFLON_TISSUE),
)
"""Name, direction and material of the sensitometry targets: the middles of the ranges of [503], as [pylinac]."""

HOLE_RADIUS_MM, HOLE_PLACE_MM = 1.5, 25.0  # [IO]

RAMP_DEG, RAMP_PLACE_MM = 23.0, 38.0  # [503], [pylinac]
_WIRE_RADIUS_MM = 0.14  # our choice

ACRYLIC_SPHERES_MM, _SPHERE_CIRCLE_MM = (2.0, 4.0, 6.0, 8.0, 10.0), 15.0
"""Diameters of the acrylic spheres; [503] names spherical acrylic contrast targets on page 13, sizes: our choice."""

LINE_PAIR_PLACE_MM, GAUGE_Z_MM = 47.0, 30.0
GROUPS = (
    *(
        (1, 2, 19.3),
        (2, 3, 50.4),
        (3, 4, 73.6),
        (4, 4, 94.0),
        (5, 4, 111.8),
        (6, 5, 130.0),
        (7, 5, 147.8),
        (8, 5, 164.3),
    ),
    *((number, 5, 180.0 + 12.5 * (number - 8)) for number in range(9, 22)),
)
"""Line pairs per cm, bars, and degrees from the left over the bottom to the right and on: in the middles of the
sectors of [pylinac] up to 8, beyond them our choice."""
_GAUGE_MM, _BAR_LENGTH_MM = 5.0, 8.0  # depth along z, radial length: our choice

LOW_CONTRAST_PLACE_MM = 50.0
LOW_CONTRAST_1_PERCENT = ((15.0, -87.4), (9.0, -69.1), (8.0, -52.7), (7.0, -38.5), (6.0, -25.1), (5.0, -12.9))
"""Diameter and direction of the supra-slice targets of 10 HU contrast."""
_LOW_CONTRAST_GROUPS = ((10.0, 0.0, "1 %"), (3.0, 120.0, "0.3 %"), (5.0, 240.0, "0.5 %"))
"""Contrast, turn and name; the second and third groups and their order: our choice."""


def _axial(center_mm: Vector, radius_mm: float, length_mm: float) -> Cylinder:
    return Cylinder(center_mm, (radius_mm, radius_mm), length_mm)


def _module(name: str, ball_radius_mm: float) -> Structure:
    low, high = _SPANS_MM[name]
    center = (0.0, 0.0, (low + high) / 2)
    material = solid_water(f"background of {name}", _BACKGROUND_HU[name])
    return Structure(name, _axial(center, _MODULE_RADIUS_MM, high - low), material, (center, ball_radius_mm))


def _ctp404() -> list[Structure]:
    """Targets, square of holes, wire ramps and acrylic spheres."""
    low, high = _SPANS_MM["CTP404"]
    length = high - low
    parts = []
    for name, angle, material in TARGETS:
        center = at(TARGET_PLACE_MM, angle)
        parts.append(Structure(name, _axial(center, TARGET_RADIUS_MM, length), material, (center, 5.8)))
    corners = [(x, y, 0.0) for y in (-HOLE_PLACE_MM, HOLE_PLACE_MM) for x in (-HOLE_PLACE_MM, HOLE_PLACE_MM)]
    holes = tuple(_axial(corner, HOLE_RADIUS_MM, length) for corner in corners[1:])
    fine = (0.12, 0.12, 10.0)
    parts += [
        Structure("holes", Union(holes, shape="cylinders"), AIR, (corners[1], 1.4), fine),
        Structure("Teflon pin", _axial(corners[0], HOLE_RADIUS_MM, length), TEFLON_TISSUE, (corners[0], 1.4), fine),
    ]
    run = round(high / math.tan(math.radians(RAMP_DEG)), 4)
    rise = high
    for name, angle, side in (("left", 180.0, 1.0), ("bottom", 90.0, 1.0), ("right", 0.0, -1.0), ("top", -90.0, -1.0)):
        x, y, _ = at(RAMP_PLACE_MM, angle)
        ends: list[Vector] = [(x, y - side * run, -rise), (x, y + side * run, rise)]
        if abs(x) < abs(y):
            ends = [(x - side * run, y, -rise), (x + side * run, y, rise)]
        parts.append(Structure(f"{name} wire ramp", tube(ends, _WIRE_RADIUS_MM), STEEL, fine_mm=(0.08, 0.08, 0.05)))
    balls = tuple(
        sphere(at(_SPHERE_CIRCLE_MM, 72.0 * number, 0.0), diameter / 2)
        for number, diameter in enumerate(ACRYLIC_SPHERES_MM)
    )
    largest = balls[-1].center_mm
    acrylic = plastic("acrylic sphere", ACRYLIC, 115.0)
    return [*parts, Structure("acrylic spheres", Union(balls, shape="spheres"), acrylic, (largest, 4.8))]


def _ctp528() -> list[Structure]:
    """The gauge of line pairs."""
    groups = []
    for number, count, angle in GROUPS:
        # Degrees run from the left over the bottom: against the sense of the image's angles.
        direction = 180.0 - angle
        bars = Bars(
            at(LINE_PAIR_PLACE_MM, direction, GAUGE_Z_MM),
            count,
            5.0 / number,
            (_BAR_LENGTH_MM, _GAUGE_MM),
            direction + 90.0,
        )
        groups.append(Structure(f"{number} lp/cm", bars, ALUMINIUM, fine_mm=(0.06, 0.06, 1.0)))
    return groups


def _ctp515() -> list[Structure]:
    """Discs of low contrast along the whole module."""
    low, high = _SPANS_MM["CTP515"]
    discs = []
    for contrast, turn, name in _LOW_CONTRAST_GROUPS:
        material = solid_water(f"low contrast {name}", _BACKGROUND_HU["CTP515"] + contrast)
        for diameter, angle in LOW_CONTRAST_1_PERCENT:
            center = at(LOW_CONTRAST_PLACE_MM, angle + turn, (low + high) / 2)
            discs.append(
                Structure(
                    f"low contrast {name}, {diameter:g} mm",
                    _axial(center, diameter / 2, high - low),
                    material,
                    (center, 0.48 * diameter),
                )
            )
    return discs


def catphan504(seed: int = 0) -> Phantom:
    """The Catphan 504: CTP404 about the origin, CTP528 above, CTP515 and CTP486 below, from z = -90 to 50 mm.

    Args:
        seed: kept with the phantom; every one is alike.
    """
    length = _SPANS_MM["CTP528"][1] - _SPANS_MM["CTP486"][0]
    middle = (0.0, 0.0, (_SPANS_MM["CTP528"][1] + _SPANS_MM["CTP486"][0]) / 2)
    return Phantom(
        name="catphan504",
        body_part="PHANTOM",
        structures=(
            Structure(
                "housing",
                _axial(middle, RADIUS_MM, length),
                plastic("housing", ACRYLIC, _HOUSING_HU),
                (at(87.5, 0.0), 12.0),
            ),
            _module("CTP404", 4.5),
            _module("CTP528", 18.0),
            _module("CTP515", 18.0),
            _module("CTP486", 19.0),
            *_ctp404(),
            *_ctp528(),
            *_ctp515(),
        ),
        scan_range_mm=(-96.25, 56.25),
        field_of_view_mm=250.0,
        seed=seed,
        slices_mm=(2.5, 2.5),
    )
