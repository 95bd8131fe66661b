import numpy as np
import pytest

import phantoms
from phantoms.combined import Union
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom, Structure
from phantoms.placement import Placement
from phantoms.solids import sphere
from phantoms.tissues import TISSUES


@pytest.mark.parametrize("make", [lambda: phantoms.head(5), lambda: phantoms.thorax(5)], ids=["head", "thorax"])
def test_a_slice_along_the_axes_equals_points_one_by_one(make):
    phantom = make()
    x, y = np.arange(-90.0, 90.0, 2.7).reshape(1, -1), np.arange(-110.0, 110.0, 3.1).reshape(-1, 1)
    for height in (-40.0, 10.0, 60.0):
        z = np.full((1, 1), height)
        points = [np.array(a) for a in np.broadcast_arrays(x, y, z)]
        assert np.array_equal(phantom.labels(x, y, z), phantom.labels(*points))


def test_oblique_slices_asked_together_equal_points_one_by_one():
    phantom = phantoms.head(5)
    across, down = np.arange(-90.0, 90.0, 3.3).reshape(1, -1), np.arange(-110.0, 110.0, 2.9).reshape(-1, 1)
    through = np.array([-30.0, 12.0]).reshape(-1, 1, 1)
    x, y, z = (0.9 * across, 0.95 * down + 0.1 * across, 0.3 * down - 0.2 * across + through)
    together = phantom.labels(x, y, z)
    points = [part.ravel() for part in np.broadcast_arrays(x, y, z)]
    assert together.shape == (2, down.size, across.size)
    assert len(np.unique(together)) > 10
    assert np.array_equal(together.ravel(), phantom.labels(*points))


def test_later_structures_win_and_volumes_say_what_is_left():
    phantom = Phantom(
        "nested",
        "PHANTOM",
        (
            Structure("outer", sphere((0.0, 0.0, 0.0), 40.0), TISSUES["water"], ((0.0, 30.0, 0.0), 5.0)),
            Structure("inner", sphere((0.0, 0.0, 0.0), 20.0), TISSUES["muscle"], ((0.0, 0.0, 0.0), 19.0)),
        ),
        (-40.0, 40.0),
        100.0,
    )
    zero = np.zeros((1, 1))
    assert phantom.labels(np.array([[0.0, 30.0, 50.0]]), zero, zero).tolist() == [[2, 1, 0]]
    outer, inner = phantom.truth(kvp=120.0, field_strength_t=1.5)
    assert inner["volume_mm3"] == pytest.approx(4 / 3 * np.pi * 20**3, abs=0.1)
    assert outer["volume_mm3"] == pytest.approx(4 / 3 * np.pi * (40**3 - 20**3), rel=0.03)


def test_a_placement_moves_structures_and_their_truth_together():
    solid = sphere((10.0, 20.0, 30.0), 8.0)
    placement = Placement(scale=(1.1, 0.9, 1.2), shift_mm=(3.0, -4.0, 5.0), lean=(0.05, -0.04))
    phantom = Phantom(
        "placed",
        "PHANTOM",
        (Structure("ball", solid, TISSUES["water"], (solid.center_mm, 8.0)),),
        (0.0, 60.0),
        100.0,
        placement=placement,
    )
    (ball,) = phantom.truth(kvp=120.0, field_strength_t=1.5)
    assert ball["center_mm"] == pytest.approx([1.1 * 10 + 0.05 * 41 + 3, 0.9 * 20 - 0.04 * 41 - 4, 41.0])
    g = np.arange(0.5, 80.0, 1.0)
    x, y, z = np.meshgrid(g - 20, g - 30, g, indexing="ij")
    inside = phantom.labels(x, y, z) == 1
    assert np.count_nonzero(inside) == pytest.approx(ball["volume_mm3"], rel=0.02)
    assert [a[inside].mean() for a in (x, y, z)] == pytest.approx(ball["center_mm"], abs=0.1)


def test_a_phantom_of_nothing_is_refused():
    with pytest.raises(PhantomError):
        Phantom("empty", "PHANTOM", (), (0.0, 1.0), 10.0)


def test_parts_to_be_sampled_finely_are_boxed_in_the_scanner_one_by_one():
    parts = Union((sphere((-20.0, 0.0, 0.0), 1.0), sphere((20.0, 0.0, 0.0), 1.0), sphere((21.0, 0.0, 0.0), 1.0)))
    placement = Placement(scale=(2.0, 1.0, 1.0), shift_mm=(1.0, 2.0, 3.0), lean=(0.1, 0.0))
    phantom = Phantom(
        "fine",
        "PHANTOM",
        (Structure("beads", parts, TISSUES["water"], fine_mm=(0.1, 0.2, 0.3)),),
        (-5.0, 5.0),
        100.0,
        placement=placement,
    )
    first, second = phantom.fine
    assert first.step_mm == (0.1, 0.2, 0.3)
    # x = 2 model x + 0.1 z + 1 for z from 2 to 4.
    assert (first.bounds.low_mm, first.bounds.high_mm) == (
        pytest.approx((-42.0 + 0.2 + 1.0, 1.0, 2.0)),
        pytest.approx((-38.0 + 0.4 + 1.0, 3.0, 4.0)),
    )
    assert second.bounds.high_mm[0] - second.bounds.low_mm[0] == pytest.approx(2 * 3.0 + 0.2)


@pytest.mark.parametrize("make", [phantoms.abdomen, phantoms.catphan504], ids=["abdomen", "catphan504"])
def test_an_oblique_slice_equals_points_one_by_one(make):
    phantom = make()
    row, column = np.arange(-60.0, 60.0, 1.7).reshape(1, -1), np.arange(-70.0, 70.0, 2.3).reshape(-1, 1)
    x, y, z = 0.8 * row - 0.36 * column, 0.6 * row + 0.48 * column, 0.8 * column - 3.0
    tiled = phantom.labels(x, y, z)
    points = [np.array(a).ravel() for a in np.broadcast_arrays(x, y, z)]
    assert np.array_equal(tiled.ravel(), phantom.labels(*points))
    assert len(np.unique(tiled)) > 6


def test_no_points_have_no_labels():
    nothing = np.zeros((0, 4))
    assert phantoms.spheres().labels(nothing, nothing, nothing).shape == (0, 4)
    assert phantoms.spheres().labels(np.zeros(0), np.zeros(0), np.zeros(0)).shape == (0,)
