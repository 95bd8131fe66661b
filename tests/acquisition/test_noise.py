import numpy as np
import pytest

from modality.acquisition.noise import bits, normal


def test_deviates_are_standard_normal():
    values = normal(seed=1, stream=1, index=0, shape=(500, 500)).astype(np.float64)
    assert values.mean() == pytest.approx(0.0, abs=0.01)
    assert values.std() == pytest.approx(1.0, abs=0.01)
    assert (values**4).mean() == pytest.approx(3.0, abs=0.1)
    assert np.mean(np.abs(values) < 1.959964) == pytest.approx(0.95, abs=0.002)


def test_deviates_lie_on_the_coarse_grid_and_are_symmetric():
    values = normal(seed=1, stream=1, index=0, shape=(64, 64))
    assert values.dtype == np.float32
    assert np.array_equal(values * 4096, np.rint(values * 4096))


@pytest.mark.parametrize("other", [{"seed": 8}, {"stream": 3}, {"index": 1}])
def test_seed_stream_and_slice_each_give_their_own_noise(other):
    usual = {"seed": 7, "stream": 1, "index": 0}
    a = normal(**usual, shape=(128, 128)).ravel()
    b = normal(**{**usual, **other}, shape=(128, 128)).ravel()
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03


def test_the_same_key_gives_the_same_bits_and_shorter_draws_begin_longer_ones():
    assert np.array_equal(bits(5, 2, 9, 1001), bits(5, 2, 9, 1001))
    assert np.array_equal(bits(5, 2, 9, 10), bits(5, 2, 9, 1001)[:10])


def test_the_first_bits_of_a_key_are_these():
    # 64 bits each, the low word first: Philox4x64-10 with key 0 begins with 02f4ba6408e4d89b in numpy.
    assert bits(0, 0, 0, 4).tolist() == [0xD89B, 0x08E4, 0xBA64, 0x02F4]


def test_any_integer_is_a_seed():
    assert bits(-1, 0, 0, 4).tolist() == bits((1 << 64) - 1, 0, 0, 4).tolist()
