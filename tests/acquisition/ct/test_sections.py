from dataclasses import replace

import numpy as np
import pytest

import phantoms
from modality.acquisition import spread
from modality.acquisition.ct import ct
from modality.acquisition.ct.kernel import point_spread_mm
from modality.acquisition.ct.sections import Sections
from modality.acquisition.plan import axial, tilted
from modality.acquisition.sampling import averaged, coordinates
from phantoms.material import NO_SIGNAL, Tissue
from phantoms.phantom import Phantom, Structure
from phantoms.placement import Placement
from phantoms.solids import sphere

SPREAD_MM = point_spread_mm("STANDARD")


def sections(phantom, *, ramp_mm=0.0, tilt_deg=0.0, slices=9, thickness_mm=4.0, spacing_mm=4.0, size=96):
    geometry = axial(
        phantom,
        rows=size,
        columns=size,
        slices=slices,
        slice_thickness_mm=thickness_mm,
        slice_spacing_mm=spacing_mm,
    )
    if tilt_deg:
        geometry = tilted(geometry, tilt_deg)
    values = np.asarray([tissue.hu(120.0) for tissue in phantom.tissues], dtype=np.float32)
    return Sections(phantom, geometry, values, SPREAD_MM, ramp_mm), geometry, values


def blurred(image, geometry):
    down, across = (spread.taps(SPREAD_MM, s) for s in (geometry.row_spacing_mm, geometry.column_spacing_mm))
    return spread.blur(image.astype(np.float32), down, across)


def directly(phantom, geometry, values, index):
    """The slice without sections: sampled as a whole and blurred."""
    return blurred(averaged(phantom, geometry, index, values), geometry)


def finely(phantom, geometry, values, index):
    """The slice from 200 points of each voxel, blurred."""
    plane, through = (np.arange(5) + 0.5) / 5 - 0.5, (np.arange(8) + 0.5) / 8 - 0.5
    points = [coordinates(geometry, index, (a, b, c)) for a in plane for b in plane for c in through]
    if geometry.step_direction is None:
        return blurred(np.mean([values[phantom.labels(*one)] for one in points], axis=0), geometry)
    shape = (geometry.rows, geometry.columns)
    x, y, z = (np.stack([np.broadcast_to(one, shape) for one in axis]) for axis in zip(*points, strict=True))
    return blurred(values[phantom.labels(x, y, z)].mean(axis=0), geometry)


@pytest.mark.parametrize("phantom", [phantoms.water(), phantoms.acr_ct(), phantoms.head(1)], ids=lambda p: p.name)
@pytest.mark.parametrize("tilt_deg", [0.0, 17.0])
def test_a_slice_is_as_true_as_one_sampled_alone(phantom, tilt_deg):
    made, geometry, values = sections(phantom, tilt_deg=tilt_deg, size=64)
    # Slice 4 lies on the border of two modules, which no few points along z resolve.
    for index in (1, 7) if tilt_deg else (1, 3, 7):
        image, expected = made.image(index), finely(phantom, geometry, values, index)
        alone = np.abs(directly(phantom, geometry, values, index) - expected)
        assert np.mean(np.abs(image - expected)) < 1.4 * np.mean(alone) + 0.2
        assert np.median(np.abs(image - expected)) < 0.01


def test_slices_that_look_alike_are_one_image():
    made, _, _ = sections(phantoms.water(), slices=150, thickness_mm=2.5)
    assert made.image(60) is made.image(61)
    assert made.image(0) is not made.image(60)


def test_a_series_that_was_read_keeps_no_images():
    acquisition = ct(phantoms.water(), seed=1, slices=6, rows=32, columns=32)
    first = acquisition.frame(2).pixels
    assert acquisition._sections._section.cache_info().currsize > 0
    assert np.array_equal([frame.pixels for frame in acquisition][2], first)
    assert acquisition._sections._section.cache_info().currsize == 0


def test_sections_that_look_alike_are_not_taken_for_others():
    phantom = phantoms.acr_ct()
    placed = replace(phantom, placement=Placement(shift_mm=(0.0, 0.0, 1e-9)))  # no section of it is known to be alike
    alike, _, _ = sections(phantom, slices=40)
    apart, _, _ = sections(placed, slices=40)
    for index in range(0, 40, 3):
        assert alike.image(index) == pytest.approx(apart.image(index), abs=0.01)


def test_neighbours_that_overlap_see_the_same_phantom():
    phantom = phantoms.head(1)
    dense, geometry, values = sections(phantom, slices=400)
    for index in (200, 201, 203):
        expected = directly(phantom, geometry, values, index)
        assert np.mean(np.abs(dense.image(index) - expected)) < 5.0


