"""Photon beams of a linear accelerator: how dose falls with depth in water, and across the edge of a field.

Depth: build-up and exponential attenuation, T(d) = b / (b - m) (exp(-m d) - exp(-b d)), which is how T. Bortfeld,
W. Schlegel, B. Rhein, Med. Phys. 20:311 (1993), not open to us, have a pencil beam decomposed, as the program matRad
shows; one term of it here, m from the tissue-phantom ratio and b from the depth of the maximum, ln(b / m) / (b - m).
Scatter that grows with the field and electrons that come with the beam are left out, so that the skin gets nothing.
The edge of a field is a step blurred by a Gaussian: our choice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

SOURCE_AXIS_MM = 1000.0
"""From source to isocentre, as linear accelerators have it."""

PENUMBRA_MM = 6.0
"""From 80 % to 20 % at the isocentre: our choice, as is common for collimators of a linear accelerator."""

TRANSMISSION = 0.015
"""What collimators let through: our choice."""

GY_PER_MU = 0.01
"""A beam's calibration, at the isocentre in the depth of its maximum: customary."""

SIGMA_MM = PENUMBRA_MM / (2.0 * 0.8416212)  # the 80 % quantile of the normal distribution

_DEEPEST_MM = 1500  # of the table: more water than any body is
_STEPS_PER_MM = 10
_STEPS_PER_SIGMA = 256
_FARTHEST_SIGMA = 6


@dataclass(frozen=True, slots=True)
class BeamQuality:
    """A photon beam in water.

    Args:
        nominal_mv: what it is called by: Nominal Beam Energy.
        depth_of_maximum_mm: where its dose is greatest.
        tpr_20_10: tissue-phantom ratio of 20 cm to 10 cm of water, the index of quality of IAEA TRS-398.
    """

    nominal_mv: int
    depth_of_maximum_mm: float
    tpr_20_10: float
    _table: Values = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        m, b = self.attenuation_per_mm, self.buildup_per_mm

        def dose(depth_mm: float) -> float:
            return math.exp(-m * depth_mm) - math.exp(-b * depth_mm)

        greatest = dose(self.depth_of_maximum_mm)
        # Coarser than mathematical libraries differ.
        depths = (number / _STEPS_PER_MM for number in range(_DEEPEST_MM * _STEPS_PER_MM + 1))
        object.__setattr__(self, "_table", np.asarray([round(dose(depth) / greatest, 9) for depth in depths]))

    @property
    def attenuation_per_mm(self) -> float:
        """The slope behind the build-up."""
        return -math.log(self.tpr_20_10) / 100.0

    @property
    def buildup_per_mm(self) -> float:
        """What puts the maximum into its depth."""
        m = self.attenuation_per_mm
        low, high = 1.0001 * m, 10.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            deeper = math.log(middle / m) / (middle - m) > self.depth_of_maximum_mm
            low, high = (middle, high) if deeper else (low, middle)
        return low

    def at_depth(self, depth_mm: Values) -> Values:
        """Dose at a fixed distance from the source, relative to its maximum.

        Args:
            depth_mm: water-equivalent, not negative.
        """
        return _looked_up(self._table, depth_mm * _STEPS_PER_MM)


QUALITIES: Mapping[int, BeamQuality] = {
    6: BeamQuality(6, 15.0, 0.67),
    10: BeamQuality(10, 25.0, 0.74),
    18: BeamQuality(18, 35.0, 0.78),
}
"""By nominal energy in MV. Depths of the maximum: E. B. Podgorsak (ed.), Radiation Oncology Physics, IAEA (2005),
chapter 6, from memory; ratios customary ones of such beams, from memory."""


_NORMAL = np.asarray(
    [
        round(0.5 * (1.0 + math.erf(number / _STEPS_PER_SIGMA / math.sqrt(2.0))), 9)
        for number in range(-_FARTHEST_SIGMA * _STEPS_PER_SIGMA, _FARTHEST_SIGMA * _STEPS_PER_SIGMA + 1)
    ]
)


def _edge(beyond_mm: Values) -> Values:
    """What of a blurred half plane is seen so far within it."""
    return _looked_up(_NORMAL, (beyond_mm * (1.0 / SIGMA_MM) + _FARTHEST_SIGMA) * _STEPS_PER_SIGMA)


def fluence(u_mm: Values, v_mm: Values, jaws_x_mm: tuple[float, float], jaws_y_mm: tuple[float, float]) -> Values:
    """Fluence of a rectangular field relative to one without edges.

    Args:
        u_mm: place along the field's x in the plane of the isocentre; broadcasts with `v_mm`.
        v_mm: likewise along its y.
        jaws_x_mm: where the field begins and ends along x.
        jaws_y_mm: likewise along y.
    """
    across = _edge(u_mm - jaws_x_mm[0]) - _edge(u_mm - jaws_x_mm[1])
    along = _edge(v_mm - jaws_y_mm[0]) - _edge(v_mm - jaws_y_mm[1])
    return TRANSMISSION + (1.0 - TRANSMISSION) * (across * along)


def _looked_up(table: Values, place: Values) -> Values:
    """A table's values, linear between its entries; beyond them the first or the last."""
    place = np.clip(place, 0.0, len(table) - 1.0)
    low = np.minimum(place.astype(np.int64), len(table) - 2)
    near = table.take(low)
    found: Values = near + (table.take(low + 1) - near) * (place - low)
    return found
