"""Arrivals that know nothing of each other: a Poisson process, given how many come."""

from __future__ import annotations

from random import Random


def moments(count: int, duration_s: float, random: Random) -> list[float]:
    """Arrivals of a Poisson process of which `count` came: as uniform draws in order (Ross, Stochastic Processes)."""
    return sorted(random.random() * duration_s for _ in range(count))
