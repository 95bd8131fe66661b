"""An arrival law: half of all in the first tenth of the run, half in the tenth after its middle."""

from __future__ import annotations

from random import Random


def moments(count: int, duration_s: float, random: Random, *, width: float = 0.1) -> list[float]:
    """Arrivals in two waves.

    Args:
        count: how many arrive.
        duration_s: of the run.
        random: what each is drawn from.
        width: of a wave, as a part of the run.
    """
    return sorted(duration_s * (random.uniform(0.0, width) + 0.5 * (number % 2)) for number in range(count))
