"""Line integrals against chords by formula."""

import math

import numpy as np
import pytest

import phantoms
from modality.acquisition.projection.boundaries import NOTHING, STEP_MM, Plane, boundaries
from modality.acquisition.projection.sinogram import Cells, Projector, View
from phantoms.objects.plastics import STEEL
from phantoms.phantom import Phantom, Structure
from phantoms.placement import IDENTITY, Placement
from phantoms.solids import Box, Capsule, Cylinder, Ellipsoid, sphere
from phantoms.tissues import TISSUES

ANGLES = (0.0, 17.0, 45.0, 63.0, 90.0, 121.0, 179.0)
UPRIGHT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
CELLS = Cells(400, 0.5)
PLACES = CELLS.first_edge_mm + (np.arange(CELLS.count) + 0.5) * CELLS.width_mm


def of(*solids, placement=IDENTITY, fine_mm=None, tissue=TISSUES["water"]):
    structures = tuple(Structure(f"{k}", solid, tissue, fine_mm=fine_mm) for k, solid in enumerate(solids))
    return Phantom("one", "PHANTOM", structures, (-50.0, 50.0), 200.0, placement=placement)


def lengths(phantom, angle_deg, *, values=None, z=0.0, thickness=1.0, moved=(0.0, 0.0), plane=None):
    """Length in each label's material, weighted by `values`; by default in any structure."""
    values = [0.0] + [1.0] * len(phantom.structures) if values is None else values
    plane = plane or Plane((0.0, 0.0, z), *UPRIGHT, thickness)
    found = boundaries(phantom, plane)
    return Projector(found, np.asarray(values).reshape(-1, 1), CELLS).lengths(View.at(angle_deg, moved))[0]


