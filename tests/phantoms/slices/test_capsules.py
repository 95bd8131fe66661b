"""Many capsules at once are the same capsules one by one."""

import numpy as np
import pytest

from phantoms.combined import Union
from phantoms.solids import Capsule


def drawn(count, seed):
    generator = np.random.default_rng(seed)
    parts = []
    for _ in range(count):
        start, way = generator.uniform(-40, 40, 3), generator.uniform(-20, 20, 3)
        parts.append(Capsule(tuple(start), tuple(start + way), float(generator.uniform(0.3, 7.0))))
    return tuple(parts)


ALONG = (
    Capsule((-10.0, 0.0, 0.0), (25.0, 0.0, 0.0), 4.0),
    Capsule((0.0, -20.0, 1.0), (0.0, 15.0, 1.0), 3.0),
    Capsule((5.0, 5.0, -30.0), (5.0, 5.0, 30.0), 2.0),
)


@pytest.mark.parametrize("parts", [drawn(60, 1), drawn(8, 2), ALONG], ids=["many", "few", "along the axes"])
@pytest.mark.parametrize("height", [-33.0, 0.0, 0.7, 12.5])
def test_a_union_of_capsules_is_what_each_of_them_holds(parts, height):
    x, y = np.linspace(-60, 60, 241).reshape(1, -1), np.linspace(-61, 59, 201).reshape(-1, 1)
    z = np.full((1, 1), height)
    together = Union(parts).contains(x, y, z)
    expected = np.logical_or.reduce([part.contains(x, y, z) for part in parts])
    assert np.count_nonzero(together != expected) <= 2
    if height == 0.0:
        assert together.any()


def test_nothing_of_them_in_a_slice_is_nothing():
    x, y, z = np.linspace(-5, 5, 11).reshape(1, -1), np.linspace(-5, 5, 11).reshape(-1, 1), np.full((1, 1), 90.0)
    assert not Union(drawn(9, 4)).contains(x, y, z).any()
