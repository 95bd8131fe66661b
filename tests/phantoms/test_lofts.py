import math

import numpy as np
import pytest

from phantoms.errors import PhantomError
from phantoms.lofts import Folded, Loft, Merged, Warped
from phantoms.noise import ValueNoise
from phantoms.solids import sphere

TRUNK = Loft(((-20.0, 0.0, 0.0, 30.0, 20.0, 10.0), (20.0, 4.0, 0.0, 30.0, 20.0, 10.0)))
NOISE = ValueNoise(stream=5, spacing_mm=11.0)


def section(solid, z):
    x, y = np.arange(-50.0, 50.0, 0.25).reshape(1, -1), np.arange(-50.0, 50.0, 0.25).reshape(-1, 1)
    return solid.contains(x, y, np.full((1, 1), z))


def test_a_section_has_the_area_of_its_two_half_ellipses():
    area = np.count_nonzero(section(TRUNK, 0.0)) * 0.0625
    assert area == pytest.approx(math.pi * 30.0 * (20.0 + 10.0) / 2, rel=0.01)


def test_a_squarer_section_is_larger():
    square = Loft(TRUNK.sections, squareness=0.8)
    assert np.count_nonzero(section(square, 0.0)) > 1.08 * np.count_nonzero(section(TRUNK, 0.0))


def test_beyond_its_ends_there_is_nothing():
    assert not section(TRUNK, 20.5).any()
    assert not section(TRUNK, -20.5).any()
    assert section(TRUNK, 20.0).any()


def test_a_loft_needs_ascending_sections():
    with pytest.raises(PhantomError):
        Loft(TRUNK.sections[::-1])


def test_noise_moves_the_surface_within_its_strength():
    warped = Warped(sphere((0.0, 0.0, 0.0), 30.0), NOISE, 0.05)
    inside = section(warped, 0.0)
    assert np.array_equal(inside & section(sphere((0.0, 0.0, 0.0), 28.0), 0.0), section(sphere((0, 0, 0), 28.0), 0.0))
    assert not (inside & ~section(sphere((0.0, 0.0, 0.0), 31.6), 0.0)).any()
    assert not np.array_equal(inside, section(sphere((0.0, 0.0, 0.0), 30.0), 0.0))


def test_furrows_only_take_away_and_reach_no_deeper_than_told():
    ball = sphere((0.0, 0.0, 0.0), 40.0)
    folded = section(Folded(ball, NOISE, width=0.2, depth=0.4), 0.0)
    assert not (folded & ~section(ball, 0.0)).any()
    core = section(sphere((0.0, 0.0, 0.0), 40.0 * math.sqrt(0.6) - 0.1), 0.0)
    assert not (core & ~folded).any()
    assert np.count_nonzero(folded) < 0.97 * np.count_nonzero(section(ball, 0.0))


def test_merged_solids_hold_what_either_holds():
    a, b = sphere((-10.0, 0.0, 0.0), 15.0), sphere((10.0, 0.0, 0.0), 15.0)
    assert np.array_equal(section(Merged((a, b)), 2.0), section(a, 2.0) | section(b, 2.0))