def ellipse_chord(t, angle_deg, center, radii):
    """2 a b sqrt(s2 - t2) / s2, with s2 = a2 cos2 + b2 sin2."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    squared = (radii[0] * c) ** 2 + (radii[1] * s) ** 2
    off = t - (center[0] * c + center[1] * s)
    return 2.0 * radii[0] * radii[1] * np.sqrt(np.maximum(squared - off**2, 0.0)) / squared


def mean_over_cells(chord):
    inner = (np.arange(20) + 0.5) / 20 - 0.5
    return np.mean([chord(PLACES + offset * CELLS.width_mm) for offset in inner], axis=0)


@pytest.mark.parametrize("angle", ANGLES)
def test_chords_of_a_turned_ellipse(angle):
    # Turned by 30 degrees about z, it looks at 30 degrees as an upright one does at 0.
    solid = Ellipsoid((8.0, -5.0, 0.0), (60.0, 35.0, 5000.0), (0.0, 0.0, 30.0))
    turned = angle - 30.0
    c, s = math.cos(math.radians(30.0)), math.sin(math.radians(30.0))
    center = (8.0 * c - 5.0 * s, -8.0 * s - 5.0 * c)
    expected = mean_over_cells(lambda t: ellipse_chord(t, turned, center, (60.0, 35.0)))
    found = lengths(of(solid), angle)
    assert found.sum() * CELLS.width_mm == pytest.approx(math.pi * 60 * 35, rel=2e-4)
    assert np.abs(found - expected).mean() < 0.05
    assert np.abs(found - expected).max() < 1.5  # where a ray grazes the rim


@pytest.mark.parametrize("angle", [0.0, 30.0, 75.0, 90.0])
def test_chords_of_a_box(angle):
    c, s = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    a, b = 60.0, 40.0
    # A trapezoid: flat where a ray crosses opposite sides, falling to zero at the corners.
    flat = min(a / s if s > 1e-9 else math.inf, b / c if c > 1e-9 else math.inf)
    whole, top = (a * c + b * s) / 2, abs(a * c - b * s) / 2

    def chord(t):
        slope = np.clip((whole - np.abs(t)) / max(whole - top, 1e-9), 0.0, 1.0)
        return flat * slope

    found = lengths(of(Box((0.0, 0.0, 0.0), (a, b, 90.0))), angle)
    # A side along the rays may lie a sixteenth of a step aside, and then fills another share of one cell.
    aside = STEP_MM / 16 / CELLS.width_mm * flat if angle % 90.0 == 0.0 else 0.0
    assert np.abs(found - mean_over_cells(chord)).max() < 0.4 + aside
    assert found.sum() * CELLS.width_mm == pytest.approx(a * b, rel=3e-3)


@pytest.mark.parametrize("angle", [0.0, 40.0])
def test_a_ball_off_its_middle_and_a_capsule_across(angle):
    radius = math.sqrt(30.0**2 - 18.0**2)
    expected = mean_over_cells(lambda t: ellipse_chord(t, angle, (0.0, 10.0), (radius, radius)))
    assert np.abs(lengths(of(sphere((0.0, 10.0, 0.0), 30.0)), angle, z=18.0, thickness=0.01) - expected).mean() < 0.05
    # Its flat sides lie along the lines, whose sheets are STEP_MM / 4 apart.
    capsule = lengths(of(Capsule((-20.0, 0.0, 0.0), (20.0, 0.0, 0.0), 10.0)), angle, thickness=0.01)
    assert capsule.sum() * CELLS.width_mm == pytest.approx(40 * 20 + math.pi * 100, rel=5e-3)


@pytest.mark.parametrize("angle", ANGLES)
def test_what_is_painted_over_counts_no_more(angle):
    # The second disc hides half of the third's rim, and the fourth lies over both.
    discs = (((0.0, 0.0), 80.0), ((20.0, 0.0), 30.0), ((45.0, 0.0), 20.0), ((30.0, 5.0), 6.0))
    phantom = of(*(Cylinder((*center, 0.0), (radius, radius), 90.0) for center, radius in discs))
    values = (0.0, 1.0, 3.0, -2.0, 7.0)
    found = lengths(phantom, angle, values=values)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    along = np.arange(-100.0, 100.0, 0.02)
    for cell in (99, 207, 240, 276):
        t = PLACES[cell]
        x, y = t * c - along * s, t * s + along * c
        labels = phantom.labels(x, y, np.zeros_like(x))
        assert found[cell] == pytest.approx(np.asarray(values)[labels].sum() * 0.02, abs=0.6)


def test_a_placement_moves_and_stretches_the_chords():
    placement = Placement((1.1, 0.9, 1.0), (5.0, -4.0, 3.0), (0.05, -0.02))
    phantom = of(Cylinder((0.0, 0.0, 0.0), (40.0, 40.0), 90.0), placement=placement)
    expected = mean_over_cells(lambda t: ellipse_chord(t, 25.0, (5.0 + 0.5, -4.0 - 0.2), (44.0, 36.0)))
    assert np.abs(lengths(phantom, 25.0, z=10.0, thickness=0.01) - expected).mean() < 0.05


def test_a_tilted_plane_cuts_a_cylinder_in_an_ellipse():
    cosine, sine = math.cos(math.radians(20.0)), math.sin(math.radians(20.0))
    plane = Plane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, cosine, sine), (0.0, -sine, cosine), 0.01)
    expected = mean_over_cells(lambda t: ellipse_chord(t, 90.0, (0.0, 0.0), (40.0, 40.0 / cosine)))
    found = lengths(of(Cylinder((0.0, 0.0, 0.0), (40.0, 40.0), 90.0)), 90.0, plane=plane)
    assert np.abs(found - expected).mean() < 0.05


def test_a_patient_who_moves_is_seen_elsewhere():
    phantom = of(Cylinder((0.0, 0.0, 0.0), (40.0, 40.0), 90.0))
    moved = lengths(phantom, 60.0, moved=(0.0, 10.0))
    expected = mean_over_cells(lambda t: ellipse_chord(t, 60.0, (0.0, 10.0), (40.0, 40.0)))
    assert np.abs(moved - expected).mean() < 0.05


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0])
def test_a_wire_much_thinner_than_the_samples_keeps_its_mass(angle):
    radius = 0.14
    wires = of(Cylinder((3.3, 7.7, 0.0), (radius, radius), 90.0), fine_mm=(0.07, 0.07, 10.0), tissue=STEEL)
    assert radius < STEP_MM / 4
    found = lengths(wires, angle)
    assert found.sum() * CELLS.width_mm == pytest.approx(math.pi * radius**2, rel=0.05)
    middle = 3.3 * math.cos(math.radians(angle)) + 7.7 * math.sin(math.radians(angle))
    assert (found * PLACES).sum() / found.sum() == pytest.approx(middle, abs=0.1)


def test_the_slice_profile_weighs_what_it_covers():
    half = of(Cylinder((0.0, 0.0, 10.0), (40.0, 40.0), 20.0))  # from z = 0 up
    whole = lengths(half, 0.0, z=10.0, thickness=4.0).sum()
    assert lengths(half, 0.0, z=0.0, thickness=4.0).sum() / whole == pytest.approx(0.5, abs=1e-3)
    assert lengths(half, 0.0, z=-1.0, thickness=4.0).sum() / whole == pytest.approx(0.25, abs=1e-3)
    sloping = Plane((0.0, 0.0, -8.0), *UPRIGHT, 16.0, 8.0)
    # Beyond the nominal edge at half its height a ramp of 8 mm has a triangle of 4 mm: 1 of 16.
    assert lengths(half, 0.0, plane=sloping).sum() / whole == pytest.approx(1 / 16, abs=1e-3)
    assert lengths(half, 0.0, z=-8.0, thickness=16.0).sum() / whole < 1e-9


def test_the_radius_holds_the_phantom_and_no_boundary_lies_outside():
    found = boundaries(phantoms.hip_prosthesis(), Plane((0.0, 0.0, 0.0), *UPRIGHT, 2.5))
    assert 170.0 <= found.radius_mm <= 172.0
    for lines in (found.across, found.down):
        real = (lines.before != NOTHING) & (lines.after != NOTHING)
        assert np.hypot(lines.along_mm[real], lines.line_mm[real]).max() <= found.radius_mm
