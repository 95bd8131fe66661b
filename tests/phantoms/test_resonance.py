import pytest

from phantoms.material import enhanced
from phantoms.resonance import ADC_MM2_PER_S, adc_mm2_per_s, chemical_shift_ppm
from phantoms.tissues import TISSUES


def test_every_tissue_that_gives_signal_has_an_adc_below_that_of_water_in_the_body():
    bodily = [t.name for t in TISSUES.values() if t.pd > 0 and t.name not in ("water", "air")]
    assert sorted(bodily) == sorted(ADC_MM2_PER_S)
    assert all(0 < value <= 3.0e-3 for value in ADC_MM2_PER_S.values())


def test_an_early_infarct_diffuses_less_than_its_tissue_and_fluid_more():
    adc = {name: adc_mm2_per_s(tissue) for name, tissue in TISSUES.items()}
    for name in ("grey matter", "white matter"):
        assert adc[f"ischaemic {name}"] == pytest.approx(0.74 * adc[name], rel=0.01)
        assert adc[name] < adc["cerebrospinal fluid"]


def test_a_contrast_agent_changes_neither_diffusion_nor_chemical_shift():
    for name in ("liver", "adipose"):
        with_agent = enhanced(TISSUES[name], 3.0)
        assert adc_mm2_per_s(with_agent) == adc_mm2_per_s(TISSUES[name])
        assert chemical_shift_ppm(with_agent) == chemical_shift_ppm(TISSUES[name])


def test_fat_resonates_below_water():
    assert chemical_shift_ppm(TISSUES["adipose"]) == -3.5
    assert chemical_shift_ppm(TISSUES["muscle"]) == chemical_shift_ppm(TISSUES["water"]) == 0.0
