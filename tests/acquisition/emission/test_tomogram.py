"""Reconstructed slices hold, in the place that the truth says, the counts that the activity there would give."""

import numpy as np
import pytest

import phantoms
from modality.acquisition.emission.studies import nm
from modality.errors import UsageError


@pytest.fixture(scope="module")
def tomogram():
    """One of many counts, so that what is left of noise is little."""
    return nm(phantoms.nema_pet(), seed=1, study="RECON TOMO", rows=64, columns=64, dose_mbq_per_kg=80.0)


def disc(tomogram, pixel, radius_mm):
    row, column = pixel
    radius = radius_mm / tomogram.geometry.column_spacing_mm
    y, x = np.mgrid[: tomogram.geometry.rows, : tomogram.geometry.columns]
    return (y - row) ** 2 + (x - column) ** 2 <= radius**2


def named(tomogram, name):
    return next(one for one in tomogram.truth()["structures"] if one["name"] == name)


def mean(tomogram, one, radius_mm):
    image = tomogram.frame(round(one["slice"])).pixels.astype(np.float64)
    return float(image[disc(tomogram, one["pixel"], radius_mm)].mean())


def test_the_background_has_the_counts_of_its_activity_with_nothing_in_the_way(tomogram):
    found = mean(tomogram, named(tomogram, "background"), 18.0)
    assert found == pytest.approx(
        tomogram.counts_of_a_voxel, rel=0.1
    )  # a correction of first order leaves some per cent
    geometry = tomogram.geometry
    voxel_ml = geometry.column_spacing_mm**2 * geometry.slice_spacing_mm / 1000.0
    told = tomogram.truth()["counts_per_relative_uptake_and_ml"]
    assert told * voxel_ml == pytest.approx(tomogram.counts_of_a_voxel, rel=1e-3)


def test_the_largest_sphere_nearly_has_its_counts_and_smaller_ones_lose_more(tomogram):
    found = [
        mean(tomogram, one, 5.0) / (one["uptake_relative"] * tomogram.counts_of_a_voxel)
        for one in (named(tomogram, f"sphere {size} mm") for size in (37, 22, 13))
    ]
    assert 0.8 < found[0] < 1.1
    assert found[0] > found[1] > found[2] > 0.2
    cold = named(tomogram, "lung insert")
    far = 3 * cold["slice"] // 2  # where no sphere's light falls into it
    image = tomogram.frame(int(far)).pixels
    assert image[disc(tomogram, cold["pixel"], 8.0)].mean() < 0.7 * tomogram.counts_of_a_voxel


def test_a_sphere_is_found_where_the_truth_says(tomogram):
    one = named(tomogram, "sphere 37 mm")
    image = tomogram.frame(round(one["slice"])).pixels.astype(np.float64)
    near = disc(tomogram, one["pixel"], 30.0)
    weights = np.where(near, np.maximum(image - 2.0 * tomogram.counts_of_a_voxel, 0.0), 0.0)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    center = [float((weights * axis).sum() / weights.sum()) for axis in (y, x)]
    assert center == pytest.approx(one["pixel"], abs=0.6)


def test_slices_are_spread_over_the_scan_range_and_each_is_the_same_alone_and_in_order():
    made = nm(phantoms.nema_pet(), seed=3, slices=5, rows=24, columns=32, frames=16)
    low, high = made.phantom.scan_range_mm
    assert (made.protocol.study, len(made)) == ("RECON TOMO", 5)
    assert made.geometry.slice_spacing_mm == pytest.approx((high - low) / 5, abs=1e-5)
    assert made.geometry.position_mm(0)[2] == pytest.approx(low + (high - low) / 10, abs=1e-4)
    frames = list(made)
    assert [one.pixels.shape for one in frames] == [(24, 32)] * 5
    again = nm(phantoms.nema_pet(), seed=3, slices=5, rows=24, columns=32, frames=16)
    assert np.array_equal(again.frame(3).pixels, frames[3].pixels)
    other = nm(phantoms.nema_pet(), seed=4, slices=5, rows=24, columns=32, frames=16)
    assert not np.array_equal(other.frame(3).pixels, frames[3].pixels)
    with pytest.raises(IndexError):
        made.frame(5)


@pytest.mark.parametrize("options", [{"study": "STATIC", "slices": 4}, {"slices": 0}, {"slices": 257}])
def test_slices_of_another_study_or_out_of_range_are_refused(options):
    with pytest.raises(UsageError, match="slices"):
        nm(phantoms.nema_pet(), seed=1, **options)
