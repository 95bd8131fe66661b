"""A patient whose truth is known: saturation, pulse, and the wave of a finger's volume; and time in whole ticks."""

from __future__ import annotations

import math
import random

_DRAWN = 0


class Patient:
    """One patient; the seed draws the values, which wander slowly unless they are given.

    Args:
        seed: of the patient.
        spo2: oxygen saturation in %, or 0 for one that the seed draws and that wanders.
        heart_rate: beats a minute, or 0 likewise.
    """

    def __init__(self, seed: int, *, spo2: int = _DRAWN, heart_rate: int = _DRAWN) -> None:
        drawn = random.Random(f"patient {seed}")
        self._spo2 = (drawn.uniform(94, 98), 1.6, drawn.uniform(25, 45)) if spo2 == _DRAWN else (float(spo2), 0.0, 1.0)
        rate = (drawn.uniform(58, 88), 6.0, drawn.uniform(18, 30))
        self._rate = rate if heart_rate == _DRAWN else (float(heart_rate), 0.0, 1.0)
        self._phase = 0.0

    def spo2(self, at_s: float) -> int:
        """Oxygen saturation in % at a time."""
        return min(100, _wandering(self._spo2, at_s))

    def heart_rate(self, at_s: float) -> int:
        """Beats a minute at a time."""
        return _wandering(self._rate, at_s)

    def beat(self, at_s: float, step_s: float) -> tuple[float, bool]:
        """The wave, 0 to 1, of the next of consecutive moments, and whether a beat begins at it."""
        begins = self._phase < self.heart_rate(at_s) / 60 * step_s
        wave = _bell(self._phase, 0.18, 0.07) + 0.45 * _bell(self._phase, 0.45, 0.11)
        self._phase = (self._phase + self.heart_rate(at_s) / 60 * step_s) % 1.0
        return min(1.0, wave), begins


def _wandering(value: tuple[float, float, float], at_s: float) -> int:
    middle, swing, period_s = value
    return round(middle + swing * math.sin(2 * math.pi * at_s / period_s))


def _bell(x: float, middle: float, width: float) -> float:
    return math.exp(-(((x - middle) / width) ** 2))


class Ticks:
    """Counts a device's ticks, the same whether time passes at once or in many steps.

    Args:
        rate_hz: ticks a second.
    """

    def __init__(self, rate_hz: float) -> None:
        self.step_s = 1 / rate_hz
        self._rate_mhz = round(rate_hz * 1000)
        self._now_us = 0
        self._done = 0

    def pass_by(self, seconds: float) -> range:
        """The numbers of the ticks that fall into the next `seconds`."""
        self._now_us += round(seconds * 1e6)
        before, self._done = self._done, self._now_us * self._rate_mhz // 10**9
        return range(before, self._done)
