"""How a tracer passes through the kidneys: the plasma's two exponentials, the tubules' delay and the pelvis's drainage.

The plasma is the central one of two compartments (C. Arteaga de Murphy et al., Arch. Med. Res. 30:49, 1999: of
99mTc-MAG3 in healthy adults a central volume of 3.8 l, a clearance of 208 ml/min, half-times of 0.07 h and 0.49 h).
What a kidney takes from it is there until it has passed: its content is the uptake convolved with its retention
function (R. S. Lawson, Phys. Med. Biol. 44:R57, 1999).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from phantoms.phantom import Phantom

SIDES = ("left", "right")
COMPARTMENTS = tuple(f"{side} {what}" for side in SIDES for what in ("kidney", "pelvis and ureter"))
"""Where the tracer is that a kidney took up: in its tubules, or beyond them."""
_PARTS = {"renal cortex": 0, "renal medulla": 0, "renal pole": 0, "renal pelvis": 1, "ureter": 1}  # of a side
BODY_G = 70000.0
"""Of a body that a dose for each kg is given to."""

CLEARANCE_ML_PER_MIN = 208.0
_CENTRAL_ML = 3800.0
_FAST_HALF_TIME_S, _SLOW_HALF_TIME_S = 0.07 * 3600.0, 0.49 * 3600.0
# The shortest way through the tubules, and how much longer others are: our choice, of the usual order. With them and
# an unhindered pelvis a kidney's curve has its peak after 3 to 5 minutes, which is normal.
_SHORTEST_S, _LONGER_S = 100.0, 60.0
DRAINAGE_HALF_TIME_S = 45.0
_MEETING = 1e-4  # rates nearer to one another than this share are set apart by it
_DIGITS = 9


def compartments_of(phantom: Phantom) -> tuple[int, ...]:
    """The place in `COMPARTMENTS` of each label, from 1; 0 for what is no part of a kidney."""
    found = [0]
    for one in phantom.structures:
        side, _, what = one.name.partition(" ")
        found.append(1 + 2 * SIDES.index(side) + _PARTS[what] if side in SIDES and what in _PARTS else 0)
    return tuple(found)


def has_kidneys(phantom: Phantom) -> bool:
    """Whether there is a kidney on each side."""
    return {1, 3} <= set(compartments_of(phantom))


@dataclass(frozen=True, slots=True)
class _Term:
    """A term of a curve.

    Args:
        height: at its begin.
        rate: at which it falls, for each s.
        begin_s: before it there is nothing.
    """

    height: float
    rate: float
    begin_s: float = 0.0

    def at(self, moment_s: float) -> float:
        return self.height * math.exp(-self.rate * (moment_s - self.begin_s)) if moment_s >= self.begin_s else 0.0

    def mean(self, start_s: float, duration_s: float) -> float:
        lasts = min(duration_s, start_s + duration_s - self.begin_s)
        if lasts <= 0.0:
            return 0.0
        first = self.at(max(start_s, self.begin_s))
        turns = self.rate * lasts
        return first * lasts / duration_s * (-math.expm1(-turns) / turns if turns else 1.0)


@dataclass(frozen=True)
class Renogram:
    """A tracer that both kidneys take from the plasma and give to the urine, decay apart.

    Args:
        clearance_ml_per_min: plasma that both kidneys clear.
        left_share: of the uptake, the left kidney's.
        drainage_half_time_s: in which half of what a pelvis holds runs off; long where there is an obstruction.
    """

    clearance_ml_per_min: float = CLEARANCE_ML_PER_MIN
    left_share: float = 0.5
    drainage_half_time_s: float = DRAINAGE_HALF_TIME_S

    @cached_property
    def _plasma(self) -> tuple[tuple[float, float], ...]:
        """The central compartment's content, as a share of what was injected: heights and rates of two exponentials."""
        fast, slow = (math.log(2.0) / half for half in (_FAST_HALF_TIME_S, _SLOW_HALF_TIME_S))
        usual = CLEARANCE_ML_PER_MIN / 60.0 / _CENTRAL_ML
        back = fast * slow / usual  # from the peripheral compartment; the exchange is the same at any clearance
        away = fast + slow - usual - back
        out = self.clearance_ml_per_min / 60.0 / _CENTRAL_ML
        half, product = (out + away + back) / 2.0, out * back
        apart = math.sqrt(half * half - product)
        fast, slow = half + apart, half - apart
        return ((fast - back) / (fast - slow), fast), ((back - slow) / (fast - slow), slow)

    @cached_property
    def _rates(self) -> tuple[float, float]:
        """At which the tubules' longer ways and the pelvis empty, set apart from all others."""
        taken = [rate for _, rate in self._plasma]
        found = []
        for wanted in (1.0 / _LONGER_S, math.log(2.0) / self.drainage_half_time_s):
            rate = wanted
            while any(abs(rate - other) < _MEETING * other for other in taken):
                rate *= 1.0 + 2.0 * _MEETING
            taken.append(rate)
            found.append(rate)
        return found[0], found[1]

    def _terms(self, compartment: int) -> list[_Term]:
        """Of what a compartment holds, as a share of what was injected."""
        side, beyond = divmod(compartment, 2)
        share = self.left_share if side == 0 else 1.0 - self.left_share
        taken = share * self.clearance_ml_per_min / 60.0 / _CENTRAL_ML
        longer, drained = self._rates
        terms = []
        for height, rate in self._plasma:
            inflow = taken * height
            through = inflow / (longer - rate)
            if beyond:
                begun = ((through * longer / (drained - rate), rate), (-through * longer / (drained - longer), longer))
                terms += [_Term(*one, _SHORTEST_S) for one in begun]
                terms.append(_Term(-begun[0][0] - begun[1][0], drained, _SHORTEST_S))
                continue
            if rate:
                whole = inflow / rate
                terms += [_Term(whole, 0.0), _Term(-whole, rate)]
                terms += [_Term(-whole, 0.0, _SHORTEST_S), _Term(whole, rate, _SHORTEST_S)]
            terms += [_Term(through, rate, _SHORTEST_S), _Term(-through, longer, _SHORTEST_S)]
        return terms

    @cached_property
    def _all_terms(self) -> list[list[_Term]]:
        return [self._terms(number) for number in range(len(COMPARTMENTS))]

    def shares(self, start_s: float, duration_s: float) -> tuple[float, ...]:
        """Mean over a frame of what each compartment holds, as shares of what was injected."""
        return tuple(_sum(term.mean(start_s, duration_s) for term in terms) for terms in self._all_terms)

    def body(self, start_s: float, duration_s: float) -> float:
        """Mean over a frame of what neither kidney has taken up, as a share of what was injected."""
        # All that is out was taken from the central compartment: the integral of its content.
        out = self.clearance_ml_per_min / 60.0 / _CENTRAL_ML
        gone = []
        for height, rate in self._plasma:
            if rate:
                gone += [_Term(out * height / rate, 0.0), _Term(-out * height / rate, rate)]
        return round(1.0 - _sum(term.mean(start_s, duration_s) for term in gone), _DIGITS)

    def content(self, side: str, moment_s: float) -> float:
        """What a kidney and its pelvis hold at a moment, as a share of what was injected."""
        first = 2 * SIDES.index(side)
        return _sum(term.at(moment_s) for terms in self._all_terms[first : first + 2] for term in terms)

    def concentrations(self, start_s: float, duration_s: float, volumes_ml: Iterable[float]) -> tuple[float, ...]:
        """Mean concentration in each compartment over a frame, relative to an even distribution over the body.

        Args:
            start_s: from the injection.
            duration_s: of the frame.
            volumes_ml: of the compartments; what a pelvis that is too small to be seen holds is seen in its kidney.
        """
        shares, volumes = list(self.shares(start_s, duration_s)), list(volumes_ml)
        for kidney in range(0, len(shares), 2):
            if not volumes[kidney + 1]:
                shares[kidney], shares[kidney + 1] = shares[kidney] + shares[kidney + 1], 0.0
        both = zip(shares, volumes, strict=True)
        return tuple(round(share * BODY_G / volume, _DIGITS) if volume else 0.0 for share, volume in both)

    def truth(self, seconds: float) -> Mapping[str, Any]:
        """What was set, and when within a time each kidney holds most."""
        moments = range(1, max(2, math.ceil(seconds)))

        def peak(side: str) -> int:
            return max(moments, key=lambda moment: self.content(side, moment))

        return {
            "clearance_ml_per_min": self.clearance_ml_per_min,
            "left_share": self.left_share,
            "drainage_half_time_s": self.drainage_half_time_s,
            "time_to_peak_s": {side: peak(side) for side in SIDES},
        }


def _sum(values: Iterable[float]) -> float:
    return max(0.0, round(math.fsum(values), _DIGITS))
