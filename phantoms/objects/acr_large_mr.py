"""The large ACR MR phantom: a cylinder of solution with inserts that eleven axial slices cut.

Sources:
    [OSI] wiki.opensourceimaging.org, "Phantoms", which quotes the ACR Large MRI Phantom Test Guidance of 2018: a fill
        of 0.01 M nickel chloride and 0.075 M sodium chloride.
    [O] "ACR MRI Accreditation Phantom, overview", as stored publicly: holes of 1.1, 1.0 and
        0.9 mm with spaces of their diameter in a bar of 11 mm; two counter-descending ramps of solution in a slit,
        1:10; a grid of 10 x 10 squares, 144 mm on a side and 10 mm thick; interior diameter 190 mm; four sheets of
        low contrast.
    [pylinac] pylinac 3.49, acr.py: where this quality-assurance program looks for the ramps, the holes, the wedges
        and the spokes, with the spokes' diameters and distances, and the slices' heights.
Inner length and contrasts are those of the project's brief. Marked "our choice": what none of them gives.
"""

from __future__ import annotations

from phantoms.combined import Union
from phantoms.material import both
from phantoms.objects.plastics import ACRYLIC, plastic, solution
from phantoms.objects.polar import at
from phantoms.patterns import Between, Lattice
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Bounds, Box, Cylinder, Vector

RADIUS_MM, LENGTH_MM = 95.0, 148.0
SLICE_THICKNESS_MM, SLICE_SPACING_MM, SLICES = 5.0, 10.0, 11
_MIDDLE_MM = 50.0  # slices 1 and 11 lie alike from the two ends
_WALL_MM = 7.0  # our choice

FILL = solution("nickel chloride solution", 8.0, 1.0, both(155.0, 135.0, 150.0, 130.0))
"""10 mM NiCl2, 75 mM NaCl [OSI]. Relaxation times: our choice, near what 0.65 per s and mmol/l gives."""
PLASTIC = plastic("acrylic", ACRYLIC, 120.0)

RAMP_SLOPE, RAMP_WIDTH_MM = 0.1, 5.0
"""Rise for each mm along x, and extent along y."""
RAMPS_Y_MM = (-3.0, 2.5)
_SLIT_MM = 1.2  # thickness of the ramps along z: our choice
_INSERT_MM = (150.0, 17.0, 16.0)  # block around the ramps: our choice

HOLE_DIAMETERS_MM = (1.1, 1.0, 0.9)
_HOLES_AT: tuple[Vector, ...] = ((-14.05, 39.35, 0.0), (8.85, 38.95, 0.0), (31.45, 39.45, 0.0))
"""The hole that the two arrays of each size share."""
_HOLES, _STAGGER = 4, 0.5  # holes in a row, and its shift from row to row in diameters: our choice
_BAR_LOW_MM, _BAR_HIGH_MM, _BAR_DEPTH_MM = (-41.0, 27.0), (46.0, 52.0), 11.0

DISC_RADIUS_MM, DISC_PLACE_MM, DISC_DEG = 20.0, 62.0, -135.0
_WEDGE_Y_MM, _WEDGE_TOP_MM, _WEDGE_WIDTH_MM, _WEDGE_REACH_MM = -65.0, -92.0, 5.0, 10.0

GRID_CELLS, GRID_SIDE_MM, GRID_DEPTH_MM = 10, 144.0, 10.0
_GRID_WALL_MM = 1.5  # our choice

SPOKE_DIAMETERS_MM = (7.0, 6.4, 5.8, 5.2, 4.6, 3.9, 3.3, 2.7, 2.1, 1.5)
SPOKE_PLACES_MM = (12.75, 25.5, 38.25)
SPOKE_CONTRASTS = ((8, 0.014), (9, 0.025), (10, 0.036), (11, 0.051))
"""Slice, and how much less signal the sheet has than its holes."""
_SPOKES_TURN_DEG = 9.0  # from slice to slice
_SHEET_RADIUS_MM, _SHEET_DEPTH_MM, _RING_MM = 44.0, 7.0, 2.0  # our choice


def slice_z_mm(number: int) -> float:
    """Height of the middle of a slice, 1 to 11."""
    return (number - 1) * SLICE_SPACING_MM


def _ramps() -> list[Structure]:
    """The crossed ramps in their block; each appears in a slice as long as ten times its thickness."""
    scale = (1.0 + RAMP_SLOPE**2) ** -0.5
    half = _SLIT_MM / 2 * scale
    ramps = []
    for name, y, side in (("upper", RAMPS_Y_MM[0], 1.0), ("lower", RAMPS_Y_MM[1], -1.0)):
        box = Bounds((-72.0, y - RAMP_WIDTH_MM / 2, -7.5), (72.0, y + RAMP_WIDTH_MM / 2, 7.5))
        ramp = Between(box, (round(-side * RAMP_SLOPE * scale, 9), 0.0, round(scale, 9)), -half, half)
        ramps.append(Structure(f"{name} thickness ramp", ramp, FILL, fine_mm=(0.5, 0.5, 0.1)))
    return [Structure("thickness insert", Box((0.0, 0.0, 0.0), _INSERT_MM), PLASTIC), *ramps]


