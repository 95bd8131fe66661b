"""What is found row by row is what the level says point by point."""

import numpy as np
import pytest

from phantoms.combined import Turned
from phantoms.lofts import Folded, Loft, Merged, Warped
from phantoms.noise import ValueNoise
from phantoms.slices import rows
from phantoms.solids import Ellipsoid

LOFT = Loft(
    ((-30.0, 2.0, -3.0, 20.0, 12.0, 25.0), (0.0, 0.0, 1.0, 32.0, 30.0, 18.0), (35.0, -4.0, 4.0, 9.0, 8.0, 7.0)), 0.5
)
SQUARE = Loft(((-30.0, 0.0, 0.0, 20.0, 20.0, 20.0), (35.0, 0.0, 0.0, 20.0, 20.0, 20.0)), 1.0)
EGG = Ellipsoid((3.0, -5.0, 2.0), (14.0, 33.0, 22.0), (20.0, -35.0, 50.0))
NOISE = ValueNoise(7, spacing_mm=11.0, octaves=2)
SOLIDS = {
    "loft": LOFT,
    "square": SQUARE,
    "egg": EGG,
    "merged": Merged((LOFT, EGG)),
    "warped": Warped(LOFT, NOISE, 0.04),
    "warped egg": Warped(EGG, NOISE, 0.1),
    "twice": Folded(Warped(EGG, NOISE, 0.1), NOISE, width=0.3, depth=0.3),
    "folded": Folded(LOFT, NOISE, width=0.2, depth=0.4),
    "shallow": Folded(Merged((LOFT, EGG)), NOISE, width=0.4, depth=0.05, limit=0.9),
    "turned": Turned(LOFT, (2.0, 1.0, 0.0), (25.0, 0.0, 0.0)),
}


def grid(height):
    x = np.linspace(-45.0, 47.0, 183, dtype=np.float32).reshape(1, -1)
    y = np.linspace(-46.0, 44.0, 171, dtype=np.float32).reshape(-1, 1)
    return x, y, np.full((1, 1), height, dtype=np.float32)


def point_by_point(solid, x, y, z):
    """The same points, given in a shape that no short cut knows."""
    return solid.contains(*(np.ascontiguousarray(one)[None] for one in np.broadcast_arrays(x, y, z)))[0]


@pytest.mark.parametrize("solid", SOLIDS.values(), ids=SOLIDS)
@pytest.mark.parametrize("height", [-31.0, -29.5, -11.0, 0.0, 17.3, 34.9, 35.1])
def test_a_slice_is_its_points(solid, height):
    points = grid(height)
    inside = solid.contains(*points)
    differing = np.count_nonzero(inside != point_by_point(solid, *points))
    assert differing <= 2  # that rounding puts on the surface
    if -20.0 < height < 20.0:
        assert 1000 < np.count_nonzero(inside) < inside.size - 1000


@pytest.mark.parametrize("solid", [SOLIDS["warped"], SOLIDS["folded"], SOLIDS["shallow"]])
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_of_points_that_nobody_wants_the_answer_does_not_matter_and_of_the_others_it_stays(solid, share):
    points = grid(4.0)
    whole = solid.contains(*points)
    wanted = np.random.default_rng(3).random(whole.shape) < share
    assert np.array_equal(solid.contains(*points, wanted) & wanted, whole & wanted)


def test_a_quadratic_ends_where_its_roots_lie():
    first, last = rows.quadratic(2.0, np.array([-4.0, 0.0]), np.array([-6.0, 1.0]))
    assert (first[0], last[0]) == pytest.approx((-1.0, 3.0))
    assert first[1] > last[1]
