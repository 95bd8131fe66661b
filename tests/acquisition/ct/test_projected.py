"""Scans by projections: what the fast engine draws comes out of measured rays, and so does what it cannot draw."""

import math
from functools import lru_cache

import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import ct
from modality.acquisition.ct.kernel import KERNEL_MTF50_PER_MM
from modality.acquisition.projection.beam import beam
from modality.acquisition.projection.materials import as_basis
from modality.errors import UnknownNameError, UsageError
from phantoms.attenuation import WATER

SMALL = {"rows": 128, "columns": 128, "slices": 3}
WATER_200 = phantoms.water()


@lru_cache(maxsize=16)
def scanned(engine="projection", make="water", index=1, **options):
    """A slice in HU."""
    settings = {"seed": 5, **SMALL, **options}
    acquisition = ct(getattr(phantoms, make)(), engine=engine, **settings)
    return acquisition.frame(index).pixels.astype(np.float64) + acquisition.protocol.rescale_intercept


def distance(size=128, field_mm=250.0, center=(0.0, 0.0)):
    """From a point, of each pixel."""
    places = (np.arange(size) - (size - 1) / 2) * field_mm / size
    return np.hypot(places.reshape(1, -1) - center[0], places.reshape(-1, 1) - center[1])


def test_the_engines_agree_on_the_ct_number_of_water_and_its_uniformity():
    for engine in ("fast", "projection"):
        image = scanned(engine, mas=2000.0)
        assert abs(image[distance() < 80.0].mean()) < 2.0
        for center in ((60.0, 0.0), (-60.0, 0.0), (0.0, 60.0), (0.0, -60.0), (0.0, 0.0)):
            assert abs(image[distance(center=center) < 15.0].mean()) < 2.0
    assert abs(scanned("fast", mas=2000.0)[0, 0] - scanned(mas=2000.0)[0, 0]) < 15.0


@pytest.mark.parametrize(
    "change",
    [{}, {"kvp": 80.0}, {"kvp": 140.0}, {"kernel": "SMOOTH"}, {"slice_thickness_mm": 5.0, "pitch": 1.5}],
    ids=str,
)
def test_the_engines_agree_on_the_noise_in_the_middle_within_fifteen_percent(change):
    middle = distance() < 40.0
    fast, projected = (scanned(engine, mas=400.0, **change)[middle].std() for engine in ("fast", "projection"))
    assert projected / fast == pytest.approx(1.0, abs=0.15)


def test_noise_falls_as_the_root_of_the_exposure():
    few, many = (scanned(mas=mas)[distance() < 40.0].std() for mas in (100.0, 1600.0))
    assert few / many == pytest.approx(4.0, rel=0.1)


def halved(engine, kernel):
    """The frequency at which the modulation of the cylinder's rim falls to one half."""
    acquisition = ct(
        phantoms.water(diameter_mm=100.0), engine=engine, kernel=kernel, seed=1, rows=256, columns=256, slices=3,
        mas=200_000.0, reconstruction_diameter_mm=110.0,
    )  # fmt: skip
    image = acquisition.frame(1).pixels.astype(np.float64)
    step_mm = 0.05
    bins = np.rint((distance(256, 110.0) - 47.0) / step_mm).astype(int)
    near = (bins >= 0) & (bins < 120)
    line = -np.diff(np.bincount(bins[near], image[near], 120) / np.bincount(bins[near], minlength=120))[30:]
    frequencies = np.arange(0.05, 1.2, 0.005)
    place = np.arange(line.size) * step_mm
    modulation = np.abs(np.exp(-2j * np.pi * frequencies.reshape(-1, 1) * place) @ line) / abs(line.sum())
    return frequencies[np.flatnonzero(modulation < 0.5)[0]]


