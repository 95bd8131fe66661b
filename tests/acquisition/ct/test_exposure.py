import math

import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import CtProtocol, ct
from modality.acquisition.ct.exposure import water_equivalent_diameter_mm
from phantoms.attenuation import WATER, effective_energy_kev, mass_attenuation


def hounsfield(phantom):
    return np.asarray([tissue.hu(120.0) for tissue in phantom.tissues], dtype=np.float32)


@pytest.mark.parametrize("diameter_mm", [100.0, 200.0, 320.0])
def test_water_is_as_thick_as_it_is(diameter_mm):
    phantom = phantoms.water(diameter_mm=diameter_mm)
    acrylic = 1.0 + hounsfield(phantom)[1] / 1000.0
    area = (diameter_mm - 10.0) ** 2 + acrylic * (diameter_mm**2 - (diameter_mm - 10.0) ** 2)
    assert water_equivalent_diameter_mm(phantom, hounsfield(phantom), 0.0) == pytest.approx(math.sqrt(area), rel=0.01)


def test_lungs_make_a_chest_thinner_for_the_beam_than_its_outline():
    phantom = phantoms.thorax(1)
    whole = np.where(np.arange(len(phantom.tissues)) > 0, 0.0, -1000.0).astype(np.float32)
    seen, outline = (water_equivalent_diameter_mm(phantom, hu, 0.0) for hu in (hounsfield(phantom), whole))
    assert 220.0 < seen < 0.95 * outline


def test_dose_modulation_gives_more_where_the_patient_is_thicker_and_keeps_the_noise():
    modulated, constant = (
        ct(phantoms.thorax(1), seed=1, slices=24, dose_modulation=on, rows=64, columns=64) for on in (True, False)
    )
    currents = [modulated.exposure.tube_current_ma(index) for index in range(24)]
    diameters = [modulated.exposure.diameter_mm(index) for index in range(24)]
    assert np.corrcoef(currents, diameters)[0, 1] > 0.95
    assert max(currents) > 1.3 * min(currents)
    noise = [modulated.exposure.noise_hu(index) for index in range(24)]
    assert noise == pytest.approx([modulated.protocol.noise_hu] * 24, rel=0.01)
    assert {constant.exposure.tube_current_ma(index) for index in range(24)} == {240.0}
    uneven = [constant.exposure.noise_hu(index) for index in range(24)]
    assert max(uneven) > 1.15 * min(uneven)


def test_noise_grows_with_the_root_of_what_the_patient_takes_away():
    thin, thick = (ct(phantoms.water(diameter_mm=d), seed=1, slices=9, mas=400.0) for d in (150.0, 300.0))
    measured = [one.frame(4).pixels[192:320, 192:320].std() for one in (thin, thick)]
    more_mm = thick.exposure.diameter_mm(4) - thin.exposure.diameter_mm(4)
    per_mm = mass_attenuation(WATER, effective_energy_kev(120.0)) / 10.0
    assert measured[1] / measured[0] == pytest.approx(math.exp(per_mm * more_mm / 2), rel=0.05)


def test_the_tube_has_its_limits():
    acquisition = ct(phantoms.abdomen(2), seed=1, slices=4, mas=390.0)
    assert max(acquisition.exposure.tube_current_ma(index) for index in range(4)) <= 800.0


def test_what_is_set_beyond_a_common_tube_is_not_cut_down_to_it():
    usual, much, little = (ct(phantoms.abdomen(2), seed=1, slices=4, mas=mas) for mas in (200.0, 5000.0, 2.0))
    assert max(much.exposure.tube_current_ma(index) for index in range(4)) == 10_000.0
    assert min(much.exposure.tube_current_ma(index) for index in range(4)) > 800.0
    assert min(little.exposure.tube_current_ma(index) for index in range(4)) >= 4.0
    assert max(little.exposure.tube_current_ma(index) for index in range(4)) < 20.0
    assert much.protocol.noise_hu / usual.protocol.noise_hu == pytest.approx(0.2, rel=1e-3)


def test_the_dose_length_product_adds_the_slices():
    acquisition = ct(phantoms.water(), seed=1, slices=10, mas=100.0)
    assert acquisition.dlp_mgy_cm == pytest.approx(7.8 * 20.0, rel=1e-6)  # 0.078 mGy/mAs over 200 mm
    modulated = ct(phantoms.thorax(1), seed=1, slices=10)
    each = [modulated.ctdi_vol_mgy(index) for index in range(10)]
    assert len(set(each)) > 3
    assert modulated.dlp_mgy_cm == pytest.approx(sum(each) * modulated.geometry.slice_spacing_mm / 10.0, rel=1e-6)


def test_a_higher_pitch_spreads_the_dose_and_raises_the_noise():
    still, fast = CtProtocol(), CtProtocol(pitch=1.5)
    assert fast.ctdi_vol_mgy == pytest.approx(still.ctdi_vol_mgy / 1.5, rel=1e-4)
    assert fast.noise_hu == pytest.approx(still.noise_hu * math.sqrt(1.5), rel=1e-5)
    assert (still.table_feed_mm, fast.table_feed_mm) == (None, 60.0)
