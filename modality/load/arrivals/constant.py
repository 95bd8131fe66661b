"""Even arrivals, each as long after the one before."""

from __future__ import annotations

from random import Random


def moments(count: int, duration_s: float, random: Random) -> list[float]:  # noqa: ARG001 - nothing is drawn
    """Even arrivals, the first at the start."""
    return [index * duration_s / count for index in range(count)]
