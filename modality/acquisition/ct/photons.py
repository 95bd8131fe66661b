"""How many photons the tube gives, so that a scan by projections has the noise that the protocol implies."""

from __future__ import annotations

import math
from functools import lru_cache

from modality.acquisition.ct.kernel import point_spread_mm
from modality.acquisition.ct.protocol import CtProtocol
from modality.acquisition.projection.beam import beam
from modality.acquisition.projection.reconstruction import noise_gain

_WATER_MM, _MAS, _THICKNESS_MM = 200.0, 200.0, 5.0


@lru_cache(maxsize=16)
def photons_per_mm2(kvp: float) -> float:
    """Photons that reach each square mm at the axis of rotation for each mAs, with nothing in the way.

    So many that the middle of 200 mm of water has the noise of `CtProtocol.noise_hu`: the variance of a filtered back
    projection is that of its rays times `noise_gain`, and a ray's is that of its counts over the slope of the water
    calibration squared.

    Args:
        kvp: tube voltage in kV.
    """
    standard = CtProtocol(
        kvp=kvp, tube_current_ma=_MAS, exposure_time_ms=1000.0, slice_thickness_mm=_THICKNESS_MM,
        reference_diameter_mm=_WATER_MM,
    )  # fmt: skip
    used = beam(kvp)
    deviation = used.water_slope_per_mm(_WATER_MM) * standard.noise_hu / 1000.0
    behind = noise_gain(1.0, point_spread_mm(standard.kernel), 1) / deviation**2
    through = math.exp(-used.water_path(_WATER_MM))
    return round(behind / (through * _MAS * _THICKNESS_MM), 3)