@pytest.mark.parametrize("kernel", ["SMOOTH", "STANDARD", "SHARP"])
def test_the_engines_agree_on_the_resolution_within_ten_percent(kernel):
    projected = halved("projection", kernel)
    assert projected == pytest.approx(halved("fast", kernel), rel=0.10)
    assert projected == pytest.approx(KERNEL_MTF50_PER_MM[kernel], rel=0.10)


def cupped(radius_mm, kvp):
    """How much less the middle of a cylinder of water has than a ring at 0.8 of its radius, without a correction.

    From line integrals alone. The image of symmetric rays p(t) is -1/pi int p'(t) / sqrt(t2 - r2) dt from r
    to R (Abel); with p = P(L) behind a chord L = 2 sqrt(R2 - t2) of water that is the mean of P'(2 sqrt(R2 - r2) cos a)
    over a from 0 to a right angle.
    """
    used = beam(kvp)
    angles = (np.arange(200) + 0.5) / 200 * np.pi / 2

    def density(r):
        chords = 2.0 * math.sqrt(radius_mm**2 - r**2) * np.cos(angles)
        return np.mean([used.water_slope_per_mm(chord) for chord in chords]) * 200.0 / used.water_path(200.0)

    return 1000.0 * (density(0.8 * radius_mm) - density(0.0))


@pytest.mark.parametrize("kvp", [80.0, 120.0])
def test_water_cups_without_the_correction_as_line_integrals_imply(kvp):
    # Of the shell of acrylic, little thicker than water, only the rim is seen.
    image = scanned(mas=20_000.0, kvp=kvp, beam_hardening_correction=False)
    ring = np.abs(distance() - 80.0) < 4.0
    cupping = image[ring].mean() - image[distance() < 8.0].mean()
    assert cupping == pytest.approx(cupped(100.0, kvp), abs=2.0)
    assert cupping > 20.0
    corrected = scanned(mas=20_000.0, kvp=kvp)
    assert abs(corrected[ring].mean() - corrected[distance() < 8.0].mean()) < 2.0


def test_inserts_have_the_ct_numbers_that_the_hardened_beam_gives_them():
    # Behind 180 mm of water, as the inserts of 25 mm in a disc of 200 mm lie: the ratio of the mean attenuations.
    image = scanned(make="acr_ct", index=0, mas=4000.0, slices=4, rows=192, columns=192)
    phantom = phantoms.acr_ct()
    used = beam(120.0)
    water = used.attenuation @ np.asarray(as_basis(WATER, 1.0))
    left = used.weights * np.exp(-180.0 * water)
    checked = {}
    for one in phantom.truth(kvp=120.0, field_strength_t=1.5):
        if one["name"] in {"polyethylene", "acrylic", "water", "bone", "air"}:
            tissue = phantom.tissues[one["label"]]
            inside = distance(192, 250.0, one["center_mm"][:2]) < one["radius_mm"] - 3.0
            parts = as_basis(tissue.composition, tissue.density_g_per_cm3 if one["name"] != "air" else 0.0)
            expected = 1000.0 * ((left * (used.attenuation @ np.asarray(parts))).sum() / (left * water).sum() - 1.0)
            checked[one["name"]] = (image[inside].mean(), expected, one["properties"]["HU"])
    assert len(checked) == 5
    for name in ("polyethylene", "acrylic", "water", "air"):
        found, expected, fast = checked[name]
        assert found == pytest.approx(expected, abs=4.0)
        assert found == pytest.approx(fast, abs=12.0)
    # Bone hardens the beam that crosses it: less than a thin piece would have, more than at the effective energy.
    found, expected, fast = checked["bone"]
    assert fast < found < expected
    assert found == pytest.approx(fast, abs=60.0)


def hips(**options):
    return scanned(make="hip_prosthesis", **options)


