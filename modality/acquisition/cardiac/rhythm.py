"""When the parts of a heart beat: rhythms as times of P waves and R peaks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from modality.acquisition import noise
from modality.acquisition.cardiac.waves import PR_S

NORMAL, PREMATURE, ESCAPE = "normal", "ventricular premature", "ventricular escape"
"""Where a beat begins: in the sinus node (or, in fibrillation, in the atria), or in a ventricle."""

_BEFORE_S, _AFTER_S = 3.0, 2.0  # beats around the recording, whose ends then look as its middle does
_INTERVALS, _PHASES, _ECTOPIC = 11, 12, 13  # streams of chance
# Our choices: how far sinus intervals and those of fibrillation vary, and how fast a ventricle beats on its own.
_SINUS_VARIATION, _FIBRILLATION_VARIATION = 0.03, 0.22
_SHORTEST_S = 0.28
_ESCAPE_S = 1.62
_PREMATURE_SHARE, _PREMATURE_AFTER = 0.17, 0.62
_WENCKEBACH_PR_S = (0.0, 0.075, 0.11)  # beyond the normal; after them a P wave is not conducted


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat of the ventricles.

    Args:
        at_s: its R peak.
        kind: where it begins.
        interval_s: since the beat before.
        p_at_s: peak of the P wave that was conducted to it; None where there is none.
    """

    at_s: float
    kind: str
    interval_s: float
    p_at_s: float | None


@dataclass(frozen=True, slots=True)
class Activity:
    """What a heart does.

    Args:
        beats: of the ventricles, in order.
        p_waves: peaks of all P waves, in order.
        fibrillating: the atria have no P waves, but fibrillation waves.
    """

    beats: tuple[Beat, ...]
    p_waves: tuple[float, ...]
    fibrillating: bool = False


def _sinus_times(rate: float, until_s: float, seed: int) -> list[float]:
    """Beats of a sinus node.

    As in McSharry et al. the spectrum of the intervals has two Gaussians, at 0.1 Hz (blood pressure) and 0.25 Hz
    (breathing), the first with half the power of the second; here each is five lines of random phases.
    """
    lines = [(0.1 + 0.01 * k, math.sqrt(math.exp(-0.5 * k * k) * 0.5)) for k in range(-2, 3)]
    lines += [(0.25 + 0.01 * k, math.sqrt(math.exp(-0.5 * k * k))) for k in range(-2, 3)]
    power = sum(size * size for _, size in lines) / 2.0
    phases = noise.bits(seed, _PHASES, 0, len(lines)).tolist()
    times, mean = [-_BEFORE_S], 60.0 / rate
    while times[-1] < until_s + _AFTER_S:
        now = times[-1]
        swing = sum(
            size * math.sin(2.0 * math.pi * (hertz * now + phase / 65536.0))
            for (hertz, size), phase in zip(lines, phases, strict=True)
        )
        # Rounded to microseconds: far coarser than mathematical libraries differ.
        times.append(round(now + mean * (1.0 + _SINUS_VARIATION * swing / math.sqrt(power)), 6))
    return times


def _conducted(times: list[float], pr_s: Callable[[int], float | None]) -> Activity:
    """Atria that beat at these times, each conducted after a while or not at all."""
    peaks = [(time + delay, time) for number, time in enumerate(times) if (delay := pr_s(number)) is not None]
    beats = tuple(Beat(at, NORMAL, round(at - before, 6), p) for (before, _), (at, p) in pairwise(peaks))
    return Activity(beats, tuple(times))


def _sinus(rate: float, until_s: float, seed: int) -> Activity:
    return _conducted(_sinus_times(rate, until_s, seed), lambda _: PR_S)


def _fibrillation(rate: float, until_s: float, seed: int) -> Activity:
    """Intervals that do not know of each other."""
    mean, beats, now, number = 60.0 / rate, [], -_BEFORE_S, 0
    while now < until_s + _AFTER_S:
        deviate = float(noise.normal(seed, _INTERVALS, number, (1, 1))[0, 0])
        varied = math.exp(_FIBRILLATION_VARIATION * deviate - _FIBRILLATION_VARIATION**2 / 2.0)
        interval = round(max(_SHORTEST_S, mean * varied), 6)
        now, number = round(now + interval, 6), number + 1
        beats.append(Beat(now, NORMAL, interval, None))
    return Activity(tuple(beats), (), fibrillating=True)


def _premature(rate: float, until_s: float, seed: int) -> Activity:
    """A sinus rhythm in which a ventricle is now and then first; the next sinus beat is lost, the one after in time."""
    times = _sinus_times(rate, until_s, seed)
    drawn = noise.bits(seed, _ECTOPIC, 0, len(times)).tolist()
    lost: set[int] = set()
    for number in range(2, len(times) - 2):
        if drawn[number] < _PREMATURE_SHARE * 65536 and not {number - 1, number - 2} & lost:
            lost.add(number)
    if not any(0.5 < times[number] < until_s - 1.0 for number in lost):
        middle = min(range(2, len(times) - 2), key=lambda number: abs(times[number] - until_s / 2.0))
        lost -= {middle - 1, middle - 2, middle + 1, middle + 2}
        lost.add(middle)
    found: list[tuple[float, str, float | None]] = []
    for number, time in enumerate(times):
        if number in lost:
            early = times[number - 1] + PR_S + _PREMATURE_AFTER * (time - times[number - 1])
            found.append((round(early, 6), PREMATURE, None))
        else:
            found.append((time + PR_S, NORMAL, time))
    beats = tuple(Beat(at, kind, round(at - before[0], 6), p) for before, (at, kind, p) in pairwise(found))
    return Activity(beats, tuple(time for number, time in enumerate(times) if number not in lost))


def _wenckebach(rate: float, until_s: float, seed: int) -> Activity:
    """Second degree block of Mobitz's type I: each P wave of four is conducted later, and the last not at all."""
    offset = noise.bits(seed, _ECTOPIC, 0, 1).tolist()[0] % 4

    def pr_s(number: int) -> float | None:
        place = (number + offset) % (len(_WENCKEBACH_PR_S) + 1)
        return PR_S + _WENCKEBACH_PR_S[place] if place < len(_WENCKEBACH_PR_S) else None

    return _conducted(_sinus_times(rate, until_s, seed), pr_s)


def _complete_block(rate: float, until_s: float, seed: int) -> Activity:
    """Third degree block: atria and ventricles each on their own."""

    def escapes() -> Iterator[Beat]:
        now, number = -_BEFORE_S + noise.bits(seed, _ECTOPIC, 0, 1).tolist()[0] / 65536.0, 0
        while now < until_s + _AFTER_S:
            deviate = float(noise.normal(seed, _INTERVALS, number, (1, 1))[0, 0])
            interval = round(_ESCAPE_S * (1.0 + 0.01 * deviate), 6)
            now, number = round(now + interval, 6), number + 1
            yield Beat(now, ESCAPE, interval, None)

    return Activity(tuple(escapes()), tuple(_sinus_times(rate, until_s, seed)))


RHYTHMS: dict[str, Callable[[float, float, int], Activity]] = {
    "sinus": _sinus,
    "af": _fibrillation,
    "pvc": _premature,
    "wenckebach": _wenckebach,
    "complete-block": _complete_block,
    "st-elevation": _sinus,
}
"""Rhythms by name, each a function of the rate per minute, the length in seconds and the seed."""
