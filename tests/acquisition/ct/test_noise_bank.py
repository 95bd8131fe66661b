import itertools

import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import ct
from modality.acquisition.ct.kernel import KERNEL_MTF50_PER_MM, noise_power, point_spread_mm
from modality.acquisition.ct.noise_bank import UNIT, bank, slices_of_a_bank

SIZE = (256, 256)
KINDS = [("SMOOTH", 0.5), ("STANDARD", 0.78), ("SHARP", 0.5)]


def drawn(kernel, spacing_mm, *, seed=1, number=0, shape=SIZE):
    return bank(seed, number, shape, (spacing_mm, spacing_mm), point_spread_mm(kernel))


def correlations(first, second):
    """Correlation of two slices laid over each other in every way, over at least a quarter of the slice."""
    shape = [2 * size for size in first.shape]

    def products(a, b):
        return np.fft.irfft2(np.fft.rfft2(a, shape) * np.fft.rfft2(b, shape).conj(), shape)

    ones = np.ones(first.shape)
    overlap = products(ones, ones)
    scale = np.sqrt(np.maximum(products(first**2, ones) * products(ones, second**2), 1e-9))
    return np.where(overlap >= first.size / 4, products(first, second) / scale, 0.0)


@pytest.mark.parametrize(("kernel", "spacing_mm"), KINDS)
def test_no_patch_of_one_slices_noise_is_found_in_another(kernel, spacing_mm):
    bank_of = drawn(kernel, spacing_mm)
    noise = [bank_of.noise(number).astype(np.float64) for number in (0, 1, 2, 3, 7, 40, 41)]
    for first, second in itertools.combinations(noise, 2):
        assert np.abs(correlations(first, second)).max() < 0.4


def test_images_of_a_series_share_no_noise_where_they_lie():
    acquisition = ct(phantoms.water(), seed=3, slices=400, slice_thickness_mm=5.0)
    frames = [acquisition.frame(index).pixels.astype(np.float64) for index in range(200, 224)]
    noise = [frame - acquisition._sections.image(212) for frame in frames]
    unshifted = [abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in itertools.combinations(noise, 2)]
    assert np.percentile(unshifted, 99) < 0.02


@pytest.mark.parametrize(("kernel", "spacing_mm"), [*KINDS, ("SMOOTH", 0.1)])
def test_no_two_slices_share_a_crops_place_or_the_way_from_one_crop_to_another(kernel, spacing_mm):
    bank_of = drawn(kernel, spacing_mm)
    count = bank_of.lattice**2
    assert count == slices_of_a_bank(SIZE, (spacing_mm, spacing_mm), point_spread_mm(kernel))
    places = np.array([bank_of.places(number) for number in range(count)])
    for crop in range(3):
        assert len(np.unique(places[:, crop], axis=0)) == count
    cell = bank_of.reach[0] / bank_of.lattice
    for one, other in itertools.combinations(range(3), 2):
        ways = np.rint((places[:, one] - places[:, other]) / cell).astype(int) % bank_of.lattice
        assert len(np.unique(ways, axis=0)) == count


def test_neighbouring_slices_take_places_far_apart():
    places = np.array([drawn("STANDARD", 0.78).places(number)[0] for number in range(200)])
    assert np.median(np.abs(np.diff(places, axis=0)).max(axis=1)) > 25


@pytest.mark.parametrize(("kernel", "spacing_mm"), KINDS)
def test_the_noise_has_the_kernels_power_spectrum_and_one_standard_deviation(kernel, spacing_mm):
    noise = np.stack([drawn(kernel, spacing_mm).noise(number) for number in range(24)]).astype(np.float64)
    assert noise.std() == pytest.approx(UNIT, rel=0.02)
    assert abs(noise.mean()) < 0.02 * UNIT
    # The textbook method (ICRU Report 87): squared transforms of regions, averaged, times pixel area over their size.
    power = (np.abs(np.fft.fft2(noise)) ** 2).mean(axis=0)
    down = np.fft.fftfreq(SIZE[0], spacing_mm)
    expected = noise_power(down.reshape(-1, 1), down.reshape(1, -1), (spacing_mm, spacing_mm), point_spread_mm(kernel))
    frequency = np.hypot(down.reshape(-1, 1), down.reshape(1, -1))
    bands = np.linspace(0.05, min(1.3 * KERNEL_MTF50_PER_MM[kernel], 0.45 / spacing_mm), 9)
    found, wanted = (
        np.array([p[(frequency >= a) & (frequency < b)].mean() for a, b in itertools.pairwise(bands)]) / p.sum()
        for p in (power, expected)
    )
    assert found == pytest.approx(wanted, rel=0.12)


def test_the_power_rises_with_the_frequency_and_falls_with_the_mtf_squared():
    f = np.array([[0.1, 0.2, 0.45]])
    power = noise_power(np.zeros((1, 1)), f, (0.1, 0.1), point_spread_mm("STANDARD"))[0]
    mtf = np.exp(-np.log(2.0) * (f[0] / 0.45) ** 2)
    assert power == pytest.approx(f[0] * mtf**2, rel=1e-4)


def test_frequencies_beyond_the_pixels_fold_back_and_no_power_is_lost():
    for spacing in (0.25, 1.5):
        f = np.fft.fftfreq(64, spacing)
        power = noise_power(f.reshape(-1, 1), f.reshape(1, -1), (spacing, spacing), point_spread_mm("STANDARD"))
        # The integral of 2 pi f^2 exp(-a f^2) from 0 on is pi^1.5 / (2 a^1.5); here a = 2 ln 2 / 0.45^2.
        whole = np.pi**1.5 / (2 * (2 * np.log(2) / 0.45**2) ** 1.5)
        assert power.mean() / spacing**2 == pytest.approx(whole, rel=0.02)


@pytest.mark.parametrize("other", [{"seed": 2}, {"number": 1}])
def test_seeds_and_banks_of_a_seed_differ(other):
    first, second = drawn("STANDARD", 0.78).noise(0), drawn("STANDARD", 0.78, **other).noise(0)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.03


def test_slices_beyond_a_banks_last_take_the_next_bank():
    wide = {"seed": 1, "rows": 16, "columns": 16, "reconstruction_diameter_mm": 16.0}
    count = slices_of_a_bank((16, 16), (1.0, 1.0), point_spread_mm("STANDARD"))
    acquisition = ct(phantoms.water(), slices=count + 2, **wide)
    first, again = acquisition.frame(count // 2).pixels, acquisition.frame(count // 2).pixels
    assert np.array_equal(first, again)
    assert not np.array_equal(acquisition.frame(0).pixels, acquisition.frame(count).pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 300), (513, 31)])
def test_any_shape_has_noise(shape):
    noise = bank(1, 0, shape, (0.7, 0.7), point_spread_mm("STANDARD")).noise(0)
    assert noise.shape == shape
    assert noise.dtype == np.int16
