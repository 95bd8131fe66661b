import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import CtProtocol, ct
from modality.acquisition.truth import truth
from modality.errors import UnknownNameError, UsageError

WATER = phantoms.water()


def uniform(acquisition, index=0):
    """HU in the middle of a slice of water."""
    pixels = acquisition.frame(index).pixels.astype(np.float64) + acquisition.protocol.rescale_intercept
    rows, columns = pixels.shape
    return pixels[rows * 2 // 5 : rows * 3 // 5, columns * 2 // 5 : columns * 3 // 5]


@pytest.mark.parametrize(
    "phantom", [WATER, phantoms.shepp_logan(), phantoms.head(1), phantoms.thorax(1)], ids=lambda p: p.name
)
@pytest.mark.parametrize("kvp", [80.0, 120.0])
def test_each_ball_has_the_ct_number_of_the_truth(phantom, kvp):
    acquisition = ct(phantom, seed=3, rows=256, columns=256, slices=400, kvp=kvp, mas=1000.0, slice_thickness_mm=1.0)
    geometry = acquisition.geometry
    x0, y0, _ = geometry.position_mm(0)
    checked = 0
    for structure in truth(acquisition)["structures"]:
        cx, cy, cz = structure["center_mm"]
        index = round((cz - geometry.position_mm(0)[2]) / geometry.slice_spacing_mm)
        # What lies farther from the ball's rim than the point spread reaches and half a slice.
        safe = structure["radius_mm"] - 2.5 * acquisition.protocol.point_spread_mm - 0.3
        within = structure["radius_mm"] ** 2 > safe**2 + (geometry.slice_thickness_mm / 2 + 0.5) ** 2
        if not 0 <= index < len(acquisition) or safe < 1.5 or not within:
            continue
        x = x0 + np.arange(geometry.columns) * geometry.column_spacing_mm
        y = (y0 + np.arange(geometry.rows) * geometry.row_spacing_mm).reshape(-1, 1)
        inside = (x - cx) ** 2 + (y - cy) ** 2 < safe**2
        values = acquisition.frame(index).pixels[inside].astype(np.float64) - 1024.0
        error = abs(values.mean() - max(structure["properties"]["HU"], -1024.0))
        assert error < 0.5 + 5 * acquisition.protocol.noise_hu / np.sqrt(values.size), structure["name"]
        checked += 1
    assert checked >= {"water": 1, "shepp-logan": 7, "head": 10, "thorax": 10}[phantom.name]


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        ({"mas": 480.0}, 0.5),
        ({"slice_thickness_mm": 10.0}, 0.5),
        ({"mas": 30.0}, 2.0),
        ({"kvp": 80.0}, (120 / 80) ** 1.3),
        ({"kernel": "SHARP"}, (0.70 / 0.45) ** 1.5),
    ],
)
def test_noise_follows_dose_thickness_and_kernel(change, factor):
    usual = {"mas": 120.0, "slice_thickness_mm": 2.5, "slices": 1}
    usual_noise = uniform(ct(WATER, seed=1, **usual)).std()
    assert usual_noise == pytest.approx(ct(WATER, seed=1, **usual).protocol.noise_hu, rel=0.06)
    assert uniform(ct(WATER, seed=1, **{**usual, **change})).std() / usual_noise == pytest.approx(factor, rel=0.08)


def test_water_is_zero_and_air_is_minus_a_thousand():
    acquisition = ct(WATER, seed=1, slices=1, mas=2000.0)
    assert uniform(acquisition).mean() == pytest.approx(0.0, abs=0.3)
    assert acquisition.frame(0).pixels[:30, :30].mean() - 1024.0 == pytest.approx(-1000.0, abs=0.6)


def test_stored_values_fit_into_twelve_bits_unsigned():
    frame = ct(phantoms.head(0), seed=1, rows=64, columns=64, slices=8, mas=1.0).frame(2)
    assert frame.pixels.dtype == np.uint16
    assert frame.pixels.max() <= 4095
    assert frame.pixels.min() == 0


