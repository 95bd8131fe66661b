"""A contrast agent that goes through vessels: when it arrives, how it rises and falls."""

from __future__ import annotations

import math
from dataclasses import dataclass

from phantoms.anatomy.torso.arteries import Branch

_SHAPE = 2.5
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Bolus:
    """An injection into the upstream end of the vessels.

    Args:
        iodine_mg_ml: greatest concentration where it is injected.
        start_s: when it is.
        rise_s: time from arrival to the greatest concentration where it is injected.
        speed_mm_s: of the blood: 250 by default, about the mean of an aorta and its branches; our choice.
        spread_s_per_mm: by how much the rise grows with the way, as the bolus disperses: our choice.
    """

    iodine_mg_ml: float
    start_s: float
    rise_s: float = 1.1
    speed_mm_s: float = 250.0
    spread_s_per_mm: float = 0.0012

    def arrival_s(self, branch: Branch) -> float:
        """When the agent reaches a branch."""
        return round(self.start_s + branch.way_mm / self.speed_mm_s + branch.delay_s, 6)

    def rising_s(self, branch: Branch) -> float:
        """Time from arrival to the greatest concentration there; what blushes fills four times as slowly."""
        spread = self.rise_s + self.spread_s_per_mm * branch.way_mm
        return round(spread * (4.0 if branch.delay_s else 1.0), 6)

    def concentration_mg_ml(self, branch: Branch, time_s: float) -> float:
        """Iodine in a branch at a time.

        A gamma variate (H. K. Thompson et al., Circ. Res. 14:502, 1964) written by its peak (M. T. Madsen, Phys. Med.
        Biol. 37:1597, 1992): (t / p)^a exp(a (1 - t / p)), whose area dispersion keeps.

        Args:
            branch: where.
            time_s: from the first frame on.
        """
        rise = self.rising_s(branch)
        share = (time_s - self.arrival_s(branch)) / rise
        if share <= 0.0:
            return 0.0
        peak = self.iodine_mg_ml * branch.share * (1.0 if branch.delay_s else self.rise_s / rise)
        return round(peak * math.pow(share, _SHAPE) * math.exp(_SHAPE * (1.0 - share)), _DIGITS)
