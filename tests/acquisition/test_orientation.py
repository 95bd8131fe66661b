"""Turned stacks: they cover the phantom, and things lie in them where the truth says."""

import math
from itertools import product

import numpy as np
import pytest

import phantoms
from modality.acquisition import plan, sampling
from modality.acquisition.ct import ct
from modality.acquisition.mr import mr
from modality.acquisition.orientation import ORIENTATIONS, stack
from modality.acquisition.truth import truth
from modality.errors import UnknownNameError, UsageError

USUAL = {"rows": 64, "columns": 48, "slices": 10, "slice_thickness_mm": 3.0, "slice_spacing_mm": 3.0}
THORAX = phantoms.thorax(1)


def corners_reached(geometry, point):
    """Place of a point in the stack: column, row and slice, from 0 at the first centres."""
    away = np.subtract(point, geometry.origin_mm)
    return (
        float(away @ geometry.row_direction) / geometry.column_spacing_mm,
        float(away @ geometry.column_direction) / geometry.row_spacing_mm,
        float(away @ geometry.normal) / geometry.slice_spacing_mm,
    )


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_directions_are_a_right_handed_frame(orientation):
    geometry = stack(THORAX, orientation, **USUAL)
    frame = np.array([geometry.row_direction, geometry.column_direction, geometry.normal])
    assert np.allclose(frame @ frame.T, np.eye(3), atol=1e-11)
    assert np.linalg.det(frame) == pytest.approx(1.0)


def test_axial_is_the_plan_of_axial_slices():
    assert stack(THORAX, "axial", **USUAL) == plan.axial(THORAX, **USUAL)


def test_no_axis_of_oblique_images_is_parallel_to_one_of_the_patient():
    geometry = stack(THORAX, "oblique", **USUAL)
    frame = np.abs([geometry.row_direction, geometry.column_direction, geometry.normal])
    assert frame.max() < math.cos(math.radians(10.0))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("slices", [None, 1, 7])
def test_the_whole_scan_range_lies_in_the_stack(orientation, slices):
    geometry = stack(THORAX, orientation, **{**USUAL, "slices": slices, "rows": 48})
    low, high = THORAX.scan_range_mm
    radius = THORAX.field_of_view_mm / 2
    for turn in np.linspace(0.0, 2 * math.pi, 24):
        for z in (low, high):
            point = (radius * math.cos(turn), radius * math.sin(turn), z)
            place = corners_reached(geometry, point)
            assert -0.51 <= place[0] <= geometry.columns - 0.49
            assert -0.51 <= place[1] <= geometry.rows - 0.49
    box = THORAX.bounds
    for x, y, z in product(*zip(box.low_mm[:2], box.high_mm[:2], strict=True), (low, high)):
        # Of a corner beyond the field of view nothing is scanned.
        share = min(1.0, radius / math.hypot(x, y))
        if slices != 1:
            assert -1.01 <= corners_reached(geometry, (x * share, y * share, z))[2] <= geometry.slices + 0.01
    middle = corners_reached(geometry, (0.0, 0.0, (low + high) / 2))
    assert middle == pytest.approx([(n - 1) / 2 for n in (geometry.columns, geometry.rows, geometry.slices)], abs=1e-3)


@pytest.mark.parametrize("orientation", ["sagittal", "coronal"])
def test_all_slices_but_perhaps_the_outermost_show_the_patient(orientation):
    geometry = stack(phantoms.head(3), orientation, **{**USUAL, "slices": 12})
    for index in (1, 10):
        points = sampling.coordinates(geometry, index, (0.0, 0.0, 0.0))
        assert phantoms.head(3).labels(*points).any()


def test_an_unknown_orientation_is_refused_by_name():
    with pytest.raises(UnknownNameError, match="transverse"):
        stack(THORAX, "transverse", **USUAL)


@pytest.mark.parametrize("scan", [ct, mr], ids=["ct", "mr"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_balls_are_found_in_the_images_where_the_truth_has_them(orientation, scan):
    acquisition = scan(phantoms.spheres(), seed=3, rows=128, columns=128, slices=40, orientation=orientation)
    geometry = acquisition.geometry
    volume = np.stack([frame.pixels.astype(np.float64) for frame in acquisition])
    k, j, i = np.indices(volume.shape)
    balls = [ball for ball in truth(acquisition)["structures"] if ball["name"].startswith("ball")]
    assert len(balls) == 8
    for ball in balls:
        column, row, section = corners_reached(geometry, ball["center_mm"])
        away = np.sqrt(
            ((i - column) * geometry.column_spacing_mm) ** 2
            + ((j - row) * geometry.row_spacing_mm) ** 2
            + ((k - section) * geometry.slice_spacing_mm) ** 2
        )
        inside, around = away < 0.6 * ball["radius_mm"], away < 1.3 * ball["radius_mm"]
        bright = volume[inside].mean()
        dark = volume[around & (away > 1.15 * ball["radius_mm"])].mean()
        weights = np.clip((volume - dark) / (bright - dark), 0.0, 1.0) * around
        weights[weights < 0.3] = 0.0
        found = [float((weights * axis).sum() / weights.sum()) for axis in (i, j, k)]
        assert found == pytest.approx([column, row, section], abs=0.5), ball["name"]


def test_reformatted_ct_has_the_numbers_and_the_noise_of_the_axial_scan():
    """Water reads 0 HU in every plane; the noise of a slab is that of an axial slice as thick."""
    measured = {}
    for orientation in ORIENTATIONS:
        acquisition = ct(phantoms.water(), seed=1, rows=96, columns=96, slices=5, orientation=orientation)
        middle = acquisition.frame(2).pixels[36:60, 36:60].astype(float) - 1024.0
        assert middle.mean() == pytest.approx(0.0, abs=1.0)
        measured[orientation] = middle.std()
    assert measured["sagittal"] == pytest.approx(measured["axial"], rel=0.15)
    assert measured["oblique"] == pytest.approx(measured["axial"], rel=0.15)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"gantry_tilt_deg": 10.0, "pitch": 0.0}, "tilted gantry"),
        ({"engine": "projection"}, "axial slices only"),
        ({"localizer": "frontal"}, "not of a localizer"),
    ],
)
def test_what_has_no_other_planes_says_so(options, said):
    with pytest.raises(UsageError, match=said):
        ct(phantoms.spheres(), seed=1, orientation="coronal", **options)
