"""How a tracer passes through the kidneys: what the plasma holds, the tubules' delay and the pelvis's drainage.

What a kidney takes from the plasma is there until it has passed: its content is the uptake convolved with its retention
function (R. S. Lawson, Phys. Med. Biol. 44:R57, 1999).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modality.acquisition.emission.plasma import MAG3, Kinetics
from phantoms.phantom import Phantom

SIDES = ("left", "right")
COMPARTMENTS = tuple(f"{side} {what}" for side in SIDES for what in ("kidney", "pelvis and ureter"))
"""Where the tracer is that a kidney took up: in its tubules, or beyond them."""
_PARTS = {"renal cortex": 0, "renal medulla": 0, "renal pole": 0, "renal pelvis": 1, "ureter": 1}  # of a side
BODY_G = 70000.0
"""Of a body that a dose for each kg is given to."""

DRAINAGE_HALF_TIME_S = 45.0
"""Of an unhindered pelvis: our choice, with which a kidney's curve has its peak after 3 to 5 minutes, as is normal."""
DIURESIS_HALF_TIME_S = 300.0
"""Of a pelvis that furosemide empties: our choice; up to 10 minutes count as no obstruction, over 20 as one."""
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
        drainage_half_time_s: in which half of what a pelvis holds runs off; long where it is wide or obstructed.
        kinetics: of the tracer.
        diuresis_s: when furosemide begins to act, from the injection of the tracer; None where none is given.
        diuresis_half_time_s: in which half of what a pelvis holds runs off from then on; long for an obstruction.
    """

    clearance_ml_per_min: float = MAG3.clearance_ml_per_min
    left_share: float = 0.5
    drainage_half_time_s: float = DRAINAGE_HALF_TIME_S
    kinetics: Kinetics = MAG3
    diuresis_s: float | None = None
    diuresis_half_time_s: float = DIURESIS_HALF_TIME_S

    @cached_property
    def _plasma(self) -> tuple[tuple[float, float], ...]:
        return self.kinetics.plasma(self.clearance_ml_per_min)

    @cached_property
    def _rates(self) -> tuple[float, float, float]:
        """At which the tubules' longer ways and the pelvis, before and in diuresis, empty; apart from the plasma's."""
        taken = [rate for _, rate in self._plasma]
        found = []
        drained, flushed = (math.log(2.0) / half for half in (self.drainage_half_time_s, self.diuresis_half_time_s))
        for wanted in (1.0 / self.kinetics.longer_s, drained, flushed):
            rate = wanted
            while any(abs(rate - other) < _MEETING * other for other in taken):
                rate *= 1.0 + 2.0 * _MEETING
            found.append(rate)
            if len(found) == 1:  # both of the pelvis may be the same
                taken.append(rate)
        return found[0], found[1], found[2]

    def _terms(self, compartment: int) -> list[_Term]:
        """Of what a compartment holds, as a share of what was injected."""
        side, beyond = divmod(compartment, 2)
        share = self.left_share if side == 0 else 1.0 - self.left_share
        taken = share * self.clearance_ml_per_min / 60.0 / self.kinetics.central_ml
        longer, shortest = self._rates[0], self.kinetics.shortest_s
        terms = []
        for height, rate in self._plasma:
            inflow = taken * height
            through = inflow / (longer - rate)
            if beyond:
                terms += self._drained(((through * longer, rate), (-through * longer, longer)))
                continue
            if rate:
                whole = inflow / rate
                terms += [_Term(whole, 0.0), _Term(-whole, rate)]
                terms += [_Term(-whole, 0.0, shortest), _Term(whole, rate, shortest)]
            terms += [_Term(through, rate, shortest), _Term(-through, longer, shortest)]
        return terms

    def _drained(self, inflow: tuple[tuple[float, float], ...]) -> list[_Term]:
        """What a pelvis holds of an inflow: heights and rates of exponentials that begin with the shortest way."""
        shortest = self.kinetics.shortest_s
        _, drained, flushed = self._rates
        if self.diuresis_s is None:
            return _through(inflow, drained, shortest)
        if self.diuresis_s <= shortest:
            return _through(inflow, flushed, shortest)
        before = _through(inflow, drained, shortest)
        past = self.diuresis_s - shortest
        later = tuple((height * math.exp(-rate * past), rate) for height, rate in inflow)
        held = math.fsum(term.at(self.diuresis_s) for term in before)
        ended = [_Term(-term.at(self.diuresis_s), term.rate, self.diuresis_s) for term in before]
        return [*before, *ended, *_through(later, flushed, self.diuresis_s), _Term(held, flushed, self.diuresis_s)]

    @cached_property
    def _all_terms(self) -> list[list[_Term]]:
        return [self._terms(number) for number in range(len(COMPARTMENTS))]

    def shares(self, start_s: float, duration_s: float) -> tuple[float, ...]:
        """Mean over a frame of what each compartment holds, as shares of what was injected."""
        return tuple(_sum(term.mean(start_s, duration_s) for term in terms) for terms in self._all_terms)

    def body(self, start_s: float, duration_s: float) -> float:
        """Mean over a frame of what neither kidney has taken up, as a share of what was injected."""
        # All that is out was taken from the central compartment: the integral of its content.
        out = self.clearance_ml_per_min / 60.0 / self.kinetics.central_ml
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

        diuresis = {"begin_s": self.diuresis_s, "drainage_half_time_s": self.diuresis_half_time_s}
        return {
            "clearance_ml_per_min": self.clearance_ml_per_min,
            "left_share": self.left_share,
            "drainage_half_time_s": self.drainage_half_time_s,
            **({} if self.diuresis_s is None else {"diuresis": diuresis}),
            "time_to_peak_s": {side: peak(side) for side in SIDES},
        }


def _through(inflow: tuple[tuple[float, float], ...], rate: float, begin_s: float) -> list[_Term]:
    """What is held at a rate of emptying of an inflow that begins at a moment; nothing was held before."""
    begun = [(height / (rate - one), one) for height, one in inflow]
    return [*(_Term(*one, begin_s) for one in begun), _Term(-math.fsum(height for height, _ in begun), rate, begin_s)]


def _sum(values: Iterable[float]) -> float:
    return max(0.0, round(math.fsum(values), _DIGITS))
