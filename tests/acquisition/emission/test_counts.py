import numpy as np
import pytest

from modality.acquisition.emission.counts import counted


@pytest.mark.parametrize("mean", [0.02, 0.4, 3.0, 15.9, 16.1, 100.0, 5000.0])
def test_counts_are_whole_and_have_the_mean_and_variance_of_poissons_distribution(mean):
    counts = counted(np.full((300, 300), mean), 3, 0)
    assert np.array_equal(counts, np.rint(counts))
    assert counts.min() >= 0
    error = np.sqrt(mean / counts.size)
    assert counts.mean() == pytest.approx(mean, abs=4 * error + 1e-4)
    assert counts.var() == pytest.approx(mean, rel=0.05 if mean < 1 else 0.025)


def test_few_counts_are_as_frequent_as_poisson_has_them():
    counts = counted(np.full((400, 400), 1.5), 5, 1)
    expected = 160000 * np.exp(-1.5) * np.array([1, 1.5, 1.125, 0.5625])
    found = np.bincount(counts.astype(int).ravel())[:4]
    assert np.all(np.abs(found - expected) < 4 * np.sqrt(expected))


def test_nothing_is_counted_where_nothing_is_and_images_differ_by_seed_and_number():
    assert not counted(np.zeros((9, 9)), 1, 0).any()
    means = np.full((9, 9), 40.0)
    first = counted(means, 1, 0)
    assert np.array_equal(first, counted(means, 1, 0))
    assert not np.array_equal(first, counted(means, 1, 1))
    assert not np.array_equal(first, counted(means, 2, 0))
