"""Images without noise are kept from the second scan of a phantom on, within a bound, and nothing shows of it."""

import numpy as np
import pytest

import phantoms
from modality.acquisition import kept
from modality.acquisition.ct import ct
from modality.acquisition.orientation import ORIENTATIONS, stack


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(kept, "_ALL", [])


def size():
    return sum(one.size for one in kept._ALL)


def scan(phantom, seed=1, **options):
    return [frame.pixels for frame in ct(phantom, seed=seed, rows=48, columns=48, **options)]


def test_a_scan_is_the_same_whether_its_images_were_drawn_or_kept():
    phantom = phantoms.head(2)
    first, second, third = (scan(phantom, slices=12) for _ in range(3))
    assert size() > 0
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)
    assert not np.array_equal(first, scan(phantom, seed=2, slices=12))


def test_one_scan_keeps_nothing_and_the_second_all(monkeypatch):
    phantom = phantoms.head(2)
    drawn = []
    real = kept.Kept.image
    monkeypatch.setattr(
        kept.Kept, "image", lambda self, key, draw: real(self, key, lambda: drawn.append(key) or draw())
    )
    images = lambda: sum(isinstance(key, tuple) for key in drawn)  # noqa: E731 - diameters have numbers for keys
    scan(phantom, slices=9)
    assert size() == 0
    scan(phantoms.head(2), seed=5, slices=9)
    assert images() == 18
    assert 0 < size() <= 9 * 48 * 48 * 2 + 1000
    scan(phantoms.head(2), seed=6, slices=9)
    assert images() == 18
    scan(phantoms.head(3), seed=6, slices=9)
    assert images() == 27


def test_what_is_kept_stays_within_the_bound(monkeypatch):
    monkeypatch.setattr(kept, "MOST_BYTES", 20_000)
    for _ in range(3):
        before = scan(phantoms.head(2), slices=5)
    assert 0 < size() <= 20_000
    for _ in range(3):
        scan(phantoms.thorax(2), slices=5)
    assert size() <= 20_000
    assert {one.phantom.name for one in kept._ALL if one.size > 1000} == {"thorax"}
    assert np.array_equal(scan(phantoms.head(2), slices=5), before)


@pytest.mark.parametrize(
    ("largest", "kind", "steps"), [(4095.0, np.int16, 4.0), (2500.0, np.int16, 8.0), (20000.0, np.int32, 64.0)]
)
def test_steps_are_as_fine_as_the_type_allows(largest, kind, steps):
    assert kept.steps(largest) == (kind, steps)
    assert largest * steps < np.iinfo(kind).max


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_window_holds_all_of_the_phantom(orientation):
    phantom = phantoms.head(4)
    geometry = stack(
        phantom, orientation, rows=90, columns=80, slices=5, slice_thickness_mm=20.0, slice_spacing_mm=20.0
    )
    from modality.acquisition.sampling import coordinates

    rows, columns = kept.cropped(phantom, geometry, 1.0)
    for index in range(5):
        labels = np.broadcast_to(phantom.labels(*coordinates(geometry, index, (0.25, -0.25, 0.4))), (90, 80))
        outside = np.ones((90, 80), dtype=bool)
        outside[rows, columns] = False
        assert not labels[outside].any()
    assert (rows.stop - rows.start) * (columns.stop - columns.start) < 90 * 80


def test_diameters_are_kept_as_well(monkeypatch):
    from modality.acquisition.ct import exposure

    asked = []
    real = exposure.water_equivalent_diameter_mm
    monkeypatch.setattr(exposure, "water_equivalent_diameter_mm", lambda *given: asked.append(given) or real(*given))
    for _ in range(4):
        scan(phantoms.thorax(2), slices=5)
        counted = len(asked)
        asked.clear()
    assert counted == 0
