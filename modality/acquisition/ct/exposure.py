"""How thick the patient is for the beam, and what the tube gives slice by slice."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.acquisition import kept
from modality.acquisition.ct.protocol import LEAST_MA, MOST_MA, CtProtocol
from modality.acquisition.geometry import Geometry
from phantoms.phantom import Phantom

_GRID = 64
_KNOT_MM = 5.0  # the diameter is looked up so far apart along z, and interpolated between
_KNOTS_KEPT = 8
_STEPS = 1000  # of a millimetre: diameters are rounded to 1 um


def water_equivalent_diameter_mm(phantom: Phantom, hounsfield: npt.NDArray[np.float32], z_mm: float) -> float:
    """Diameter of the water cylinder that attenuates as a section of the phantom does.

    2 sqrt(A / pi (1 + mean HU / 1000)) over a region of area A that holds the patient: AAPM Report 220 (2014).

    Args:
        phantom: what is scanned; all of it lies in its field of view.
        hounsfield: CT number of each label.
        z_mm: height of the section.
    """
    step = phantom.field_of_view_mm / _GRID
    places = (np.arange(_GRID) - (_GRID - 1) / 2) * step
    labels = phantom.labels(places.reshape(1, -1), places.reshape(-1, 1), np.full((1, 1), z_mm))
    counts = np.bincount(labels.ravel(), minlength=len(hounsfield)).tolist()
    relative = sum(count * max(0.0, 1.0 + hu / 1000.0) for count, hu in zip(counts, hounsfield.tolist(), strict=True))
    return round(2.0 * math.sqrt(relative * step * step / math.pi), 3)


@dataclass(frozen=True, eq=False)
class Exposure:
    """Tube current and noise of each slice.

    Args:
        phantom: what is scanned.
        protocol: what was set.
        geometry: the grid of the slices.
        hounsfield: CT number of each label.
    """

    phantom: Phantom
    protocol: CtProtocol
    geometry: Geometry
    hounsfield: npt.NDArray[np.float32]
    _knot: Any = field(init=False, repr=False)
    _kept: kept.Kept = field(init=False, repr=False)
    _noise_hu: float = field(init=False, repr=False)
    _attenuation_per_mm: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_noise_hu", self.protocol.noise_hu)
        object.__setattr__(self, "_attenuation_per_mm", self.protocol.water_attenuation_per_mm)
        object.__setattr__(self, "_kept", kept.begun(self.phantom, ("diameter", self.hounsfield.tobytes())))
        object.__setattr__(self, "_knot", lru_cache(maxsize=_KNOTS_KEPT)(self._diameter_at_knot))

    def diameter_mm(self, index: int) -> float:
        """Water-equivalent diameter of the patient at a slice's middle."""
        geometry = self.geometry
        first, along, across = geometry.position_mm(index)[2], geometry.column_direction[2], geometry.row_direction[2]
        middle = along * (geometry.rows - 1) / 2 * geometry.row_spacing_mm
        middle += across * (geometry.columns - 1) / 2 * geometry.column_spacing_mm
        at = (first + middle) / _KNOT_MM
        low = math.floor(at)
        share = at - low
        diameter: float = self._knot(low) * (1.0 - share)
        return diameter + self._knot(low + 1) * share if share else diameter

    def tube_current_ma(self, index: int) -> float:
        """Tube current of a slice, in whole mA.

        With dose modulation it grows as the beam's attenuation, so that the noise stays, as far as the tube can:
        M. K. Kalra et al., Radiology 233:649 (2004).
        """
        protocol = self.protocol
        if not protocol.dose_modulation:
            return protocol.tube_current_ma
        own = protocol.tube_current_ma
        wanted = own * math.exp(self._farther(index))
        # What was set beyond a common tube is not cut down to it: the noise follows the exposure that was asked for.
        return float(round(min(max(wanted, min(LEAST_MA, own)), max(MOST_MA, own))))

    def noise_hu(self, index: int) -> float:
        """Standard deviation in the middle of a slice."""
        share = self.protocol.tube_current_ma / self.tube_current_ma(index)
        return round(self._noise_hu * math.sqrt(share * math.exp(self._farther(index))), 4)

    def _farther(self, index: int) -> float:
        """By how many mean free paths in water the patient is thicker here than the protocol's."""
        return self._attenuation_per_mm * (self.diameter_mm(index) - self.protocol.reference_diameter_mm)

    def _diameter_at_knot(self, knot: int) -> float:
        def measured() -> npt.NDArray[np.int32]:
            diameter = water_equivalent_diameter_mm(self.phantom, self.hounsfield, knot * _KNOT_MM)
            return np.asarray([round(diameter * _STEPS)], dtype=np.int32)

        found = self._kept.image(knot, measured)
        return int(found[0]) / _STEPS
