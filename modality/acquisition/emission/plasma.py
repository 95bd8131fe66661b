"""What the plasma holds of a tracer: exponentials, and how they change with the clearance.

The plasma is the central one of several compartments; each other one exchanges with it alone, and the kidneys take the
tracer from it. So are the curves of 99mTc-MAG3 (C. Arteaga de Murphy et al., Arch. Med. Res. 30:49, 1999: in healthy
adults a central volume of 3.8 l, a clearance of 208 ml/min, half-times of 0.07 h and 0.49 h) and of DTPA (J. W. Stather
et al., Health Phys. 44:45, 1983: 14C-DTPA in the blood of volunteers falls with half-times of 1.4 min, 14.3 min and
95 min, of which about 60 %, 20 % and 20 %), whose clearance, 6.8 l/h, is that of the label of a kit for 99mTc-pentetate
(Jubilant DraxImage DTPA, FDA, 2020).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

_HALVINGS = 200  # of an interval: more than a float has digits for


@dataclass(frozen=True)
class Kinetics:
    """A tracer in the plasma and in the tubules, in healthy adults.

    Args:
        clearance_ml_per_min: plasma that both kidneys clear.
        half_times_s: of the plasma's exponentials, shortest first.
        heights: of each, as shares of their sum.
        shortest_s: shortest way through the tubules.
        longer_s: how much longer others are, on average.
    """

    clearance_ml_per_min: float
    half_times_s: tuple[float, ...]
    heights: tuple[float, ...]
    shortest_s: float
    longer_s: float

    @cached_property
    def _rates(self) -> tuple[float, ...]:
        return tuple(math.log(2.0) / half for half in self.half_times_s)

    @cached_property
    def central_ml(self) -> float:
        """Volume of the central compartment: what is cleared, times the area below the curve that begins at 1."""
        area = math.fsum(height / rate for height, rate in zip(self.heights, self._rates, strict=True))
        return self.clearance_ml_per_min / 60.0 * area

    @cached_property
    def _back(self) -> tuple[float, ...]:
        """Rates at which the other compartments give back: where the curve's transform is 0, between its poles."""

        def transform(rate: float) -> float:
            return math.fsum(height / (one - rate) for height, one in zip(self.heights, self._rates, strict=True))

        return tuple(_root(transform, slow, fast) for fast, slow in zip(self._rates[:-1], self._rates[1:], strict=True))

    @cached_property
    def _away(self) -> tuple[float, ...]:
        """Rates at which the central compartment gives to each of the others."""
        found = []
        for place, back in enumerate(self._back):
            others = [one for at, one in enumerate(self._back) if at != place]
            residue = math.prod(rate - back for rate in self._rates) / math.prod(one - back for one in others)
            found.append(-residue / back)
        return tuple(found)

    def plasma(self, clearance_ml_per_min: float) -> tuple[tuple[float, float], ...]:
        """The central compartment's content as a share of what was injected: heights and rates of exponentials.

        The exchange between the compartments is the same at any clearance.

        Args:
            clearance_ml_per_min: plasma that both kidneys clear.
        """
        out = clearance_ml_per_min / 60.0 / self.central_ml
        ends = (out + math.fsum(self._away) + self._back[0], *self._back, 0.0)

        def balance(rate: float) -> float:
            gone = math.fsum(away * rate / (rate - back) for away, back in zip(self._away, self._back, strict=True))
            return rate - out - gone

        rates = [_root(balance, low, high) for high, low in pairwise(ends)]
        found = []
        for place, rate in enumerate(rates):
            others = [one for at, one in enumerate(rates) if at != place]
            height = math.prod(back - rate for back in self._back) / math.prod(one - rate for one in others)
            found.append((height, rate))
        return tuple(found)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that rises between two poles is 0; by halving, the same wherever it is done."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if function(middle) > 0.0:
            high = middle
        else:
            low = middle
    return (low + high) / 2.0


def _two(central_ml: float, clearance_ml_per_min: float, fast_s: float, slow_s: float) -> tuple[float, float]:
    """Heights of two exponentials of half-times, of a central volume and a clearance."""
    fast, slow = math.log(2.0) / fast_s, math.log(2.0) / slow_s
    back = fast * slow * central_ml / (clearance_ml_per_min / 60.0)
    return (fast - back) / (fast - slow), (back - slow) / (fast - slow)


MAG3 = Kinetics(208.0, (0.07 * 3600.0, 0.49 * 3600.0), _two(3800.0, 208.0, 0.07 * 3600.0, 0.49 * 3600.0), 100.0, 60.0)
"""Taken from the blood by the tubules. The ways through them are our choice, of the usual order."""
DTPA = Kinetics(6800.0 / 60.0, (84.0, 858.0, 5700.0), (0.6, 0.2, 0.2), 111.0, 60.0)
"""Filtered by the glomeruli alone. It stays in the parenchyma for 171 s, which is the mean in healthy donors of kidneys
(Nucl. Med. Commun. 10:807, 1989); how much of that all have is our choice."""
