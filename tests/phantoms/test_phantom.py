import json

import numpy as np
import pytest

import phantoms
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom, Structure
from phantoms.placement import Placement
from phantoms.solids import sphere
from phantoms.tissues import TISSUES

MADE = [
    pytest.param(lambda: phantoms.water(diameter_mm=160.0), id="water"),
    pytest.param(phantoms.shepp_logan, id="shepp-logan"),
    *(pytest.param(lambda s=s: phantoms.head(s), id=f"head {s}") for s in (0, 1, 2)),
    *(pytest.param(lambda s=s: phantoms.thorax(s, nodule_mm=4.0 + 3 * s), id=f"thorax {s}") for s in (0, 1, 2)),
]


@pytest.mark.parametrize("make", MADE)
def test_each_ball_of_the_truth_holds_its_structure_and_nothing_else(make):
    phantom = make()
    truth = phantom.truth(kvp=120.0, field_strength_t=1.5)
    assert truth
    for structure in truth:
        radius = structure["radius_mm"]
        g = np.linspace(-radius, radius, 13)
        x, y, z = np.meshgrid(g, g, g)
        ball = x * x + y * y + z * z <= radius * radius
        cx, cy, cz = structure["center_mm"]
        labels = phantom.labels(x[ball] + cx, y[ball] + cy, z[ball] + cz)
        assert set(labels.tolist()) == {structure["label"]}, structure["name"]
        low, high = phantom.scan_range_mm
        assert low <= cz - radius
        assert cz + radius <= high


@pytest.mark.parametrize("make", MADE)
def test_the_truth_is_plain_data_in_the_documents_form(make):
    truth = make().truth(kvp=100.0, field_strength_t=3.0)
    assert json.loads(json.dumps(truth)) == truth
    assert len({s["label"] for s in truth}) == len(truth)
    for structure in truth:
        assert set(structure) == {"name", "shape", "label", "center_mm", "radius_mm", "volume_mm3", "properties"}
        assert set(structure["properties"]) == {"HU", "PD", "T1_ms", "T2_ms"}
        assert structure["volume_mm3"] >= 4.18 * structure["radius_mm"] ** 3


@pytest.mark.parametrize("make", [lambda: phantoms.head(5), lambda: phantoms.thorax(5)], ids=["head", "thorax"])
def test_a_slice_along_the_axes_equals_points_one_by_one(make):
    phantom = make()
    x, y = np.arange(-90.0, 90.0, 2.7).reshape(1, -1), np.arange(-110.0, 110.0, 3.1).reshape(-1, 1)
    for height in (-40.0, 10.0, 60.0):
        z = np.full((1, 1), height)
        points = [np.array(a) for a in np.broadcast_arrays(x, y, z)]
        assert np.array_equal(phantom.labels(x, y, z), phantom.labels(*points))


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
