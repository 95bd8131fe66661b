"""When a gamma camera's frames are counted, and what moves meanwhile: the tracer, or the heart."""

from __future__ import annotations

import math
from dataclasses import dataclass

_DIGITS = 9


@dataclass(frozen=True, slots=True)
class GammaFrame:
    """One frame.

    Args:
        camera: which detector or view, from 0.
        start_s: when it begins, from the start of the study on.
        duration_s: how long it counts.
        phase: of a dynamic study, from 0.
    """

    camera: int
    start_s: float
    duration_s: float
    phase: int = 0


def _mean_of_power(half_time_s: float, start_s: float, duration_s: float) -> float:
    """Mean of 2^(-t / half time) over a frame."""
    turns = math.log(2.0) * duration_s / half_time_s
    return math.pow(2.0, -start_s / half_time_s) * -math.expm1(-turns) / turns


@dataclass(frozen=True, slots=True)
class Uptake:
    """How a tracer moves from the blood into an organ, decay apart: our choice, of the usual order.

    It reaches the body within seconds and is cleared from it; the organ takes it up by halves of what is missing.

    Args:
        half_time_s: of the organ's uptake.
        least: labels whose uptake is at least this belong to the organ.
        mixing_s: half-time of the arrival everywhere.
        clearance_s: half-time of the clearance elsewhere.
    """

    half_time_s: float
    least: float = 4.0
    mixing_s: float = 5.0
    clearance_s: float = 600.0

    def shares(self, start_s: float, duration_s: float) -> tuple[float, float]:
        """Mean over a frame of what is there elsewhere and in the organ, as shares of the tracer's uptake."""
        mixed = 1.0 / (1.0 / self.clearance_s + 1.0 / self.mixing_s)
        elsewhere = _mean_of_power(self.clearance_s, start_s, duration_s) - _mean_of_power(mixed, start_s, duration_s)
        organ = 1.0 - _mean_of_power(self.half_time_s, start_s, duration_s)
        return round(max(0.0, elsewhere), _DIGITS), round(max(0.0, organ), _DIGITS)


_SYSTOLE = 0.35  # of a beat: our choice
_BEATING = ("left ventricle", "other chambers")
_HOT = 1.0  # of a phantom that says itself what is active: what is above its background


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the blood in a beating heart, and so its counts, come and go with the beat.

    Args:
        ejection_fraction: of the volume at the end of the filling, what the beat throws out; as the slots show it.
    """

    ejection_fraction: float

    @staticmethod
    def beats(name: str, activity: float | None) -> bool:
        """Whether a structure beats: the heart's chambers, or the hot parts of a test object."""
        return name in _BEATING or (activity is not None and activity > _HOT)

    def volume(self, slot: int, slots: int) -> float:
        """Volume in a slot relative to the first one's: half a cosine down in systole, and one up."""
        lowest = max(1, round(_SYSTOLE * slots)) if slots > 1 else 0
        turn = slot / max(1, lowest) if slot <= lowest else 1.0 + (slot - lowest) / (slots - lowest)
        return round(1.0 - self.ejection_fraction * (1.0 - math.cos(math.pi * turn)) / 2.0, _DIGITS)
