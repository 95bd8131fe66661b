import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import ct
from phantoms.objects.acr464 import BAR_PATTERNS, INSERTS, MODULES_MM
from phantoms.objects.polar import at

PHANTOM = phantoms.acr_ct()
SCAN = ct(PHANTOM, seed=1)


def image(z):
    """The slice at a height, in HU, with its coordinates."""
    geometry = SCAN.geometry
    index = next(k for k in range(len(SCAN)) if abs(geometry.position_mm(k)[2] - z) < 2.6)
    x = geometry.origin_mm[0] + geometry.column_spacing_mm * np.arange(geometry.columns)
    y = geometry.origin_mm[1] + geometry.row_spacing_mm * np.arange(geometry.rows)
    return SCAN.frame(index).pixels.astype(float) - 1024.0, x.reshape(1, -1), y.reshape(-1, 1)


def disc(z, center, radius):
    pixels, x, y = image(z)
    return pixels[(x - center[0]) ** 2 + (y - center[1]) ** 2 <= radius**2]


def test_slices_lie_where_the_brief_has_them():
    heights = [round(SCAN.geometry.position_mm(k)[2], 3) for k in range(len(SCAN))]
    assert heights == [-22.5 + 5.0 * k for k in range(34)]


@pytest.mark.parametrize(("name", "angle", "hu"), [(n, a, m.hu(120.0)) for n, a, m in INSERTS])
def test_each_insert_has_its_ct_number(name, angle, hu):
    values = disc(2.5, at(63.0, angle), 10.0)
    assert values.mean() == pytest.approx(max(hu, -1000.0), abs=2.0)


def test_noise_and_uniformity_are_those_of_the_brief():
    places = [(0.0, 0.0), *(at(66.0, angle)[:2] for angle in (0.0, 90.0, 180.0, 270.0))]
    means = [disc(82.5, place, 11.0).mean() for place in places]
    assert max(abs(mean) for mean in means) < 2.0
    assert disc(82.5, (0.0, 0.0), 18.0).std() < 6.0


def test_as_many_wires_of_a_ramp_show_as_half_millimetres_fit_the_slice():
    pixels, x, y = image(2.5)
    band = pixels[np.abs(y[:, 0] - 20.0) < 2.0].mean(axis=0)
    middle = band[1:-1]
    peaks = (middle > band[:-2]) & (middle >= band[2:]) & (middle > band.max() / 2) & (np.abs(x[0, 1:-1]) < 70.0)
    assert np.count_nonzero(peaks) == 10


def test_low_contrast_stands_6_hu_above_its_background():
    assert disc(42.5, at(60.0, -90.0), 11.0).mean() - disc(42.5, (0.0, 0.0), 15.0).mean() == pytest.approx(6.0, abs=1.0)


def test_beads_lie_100_mm_apart():
    pixels, x, y = image(72.5)
    bright = np.argwhere(pixels > 80.0)
    ends = [np.array([(x[0, c], y[r, 0]) for r, c in bright if np.sign(x[0, c]) == side]) for side in (1, -1)]
    first, second = (end.mean(axis=0) for end in ends)
    assert float(np.hypot(*(first - second))) == pytest.approx(100.0, abs=0.5)


@pytest.mark.parametrize(("line_pairs", "angle"), BAR_PATTERNS)
def test_a_bar_pattern_has_half_bars_half_gaps_and_fades_with_its_frequency(line_pairs, angle):
    pattern = disc(122.5, at(70.0, angle), 6.0)
    modulation = pattern.std()
    coarse = disc(122.5, at(70.0, -135.0), 6.0).std()
    assert 800.0 < pattern.mean() < 1400.0
    assert modulation <= coarse
    assert (modulation > 100.0) == (line_pairs <= 7)


def test_every_module_has_a_slice_of_its_own():
    for z in MODULES_MM:
        lows = [SCAN.geometry.position_mm(k)[2] - 2.5 for k in range(len(SCAN))]
        assert any(z - 20.0 <= low and low + 5.0 <= z + 20.0 for low in lows)


def test_at_least_five_structures_are_listed():
    assert len(PHANTOM.truth(kvp=120.0, field_strength_t=1.5)) >= 15
