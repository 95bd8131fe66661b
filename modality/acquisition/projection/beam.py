"""The X-ray beam: its spectrum, what of it a thickness of materials lets through, and the calibration with water."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from modality.acquisition.projection.materials import BASIS, as_basis
from phantoms.attenuation import WATER, mass_attenuation

Real = npt.NDArray[np.float64]

ALUMINIUM_MM = 7.0
"""What filters the beam: as the effective energies of `phantoms.attenuation` assume."""
_ALUMINIUM_G_PER_CM3 = 2.699

_LEAST_KEV, _BINS = 20.0, 20
_STEP_MM, _LEAST_MM, _MOST_MM = 2.0, -40.0, 1600.0  # of the water calibration; noise makes rays through air negative
_ROUNDING = float(1 << 32)  # far above where exponential functions differ between processors


@dataclass(frozen=True, slots=True, eq=False)
class Beam:
    """A polychromatic beam as a detector that measures energy sees it.

    Args:
        energies_kev: middles of the bins, shape (bins,).
        weights: share of each bin in the signal without an object; they sum to 1.
        attenuation: mass attenuation coefficients of the basis elements in mm2/g times 1e-3, so that a density in g/cm3
            times a length in mm times it is a number of mean free paths; shape (bins, basis).
        water_mm: lengths of water of the calibration.
        water_paths: what is measured behind them: minus the logarithm of the transmission.
    """

    energies_kev: Real
    weights: Real
    attenuation: Real
    water_mm: Real
    water_paths: Real

    def transmission(self, lengths: Real) -> Real:
        """Share of the signal that is left.

        Args:
            lengths: density times length of each basis element in mm g/cm3, shape (basis, ...).

        Returns:
            The share, in multiples of 2**-32, in the shape of the rest.
        """
        total = np.zeros(lengths.shape[1:])
        paths, part = np.empty_like(total), np.empty_like(total)
        used = [place for place in range(len(BASIS)) if lengths[place].any()]
        for weight, coefficients in zip(self.weights.tolist(), self.attenuation.tolist(), strict=True):
            paths.fill(math.log(weight))
            for place in used:
                np.multiply(lengths[place], coefficients[place], out=part)
                paths -= part
            np.exp(paths, out=paths)
            total += paths
        total *= _ROUNDING
        np.rint(total, out=total)
        total /= _ROUNDING
        return total

    def water_equivalent_mm(self, paths: Real) -> Real:
        """The length of water behind which the same is measured: the calibration that takes beam hardening away.

        P. M. Joseph, R. D. Spital, J. Comput. Assist. Tomogr. 2:100 (1978): exact for water, so that only other
        materials still harden the beam. By interpolation in a table instead of a polynomial.

        Args:
            paths: minus the logarithm of the transmission.
        """
        found: Real = np.interp(paths, self.water_paths, self.water_mm)
        return found

    def water_path(self, length_mm: float) -> float:
        """Minus the logarithm of the transmission behind a length of water."""
        return float(np.interp(length_mm, self.water_mm, self.water_paths))

    def water_slope_per_mm(self, length_mm: float) -> float:
        """What another mm of water adds to minus the logarithm of the transmission, behind a length of it."""
        return (self.water_path(length_mm + _STEP_MM) - self.water_path(length_mm - _STEP_MM)) / (2.0 * _STEP_MM)

    def effective_energy_kev(self, length_mm: float) -> float:
        """The energy at which water attenuates as it does this beam behind a length of water."""
        wanted = 10.0 * self.water_slope_per_mm(length_mm)
        low, high = _LEAST_KEV, 150.0
        while high - low > 1e-3:
            middle = (low + high) / 2.0
            low, high = (middle, high) if mass_attenuation(WATER, middle) > wanted else (low, middle)
        return round(low, 2)


@lru_cache(maxsize=8)
def beam(kvp: float, aluminium_mm: float = ALUMINIUM_MM, least_kev: float = _LEAST_KEV) -> Beam:
    """The beam of a tube with a tungsten anode.

    The intensity of bremsstrahlung from a thick target falls linearly to zero at the tube voltage (H. A. Kramers,
    Philos. Mag. 46:836, 1923), here behind 7 mm of aluminium. Characteristic lines are left out: with them, or with the
    anode's own absorption, the effective energies would lie farther from those of SpekPy that the CT numbers stand on;
    so they lie within 1.6 keV.

    Args:
        kvp: tube voltage in kV: 70 to 150 of a CT scanner, lower of a radiograph.
        aluminium_mm: what filters the beam; the CT scanner's by default.
        least_kev: where the spectrum begins; below 20 keV coefficients are drawn on from the table's first two.
    """
    width = (kvp - least_kev) / _BINS
    energies = [round(least_kev + (k + 0.5) * width, 6) for k in range(_BINS)]
    filtering = aluminium_mm * _ALUMINIUM_G_PER_CM3 / 10.0
    raw = [(kvp - energy) * math.exp(-filtering * mass_attenuation({"Al": 1.0}, energy)) for energy in energies]
    total = math.fsum(raw)
    weights = np.asarray([round(value / total, 12) for value in raw])
    table = [[round(mass_attenuation({one: 1.0}, energy) / 10.0, 12) for one in BASIS] for energy in energies]
    water = as_basis(WATER, 1.0)
    lengths = np.arange(_LEAST_MM, _MOST_MM + _STEP_MM, _STEP_MM)
    per_mm = [round(sum(c * d for c, d in zip(row, water, strict=True)), 12) for row in table]
    measured = [
        round(-math.log(math.fsum(w * math.exp(-mu * mm) for w, mu in zip(weights.tolist(), per_mm, strict=True))), 12)
        for mm in lengths.tolist()
    ]
    zero = measured[round(-_LEAST_MM / _STEP_MM)]
    made = Beam(np.asarray(energies), weights, np.asarray(table), lengths, np.asarray(measured) - zero)
    for array in (made.energies_kev, made.weights, made.attenuation, made.water_mm, made.water_paths):
        array.setflags(write=False)
    return made
