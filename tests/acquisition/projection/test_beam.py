import numpy as np
import pytest

from modality.acquisition.projection.beam import beam
from modality.acquisition.projection.materials import BASIS, as_basis
from phantoms.attenuation import EFFECTIVE_ENERGY_KEV, WATER, effective_energy_kev


@pytest.mark.parametrize("kvp", EFFECTIVE_ENERGY_KEV)
def test_its_effective_energy_is_that_of_the_ct_numbers_within_two_kev(kvp):
    assert beam(kvp).effective_energy_kev(200.0) == pytest.approx(effective_energy_kev(kvp), abs=1.6)


def test_no_photon_has_more_energy_than_the_tube_gives_and_the_shares_sum_to_one():
    for kvp in (70.0, 123.0, 150.0):
        used = beam(kvp)
        assert used.energies_kev.max() < kvp
        assert (used.weights > 0).all()
        assert used.weights.sum() == pytest.approx(1.0, abs=1e-9)


def test_water_hardens_it():
    energies = [beam(120.0).effective_energy_kev(length) for length in (0.0, 50.0, 200.0, 400.0)]
    assert energies == sorted(energies)
    assert energies[-1] - energies[0] > 20.0


def test_the_transmission_is_the_sum_over_the_spectrum():
    used = beam(100.0)
    lengths = np.zeros((len(BASIS), 2))
    lengths[:, 0] = np.asarray(as_basis({"Al": 1.0}, 2.7)) * 10.0
    found = used.transmission(lengths)
    per_mm = used.attenuation[:, BASIS.index("Al")] * 2.7
    assert found[0] == pytest.approx(float((used.weights * np.exp(-per_mm * 10.0)).sum()), abs=1e-9)
    assert found[1] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("length_mm", [-3.0, 0.0, 1.0, 55.5, 201.0, 433.0])
def test_the_calibration_finds_the_length_of_water(length_mm):
    used = beam(120.0)
    water = np.asarray(as_basis(WATER, 1.0)).reshape(-1, 1) * length_mm
    assert used.water_equivalent_mm(-np.log(used.transmission(water)))[0] == pytest.approx(length_mm, abs=0.002)
