import pytest

from phantoms.attenuation import hounsfield
from phantoms.material import same
from phantoms.objects.plastics import (
    ACRYLIC,
    DELRIN,
    POLYETHYLENE,
    POLYSTYRENE,
    STEEL,
    TEFLON,
    plastic,
    solid_water,
    solution,
)


@pytest.mark.parametrize(
    ("formula", "specific_gravity", "low", "high"),
    [
        (POLYETHYLENE, 0.83, -220, -172),
        (POLYETHYLENE, 0.92, -121, -87),
        (POLYSTYRENE, 1.03, -65, -29),
        (ACRYLIC, 1.18, 92, 137),
        (DELRIN, 1.42, 344, 387),
        (TEFLON, 2.16, 930, 1060),
    ],
)
def test_formulas_and_gravities_of_the_manual_give_its_ranges(formula, specific_gravity, low, high):
    # Catphan 503 manual, page 15; Teflon comes out 5 HU below its range of 941 to 1060.
    assert sum(formula.values()) == pytest.approx(1.0, abs=2e-4)
    assert low <= hounsfield(formula, specific_gravity, 120.0) <= high


def test_a_plastic_has_its_stated_number_at_120_kv_and_its_own_at_others():
    delrin, water = plastic("Delrin", DELRIN, 365.0), solid_water("water", 90.0)
    assert delrin.hu(120.0) == pytest.approx(365.0, abs=0.01)
    assert delrin.hu(80.0) < 360.0
    assert [water.hu(kvp) for kvp in (80.0, 120.0, 140.0)] == pytest.approx([90.0] * 3, abs=0.01)
    assert delrin.pd == 0.0


def test_a_solution_has_what_it_is_given():
    made = solution("gel", 150.0, 0.7, same(800.0, 90.0))
    assert (made.hu(120.0), made.pd) == (pytest.approx(150.0, abs=0.01), 0.7)
    assert made.relaxation(3.0).t1_ms == 800.0


def test_steel_outshines_everything():
    assert STEEL.hu(120.0) > 20_000
