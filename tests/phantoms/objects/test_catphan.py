import itertools

import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import ct
from phantoms.objects.catphan import GROUPS, TARGETS
from phantoms.objects.polar import at

PHANTOM = phantoms.catphan504()
SCAN = ct(PHANTOM, seed=2)


def image(z):
    """The slice at a height, in HU, with its coordinates."""
    geometry = SCAN.geometry
    index = next(k for k in range(len(SCAN)) if abs(geometry.position_mm(k)[2] - z) < 0.1)
    x = geometry.origin_mm[0] + geometry.column_spacing_mm * np.arange(geometry.columns)
    y = geometry.origin_mm[1] + geometry.row_spacing_mm * np.arange(geometry.rows)
    return SCAN.frame(index).pixels.astype(float) - 1024.0, x.reshape(1, -1), y.reshape(-1, 1)


def disc(z, center, radius):
    pixels, x, y = image(z)
    return pixels[(x - center[0]) ** 2 + (y - center[1]) ** 2 <= radius**2]


@pytest.mark.parametrize(("name", "angle", "hu"), [(n, a, m.hu(120.0)) for n, a, m in TARGETS])
def test_each_target_has_its_ct_number(name, angle, hu):
    values = np.concatenate([disc(z, at(58.7, angle), 4.5) for z in (-5.0, 0.0, 5.0)])
    assert values.mean() == pytest.approx(hu, abs=2.0)


def test_the_square_of_holes_is_50_mm():
    pixels, x, y = image(0.0)
    centers = []
    for side_x, side_y in ((1, -1), (-1, 1), (1, 1)):
        near = (np.abs(x - 25.0 * side_x) < 3.0) & (np.abs(y - 25.0 * side_y) < 3.0)
        weight = np.where(near & (pixels < -200.0), 95.0 - pixels, 0.0)
        centers.append((float((weight * x).sum() / weight.sum()), float((weight * y).sum() / weight.sum())))
    upper_right, lower_left, lower_right = centers
    assert lower_right[0] - lower_left[0] == pytest.approx(50.0, abs=0.2)
    assert lower_right[1] - upper_right[1] == pytest.approx(50.0, abs=0.2)


def test_a_wire_ramp_is_as_long_as_the_slice_is_thick_over_the_tangent():
    pixels, x, y = image(0.0)
    band = pixels[:, np.abs(x[0] - 38.0) < 1.0].mean(axis=1) - 95.0
    half = (np.abs(y[:, 0]) < 12.0) & (band > band[np.abs(y[:, 0]) < 1.0].mean() / 2)
    length = np.count_nonzero(half) * SCAN.geometry.row_spacing_mm
    assert 0.42 * length == pytest.approx(2.5, abs=0.3)


def test_groups_of_line_pairs_do_not_touch_and_grow_finer_all_around():
    assert [number for number, _, _ in GROUPS] == list(range(1, 22))
    sectors = []
    for number, count, angle in GROUPS:
        half = np.degrees((2 * count - 1) * 2.5 / number / 43.0)  # at the inner end of the bars
        sectors.append((angle - half, angle + half))
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(sectors))
    assert sectors[-1][1] - 360.0 < sectors[0][0]


def test_low_contrast_targets_stand_10_hu_out():
    values = np.concatenate([disc(z, at(50.0, -87.4), 6.0) for z in (-25.0, -30.0, -35.0)])
    around = np.concatenate([disc(z, (0.0, 0.0), 20.0) for z in (-25.0, -30.0, -35.0)])
    assert values.mean() - around.mean() == pytest.approx(10.0, abs=1.0)


def test_the_default_scan_is_fine_and_quiet_enough():
    assert len(SCAN) >= 39
    assert SCAN.geometry.slice_thickness_mm <= 2.5
    assert disc(-65.0, (0.0, 0.0), 30.0).std() <= 10.0
    assert len(PHANTOM.truth(kvp=120.0, field_strength_t=1.5)) >= 7
