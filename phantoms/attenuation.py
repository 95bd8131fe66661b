"""CT numbers from composition: mass attenuation coefficients at the beam's effective energy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from phantoms.errors import PhantomError

ENERGIES_KEV = (
    *(20.0, 25.0, 30.0, 33.1, 33.3, 35.0),
    *(40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0),
    *(110.0, 120.0, 130.0, 140.0, 150.0),
)
"""Energies of the table; iodine's K edge lies at 33.17 keV."""

MASS_ATTENUATION_CM2_PER_G: Mapping[str, tuple[float, ...]] = {
    "H": (
        *(0.3695, 0.3631, 0.3570, 0.3535, 0.3532, 0.3513),
        *(0.3458, 0.3355, 0.3260, 0.3173, 0.3091, 0.3015, 0.2944),
        *(0.2878, 0.2816, 0.2758, 0.2703, 0.2651),
    ),
    "C": (
        *(0.4420, 0.3136, 0.2562, 0.2354, 0.2343, 0.2258),
        *(0.2076, 0.1871, 0.1753, 0.1672, 0.1610, 0.1558, 0.1514),
        *(0.1474, 0.1438, 0.1405, 0.1375, 0.1347),
    ),
    "N": (
        *(0.6179, 0.4019, 0.3067, 0.2728, 0.2710, 0.2574),
        *(0.2288, 0.1980, 0.1817, 0.1714, 0.1639, 0.1579, 0.1529),
        *(0.1486, 0.1448, 0.1414, 0.1382, 0.1353),
    ),
    "O": (
        *(0.8653, 0.5265, 0.3779, 0.3256, 0.3229, 0.3019),
        *(0.2585, 0.2133, 0.1907, 0.1772, 0.1679, 0.1608, 0.1551),
        *(0.1504, 0.1462, 0.1425, 0.1392, 0.1361),
    ),
    "F": (
        *(1.1327, 0.6571, 0.4488, 0.3757, 0.3719, 0.3428),
        *(0.2828, 0.2214, 0.1920, 0.1750, 0.1639, 0.1559, 0.1496),
        *(0.1445, 0.1401, 0.1363, 0.1329, 0.1298),
    ),
    "Na": (
        *(2.0574, 1.1276, 0.7199, 0.5772, 0.5697, 0.5131),
        *(0.3969, 0.2804, 0.2268, 0.1976, 0.1796, 0.1674, 0.1585),
        *(0.1516, 0.1459, 0.1412, 0.1371, 0.1335),
    ),
    "Mg": (
        *(2.7631, 1.4899, 0.9305, 0.7349, 0.7247, 0.6471),
        *(0.4880, 0.3292, 0.2570, 0.2184, 0.1951, 0.1797, 0.1686),
        *(0.1602, 0.1536, 0.1481, 0.1434, 0.1394),
    ),
    "Al": (
        *(3.4419, 1.8357, 1.1284, 0.8808, 0.8678, 0.7696),
        *(0.5684, 0.3682, 0.2778, 0.2301, 0.2018, 0.1833, 0.1704),
        *(0.1608, 0.1533, 0.1473, 0.1422, 0.1378),
    ),
    "P": (
        *(5.3544, 2.8223, 1.7002, 1.3064, 1.2859, 1.1296),
        *(0.8095, 0.4918, 0.3494, 0.2754, 0.2324, 0.2051, 0.1865),
        *(0.1731, 0.1630, 0.1551, 0.1486, 0.1432),
    ),
    "S": (
        *(6.7102, 3.5280, 2.1133, 1.6160, 1.5900, 1.3924),
        *(0.9873, 0.5850, 0.4053, 0.3123, 0.2586, 0.2248, 0.2020),
        *(0.1858, 0.1738, 0.1644, 0.1568, 0.1506),
    ),
    "Cl": (
        *(7.7404, 4.0664, 2.4264, 1.8482, 1.8180, 1.5880),
        *(1.1165, 0.6484, 0.4394, 0.3316, 0.2696, 0.2309, 0.2050),
        *(0.1868, 0.1733, 0.1630, 0.1547, 0.1480),
    ),
    "Ar": (
        *(8.6298, 4.5310, 2.6965, 2.0490, 2.0151, 1.7574),
        *(1.2280, 0.7012, 0.4664, 0.3453, 0.2760, 0.2329, 0.2043),
        *(0.1843, 0.1696, 0.1585, 0.1497, 0.1427),
    ),
    "K": (
        *(10.9326, 5.7439, 3.4123, 2.5878, 2.5446, 2.2161),
        *(1.5407, 0.8678, 0.5678, 0.4134, 0.3252, 0.2705, 0.2345),
        *(0.2094, 0.1912, 0.1775, 0.1668, 0.1582),
    ),
    "Ca": (
        *(13.0592, 6.8707, 4.0795, 3.0897, 3.0379, 2.6430),
        *(1.8302, 1.0195, 0.6579, 0.4717, 0.3655, 0.3001, 0.2571),
        *(0.2274, 0.2059, 0.1898, 0.1773, 0.1674),
    ),
    "Ti": (
        *(15.8525, 8.3712, 4.9719, 3.7599, 3.6963, 3.2116),
        *(2.2126, 1.2135, 0.7660, 0.5361, 0.4053, 0.3247, 0.2721),
        *(0.2360, 0.2102, 0.1910, 0.1764, 0.1649),
    ),
    "Fe": (
        *(25.6830, 13.7020, 8.1775, 6.1894, 6.0847, 5.2855),
        *(3.6289, 1.9574, 1.2049, 0.8164, 0.5952, 0.4597, 0.3717),
        *(0.3118, 0.2693, 0.2381, 0.2146, 0.1964),
    ),
    "I": (
        *(25.4342, 13.9263, 8.5617, 6.5897, 35.4678, 31.1962),
        *(22.0958, 12.3235, 7.5770, 5.0156, 3.5103, 2.5653, 1.9422),
        *(1.5147, 1.2114, 0.9900, 0.8243, 0.6978),
    ),
}
"""Total mass attenuation coefficients at `ENERGIES_KEV`: W. T. Elam, B. D. Ravel, J. R. Sieber, Radiat. Phys. Chem.
63:121 (2002), as XrayDB 4 tabulates them; from 40 to 100 keV they agree with NIST XCOM within 0.5 %."""

