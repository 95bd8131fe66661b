import math

import numpy as np
import pytest

import phantoms
from modality.acquisition.geometry import Geometry
from modality.acquisition.plan import axial
from modality.acquisition.sampling import averaged, coordinates, offsets
from phantoms.material import NO_SIGNAL, Tissue
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Capsule, sphere
from phantoms.tissues import TISSUES

WATER = phantoms.water(diameter_mm=100.0, length_mm=100.0)


def plan(**changes):
    usual = {"rows": 40, "columns": 50, "slices": 10, "slice_thickness_mm": 4.0, "slice_spacing_mm": 4.0}
    return axial(WATER, **{**usual, **changes})


@pytest.mark.parametrize("thickness_mm", [0.5, 4.0, 5.0, 12.0])
def test_sample_points_are_spread_about_the_voxels_centre(thickness_mm):
    points = np.array(offsets(thickness_mm))
    assert points.sum(axis=0) == pytest.approx([0.0, 0.0, 0.0])
    assert len(points) % 4 == 0
    assert thickness_mm / len(points) <= 1.0
    assert len(set(points[:, 2])) == len(points)


def test_the_point_in_the_middle_lies_where_the_geometry_says():
    geometry = plan()
    x, y, z = coordinates(geometry, 3, (0.0, 0.0, 0.0))
    position = geometry.position_mm(3)
    assert (x[0, 0], y[0, 0], z[0, 0]) == pytest.approx(position)
    assert x[0, 7] - x[0, 0] == pytest.approx(7 * geometry.column_spacing_mm, abs=1e-4)
    assert y[5, 0] - y[0, 0] == pytest.approx(5 * geometry.row_spacing_mm, abs=1e-4)


def test_an_oblique_slice_follows_its_directions():
    third = 1 / math.sqrt(3)
    geometry = Geometry(
        4, 5, 3, 2.0, 1.0, 3.0, 3.0, (1.0, 2.0, 3.0), (third, third, third), (1 / math.sqrt(2), -1 / math.sqrt(2), 0.0)
    )
    point = [float(np.broadcast_to(a, (4, 5))[3, 4]) for a in coordinates(geometry, 1, (0.0, 0.0, 0.0))]
    start, down = geometry.position_mm(1), geometry.column_direction
    assert point == pytest.approx([s + 4 * third + 3 * 2.0 * d for s, d in zip(start, down, strict=True)], abs=1e-5)


def test_partial_volume_keeps_the_area_of_a_disc():
    geometry = plan()
    image = averaged(WATER, geometry, 5, np.array([0.0, 1.0, 1.0], dtype=np.float32))
    area = float(image.sum()) * geometry.row_spacing_mm * geometry.column_spacing_mm
    assert area == pytest.approx(math.pi * 50.0**2, rel=0.01)
    assert np.count_nonzero((image > 0) & (image < 1)) > 0.0


def test_a_slice_half_in_the_object_has_half_its_value():
    geometry = plan(slices=1, slice_thickness_mm=200.0)
    image = averaged(WATER, geometry, 0, np.array([0.0, 1.0, 1.0], dtype=np.float32))
    assert image[20, 25] == pytest.approx(0.5, abs=0.02)


def small(solid, fine_mm):
    """A small solid in air, for the sampling of small parts."""
    metal = Tissue("metal", 1.0, {}, *NO_SIGNAL, fixed_hu=1.0)
    return Phantom(
        "small",
        "PHANTOM",
        (
            Structure("ball", sphere((0.0, 0.0, 0.0), 5.0), TISSUES["water"]),
            Structure("part", solid, metal, fine_mm=fine_mm),
        ),
        (-10.0, 10.0),
        20.0,
    )


VALUES = np.array([0.0, 0.0, 1.0], dtype=np.float32)


@pytest.mark.parametrize("place", [(0.0, 0.0, 0.0), (0.13, -0.21, 0.4), (0.77, 0.31, -0.9)])
@pytest.mark.parametrize(
    ("row_direction", "column_direction"),
    [((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), ((0.8, 0.6, 0.0), (-0.36, 0.48, 0.8))],
    ids=["axial", "oblique"],
)
def test_a_bead_of_a_quarter_millimetre_keeps_its_volume_wherever_it_lies(place, row_direction, column_direction):
    phantom = small(sphere(place, 0.14), (0.03, 0.03, 0.03))
    geometry = Geometry(41, 41, 9, 0.5, 0.5, 2.0, 2.0, (0.0, 0.0, 0.0), row_direction, column_direction)
    corner = tuple(
        -10.0 * (r + c) - 8.0 * n for r, c, n in zip(row_direction, column_direction, geometry.normal, strict=True)
    )
    geometry = Geometry(41, 41, 9, 0.5, 0.5, 2.0, 2.0, corner, row_direction, column_direction)
    total = sum(float(averaged(phantom, geometry, k, VALUES).sum()) for k in range(9))
    assert total * 0.5 * 0.5 * 2.0 == pytest.approx(4.0 / 3.0 * math.pi * 0.14**3, rel=0.07)


def test_a_thin_wire_shows_in_every_voxel_that_it_crosses():
    phantom = small(Capsule((-4.0, -4.0, 0.0), (4.0, 4.0, 0.0), 0.1), (0.05, 0.05, 0.05))
    geometry = Geometry(21, 21, 1, 0.5, 0.5, 1.0, 1.0, (-5.0, -5.0, 0.0))
    image = averaged(phantom, geometry, 0, VALUES)
    diagonal = np.diagonal(image)[3:-3]
    assert diagonal.min() > 0.5 * diagonal.max() > 0


def test_coarse_parts_of_a_slice_are_left_alone_by_fine_ones():
    image = averaged(small(sphere((0.0, 0.0, 0.0), 0.14), (0.03, 0.03, 0.03)), plan(), 5, VALUES)
    without = averaged(small(sphere((0.0, 0.0, 0.0), 0.14), None), plan(), 5, VALUES)
    assert np.count_nonzero(image != without) <= 9
