"""What every phantom of the table owes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from modality.acquisition.ct import ct
from modality.acquisition.mr import mr
from modality.registry import PHANTOMS
from modality.station.study import load_phantom


@pytest.mark.parametrize("name", PHANTOMS.entries)
def test_it_has_the_name_that_the_table_gives_it(name: str) -> None:
    assert load_phantom(name, seed=3).name == name


@pytest.mark.parametrize("name", PHANTOMS.entries)
def test_it_repeats_for_a_seed(name: str) -> None:
    one, other = load_phantom(name, seed=3), load_phantom(name, seed=3)
    assert repr(one) == repr(other)
    grid = np.linspace(-90, 90, 31)
    sampled = (grid[None, None, :], grid[None, :, None], grid[:, None, None])
    assert np.array_equal(one.labels(*sampled), other.labels(*sampled))


@pytest.mark.parametrize("scan", [ct, mr], ids=["ct", "mr"])
@pytest.mark.parametrize("name", PHANTOMS.entries)
def test_its_images_are_finite_and_show_something(name: str, scan: type) -> None:
    acquisition = scan(load_phantom(name, seed=3), seed=3, rows=64, columns=64, slices=5)
    frames = [frame.pixels for frame in acquisition]
    assert len(frames) == len(acquisition) == 5
    assert all(frame.dtype == np.uint16 and frame.shape == (64, 64) and frame.max() < 4096 for frame in frames)
    assert np.ptp(frames[2]) > 50


@pytest.mark.parametrize("name", PHANTOMS.entries)
def test_its_truth_is_plain_and_each_structure_homogeneous_within_its_ball(name: str) -> None:
    phantom = load_phantom(name, seed=3)
    structures = json.loads(json.dumps(phantom.truth(kvp=120.0, field_strength_t=1.5)))
    assert structures
    low, high = phantom.scan_range_mm
    for one in structures:
        assert set(one) == {"name", "shape", "label", "center_mm", "radius_mm", "volume_mm3", "properties"}
        assert {"HU", "PD", "T1_ms", "T2_ms"} <= set(one["properties"])
        assert one["volume_mm3"] >= 4 / 3 * math.pi * one["radius_mm"] ** 3 * 0.999
        x, y, z = one["center_mm"]
        assert low <= z <= high
        offsets = np.linspace(-1, 1, 9) * one["radius_mm"] * 0.999
        dx, dy, dz = offsets[None, None, :], offsets[None, :, None], offsets[:, None, None]
        inside = dx**2 + dy**2 + dz**2 <= (one["radius_mm"] * 0.999) ** 2
        labels = phantom.labels(*np.broadcast_arrays(x + dx, y + dy, z + dz))
        assert set(np.unique(labels[inside])) == {one["label"]}, one["name"]
