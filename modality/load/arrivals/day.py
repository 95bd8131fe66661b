"""A department's day, compressed into the run."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from modality.load.arrivals.curve import along

HOURS = (
    4.0, 3.0, 2.0, 2.0, 2.0, 3.0, 8.0, 30.0, 75.0, 100.0, 95.0, 80.0,
    50.0, 70.0, 80.0, 65.0, 45.0, 25.0, 15.0, 12.0, 10.0, 8.0, 6.0, 5.0,
)  # fmt: skip
"""Studies in each hour of a weekday, relative to the busiest, 09 to 10: our choice, after what departments report, a
steep start, a peak before noon, a dip at noon and a lower peak after it, and emergencies at night."""


def moments(count: int, duration_s: float, random: Random, *, weights: Sequence[float] = HOURS) -> list[float]:
    """Arrivals by the weights of equal parts of the run, the hours of a day unless told otherwise."""
    return along(count, duration_s, random, weights)
