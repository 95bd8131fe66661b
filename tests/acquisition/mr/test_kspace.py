"""What the sampling of k-space does to an image, by its numbers."""

import math

import numpy as np
import pytest

from modality.acquisition.mr import kspace
from modality.acquisition.mr.kspace import Matrix

FULL = Matrix(64, 64, 64, 64)


def bar(rows, columns, low, high):
    """An object of signal 1000 between two columns of the fine grid."""
    fine = np.zeros((2 * rows, 2 * columns), np.float32)
    fine[:, low:high] = 1000.0
    return fine


def centre(profile):
    return float((profile * np.arange(len(profile))).sum() / profile.sum())


@pytest.mark.parametrize(("rows", "columns"), [(64, 64), (33, 48), (1, 1), (2, 3)])
def test_a_uniform_object_is_a_uniform_image_of_its_value(rows, columns):
    matrix = Matrix(rows, columns, rows, columns)
    image = kspace.image(kspace.spectrum(bar(rows, columns, 0, 2 * columns), matrix), matrix)
    assert image.shape == (rows, columns)
    assert np.allclose(image, 1000.0, atol=0.01)


def test_an_object_lies_where_its_fine_pixels_do():
    # Fine pixels 40 to 72 are pixels 20 to 36, whose middle is 27.5.
    image = kspace.image(kspace.spectrum(bar(64, 64, 40, 72), FULL), FULL)
    assert centre(image[32]) == pytest.approx(27.5, abs=0.02)


def test_an_edge_rings_with_the_gibbs_overshoot_of_nine_per_cent():
    # Zero filling shows the ringing between the samples: Si(pi) / pi - 1/2 of the step is 8.95 %.
    matrix = Matrix(512, 512, 128, 128)
    profile = kspace.image(kspace.spectrum(bar(512, 512, 257, 769), matrix), matrix)[256]
    assert profile.max() / 1000.0 - 1.0 == pytest.approx(0.0895, abs=0.003)
    # The first lobe lies a sample as acquired inside the edge, which is in the middle of pixel 128.
    assert int(np.argmax(profile[:192])) == 128 + 512 // 128


def test_a_hamming_filter_takes_the_ringing_away():
    matrix = Matrix(512, 512, 128, 128, filtering="HAMMING")
    profile = kspace.image(kspace.spectrum(bar(512, 512, 256, 768), matrix), matrix)[256]
    assert profile.max() / 1000.0 - 1.0 < 0.005


def test_the_point_spread_is_1_21_pixels_wide_at_half_height():
    matrix = Matrix(16, 1024, 16, 64)
    fine = np.zeros((32, 2048), np.float32)
    fine[:, 1024:1026] = 1000.0  # one pixel of the image, a sixteenth of one as acquired
    profile = kspace.image(kspace.spectrum(fine, matrix), matrix)[8]
    assert np.count_nonzero(profile > profile.max() / 2) / 16 == pytest.approx(1.21, abs=0.07)


@pytest.mark.parametrize("shift", [-3.0, 0.4, 1.7])
def test_another_frequency_moves_along_the_readout_alone(shift):
    place = np.arange(128, dtype=np.float32)
    smooth = np.exp(-(((place - 60.0) / 12.0) ** 2))
    fine = 1000.0 * smooth.reshape(-1, 1) * smooth
    still = kspace.image(kspace.spectrum(fine, FULL), FULL)
    moved = kspace.image(kspace.spectrum(fine, FULL, shift_pixels=shift), FULL)
    assert centre(moved.sum(axis=0)) - centre(still.sum(axis=0)) == pytest.approx(shift, abs=0.01)
    assert centre(moved.sum(axis=1)) == pytest.approx(centre(still.sum(axis=1)), abs=0.01)


@pytest.mark.parametrize("share", [0.55, 0.625, 0.75, 0.9])
def test_partial_fourier_gives_the_image_of_a_real_object_back(share):
    fine = bar(64, 64, 40, 72) * np.linspace(0.2, 1.0, 128, dtype=np.float32).reshape(-1, 1)
    whole = kspace.image(kspace.spectrum(fine, FULL), FULL)
    matrix = Matrix(64, 64, 64, 64, share)
    assert matrix.measured_rows == round(64 * share)
    samples = kspace.spectrum(fine, matrix)
    samples[: 64 - matrix.measured_rows] = 1e9  # what is not measured does not count
    # Only the highest frequency has no mirror image.
    assert np.abs(kspace.image(samples, matrix) - whole).max() < 12.0


@pytest.mark.parametrize("share", [1.0, 0.75, 0.625])
def test_partial_fourier_costs_signal_to_noise(share):
    # Of a share f of the lines, 2 (1 - f) come in mirrored pairs, whose noise adds in the real channel: 1 + 2 (1 - f).
    matrix = Matrix(128, 128, 128, 128, share)
    generator = np.random.default_rng(4)
    samples = kspace.spectrum(bar(128, 128, 0, 256), matrix)
    sigma = kspace.noise_per_sample(10.0, matrix)
    samples += sigma * (generator.standard_normal(samples.shape) + 1j * generator.standard_normal(samples.shape))
    found = kspace.image(samples, matrix).std()
    assert found == pytest.approx(10.0 * math.sqrt(3.0 - 2.0 * share), rel=0.04)


def test_zero_filling_keeps_the_noise_and_spreads_it_over_neighbours():
    generator = np.random.default_rng(4)
    deviations, correlations = [], []
    for matrix in (Matrix(256, 256, 256, 256), Matrix(256, 256, 128, 128)):
        samples = kspace.spectrum(bar(256, 256, 0, 512), matrix)
        sigma = kspace.noise_per_sample(10.0, matrix)
        samples += sigma * (generator.standard_normal(samples.shape) + 1j * generator.standard_normal(samples.shape))
        image = kspace.image(samples, matrix)
        deviations.append(image.std())
        correlations.append(np.corrcoef(image[:, :-1].ravel(), image[:, 1:].ravel())[0, 1])
    assert deviations == pytest.approx([10.0, 10.0], rel=0.04)
    # Half of the band: neighbours correlate as sinc(1/2) = 2 / pi.
    assert correlations == pytest.approx([0.0, 2.0 / math.pi], abs=0.03)
