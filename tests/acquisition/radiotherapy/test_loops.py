"""Outlines enclose what their masks hold, whatever its shape, and keyholes join what lies within each other."""

from __future__ import annotations

import numpy as np
import pytest

from modality.acquisition.radiotherapy.keyholes import joined
from modality.acquisition.radiotherapy.loops import area, thinned, traced


def filled(loops, rows, columns):
    """Pixels whose middles an odd number of edges to their left stand before."""
    x, y = np.arange(columns).reshape(1, -1), np.arange(rows).reshape(-1, 1)
    inside = np.zeros((rows, columns), bool)
    for loop in loops:
        for (x0, y0), (x1, y1) in zip(loop, np.roll(loop, -1, axis=0), strict=True):
            if y0 != y1:
                inside ^= ((y0 > y) != (y1 > y)) & (x0 + (y - y0) * (x1 - x0) / (y1 - y0) < x)
    return inside


def random_mask(seed, size=24):
    """Blobs with holes, islands in holes and pixels that touch at corners alone."""
    drawn = np.random.default_rng(seed).random((size, size))
    return drawn > 0.45


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_loops_enclose_the_pixels_of_a_mask_and_no_others(seed, share):
    mask = random_mask(seed)
    loops = [outline.at(share) for outline in traced(mask)]
    assert np.array_equal(filled(loops, *mask.shape), mask)
    assert np.array_equal(filled(joined(loops), *mask.shape), mask)
    assert all(area(loop) > 0 for loop in joined(loops))
    assert sum(map(area, joined(loops))) == pytest.approx(sum(map(area, loops)), abs=1e-9)


def test_a_ring_is_one_loop_around_and_one_within_and_one_keyhole():
    y, x = np.indices((60, 60))
    away = np.hypot(x - 29.5, y - 29.5)
    mask = (away < 25) & (away > 10)
    loops = [outline.at(0.5) for outline in traced(mask)]
    assert [area(loop) > 0 for loop in loops] == [True, False]
    assert sum(map(area, loops)) == pytest.approx(np.pi * (625 - 100), rel=0.01)
    (whole,) = joined(loops)
    assert len(whole) == len(loops[0]) + len(loops[1]) + 3  # the door twice, and the hole's first vertex again
    steps = np.roll(whole, -1, axis=0) - whole
    channel = np.flatnonzero(np.abs(steps).max(axis=1) > 2)
    assert len(channel) == 2
    assert np.allclose(steps[channel[0]], -steps[channel[1]])  # there and back


def test_many_holes_hang_on_each_other_and_an_island_stands_alone():
    mask = np.zeros((40, 60), bool)
    mask[2:38, 2:58] = True
    for left in range(6, 54, 6):
        mask[10:14, left : left + 3] = False  # all leftmost vertices at one height
    mask[20:34, 10:30] = False
    mask[24:30, 15:25] = True
    loops = [outline.at(0.5) for outline in traced(mask)]
    parts = joined(loops)
    assert len(parts) == 2
    assert np.array_equal(filled(parts, *mask.shape), mask)


def test_a_mask_at_the_border_ends_half_a_pixel_beyond():
    (outline,) = traced(np.ones((3, 5), bool))
    loop = outline.at(0.5)
    assert (loop.min(axis=0) == -0.5).all()
    assert loop.max(axis=0).tolist() == [4.5, 2.5]
    assert traced(np.zeros((3, 5), bool)) == []


def test_thinning_leaves_out_what_lies_on_a_line_and_keeps_corners():
    (outline,) = traced(np.ones((40, 40), bool))
    loop = outline.at(0.5)
    few = thinned(loop, 0.05)
    assert len(few) < len(loop) / 5
    assert area(few) == pytest.approx(area(loop), abs=0.5)
    assert len(thinned(loop[:6], 10.0)) == 6
