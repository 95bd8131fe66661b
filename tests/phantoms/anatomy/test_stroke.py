import numpy as np
import pytest

import phantoms
from phantoms.errors import PhantomError


def listed(phantom):
    return {s["name"]: s for s in phantom.truth(kvp=120.0, field_strength_t=1.5)}


def hounsfield(phantom, z):
    x = np.arange(-80.0, 80.0, 1.0).reshape(1, -1)
    hu = np.array([tissue.hu(120.0) for tissue in phantom.tissues])
    return hu[phantom.labels(x, x.reshape(-1, 1), np.full((1, 1), z))]


@pytest.mark.parametrize(("side", "sign"), [("left", 1.0), ("right", -1.0)])
def test_an_infarct_darkens_its_side_only(side, sign):
    healthy, struck = (hounsfield(make, 12.0) for make in (phantoms.head(3), phantoms.head_stroke(3, side=side)))
    darker = struck < healthy - 2.0
    x = np.broadcast_to(np.arange(-80.0, 80.0, 1.0), darker.shape)
    assert 1500 < np.count_nonzero(darker) < 6000
    assert (np.sign(x[darker]) == sign).mean() > 0.99
    assert (healthy[darker] - struck[darker]).max() < 12.0


def test_the_clot_is_denser_than_blood_and_can_be_left_out():
    clot = listed(phantoms.head_stroke(1, side="left"))["hyperdense artery"]
    assert clot["properties"]["HU"] > 65.0
    assert clot["center_mm"][0] > 5.0
    assert "hyperdense artery" not in listed(phantoms.head_stroke(1, hyperdense_vessel=False))


@pytest.mark.parametrize("volume_ml", [2.0, 30.0, 80.0])
def test_a_haematoma_has_the_volume_asked_for(volume_ml):
    phantom = phantoms.head_stroke(2, kind="bleed", volume_ml=volume_ml)
    bleed = listed(phantom)["haematoma"]
    assert bleed["volume_mm3"] / 1000.0 / phantom.placement.volume_factor == pytest.approx(volume_ml, rel=0.12)
    assert bleed["properties"]["HU"] == pytest.approx(74.0, abs=1.0)


def test_seeds_choose_the_side_and_move_the_lesion():
    bleeds = [listed(phantoms.head_stroke(seed, kind="bleed"))["haematoma"]["center_mm"] for seed in range(8)]
    assert {np.sign(center[0]) for center in bleeds} == {1.0, -1.0}
    assert len({tuple(center) for center in bleeds}) == 8


@pytest.mark.parametrize(
    "options", [{"kind": "tumour"}, {"side": "up"}, {"kind": "bleed", "volume_ml": 0.0}, {"volume_ml": 500.0}]
)
def test_what_there_is_not_is_refused(options):
    with pytest.raises(PhantomError):
        phantoms.head_stroke(0, **options)