def thin_disc(thickness_mm, pitch):
    """Signal of a disc thinner than a slice, from slice to slice 0.1 mm apart: the slice sensitivity profile."""
    from phantoms.phantom import Phantom, Structure
    from phantoms.solids import Cylinder
    from phantoms.tissues import TISSUES

    disc = Cylinder((0.0, 0.0, 0.0), (20.0, 20.0), 0.05)
    phantom = Phantom("disc", "PHANTOM", (Structure("disc", disc, TISSUES["water"], fine_mm=(9.0, 9.0, 0.05)),),
                      (-10.0, 10.0), 60.0)  # fmt: skip
    acquisition = ct(phantom, seed=1, rows=24, columns=24, slices=200, slice_thickness_mm=thickness_mm, pitch=pitch)
    return np.array([acquisition._sections.image(index)[12, 12] for index in range(200)]) - 24.5


@pytest.mark.parametrize(("thickness_mm", "pitch"), [(5.0, 0), (5.0, 1.0), (2.5, 1.5), (5.0, 2.0)])
def test_the_slice_sensitivity_profile_is_as_wide_as_the_slice_and_the_pitch_slopes_it(thickness_mm, pitch):
    profile = thin_disc(thickness_mm, pitch)
    profile = profile / profile.max()
    assert (profile > 0.5).sum() * 0.1 == pytest.approx(thickness_mm, abs=0.7)
    # The rise from nothing to all: the ramp, and the width of a section.
    ramp = min(1.0, pitch / 2) * thickness_mm
    rising = ((profile > 0.05) & (profile < 0.95)).sum() / 2 * 0.1
    assert rising == pytest.approx(0.9 * ramp, abs=0.8)


def test_a_tilted_slice_cuts_the_phantom_where_the_geometry_says():
    phantom = phantoms.spheres()
    made, geometry, _ = sections(phantom, tilt_deg=20.0, slices=80, thickness_mm=1.0, size=128)
    low, high = phantom.scan_range_mm
    assert geometry.position_mm(1)[2] - geometry.position_mm(0)[2] == pytest.approx((high - low) / 80, abs=1e-6)
    assert geometry.position_mm(1)[1] == geometry.position_mm(0)[1]
    ball = phantom.truth(kvp=120.0, field_strength_t=1.5)[1]
    best = []
    for index in range(80):
        x, y, z = geometry.position_mm(index)
        _, dy, dz = geometry.column_direction
        rows, columns = np.arange(128) * geometry.row_spacing_mm, np.arange(128) * geometry.column_spacing_mm
        far = np.sqrt(
            (x + columns.reshape(1, -1) - ball["center_mm"][0]) ** 2
            + (y + dy * rows.reshape(-1, 1) - ball["center_mm"][1]) ** 2
            + (z + dz * rows.reshape(-1, 1) - ball["center_mm"][2]) ** 2
        )
        inside = far < 0.6 * ball["radius_mm"]
        best += made.image(index)[inside].tolist()
    assert len(best) > 100
    assert np.mean(best) == pytest.approx(ball["properties"]["HU"], abs=1.0)


@pytest.mark.parametrize(("ramp_mm", "most"), [(0.0, 0.13), (2.0, 45.0)])
def test_slices_between_key_slices_are_what_their_own_sections_sum_to(ramp_mm, most):
    dense, geometry, values = sections(phantoms.head(1), slices=500, ramp_mm=ramp_mm)
    own = Sections(phantoms.head(1), geometry, values, SPREAD_MM, ramp_mm)
    own._dense = False
    assert dense._dense
    for index in (251, 252, 254):
        between, alone = dense.image(index), own.image(index)
        # A ramp bends the profile: a chord misses it by step^2 / (8 ramp thickness), 1.6 % of an edge's contrast.
        assert np.abs(between - alone).max() < most
        assert np.abs(between - alone).mean() < 0.5
        assert np.abs(between - dense.image(index + 6)).max() > 20.0


def test_a_dome_fades_out_without_terraces():
    """The cap of a ball of bone within one thick slice, against the share of each voxel that it fills by formula."""
    bone = Tissue("bone", 1.0, {}, *NO_SIGNAL, fixed_hu=1000.0)
    air = Tissue("air", 1.0, {}, *NO_SIGNAL, fixed_hu=0.0)
    ball = Phantom(
        "ball",
        "PHANTOM",
        (Structure("room", sphere((0.0, 0.0, 0.0), 90.0), air), Structure("ball", sphere((0.0, 0.0, 0.0), 80.0), bone)),
        (74.0, 79.0),
        180.0,
    )
    made, geometry, _ = sections(ball, slices=1, thickness_mm=5.0, spacing_mm=5.0, size=360)
    x, y, z = coordinates(geometry, 0, (0.0, 0.0, 0.0))
    radius = np.hypot(x, y)
    surface = np.sqrt(np.maximum(80.0**2 - radius**2, 0.0))
    filled = np.clip((surface - float(z.item())) / 5.0 + 0.5, 0.0, 1.0) * 1000.0
    fading = (radius < 26.0) & (filled > 50.0)  # where the point spread of a few pixels changes little
    off = np.abs(made.image(0) - blurred(filled, geometry))[fading]
    assert off.max() < 1000.0 / 8 / 4, "a quarter of a section's share of the contrast"
    assert np.sqrt((off**2).mean()) < 1000.0 / 8 / 10
