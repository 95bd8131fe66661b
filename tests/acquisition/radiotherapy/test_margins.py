"""A margin lies as far from a structure as it says."""

from __future__ import annotations

import numpy as np
import pytest

from modality.acquisition.radiotherapy.margins import Grown
from phantoms import spheres
from phantoms.objects.balls import BALLS


@pytest.mark.parametrize("margin_mm", [0.0, 3.0, 7.5, 15.0])
def test_a_ball_with_a_margin_is_a_larger_ball(margin_mm):
    (centre, radius), label = BALLS[7], 10
    grown = Grown(spheres(), label, margin_mm)
    volume = np.count_nonzero(grown.inside) * grown.grid.step[0] ** 3
    assert volume == pytest.approx(4 / 3 * np.pi * (radius + margin_mm) ** 3, rel=0.025)
    assert grown.middle_mm() == pytest.approx(centre, abs=0.2)
    away = np.linalg.norm(np.stack(grown.surface(), axis=1) - centre, axis=1)
    assert away.min() == pytest.approx(radius + margin_mm, abs=1.2)
    assert away.max() == pytest.approx(radius + margin_mm, abs=0.8)


def test_distances_grow_with_the_way_and_stay_large_beyond():
    (centre, radius), label = BALLS[0], 3
    grown = Grown(spheres(), label, 10.0)
    way = np.asarray([radius + 2.0, radius + 5.0, radius + 8.0, 500.0])
    x, y, z = centre[0] + way, np.full(4, centre[1]), np.full(4, centre[2])
    found = grown.distances_at(x, y, z)
    assert found[:3] - 0.3 * grown.grid.step[0] == pytest.approx([2.0, 5.0, 8.0], abs=0.4)
    assert found[3] > grown.reach_mm
