"""A rate that rises evenly, to find where an archive begins to slow down."""

from __future__ import annotations

from math import sqrt
from random import Random

from modality.errors import ConfigurationError


def moments(
    count: int,
    duration_s: float,
    random: Random,  # noqa: ARG001 - nothing is drawn
    *,
    start: float = 0.0,
    end: float = 2.0,
) -> list[float]:
    """Arrivals whose rate goes from `start` to `end`, in proportion to each other: the plan's rate is their mean.

    Raises:
        ConfigurationError: one is negative, or both are nothing.
    """
    if min(start, end) < 0 or start + end <= 0:
        raise ConfigurationError(f"a ramp from {start:g} to {end:g}: numbers from 0, one of them above")
    slope = end - start

    def moment(share: float) -> float:
        # The time at which the integral of start + slope t has come to its share of the whole.
        whole = (start + end) / 2 * share
        return whole / start if slope == 0 else (sqrt(start * start + 2 * slope * whole) - start) / slope

    return [moment(index / count) * duration_s for index in range(count)]