def _holes() -> list[Structure]:
    """The resolution insert: of each size rows of holes to the upper left and columns to the lower right."""
    size = tuple(b - a for a, b in zip(_BAR_LOW_MM, _BAR_HIGH_MM, strict=True))
    center = tuple((a + b) / 2 for a, b in zip(_BAR_LOW_MM, _BAR_HIGH_MM, strict=True))
    bar = Box((center[0], center[1], 0.0), (size[0], size[1], _BAR_DEPTH_MM))
    arrays = []
    for diameter, (x, y, z) in zip(HOLE_DIAMETERS_MM, _HOLES_AT, strict=True):
        places: set[Vector] = set()
        for row in range(_HOLES):
            for hole in range(_HOLES):
                # Rows go up, each shifted to the left; columns go right, each shifted downwards.
                along, across = 2.0 * diameter * hole, 2.0 * diameter * row
                places.add((round(x - along - _STAGGER * diameter * row, 4), round(y - across, 4), z))
                places.add((round(x + across, 4), round(y + along + _STAGGER * diameter * row, 4), z))
        holes = tuple(Cylinder(place, (diameter / 2, diameter / 2), _BAR_DEPTH_MM) for place in sorted(places))
        arrays.append(Structure(f"holes of {diameter:g} mm", Union(holes, "cylinders"), FILL, fine_mm=(0.1, 0.1, 10.0)))
    return [Structure("resolution insert", bar, PLASTIC), *arrays]


def _wedges(z: float) -> Union:
    """Two bars side by side that end at 45 degrees, crossed, level where the slice lies right."""
    slope = 0.5**0.5
    bars = []
    for side in (-1.0, 1.0):
        low, high = sorted((0.0, side * _WEDGE_WIDTH_MM))
        box = Bounds(
            (low, _WEDGE_TOP_MM, z - _WEDGE_REACH_MM), (high, _WEDGE_Y_MM + _WEDGE_REACH_MM, z + _WEDGE_REACH_MM)
        )
        # y - side (z - middle) is at most the level.
        level = round(slope * (_WEDGE_Y_MM - side * z), 9)
        bars.append(Between(box, (0.0, round(slope, 9), round(-side * slope, 9)), -1000.0, level))
    return Union(tuple(bars), shape="wedges")


def _spokes(number: int, contrast: float) -> list[Structure]:
    """A sheet with holes in ten spokes, in a ring."""
    z = slice_z_mm(number)
    center = (0.0, 0.0, z)
    outer = _SHEET_RADIUS_MM + _RING_MM
    weaker = solution(f"low contrast {100 * contrast:g} %", 8.0, round(1.0 - contrast, 4), (FILL.at_1_5_t, FILL.at_3_t))
    turn = _SPOKES_TURN_DEG * (number - SPOKE_CONTRASTS[0][0]) - 90.0
    holes = tuple(
        Cylinder(at(place, turn + 36.0 * spoke, z), (diameter / 2, diameter / 2), _SHEET_DEPTH_MM)
        for spoke, diameter in enumerate(SPOKE_DIAMETERS_MM)
        for place in SPOKE_PLACES_MM
    )
    return [
        Structure(f"ring of slice {number}", Cylinder(center, (outer, outer), _SHEET_DEPTH_MM), PLASTIC),
        Structure(
            f"sheet of slice {number}",
            Cylinder(center, (_SHEET_RADIUS_MM, _SHEET_RADIUS_MM), _SHEET_DEPTH_MM),
            weaker,
            (at(19.0, turn + 18.0, z), 2.5),
        ),
        Structure(f"spokes of slice {number}", Union(holes, "cylinders"), FILL, (holes[0].center_mm, 3.0)),
    ]


def acr_mr(seed: int = 0) -> Phantom:
    """The large ACR MR phantom, slices 1 to 11 at z = 0 to 100 mm.

    Args:
        seed: kept with the phantom; every one is alike.
    """
    middle = (0.0, 0.0, _MIDDLE_MM)
    outer = RADIUS_MM + _WALL_MM
    disc = at(DISC_PLACE_MM, DISC_DEG, slice_z_mm(1))
    return Phantom(
        name="acr-mr",
        body_part="PHANTOM",
        structures=(
            Structure("wall", Cylinder(middle, (outer, outer), LENGTH_MM + 2 * _WALL_MM), PLASTIC),
            Structure("solution", Cylinder(middle, (RADIUS_MM, RADIUS_MM), LENGTH_MM), FILL, ((0.0, 0.0, 57.0), 8.5)),
            *_ramps(),
            *_holes(),
            Structure("disc", Cylinder(disc, (DISC_RADIUS_MM, DISC_RADIUS_MM), 16.0), PLASTIC, (disc, 4.8)),
            Structure("wedges of slice 1", _wedges(slice_z_mm(1)), PLASTIC, fine_mm=(0.5, 0.2, 0.2)),
            Structure(
                "grid",
                Lattice((0.0, 0.0, slice_z_mm(5)), GRID_CELLS, GRID_SIDE_MM / GRID_CELLS, _GRID_WALL_MM, GRID_DEPTH_MM),
                PLASTIC,
            ),
            *(part for number, contrast in SPOKE_CONTRASTS for part in _spokes(number, contrast)),
            Structure("wedges of slice 11", _wedges(slice_z_mm(11)), PLASTIC, fine_mm=(0.5, 0.2, 0.2)),
        ),
        scan_range_mm=(slice_z_mm(1) - SLICE_SPACING_MM / 2, slice_z_mm(SLICES) + SLICE_SPACING_MM / 2),
        field_of_view_mm=250.0,
        seed=seed,
        slices_mm=(SLICE_THICKNESS_MM, SLICE_SPACING_MM),
    )
