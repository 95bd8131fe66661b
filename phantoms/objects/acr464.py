"""The ACR CT accreditation phantom, Gammex model 464: four modules of 40 mm in a cylinder of 200 mm.

Sources:
    [ACR] American College of Radiology, CT Accreditation Program, Phantom Testing Instructions, 2004, pages 1 and 2 as
        stored publicly: four modules of 4 cm depth and 20 cm diameter, their order, mainly of water-equivalent stuff.
    [pylinac] pylinac 3.49, acr.py: where this quality-assurance program looks for the inserts, bar patterns, beads,
        and the heights of the modules. The dimensions of what it looks for, and the CT numbers, are those of the
        project's brief, which agree with it.
Marked "our choice": what neither gives.
"""

from __future__ import annotations

from phantoms.combined import Union
from phantoms.objects.plastics import (
    ACRYLIC,
    AIR,
    ALUMINIUM,
    BEAD,
    BONE,
    POLYETHYLENE,
    STEEL,
    plastic,
    solid_water,
)
from phantoms.objects.polar import at
from phantoms.patterns import Bars
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Capsule, Cylinder, Vector, sphere

RADIUS_MM, MODULE_MM = 100.0, 40.0  # [ACR]
MODULES_MM = (0.0, 40.0, 80.0, 120.0)
"""Heights of the modules' centres."""

INSERT_RADIUS_MM, INSERT_PLACE_MM = 12.5, 63.0
INSERTS = (
    ("air", 45.0, AIR),
    ("acrylic", 135.0, plastic("acrylic", ACRYLIC, 120.0)),
    ("bone", -45.0, plastic("bone", BONE, 955.0)),
    ("polyethylene", 225.0, plastic("polyethylene", POLYETHYLENE, -95.0)),
    ("water", 180.0, solid_water("water")),
)
"""Name, direction and material of the cylinders in module 1."""

RAMP_STEP_MM = 0.5
"""From one wire of a ramp to the next along z."""
_RAMP_WIRES, _RAMP_PITCH_MM, _RAMP_Y_MM = 60, 2.0, 20.0  # our choice
_WIRE_MM, _WIRE_LENGTH_MM = 0.28, 5.0  # our choice

LOW_CONTRAST_HU, LOW_CONTRAST_BACKGROUND_HU = 96.0, 90.0
LOW_CONTRAST_DIAMETERS_MM = (6.0, 5.0, 4.0, 3.0, 2.0)
LOW_CONTRAST_PLACE_MM = 60.0
_LOW_CONTRAST_ANGLES = (-45.0, 0.0, 45.0, 90.0, 135.0)  # our choice
_EACH = 4

BEAD_MM, BEADS = 0.28, ((20.0, -45.0), (80.0, 135.0))
"""Diameter, and distance from the axis and direction of the two beads in module 3: 100 mm apart."""
_BEADS_Z_MM = 71.0  # our choice: in the slice that [pylinac] takes for module 3

BAR_PLACE_MM, BAR_PATTERN_MM = 70.0, 15.0
BAR_PATTERNS = ((4, -135.0), (5, 180.0), (6, 135.0), (7, 90.0), (8, 45.0), (9, 0.0), (10, -45.0), (12, -90.0))
"""Line pairs per cm and direction of the patterns in module 4."""

_ALIGNMENT_BEAD_MM, _ALIGNMENT_PLACE_MM = 1.0, 98.5  # the place: our choice


def _ramp(side: float) -> Union:
    """Short upright wires, each half a millimetre higher than the one beside it."""
    wires = []
    for number in range(_RAMP_WIRES):
        step = number - (_RAMP_WIRES - 1) / 2
        x, z, y = side * step * _RAMP_PITCH_MM, step * RAMP_STEP_MM, side * _RAMP_Y_MM
        ends: tuple[Vector, Vector] = ((x, y - _WIRE_LENGTH_MM / 2, z), (x, y + _WIRE_LENGTH_MM / 2, z))
        wires.append(Capsule(*ends, _WIRE_MM / 2))
    return Union(tuple(wires), shape="ramp")