EFFECTIVE_ENERGY_KEV: Mapping[float, float] = {
    70.0: 51.3,
    80.0: 56.0,
    90.0: 60.2,
    100.0: 64.0,
    110.0: 67.7,
    120.0: 71.5,
    130.0: 75.2,
    140.0: 79.1,
    150.0: 83.0,
}
"""Energy at which water attenuates as it does the whole beam behind 20 cm of water, for a tungsten anode at 8 degrees
and 7 mm of aluminium. Computed with SpekPy 2 (G. Poludniowski et al., Med. Phys. 48:3630, 2021), weighted by energy."""

WATER: Mapping[str, float] = {"H": 0.1119, "O": 0.8881}
"""Mass fractions of H2O."""


def effective_energy_kev(kvp: float) -> float:
    """Effective energy of a CT beam.

    Args:
        kvp: tube voltage in kV, 70 to 150.

    Returns:
        The energy in keV, interpolated between the table's voltages.

    Raises:
        PhantomError: the voltage lies outside the table.
    """
    voltages = sorted(EFFECTIVE_ENERGY_KEV)
    if not voltages[0] <= kvp <= voltages[-1]:
        raise PhantomError(f"tube voltage {kvp:g} kV: the table runs from {voltages[0]:g} to {voltages[-1]:g} kV")
    upper = next(v for v in voltages[1:] if kvp <= v)
    lower = voltages[voltages.index(upper) - 1]
    share = (kvp - lower) / (upper - lower)
    return EFFECTIVE_ENERGY_KEV[lower] * (1 - share) + EFFECTIVE_ENERGY_KEV[upper] * share


def mass_attenuation(composition: Mapping[str, float], energy_kev: float) -> float:
    """Mass attenuation coefficient of a mixture in cm2/g: the elements' by mass fraction, log-log in the energy."""
    upper = next(i for i, e in enumerate(ENERGIES_KEV) if i and energy_kev <= e)
    low, high = math.log(ENERGIES_KEV[upper - 1]), math.log(ENERGIES_KEV[upper])
    share = (math.log(energy_kev) - low) / (high - low)
    total = 0.0
    for element, fraction in composition.items():
        values = MASS_ATTENUATION_CM2_PER_G[element]
        total += fraction * math.exp(math.log(values[upper - 1]) * (1 - share) + math.log(values[upper]) * share)
    return total


@lru_cache(maxsize=16)
def _water_attenuation(energy_kev: float) -> float:
    return mass_attenuation(WATER, energy_kev)


def hounsfield(composition: Mapping[str, float], density_g_per_cm3: float, kvp: float) -> float:
    """CT number of a mixture.

    Args:
        composition: mass fractions by element symbol.
        density_g_per_cm3: its density.
        kvp: tube voltage in kV.

    Returns:
        1000 (mu - mu_water) / mu_water in HU, rounded to 0.001 so that no two mathematical libraries differ.

    Raises:
        PhantomError: the voltage lies outside the table.
    """
    energy_kev = effective_energy_kev(kvp)
    ratio = density_g_per_cm3 * mass_attenuation(composition, energy_kev) / _water_attenuation(energy_kev)
    return round(1000.0 * (ratio - 1.0), 3)


def density_for(composition: Mapping[str, float], hu: float, kvp: float = 120.0) -> float:
    """Density in g/cm3 at which a mixture has a CT number: a test object's nominal value holds at one voltage.

    Args:
        composition: mass fractions by element symbol.
        hu: the CT number, above -1000.
        kvp: tube voltage in kV.
    """
    energy_kev = effective_energy_kev(kvp)
    return (1.0 + hu / 1000.0) * _water_attenuation(energy_kev) / mass_attenuation(composition, energy_kev)
