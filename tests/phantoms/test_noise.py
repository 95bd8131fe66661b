import numpy as np
import pytest

from phantoms.noise import ValueNoise
from phantoms.variation import Variation

X, Y = np.arange(-60.0, 60.0, 1.3).reshape(1, -1), np.arange(-40.0, 50.0, 0.9).reshape(-1, 1)
Z = np.full((1, 1), 12.3)


@pytest.mark.parametrize("octaves", [1, 3])
def test_a_slice_along_the_axes_equals_the_general_way(octaves):
    noise = ValueNoise(stream=7, spacing_mm=9.0, octaves=octaves)
    x, y, z = (np.array(a) for a in np.broadcast_arrays(X, Y, Z))
    assert noise.at(X, Y, Z) == pytest.approx(noise.at(x, y, z), abs=1e-12)


def test_values_fill_the_range_and_stay_inside():
    values = ValueNoise(stream=3, spacing_mm=4.0, octaves=2).at(X, Y, Z)
    assert -1.0 <= values.min() < -0.4
    assert 0.4 < values.max() <= 1.0
    assert abs(values.mean()) < 0.1


def test_the_field_is_smooth():
    fine = np.arange(0.0, 50.0, 0.01).reshape(1, -1)
    values = ValueNoise(stream=3, spacing_mm=5.0).at(fine, np.zeros((1, 1)), np.zeros((1, 1)))
    # Twice the range over the spacing, times the greatest slope of the weight, 1.5.
    assert np.abs(np.diff(values)).max() < 2.0 * 1.5 * 0.01 / 5.0


def test_streams_are_independent():
    a, b = (ValueNoise(stream=s, spacing_mm=4.0).at(X, Y, Z).ravel() for s in (1, 2))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.15


def test_variation_repeats_for_a_seed_and_differs_between_seeds_and_names():
    assert Variation(1).uniform("a", 0.0, 1.0) == Variation(1).uniform("a", 0.0, 1.0)
    drawn = {Variation(seed).uniform(name, 0.0, 1.0) for seed in range(50) for name in "ab"}
    assert len(drawn) == 100
    assert 0.4 < sum(drawn) / 100 < 0.6
    assert all(0.0 <= value <= 1.0 for value in drawn)