def test_metal_streaks_along_the_line_of_two_hips():
    image = hips(mas=1000.0)
    x = ((np.arange(128) - 63.5) * 380.0 / 128).reshape(1, -1)
    y = x.reshape(-1, 1)
    between = (np.abs(x) < 60.0) & (np.abs(y) < 20.0)
    elsewhere = (np.abs(x) < 60.0) & (y > 50.0) & (y < 90.0)
    assert image[between].std() > 4.0 * image[elsewhere].std()
    dark = (np.abs(x) < 40.0) & (np.abs(y) < 5.0)
    assert image[dark].mean() < -50.0
    fast = hips(engine="fast", mas=1000.0)
    assert fast[between].std() < 1.5 * fast[elsewhere].std()


def likeness(image, rows, columns):
    """Correlation of pixels with those so many rows and columns away."""
    one, other = image[rows:, columns:], image[: image.shape[0] - rows, : image.shape[1] - columns]
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


def test_starved_rays_streak_along_the_long_way_through_the_pelvis():
    options = {"seed": 2, "mas": 20.0, "slice_thickness_mm": 1.0, "engine": "projection", **SMALL}
    pelvis, water = (
        ct(phantom, reconstruction_diameter_mm=100.0, **options).frame(1).pixels[14:114, 14:114].astype(np.float64)
        for phantom in (phantoms.hip_prosthesis(diameter_mm=2.0), phantoms.water())
    )
    # Noise of round water is alike in all directions; the pelvis is 340 mm wide and 220 mm deep.
    assert likeness(water, 0, 1) == pytest.approx(likeness(water, 1, 0), abs=0.1)
    assert likeness(pelvis, 0, 3) > 0.25
    assert likeness(pelvis, 3, 0) < 0.05


def test_motion_doubles_the_edges_that_it_moves():
    still, moved = (hips(mas=1000.0, motion_mm=motion) for motion in (0.0, 12.0))
    x = (np.arange(128) - 63.5) * 380.0 / 128
    front = np.flatnonzero((x < -95.0) & (x > -125.0))
    middle = slice(58, 70)

    def blurred(image):
        """Over how many mm the front wall rises from a quarter to three quarters."""
        profile = image[front][:, middle].mean(axis=1)
        low, high = np.interp((-750.0, -250.0), np.maximum.accumulate(profile), x[front])
        return high - low

    assert blurred(still) < 4.0
    assert blurred(moved) > blurred(still) + 2.0
    difference = np.abs(moved - still)
    assert difference.mean() > 20.0


def test_a_tilted_gantry_reconstructs_the_tilted_slice():
    options = {"gantry_tilt_deg": 20.0, "mas": 2000.0, "slices": 1}
    fast, projected = (scanned(engine, index=0, **options) for engine in ("fast", "projection"))
    inside = fast > -500.0
    assert np.count_nonzero(inside ^ (projected > -500.0)) < 0.01 * inside.sum()


def test_slices_repeat_for_a_seed_and_their_noise_differs():
    small = phantoms.water(diameter_mm=80.0)
    one, other, third = (ct(small, seed=seed, engine="projection", **SMALL) for seed in (5, 5, 6))
    first, second = one.frame(0).pixels, one.frame(1).pixels
    assert np.array_equal(second, other.frame(1).pixels)
    assert not np.array_equal(second, third.frame(1).pixels)
    a, b = (pixels[40:88, 40:88].astype(float).ravel() for pixels in (first, second))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.15


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"motion_mm": 3.0}, "motion: the fast engine has no projections"),
        ({"beam_hardening_correction": False}, "beam hardening correction: the fast engine"),
        ({"engine": "projection", "motion_mm": -1.0}, "motion -1: between 0 and 50 mm"),
        ({"engine": "projection", "motion_mm": math.nan}, "motion nan"),
        ({"engine": "projection", "kvp": 200.0}, "200 kV"),
    ],
)
def test_what_does_not_go_together_is_refused(options, says):
    with pytest.raises(UsageError, match=says):
        ct(WATER_200, seed=1, **options)


def test_an_unknown_engine_is_refused():
    with pytest.raises(UnknownNameError, match="engine 'exact': one of fast, projection"):
        ct(WATER_200, seed=1, engine="exact")
