"""The lumbar spine: vertebrae and discs in turn along a lordosis, and the canal behind them."""

import math

import numpy as np
import pytest

import phantoms
from phantoms.anatomy.torso.column import LEVELS, Column
from phantoms.variation import Variation


def names(phantom):
    return ["air", *(structure.name for structure in phantom.structures)]


@pytest.mark.parametrize("seed", range(4))
def test_along_the_bodies_vertebrae_and_discs_take_turns(seed):
    phantom, column = phantoms.spine(seed), Column(Variation(seed))
    path = [
        phantom.placement.ball(tuple(a + (b - a) * share for a, b in zip(one, other, strict=True)), 1.0)[0]
        for one, other in zip(column.centers_mm[2:8], column.centers_mm[3:9], strict=False)
        for share in np.linspace(0.0, 1.0, 60)
    ]
    x, y, z = (np.asarray(values) for values in zip(*path, strict=True))
    found = list(dict.fromkeys(names(phantom)[label] for label in phantom.labels(x, y, z).tolist()))
    wanted = []
    for level in range(2, 8):
        wanted.append(f"{LEVELS[level]} marrow")
        if level < 7:
            wanted.append(f"{LEVELS[level]}-{LEVELS[level + 1]} nucleus")
    assert [name for name in found if name in wanted] == wanted


@pytest.mark.parametrize("seed", range(6))
def test_the_lumbar_spine_is_curved_as_a_lordosis(seed):
    column = Column(Variation(seed))
    angle = column.tilts_deg[LEVELS.index("S1")] - column.tilts_deg[LEVELS.index("L1")]
    assert 30.0 < angle < 60.0
    heights = [center[2] for center in column.centers_mm]
    assert heights == sorted(heights, reverse=True)
    for one, other in zip(column.centers_mm[:-1], column.centers_mm[1:], strict=True):
        assert 28.0 < math.dist(one, other) < 40.0


def test_the_canal_runs_behind_every_body_and_holds_cord_then_roots():
    phantom, column = phantoms.spine(3), Column(Variation(3))
    seen = {}
    for level in ("T12", "L4"):
        x, y, z = column.placed(LEVELS.index(level), (0.0, 25.0, 0.0))
        across, down = np.linspace(x - 9, x + 9, 91), np.linspace(y - 9, y + 9, 91)
        middle, _ = phantom.placement.ball((x, y, z), 1.0)
        shown = phantom.labels(
            across.reshape(1, -1) + middle[0] - x, down.reshape(-1, 1) + middle[1] - y, np.full((1, 1), middle[2])
        )
        seen[level] = {names(phantom)[label] for label in np.unique(shown)}
    assert {"spinal cord", "dural sac", "epidural fat"} <= seen["T12"]
    assert {"cauda equina", "dural sac"} <= seen["L4"]
    assert "spinal cord" not in seen["L4"]


def test_one_disc_is_narrower_where_the_spine_is_worn():
    worn = [Column(Variation(seed)) for seed in range(20)]
    narrowed = [min(one.discs_mm) for one in worn]
    assert min(narrowed) < 7.0
    assert all(sum(disc < 10.0 for disc in one.discs_mm) <= 1 for one in worn)
