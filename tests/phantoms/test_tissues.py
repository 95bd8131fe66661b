import pytest

from phantoms.attenuation import effective_energy_kev, mass_attenuation
from phantoms.errors import PhantomError
from phantoms.tissues import TISSUES


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("air", -1000, -1000),
        ("water", 0, 0),
        ("muscle", 40, 60),
        ("adipose", -110, -60),
        ("lung", -850, -700),
        ("cortical bone", 1000, 1900),
        ("blood", 45, 65),
        ("liver", 45, 65),
        ("grey matter", 35, 45),
        ("white matter", 25, 40),
        ("cerebrospinal fluid", 0, 20),
        ("acrylic", 100, 135),
    ],
)
def test_ct_numbers_at_120_kv_are_those_of_the_clinic(name, low, high):
    assert low <= TISSUES[name].hu(120.0) <= high


def test_bone_falls_and_fat_rises_with_the_voltage():
    bone = [TISSUES["cortical bone"].hu(kvp) for kvp in (80.0, 100.0, 120.0, 140.0)]
    fat = [TISSUES["adipose"].hu(kvp) for kvp in (80.0, 100.0, 120.0, 140.0)]
    assert bone == sorted(bone, reverse=True)
    assert fat == sorted(fat)


def test_grey_matter_is_a_few_hu_above_white():
    assert 4.0 < TISSUES["grey matter"].hu(120.0) - TISSUES["white matter"].hu(120.0) < 9.0


def test_water_attenuates_as_nist_says():
    # NIST XAAMDI table 4, water: 0.2059 cm2/g at 60 keV, 0.1837 at 80 keV.
    water = TISSUES["water"].composition
    assert mass_attenuation(water, 60.0) == pytest.approx(0.2059, rel=0.005)
    assert mass_attenuation(water, 80.0) == pytest.approx(0.1837, rel=0.005)


@pytest.mark.parametrize("tissue", TISSUES.values(), ids=lambda t: t.name)
def test_mass_fractions_sum_to_one_and_values_are_physical(tissue):
    assert sum(tissue.composition.values()) == pytest.approx(1.0, abs=0.0015)
    for at in (tissue.at_1_5_t, tissue.at_3_t):
        assert 0 < at.t2_ms <= at.t1_ms
    assert 0.0 <= tissue.pd <= 1.05


def test_relaxation_passes_through_the_table_and_grows_with_the_field():
    muscle = TISSUES["muscle"]
    assert muscle.relaxation(1.5) == muscle.at_1_5_t
    assert muscle.relaxation(3.0) == muscle.at_3_t
    assert muscle.relaxation(0.5).t1_ms < muscle.relaxation(1.5).t1_ms < muscle.relaxation(2.0).t1_ms


def test_effective_energy_lies_on_the_line_between_two_voltages():
    assert effective_energy_kev(120.0) == 71.5
    assert effective_energy_kev(125.0) == pytest.approx((71.5 + 75.2) / 2)


def test_outside_the_tables_is_an_error():
    with pytest.raises(PhantomError, match="70 to 150"):
        TISSUES["muscle"].hu(60.0)
    with pytest.raises(PhantomError, match=r"0\.2 and 7 T"):
        TISSUES["muscle"].relaxation(11.7)
