import numpy as np
import pytest

from modality.acquisition.spread import blur, taps


@pytest.mark.parametrize(("sigma_mm", "spacing_mm"), [(0.5, 0.7), (1.2, 0.5), (0.05, 1.0), (3.0, 1.0)])
def test_a_kernel_sums_to_one_and_falls_from_the_middle(sigma_mm, spacing_mm):
    kernel = taps(sigma_mm, spacing_mm)
    assert kernel[0] + 2 * sum(kernel[1:]) == pytest.approx(1.0, abs=1e-9)
    assert list(kernel) == sorted(kernel, reverse=True)


def test_a_wide_kernel_has_its_standard_deviation():
    kernel = taps(2.0, 0.5)
    variance = 2 * sum(w * (k * 0.5) ** 2 for k, w in enumerate(kernel))
    assert variance == pytest.approx(4.0, rel=0.04)


def test_a_point_becomes_the_kernel_along_both_axes():
    image = np.zeros((21, 25), dtype=np.float32)
    image[10, 12] = 1.0
    down, across = taps(1.0, 1.0), taps(0.6, 1.0)
    spread = blur(image, down, across)
    assert spread[10:14, 12] == pytest.approx(np.array(down[:4]) * across[0], rel=1e-5)
    assert spread[10, 12:15] == pytest.approx(np.array(across[:3]) * down[0], rel=1e-5)
    assert spread == pytest.approx(spread[::-1, ::-1])
    assert float(spread.sum()) == pytest.approx(1.0, abs=1e-5)


def test_a_uniform_image_stays_uniform_to_its_edge():
    image = np.full((8, 9), 37.5, dtype=np.float32)
    assert blur(image, taps(1.5, 1.0), taps(0.8, 1.0)) == pytest.approx(image, abs=1e-4)


def test_white_noise_falls_by_the_root_of_the_squared_weights():
    rng = np.random.default_rng(1)
    image = rng.standard_normal((400, 400)).astype(np.float32)
    kernel = taps(0.9, 1.0)
    left_along_an_axis = kernel[0] ** 2 + 2 * sum(w * w for w in kernel[1:])
    assert blur(image, kernel, kernel).std() == pytest.approx(left_along_an_axis, rel=0.03)