@pytest.mark.parametrize(("kernel", "mtf50_per_mm"), [("SMOOTH", 0.32), ("STANDARD", 0.45), ("SHARP", 0.70)])
def test_the_kernel_spreads_an_edge_as_its_mtf_says(kernel, mtf50_per_mm):
    acquisition = ct(
        phantoms.shepp_logan(),
        seed=1,
        slices=1,
        rows=1024,
        columns=1024,
        mas=1e5,
        kernel=kernel,
        slice_thickness_mm=0.5,
    )
    edge = acquisition.frame(0).pixels[512, :220].astype(np.float64)  # from air into the scalp of 50 HU
    share = (edge - 24.0) / 1050.0
    ten, half = (np.interp(level, share, np.arange(share.size)) for level in (0.1, 0.5))
    # A Gaussian edge rises from 10 % to 50 % within 1.2816 standard deviations; its MTF is exp(-2 (pi sigma f)^2).
    sigma_mm = (half - ten) * acquisition.geometry.column_spacing_mm / 1.2816
    assert np.sqrt(np.log(2.0) / 2.0) / (np.pi * sigma_mm) == pytest.approx(mtf50_per_mm, rel=0.06)


def test_a_slice_is_the_same_alone_and_in_order_and_seeds_differ():
    make = lambda seed: ct(phantoms.head(0), seed=seed, rows=64, columns=48, slices=5)  # noqa: E731
    in_order = [frame.pixels for frame in make(1)]
    acquisition = make(1)
    for index in (3, 0, 4, 1, 2, 3):
        assert np.array_equal(acquisition.frame(index).pixels, in_order[index])
    assert len(in_order) == len(acquisition) == 5
    assert not np.array_equal(make(2).frame(3).pixels, in_order[3])


def test_the_dose_is_the_mean_scanners():
    # Elojeimy, Tipnis and Huda 2010: 0.167 mGy/mAs in the head and 0.078 in the body phantom at 120 kV.
    assert CtProtocol(tube_current_ma=200.0, exposure_time_ms=1000.0, head_holder=True).ctdi_vol_mgy == 33.4
    body = CtProtocol(tube_current_ma=200.0, exposure_time_ms=500.0)
    assert (body.exposure_mas, body.ctdi_vol_mgy) == (100.0, 7.8)
    # Raising 80 kV to 140 kV multiplies the dose by about 4, says the same paper.
    at_80, at_140 = (CtProtocol(kvp=kvp).ctdi_vol_mgy for kvp in (80.0, 140.0))
    assert at_140 / at_80 == pytest.approx(4.3, abs=0.1)


def test_defaults_come_from_the_body_part():
    head, chest = ct(phantoms.head(), seed=1), ct(phantoms.thorax(), seed=1)
    assert head.protocol.head_holder
    assert not chest.protocol.head_holder
    assert (head.geometry.rows, head.geometry.columns) == (512, 512)
    assert (head.body_part, head.phantom.name) == ("HEAD", "head")
    assert chest.protocol.reconstruction_diameter_mm == 400.0
    assert len(chest) > 100


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"kvp": 60.0}, UsageError),
        ({"kvp": -1.0}, UsageError),
        ({"mas": 0.0}, UsageError),
        ({"slice_thickness_mm": float("nan")}, UsageError),
        ({"kernel": "B30f"}, UnknownNameError),
        ({"rows": 0}, UsageError),
    ],
)
def test_a_setting_out_of_range_is_a_usage_error_before_any_slice(wrong, error):
    with pytest.raises(error):
        ct(WATER, seed=1, **wrong)


def test_there_is_no_slice_beyond_the_last():
    acquisition = ct(WATER, seed=1, slices=2, rows=8, columns=8)
    for index in (-1, 2):
        with pytest.raises(IndexError):
            acquisition.frame(index)


@pytest.mark.parametrize("make", [phantoms.knee, phantoms.spine], ids=["knee", "spine"])
def test_knees_and_spines_have_protocols_of_their_own(make):
    acquisition = ct(make(1), seed=1, slices=2, rows=24, columns=24)
    assert acquisition.protocol.pitch == 1.0
    assert acquisition.protocol.reference_diameter_mm == pytest.approx(acquisition.exposure.diameter_mm(1), rel=0.25)
