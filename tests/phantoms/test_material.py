import pytest

from phantoms.attenuation import density_for, hounsfield
from phantoms.material import enhanced
from phantoms.tissues import TISSUES


@pytest.mark.parametrize("hu", [-900.0, -95.0, 0.0, 120.0, 955.0])
def test_the_density_for_a_ct_number_gives_that_number(hu):
    acrylic = TISSUES["acrylic"].composition
    assert hounsfield(acrylic, density_for(acrylic, hu), 120.0) == pytest.approx(hu, abs=0.002)


def test_iodine_adds_25_hu_for_each_mg_and_more_at_low_voltage():
    blood, bright = TISSUES["blood"], enhanced(TISSUES["blood"], 10.0)
    assert bright.hu(120.0) - blood.hu(120.0) == pytest.approx(250.0, rel=0.05)
    assert bright.hu(80.0) - blood.hu(80.0) > 380.0
    assert sum(bright.composition.values()) == pytest.approx(1.0, abs=1e-6)


def test_gadolinium_shortens_t1_more_than_t2_and_leaves_the_protons():
    blood, bright = TISSUES["blood"], enhanced(TISSUES["blood"], 5.0)
    assert bright.pd == blood.pd
    for field in (1.5, 3.0):
        before, after = blood.relaxation(field), bright.relaxation(field)
        assert after.t1_ms < 0.25 * before.t1_ms
        assert after.t1_ms / before.t1_ms < after.t2_ms / before.t2_ms < 1.0


def test_no_agent_changes_nothing():
    assert enhanced(TISSUES["liver"], 0.0) is TISSUES["liver"]
