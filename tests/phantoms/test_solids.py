import numpy as np
import pytest

from phantoms.combined import Difference, Intersection, Union, tube
from phantoms.errors import PhantomError
from phantoms.solids import Box, Capsule, Cylinder, Ellipsoid, rotation, sphere, window

SOLIDS = [
    Ellipsoid((3.0, -2.0, 1.0), (20.0, 12.0, 15.0)),
    Ellipsoid((3.0, -2.0, 1.0), (22.0, 8.0, 15.0), (20.0, -35.0, 60.0)),
    sphere((1.0, 2.0, 3.0), 14.0),
    Cylinder((0.0, 0.0, 4.0), (16.0, 11.0), 30.0),
    Box((2.0, 1.0, 0.0), (25.3, 18.1, 30.7)),
    Capsule((-12.0, -8.0, -6.0), (10.0, 9.0, 12.0), 6.5),
    Union((sphere((-20.0, 0.0, 0.0), 9.0), Box((20.0, 0.0, 0.0), (10.0, 12.0, 14.0)))),
]


def grid(solid, step):
    low, high = solid.bounds.low_mm, solid.bounds.high_mm
    axes = [np.arange(a + step / 2, b + step, step) for a, b in zip(low, high, strict=True)]
    return np.meshgrid(*axes, indexing="ij")


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda s: s.shape)
def test_counted_volume_is_the_formula(solid):
    x, y, z = grid(solid, 0.5)
    assert np.count_nonzero(solid.contains(x, y, z)) * 0.125 == pytest.approx(solid.volume_mm3, rel=0.01)


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda s: s.shape)
def test_nothing_lies_outside_the_bounds(solid):
    g = np.arange(-60.0, 60.0, 1.7)
    x, y, z = np.meshgrid(g, g, g, indexing="ij")
    inside = solid.contains(x, y, z)
    assert inside.any()
    for axis, values in enumerate((x, y, z)):
        assert solid.bounds.low_mm[axis] <= values[inside].min()
        assert values[inside].max() <= solid.bounds.high_mm[axis]


def test_turned_axes_are_orthonormal_and_right_handed():
    axes = np.array(rotation((20.0, -35.0, 60.0)))
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-8)
    assert np.cross(axes[0], axes[1]) == pytest.approx(axes[2], abs=1e-8)
    assert rotation((0.0, 0.0, 90.0))[0] == (0.0, 1.0, 0.0)


def test_a_union_looks_only_into_each_parts_window_and_finds_the_same():
    union = tube([(-30.0, 0.0, -10.0), (0.0, 12.0, 0.0), (30.0, -8.0, 10.0)], [4.0, 6.0])
    x, y, z = np.arange(-50.0, 50.0).reshape(1, -1), np.arange(-40.0, 40.0).reshape(-1, 1), np.full((1, 1), 1.5)
    everywhere = np.logical_or.reduce([part.contains(x, y, z) for part in union.parts])
    assert np.array_equal(union.contains(x, y, z), everywhere)
    assert everywhere.any()


def test_overlapping_parts_have_no_volume_by_formula():
    assert Union((sphere((0.0, 0.0, 0.0), 5.0), sphere((3.0, 0.0, 0.0), 5.0))).volume_mm3 is None


def test_intersection_and_difference_share_a_solid_out():
    whole, cut = sphere((0.0, 0.0, 0.0), 10.0), Box((8.0, 0.0, 0.0), (10.0, 40.0, 40.0))
    x, y, z = grid(whole, 1.0)
    both = Intersection(whole, cut).contains(x, y, z)
    rest = Difference(whole, cut).contains(x, y, z)
    assert not (both & rest).any()
    assert np.array_equal(both | rest, whole.contains(x, y, z))


def test_a_window_is_none_beside_the_slice():
    x, y = np.arange(10.0).reshape(1, -1), np.arange(10.0).reshape(-1, 1)
    bounds = sphere((5.0, 5.0, 0.0), 2.0).bounds
    assert window(bounds, x, y, np.full((1, 1), 2.5)) is None
    assert window(bounds, x + 20, y, np.zeros((1, 1))) is None
    assert window(bounds, x, y, np.zeros((1, 1))) == (slice(3, 7), slice(3, 7))


@pytest.mark.parametrize(
    "make",
    [
        lambda: sphere((0.0, 0.0, 0.0), 0.0),
        lambda: Cylinder((0.0, 0.0, 0.0), (1.0, 1.0), -1.0),
        lambda: Box((0.0, 0.0, 0.0), (1.0, 0.0, 1.0)),
        lambda: Capsule((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), 0.0),
        lambda: Capsule((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 1.0),
    ],
)
def test_a_solid_without_extent_is_refused(make):
    with pytest.raises(PhantomError):
        make()
