import numpy as np
import pytest

import phantoms
from modality.acquisition.projection.materials import BASIS, as_basis, densities
from phantoms.attenuation import ENERGIES_KEV, MASS_ATTENUATION_CM2_PER_G, WATER, mass_attenuation
from phantoms.tissues import TISSUES


def attenuation(parts, energy_kev):
    return sum(part * mass_attenuation({one: 1.0}, energy_kev) for part, one in zip(parts, BASIS, strict=True))


@pytest.mark.parametrize("element", MASS_ATTENUATION_CM2_PER_G)
def test_the_basis_gives_every_element_within_an_eighth_of_a_percent(element):
    parts = as_basis({element: 1.0}, 1.0)
    for energy in (e for e in ENERGIES_KEV if e >= 30.0):
        assert attenuation(parts, energy) == pytest.approx(mass_attenuation({element: 1.0}, energy), rel=1.25e-3)


@pytest.mark.parametrize("name", ["water", "muscle", "cortical bone", "lung"])
def test_a_tissue_attenuates_as_its_composition_does(name):
    tissue = TISSUES[name]
    parts = as_basis(tissue.composition, tissue.density_g_per_cm3)
    for energy in (40.0, 62.5, 90.0, 130.0):
        expected = tissue.density_g_per_cm3 * mass_attenuation(tissue.composition, energy)
        assert attenuation(parts, energy) == pytest.approx(expected, rel=5e-4)


def test_iodine_keeps_its_edge():
    parts = as_basis({"I": 1.0}, 1.0)
    assert attenuation(parts, 33.3) / attenuation(parts, 33.1) > 5.0


def test_a_ct_number_by_definition_is_water_of_another_density():
    air, skull = densities([TISSUES["air"], phantoms.shepp_logan().tissues[2]])
    assert not air.any()
    assert np.allclose(skull, 2.0 * np.asarray(as_basis(WATER, 1.0)), atol=1e-8)
