"""Arrivals by a course of intensity: what the laws of a day, a ramp and a burst have in common."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random

from modality.errors import ConfigurationError


def along(count: int, duration_s: float, random: Random, weights: Sequence[float]) -> list[float]:
    """Random arrivals whose intensity is in proportion to the weights, each for an equal part of the run.

    An inhomogeneous Poisson process, given how many come: each arrival is drawn from the course of intensity alone.

    Raises:
        ConfigurationError: there is no weight, one is negative, or all are nothing.
    """
    if not weights or min(weights) < 0 or not sum(weights) > 0:
        raise ConfigurationError(f"weights of arrivals {list(weights)}: numbers from 0, one of them above")
    until = list(accumulate(weights))
    width = duration_s / len(weights)

    def moment() -> float:
        drawn = random.random() * until[-1]
        part = min(bisect_right(until, drawn), len(weights) - 1)
        return (part + 1 - (until[part] - drawn) / weights[part]) * width

    return sorted(moment() for _ in range(count))
