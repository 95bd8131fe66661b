import numpy as np
import pytest

from phantoms.errors import PhantomError
from phantoms.patterns import Bars, Between, Lattice
from phantoms.solids import Bounds

SOLIDS = [
    Bars((3.0, -2.0, 1.0), 4, 1.25, (9.0, 12.0)),
    Bars((3.0, -2.0, 1.0), 3, 1.5, (9.0, 12.0), turn_deg=37.0),
    Lattice((1.0, 2.0, 0.0), 5, 7.0, 1.5, 8.0),
]


def grid(bounds, step):
    axes = [np.arange(a - 1.0 + step / 2, b + 1.0, step) for a, b in zip(bounds.low_mm, bounds.high_mm, strict=True)]
    return np.meshgrid(*axes, indexing="ij")


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda s: s.shape)
def test_counted_volume_is_the_formula_and_nothing_lies_outside_the_bounds(solid):
    x, y, z = grid(solid.bounds, 0.0937)
    inside = solid.contains(x, y, z)
    assert np.count_nonzero(inside) * 0.0937**3 == pytest.approx(solid.volume_mm3, rel=0.02)
    for axis, values in enumerate((x, y, z)):
        assert solid.bounds.low_mm[axis] - 0.1 <= values[inside].min()
        assert values[inside].max() <= solid.bounds.high_mm[axis] + 0.1


def test_bars_are_as_wide_as_their_gaps():
    bars = Bars((0.0, 0.0, 0.0), 5, 0.625, (15.0, 40.0))
    x = np.arange(-10.0, 10.0, 0.005)
    inside = bars.contains(x, np.zeros(1), np.zeros(1))
    edges = x[np.flatnonzero(np.diff(inside.astype(int)))]
    assert len(edges) == 10
    assert np.diff(edges) == pytest.approx(0.625, abs=0.01)


def test_between_two_planes_lies_a_ramp():
    slope = 0.1
    normal = (-slope / (1 + slope**2) ** 0.5, 0.0, 1 / (1 + slope**2) ** 0.5)
    ramp = Between(Bounds((-60.0, -2.0, -8.0), (60.0, 2.0, 8.0)), normal, -0.05, 0.05)
    z = np.arange(-7.0, 7.0, 0.01)
    for x in (-50.0, 0.0, 40.0):
        inside = ramp.contains(np.full(1, x), np.zeros(1), z)
        assert z[inside].mean() == pytest.approx(slope * x, abs=0.02)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Bars((0.0, 0.0, 0.0), 0, 1.0, (1.0, 1.0)),
        lambda: Bars((0.0, 0.0, 0.0), 2, 0.0, (1.0, 1.0)),
        lambda: Between(Bounds((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), (0.0, 0.0, 1.0), 2.0, 1.0),
        lambda: Lattice((0.0, 0.0, 0.0), 3, 2.0, 2.5, 1.0),
    ],
)
def test_a_pattern_without_extent_is_refused(make):
    with pytest.raises(PhantomError):
        make()
