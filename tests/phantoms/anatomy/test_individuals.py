import math

import numpy as np
import pytest

import phantoms
from phantoms.errors import PhantomError


def slice_of(phantom, z):
    x, y = np.arange(-100.0, 100.0, 2.0).reshape(1, -1), np.arange(-110.0, 110.0, 2.0).reshape(-1, 1)
    return phantom.labels(x, y, np.full((1, 1), z))


@pytest.mark.parametrize("make", [phantoms.head, phantoms.head_stroke, phantoms.thorax, phantoms.abdomen])
def test_a_seed_repeats_and_two_seeds_differ(make):
    first, again, other = (slice_of(make(seed), 15.0) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.count_nonzero(first != other) > 0.05 * first.size


def test_a_head_has_its_skull_around_its_brain():
    phantom = phantoms.head(0)
    names = ["air", *(s.name for s in phantom.structures)]
    # Fine enough for the skin, from the right ear to the middle.
    x = np.arange(-100.0, 0.0, 0.5).reshape(1, -1)
    met = [names[label] for label in phantom.labels(x, np.zeros((1, 1)), np.full((1, 1), 20.0))[0]]
    order = [met.index(n) for n in ("air", "skin", "subcutaneous fat", "skull", "diploe", "cranial cavity")]
    assert order == sorted(order)
    assert {"cerebral white matter", "cortex"} & set(met)


def test_lungs_are_large_and_filled_with_vessels():
    phantom = phantoms.thorax(0)
    labels = {s.name: n for n, s in enumerate(phantom.structures, start=1)}
    area = slice_of(phantom, 20.0)
    lung, vessels = (np.count_nonzero(area == labels[n]) for n in ("lungs", "lung vessels"))
    assert lung > 0.25 * np.count_nonzero(area)
    assert 0.005 < vessels / lung < 0.1


@pytest.mark.parametrize(("count", "diameter_mm"), [(0, 8.0), (1, 3.0), (5, 12.0), (3, 25.0)])
def test_a_thorax_has_the_nodules_asked_for(count, diameter_mm):
    phantom = phantoms.thorax(4, nodule_mm=diameter_mm, nodules=count)
    found = [s for s in phantom.structures if s.name.startswith("nodule")]
    assert len(found) == count
    for nodule in found:
        assert nodule.solid.volume_mm3 == pytest.approx(math.pi / 6 * diameter_mm**3)


@pytest.mark.parametrize(
    "options", [{"nodule_mm": 0.5}, {"nodule_mm": 50.0}, {"nodules": -1}, {"nodules": 40, "nodule_mm": 40.0}]
)
def test_nodules_out_of_range_are_refused(options):
    with pytest.raises(PhantomError):
        phantoms.thorax(0, **options)
