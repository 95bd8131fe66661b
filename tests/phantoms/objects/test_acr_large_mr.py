import numpy as np
import pytest

import phantoms
from modality.acquisition.mr import mr
from phantoms.objects.acr_large_mr import HOLE_DIAMETERS_MM, RAMPS_Y_MM, SPOKE_CONTRASTS, slice_z_mm

PHANTOM = phantoms.acr_mr()
SCAN = mr(PHANTOM, seed=3)


def image(number):
    """Slice `number`, from 1, with its coordinates."""
    geometry = SCAN.geometry
    x = geometry.origin_mm[0] + geometry.column_spacing_mm * np.arange(geometry.columns)
    y = geometry.origin_mm[1] + geometry.row_spacing_mm * np.arange(geometry.rows)
    return SCAN.frame(number - 1).pixels.astype(float), x.reshape(1, -1), y.reshape(-1, 1)


def test_the_default_scan_is_the_eleven_slices_of_the_manual():
    geometry = SCAN.geometry
    assert [round(geometry.position_mm(k)[2], 6) for k in range(len(SCAN))] == [slice_z_mm(k) for k in range(1, 12)]
    assert (geometry.slice_thickness_mm, geometry.field_of_view_mm) == (5.0, pytest.approx((250.0, 250.0)))


def test_both_ramps_are_ten_times_as_long_as_the_slice_is_thick():
    pixels, x, y = image(1)
    lengths = []
    for center in RAMPS_Y_MM:
        profile = pixels[np.abs(y[:, 0] - center) < 1.6].mean(axis=0)
        floor = profile[(np.abs(x[0]) > 60) & (np.abs(x[0]) < 70)].mean()
        top = profile[np.abs(x[0]) < 15].mean()
        lengths.append(np.count_nonzero((profile > (floor + top) / 2) & (np.abs(x[0]) < 70)) * 250.0 / 256)
    a, b = lengths
    # ACR: 0.2 (top x bottom) / (top + bottom).
    assert 0.2 * a * b / (a + b) == pytest.approx(5.0, abs=0.4)


def test_wedges_end_at_the_same_height_when_the_slice_lies_right():
    for number in (1, 11):
        pixels, x, y = image(number)
        column = pixels[(y[:, 0] > -90) & (y[:, 0] < -50)]
        left, right = (column[:, np.abs(x[0] - side * 2.5) < 1.0].mean(axis=1) for side in (-1, 1))
        ends = [np.count_nonzero(edge < pixels[128, 128] / 2) for edge in (left, right)]
        assert abs(ends[0] - ends[1]) <= 1


def test_a_wedge_slides_with_its_height():
    labels = {s.name: n for n, s in enumerate(PHANTOM.structures, start=1)}
    y = np.arange(-92.0, -50.0, 0.1).reshape(-1, 1)
    for z in (-3.0, 0.0, 4.0):
        left, right = (
            np.count_nonzero(PHANTOM.labels(np.full((1, 1), x), y, np.full((1, 1), z)) == labels["wedges of slice 1"])
            for x in (-2.5, 2.5)
        )
        assert (right - left) * 0.1 == pytest.approx(2 * z, abs=0.3)


def test_holes_of_one_array_are_apart_by_twice_their_diameter():
    for diameter in HOLE_DIAMETERS_MM:
        (array,) = (s.solid for s in PHANTOM.structures if s.name == f"holes of {diameter:g} mm")
        centers = np.array([part.center_mm[:2] for part in array.parts])
        assert len(centers) == 31  # two arrays of sixteen share a hole
        apart = np.sqrt(((centers[:, None] - centers[None]) ** 2).sum(axis=2))
        assert np.sort(apart + 100 * np.eye(len(centers)), axis=1)[:, 0].min() == pytest.approx(2 * diameter, rel=1e-3)


def test_the_uniform_slice_is_uniform_and_the_cylinder_190_mm_wide():
    pixels, x, y = image(7)
    inside = pixels[x**2 + (y - 5.0) ** 2 <= 80.0**2]
    low, high = np.percentile(inside, (1, 99))
    assert 87.5 < 100 * (1 - (high - low) / (high + low)) < 100
    assert np.count_nonzero(pixels[128] > inside.mean() / 2) * 250.0 / 256 == pytest.approx(190.0, abs=1.5)


@pytest.mark.parametrize(("number", "contrast"), SPOKE_CONTRASTS)
def test_the_sheet_is_weaker_than_its_holes(number, contrast):
    truth = {s["name"]: s["properties"]["PD"] for s in PHANTOM.truth(kvp=120.0, field_strength_t=1.5)}
    assert truth[f"spokes of slice {number}"] - truth[f"sheet of slice {number}"] == pytest.approx(contrast)
