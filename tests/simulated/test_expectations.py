"""What a test expects of pixels: what differs at all is found, and what has no pixels passes for nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import modality
from modality.simulated.expectations import assert_same_pixels
from modality.station.study import generate, load_phantom


def ct(**options: Any) -> modality.Study:
    return modality.ct(load_phantom("spheres"), seed=5, rows=32, columns=32, **{"slices": 2, **options})


def test_the_same_pixels_in_another_syntax_are_the_same() -> None:
    assert_same_pixels(ct(), ct(transfer_syntax="RLELossless"))
    assert_same_pixels(ct(), [one.dataset() for one in ct()])
    assert_same_pixels(next(iter(ct())), next(iter(ct())).dataset().pixel_array)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ([[0, 7]], [[0, 5]], "1 of 2 pixels differ, by 2 at most, at (0, 1): 7 against 5"),
        ([[0.5, 1.0]], [[0.9, 1.0]], "1 of 2 pixels differ, by 0.4 at most, at (0, 0): 0.5 against 0.9"),
        ([[0.0]], [[np.nan]], "1 of 1 pixels differ, by nan at most"),
        ([[np.inf]], [[0.0]], "1 of 1 pixels differ, by inf at most"),
        (np.array([[0]], "u8"), np.array([[2**64 - 1]], "u8"), "1 of 1 pixels differ"),
        (np.array([[0]], "u1"), np.array([[255]], "u1"), "by 255 at most"),
        (np.array([[-1]], "i2"), np.array([[65535]], "u2"), "by 65536 at most"),
        ([[0]], [[0, 0]], "(1, 1) against (1, 2)"),
    ],
)
def test_whatever_differs_is_named(one: Any, other: Any, said: str) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_same_pixels(np.asarray(one), np.asarray(other))
    assert said in str(raised.value)


def test_not_a_number_is_like_itself_and_numbers_of_other_types_may_be_equal() -> None:
    assert_same_pixels(np.array([[np.nan, 1.0]]), np.array([[np.nan, 1.0]]))
    assert_same_pixels(np.array([[3]], "u1"), np.array([[3]], "i4"))


def test_a_series_that_is_shorter_is_not_the_same_and_two_of_nothing_show_nothing() -> None:
    with pytest.raises(AssertionError, match="image 2: only one side has it"):
        assert_same_pixels(list(ct(slices=3)), list(ct(slices=3))[:2])
    with pytest.raises(AssertionError, match="neither side has an image"):
        assert_same_pixels([], iter(()))


@pytest.mark.parametrize("given", ["chest.dcm", b"x", 7, None])
def test_what_has_no_pixels_is_told(given: Any) -> None:
    with pytest.raises(TypeError, match="has no pixels"):
        assert_same_pixels(given, given)


def test_so_is_an_instance_without_pixels() -> None:
    waves = generate("ecg", seed=1, seconds=2.0)
    with pytest.raises(TypeError, match="has no pixels"):
        assert_same_pixels(waves, waves)
    with modality.SimulatedArchive() as archive:
        archive.store(waves)
        archive.assert_stored(waves)
