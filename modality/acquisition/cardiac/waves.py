"""The waves of a heart beat as Gaussian events, after the dynamical model of McSharry et al.

P. E. McSharry, G. D. Clifford, L. Tarassenko, L. A. Smith, IEEE Trans. Biomed. Eng. 50:289 (2003): a trajectory runs
around a limit cycle, and each wave is a Gaussian event at an angle of it. On the cycle the angle is a time after the R
peak, so the events stand here as times; without the model's slow pull to the baseline the trajectory is their sum. As
in R. Sameni et al., EURASIP J. Adv. Signal Process. 2007:043407, each event is a vector: that of the heart's dipole.
Times, widths and vectors are our choice, within normal limits of an adult's ECG.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from modality.acquisition.curves import FARTHEST, Values, bell

Vector = tuple[float, float, float]

REACH = 2.5
"""A wave begins and ends so many standard deviations from its peak, where 4 % of it are left: our choice."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A Gaussian event.

    Args:
        at_s: its peak, in seconds after the R peak of its beat.
        width_s: standard deviation.
        vector: dipole at the peak in mV along the body's left, foot and back (the leads X, Y, Z of E. Frank).
    """

    at_s: float
    width_s: float
    vector: Vector

    @property
    def begins_s(self) -> float:
        """When it begins."""
        return self.at_s - REACH * self.width_s

    @property
    def ends_s(self) -> float:
        """When it ends."""
        return self.at_s + REACH * self.width_s


P = Wave(0.0, 0.020, (0.08, 0.11, -0.02))
"""Of the atria; its time is set by the beat."""
PR_S = 0.155
"""From the peak of P to that of R."""
NORMAL_QRS = (
    Wave(-0.024, 0.0085, (-0.10, -0.06, -0.25)),
    Wave(0.0, 0.0105, (1.00, 0.85, 0.10)),
    Wave(0.026, 0.0095, (0.02, -0.14, 0.62)),
)
NORMAL_T = Wave(0.265, 0.042, (0.30, 0.24, -0.18))
"""At one beat a second; its time goes with the root of the interval (H. C. Bazett, Heart 7:353, 1920)."""
VENTRICULAR_QRS = (
    Wave(0.0, 0.026, (-0.55, 1.25, 0.75)),
    Wave(0.060, 0.020, (0.20, -0.35, -0.30)),
)
"""Of a beat that begins in a ventricle: wide, and away from where it begins."""
VENTRICULAR_T = Wave(0.320, 0.050, (0.25, -0.45, -0.30))
"""Against its QRS."""

ST_AT_S, _ST_WIDTH_S = 0.145, 0.050
_ANTERIOR, _INFERIOR = (0.28, 0.05, -0.71), (-0.10, 0.97, 0.10)
ST_SITES = {"anterior": _ANTERIOR, "inferior": _INFERIOR}
"""Where an injury current points, by the wall that lacks blood: about 1 mV in its leads, V2 and V3 or aVF and III."""


def injury(site: str, size_mv: float) -> Wave:
    """The elevation of the ST segment.

    Args:
        site: one of `ST_SITES`.
        size_mv: about that of the elevation in the leads that see it best.
    """
    left, foot, back = ST_SITES[site]
    return Wave(ST_AT_S, _ST_WIDTH_S, (left * size_mv, foot * size_mv, back * size_mv))


def add(dipole: Values, rate_hz: float, beat_s: float, waves: Iterable[Wave]) -> None:
    """Add the waves of a beat to a dipole.

    Args:
        dipole: shape (3, samples), in mV; gets the sum.
        rate_hz: samples a second.
        beat_s: the R peak, in seconds after the first sample.
        waves: events of the beat.
    """
    count = dipole.shape[1]
    for wave in waves:
        at, far = beat_s + wave.at_s, FARTHEST * wave.width_s
        first = max(0, math.ceil((at - far) * rate_hz))
        last = min(count, math.floor((at + far) * rate_hz) + 1)
        if first >= last:
            continue
        away = np.abs(np.arange(first, last) / rate_hz - at) / wave.width_s
        height = bell(away)
        for axis, size in enumerate(wave.vector):
            dipole[axis, first:last] += height * size