def _low_contrast() -> list[Structure]:
    """The large cylinder and the rows of small ones, all of one contrast."""
    material = solid_water("low-contrast plastic", LOW_CONTRAST_HU)
    large = at(LOW_CONTRAST_PLACE_MM, -90.0, MODULES_MM[1])
    listed = [Structure("low contrast 25 mm", _rod(large, 25.0), material, (large, 12.0))]
    for diameter, angle in zip(LOW_CONTRAST_DIAMETERS_MM, _LOW_CONTRAST_ANGLES, strict=True):
        places = [at(LOW_CONTRAST_PLACE_MM - 2 * k * diameter, angle, MODULES_MM[1]) for k in range(_EACH)]
        rods = tuple(_rod(place, diameter) for place in places)
        ball = (places[0], 0.48 * diameter)
        listed.append(Structure(f"low contrast {diameter:g} mm", Union(rods, shape="cylinders"), material, ball))
    return listed


def _rod(center_mm: Vector, diameter_mm: float) -> Cylinder:
    return Cylinder(center_mm, (diameter_mm / 2, diameter_mm / 2), MODULE_MM)


def _pattern(line_pairs_per_cm: int, angle_deg: float) -> Bars:
    """As many bars as a square holds, turned to face the axis (our choice)."""
    width = 5.0 / line_pairs_per_cm
    count = int((BAR_PATTERN_MM / width + 1) // 2)
    center = at(BAR_PLACE_MM, angle_deg, MODULES_MM[3])
    return Bars(center, count, width, (BAR_PATTERN_MM, MODULE_MM), angle_deg + 90.0)


def acr_ct(seed: int = 0) -> Phantom:
    """The ACR CT phantom (model 464): CT numbers, low contrast, uniformity, bar patterns, from z = -20 to 140 mm.

    Args:
        seed: kept with the phantom; every one is alike.
    """
    backgrounds = (0.0, LOW_CONTRAST_BACKGROUND_HU, 0.0, 0.0)
    bodies = [
        Structure(
            f"module {number}",
            Cylinder((0.0, 0.0, z), (RADIUS_MM, RADIUS_MM), MODULE_MM),
            solid_water(f"background of module {number}", hu),
            ((0.0, 0.0, z), radius),
        )
        for number, (z, hu, radius) in enumerate(zip(MODULES_MM, backgrounds, (16.0, 19.0, 19.0, 19.0), strict=True), 1)
    ]
    inserts = []
    for name, angle, material in INSERTS:
        center = at(INSERT_PLACE_MM, angle, MODULES_MM[0])
        inserts.append(Structure(name, _rod(center, 2 * INSERT_RADIUS_MM), material, (center, 12.0)))
    beads = Union(tuple(sphere(at(r, angle, _BEADS_Z_MM), BEAD_MM / 2) for r, angle in BEADS), shape="beads")
    alignment = Union(
        tuple(
            sphere(at(_ALIGNMENT_PLACE_MM, 90.0 * k, z), _ALIGNMENT_BEAD_MM / 2)
            for z in (MODULES_MM[0], MODULES_MM[3])
            for k in range(4)
        ),
        shape="beads",
    )
    return Phantom(
        name="acr-ct",
        body_part="PHANTOM",
        structures=(
            *bodies,
            *inserts,
            Structure("upper slice-thickness ramp", _ramp(-1.0), STEEL, fine_mm=(0.07, 1.0, 0.1)),
            Structure("lower slice-thickness ramp", _ramp(1.0), STEEL, fine_mm=(0.07, 1.0, 0.1)),
            *_low_contrast(),
            Structure("beads of module 3", beads, BEAD, fine_mm=(0.04, 0.04, 0.04)),
            *(
                Structure(f"{number} lp/cm", _pattern(number, angle), ALUMINIUM, fine_mm=(0.08, 0.08, 10.0))
                for number, angle in BAR_PATTERNS
            ),
            Structure("alignment beads", alignment, STEEL, fine_mm=(0.1, 0.1, 0.1)),
        ),
        scan_range_mm=(-25.0, 145.0),
        field_of_view_mm=250.0,
        seed=seed,
        slices_mm=(5.0, 5.0),
    )
