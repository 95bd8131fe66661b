import math
from dataclasses import replace

import numpy as np
import pytest

import phantoms
from modality.acquisition.emission.pet import FWHM_OF_DEVIATION, pt
from modality.acquisition.truth import truth
from modality.errors import UsageError
from phantoms.phantom import Phantom, Structure
from phantoms.solids import sphere
from phantoms.tissues import TISSUES

MANY = {"seed": 1, "dose_mbq_per_kg": 100.0, "frame_s": 3600.0}


def point_source(diameter_mm):
    hot = replace(TISSUES["water"], activity=1000.0)
    ball = Structure("point", sphere((0.0, 0.0, 0.0), diameter_mm / 2), hot)
    return Phantom("point", "PHANTOM", (ball,), (-20.0, 20.0), 60.0)


def width_at_half(profile, step_mm):
    """Full width at half maximum, interpolated."""
    half = profile.max() / 2
    above = np.flatnonzero(profile >= half)
    first, last = above[0], above[-1]
    left = first - (profile[first] - half) / (profile[first] - profile[first - 1])
    right = last + (profile[last] - half) / (profile[last] - profile[last + 1])
    return (right - left) * step_mm


@pytest.mark.parametrize("fwhm_mm", [5.0, 8.0])
def test_a_point_is_as_wide_as_the_resolution_in_every_direction(fwhm_mm):
    scan = pt(point_source(2.0), rows=61, columns=61, slice_thickness_mm=1.0, fwhm_mm=fwhm_mm, **MANY)
    volume = np.array([frame.pixels * scan.slope(frame.index) for frame in scan])
    pixel = scan.geometry.row_spacing_mm
    profiles = [(volume.sum(axis=(0, 1)), pixel), (volume.sum(axis=(0, 2)), pixel), (volume.sum(axis=(1, 2)), 1.0)]
    # The ball and the voxel have a width of their own: variances of r2/5 and 1/12 of an edge's square.
    own = (1.0 / 5 + 1.0 / 12) * FWHM_OF_DEVIATION**2
    for profile, step in profiles:
        assert width_at_half(profile, step) == pytest.approx(math.hypot(fwhm_mm, own**0.5), rel=0.04)
    assert scan.deviation_mm * FWHM_OF_DEVIATION == pytest.approx(fwhm_mm, abs=1e-4)


def test_large_spheres_recover_their_activity_and_small_ones_lose_it_as_a_gaussian_takes_it():
    scan = pt(replace(phantoms.nema_pet(), scan_range_mm=(-2.0, 2.0)), slices=1, **MANY)
    assert scan.geometry.position_mm(0)[2] == 0.0
    image = scan.frame(0).pixels * scan.slope(0) / scan.bq_per_ml_of_suv
    deviation = scan.deviation_mm
    for one in truth(scan)["structures"]:
        if not one["name"].startswith("sphere"):
            continue
        x, y, _ = one["center_mm"]
        row = round((y - scan.geometry.origin_mm[1]) / scan.geometry.row_spacing_mm)
        column = round((x - scan.geometry.origin_mm[0]) / scan.geometry.column_spacing_mm)
        diameter = float(one["name"].split()[1])
        reach = diameter / 2 / deviation
        # What a ball leaves at its middle under a Gaussian of three dimensions; the walls are without activity.
        ball = math.erf(reach / math.sqrt(2)) - math.sqrt(2 / math.pi) * reach * math.exp(-(reach**2) / 2)
        near = image[row - 1 : row + 2, column - 1 : column + 2].max()
        assert one["properties"]["SUVbw"] == 4.0
        if diameter >= 22:
            assert near == pytest.approx(4.0, rel=0.08)
        else:
            assert 4.0 * ball * 0.8 < near < 4.0 * ball + 1.0
    assert image[60:66, 60:66].max() < 0.2  # the lung insert


def test_the_background_has_the_concentration_of_the_dose_and_the_noise_of_its_counts():
    def noise(frame_s):
        scan = pt(phantoms.nema_pet(), seed=2, slices=3, frame_s=frame_s, tracer="FDG", uptake_min=60.0)
        image = scan.frame(1).pixels * scan.slope(1)
        part = image[24:40, 54:74]
        assert part.mean() == pytest.approx(4e6 / 1000 * 2 ** (-3600 / 6586.2), rel=0.05)
        return part.std() / part.mean()

    assert noise(60.0) / noise(960.0) == pytest.approx(4.0, rel=0.15)


def test_beds_are_counted_one_after_the_other_and_corrected_to_the_start():
    scan = pt(phantoms.thorax(1), seed=1, rows=32, columns=32, slices=8, tracer="methionine", frame_s=300.0)
    assert scan.beds == 2
    assert [scan.start_s(k) for k in range(8)] == [0.0] * 4 + [303.0] * 4
    turns = math.log(2) / 1223.4
    for index in (0, 7):
        start = scan.start_s(index)
        mean = (math.exp(-turns * start) - math.exp(-turns * (start + 300.0))) / (turns * 300.0)
        assert scan.decay_factor(index) == pytest.approx(1 / mean, rel=1e-7)
        assert math.exp(turns * scan.reference_s(index)) == pytest.approx(scan.decay_factor(index), rel=1e-6)
        assert start < scan.reference_s(index) < start + 150.0
    later = scan.counts(4) / scan.counts(3)
    assert later < 1.0


def test_a_slice_is_the_same_alone_and_in_order_and_another_from_another_seed():
    def scan(seed):
        return pt(phantoms.nema_pet(), seed=seed, rows=40, columns=48, slices=3)

    in_order = [frame.pixels for frame in scan(1)]
    alone = scan(1).frame(2).pixels
    assert alone.dtype == np.uint16
    assert np.array_equal(in_order[2], alone)
    assert not np.array_equal(alone, scan(2).frame(2).pixels)


def test_where_nothing_is_active_an_image_holds_zeros():
    cold = replace(point_source(2.0), structures=(Structure("cold", sphere((0.0, 0.0, 0.0), 9.0), TISSUES["air"]),))
    scan = pt(cold, seed=1, rows=16, columns=16, slices=1)
    assert not scan.frame(0).pixels.any()
    assert (scan.slope(0), scan.counts(0)) == (1.0, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tracer": "gold"}, "tracer 'gold'"),
        ({"fwhm_mm": 0.0}, "fwhm_mm 0: from 1 to 40"),
        ({"frame_s": math.nan}, "frame_s nan"),
        ({"dose_mbq_per_kg": -1.0}, "dose_mbq_per_kg -1"),
        ({"uptake_min": 1e9}, "uptake_min"),
        ({"slices": 0}, "slices must be at least 1"),
    ],
)
def test_what_is_out_of_range_is_refused(options, said):
    with pytest.raises(UsageError, match=said):
        pt(phantoms.nema_pet(), seed=1, **options)
