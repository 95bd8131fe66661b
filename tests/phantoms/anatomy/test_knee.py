"""The knee: its parts lie where they lie in a knee, and vary."""

import numpy as np
import pytest

import phantoms
from phantoms.errors import PhantomError


def labels(phantom, x, y, z):
    """Names of what lies along a line of points."""
    names = ["air", *(structure.name for structure in phantom.structures)]
    found = phantom.labels(*(np.atleast_1d(np.asarray(v, dtype=float)) for v in np.broadcast_arrays(x, y, z)))
    return [names[label] for label in found.tolist()]


def in_order(found):
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("seed", range(4))
def test_from_thigh_to_shin_a_line_through_a_condyle_meets_cartilage_twice(seed):
    phantom = phantoms.knee(seed)
    x = phantom.placement.ball((20.0, 3.0, 0.0), 1.0)[0][0]
    y = phantom.placement.ball((20.0, 3.0, 0.0), 1.0)[0][1]
    found = in_order(labels(phantom, x, y, np.arange(20.0, -30.0, -0.2)))
    wanted = ["femoral marrow", "femur", "femoral cartilage", "tibial cartilage", "tibia", "tibial marrow"]
    assert [name for name in found if name in wanted] == wanted


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_fibula_lies_on_the_outer_side(side):
    phantom = phantoms.knee(5, side=side)
    names = [structure.name for structure in phantom.structures]
    x, y = np.linspace(-80, 80, 161), np.linspace(-80, 80, 161)
    seen = phantom.labels(x.reshape(1, -1), y.reshape(-1, 1), np.full((1, 1), -55.0))
    columns = np.argwhere(seen == names.index("fibula") + 1)[:, 1]
    assert columns.size > 20
    assert (x[columns].mean() > 10.0) if side == "left" else (x[columns].mean() < -10.0)


def test_the_patella_lies_before_the_femur_and_the_vessels_behind():
    phantom = phantoms.knee(1)
    found = in_order(labels(phantom, 2.0, np.arange(-70.0, 60.0, 0.25), 19.0))
    order = [name for name in found if name in ("patella", "femur", "popliteal artery")]
    assert order[0] == "patella"
    assert found.index("skin") < found.index("patella") < found.index("femur")


def test_an_effusion_fills_the_pouch():
    dry, wet = phantoms.knee(1, effusion_ml=0.0), phantoms.knee(1, effusion_ml=30.0)
    assert "suprapatellar pouch" not in [structure.name for structure in dry.structures]
    pouch = next(structure for structure in wet.structures if structure.name == "suprapatellar pouch")
    assert pouch.solid.volume_mm3 == pytest.approx(30_000.0, rel=0.001)


@pytest.mark.parametrize("wrong", [{"side": "middle"}, {"effusion_ml": 41.0}, {"effusion_ml": -1.0}])
def test_what_no_knee_has_is_refused(wrong):
    with pytest.raises(PhantomError, match="knee"):
        phantoms.knee(1, **wrong)


def test_no_two_knees_are_alike():
    grid = np.linspace(-60.0, 60.0, 60)
    slices = [
        phantoms.knee(seed, side="left").labels(grid.reshape(1, -1), grid.reshape(-1, 1), np.zeros((1, 1)))
        for seed in range(6)
    ]
    for index, one in enumerate(slices):
        assert all(np.mean(one != other) > 0.02 for other in slices[:index])
