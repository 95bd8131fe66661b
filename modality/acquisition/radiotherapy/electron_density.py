"""Electrons per volume relative to water: what photons of megavoltages meet, since they are scattered by electrons.

Depths in other matter count as so much water: J. E. O'Connor's theorem of density scaling, Phys. Med. Biol. 1:352
(1957), not open to us, as textbooks give it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from phantoms.attenuation import WATER
from phantoms.material import Tissue
from phantoms.phantom import Phantom

ATOMS: Mapping[str, tuple[int, float]] = {
    "H": (1, 1.008),
    "C": (6, 12.011),
    "N": (7, 14.007),
    "O": (8, 15.999),
    "F": (9, 18.998),
    "Na": (11, 22.990),
    "Mg": (12, 24.305),
    "Al": (13, 26.982),
    "P": (15, 30.974),
    "S": (16, 32.06),
    "Cl": (17, 35.45),
    "Ar": (18, 39.95),
    "K": (19, 39.098),
    "Ca": (20, 40.078),
    "Ti": (22, 47.867),
    "Fe": (26, 55.845),
    "I": (53, 126.904),
}
"""Atomic number and standard atomic weight (IUPAC, abridged)."""


def electrons_per_mass(composition: Mapping[str, float]) -> float:
    """Mean of Z / A by mass.

    Args:
        composition: mass fractions by element symbol.
    """
    return sum(share * ATOMS[element][0] / ATOMS[element][1] for element, share in composition.items())


def relative_densities(phantom: Phantom) -> npt.NDArray[np.float64]:
    """Electron density of each label relative to water, to 1e-6."""
    return np.asarray([relative_density(one) for one in phantom.tissues])


def relative_density(tissue: Tissue) -> float:
    """Electron density of a material relative to water, to 1e-6; by its CT number where that is all that is known."""
    if not tissue.composition:
        return round(max(0.0, 1.0 + (tissue.fixed_hu or 0.0) / 1000.0), 6)
    per_mass = electrons_per_mass(tissue.composition) / electrons_per_mass(WATER)
    return round(tissue.density_g_per_cm3 * per_mass, 6)
