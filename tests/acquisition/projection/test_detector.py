import numpy as np
import pytest

from modality.acquisition.projection import detector
from modality.acquisition.projection.detector import ELECTRONIC_NOISE, counted, paths


@pytest.mark.parametrize("mean", [0.5, 4.0, 20.0, 30.0, 400.0, 1e6])
def test_counts_have_poissons_mean_and_variance(mean, monkeypatch):
    monkeypatch.setattr(detector, "ELECTRONIC_NOISE", 0.0)
    monkeypatch.setattr(detector, "_LEAST_COUNT", 0.0)
    counts = counted(np.full((300, 300), mean), 7, 0)
    assert np.array_equal(counts, np.rint(counts))
    assert counts.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean) / 300)
    assert counts.var() == pytest.approx(mean, rel=0.03)


def test_poissons_distribution_is_skewed_on_both_sides_of_the_change(monkeypatch):
    monkeypatch.setattr(detector, "ELECTRONIC_NOISE", 0.0)
    for mean in (23.0, 25.0):
        counts = counted(np.full((400, 400), mean), 3, 1)
        skewness = ((counts - counts.mean()) ** 3).mean() / counts.std() ** 3
        assert skewness == pytest.approx(1.0 / np.sqrt(mean), abs=0.03)


def test_the_electronics_add_noise_and_starved_rays_stop_at_one():
    counts = counted(np.full((200, 200), 900.0), 5, 2)
    assert counts.var() == pytest.approx(900.0 + ELECTRONIC_NOISE**2, rel=0.04)
    starved = counted(np.full((200, 200), 0.01), 5, 2)
    assert starved.min() == 1.0
    assert (starved == 1.0).mean() > 0.4


def test_counts_repeat_for_a_seed_and_differ_between_seeds_and_slices():
    expected = np.full((50, 60), 100.0)
    one = counted(expected, 1, 0)
    assert np.array_equal(one, counted(expected, 1, 0))
    for other in (counted(expected, 2, 0), counted(expected, 1, 1)):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.08


@pytest.mark.parametrize("photons", [0.3, 1.0, 777.0, 3.5e6])
def test_paths_are_logarithms(photons):
    counts = np.concatenate([np.arange(1.0, 3000.0), np.geomspace(1.0, 1e9, 500)]).reshape(1, -1)
    assert np.abs(paths(photons, counts) - np.log(photons / counts)).max() < 1e-14
