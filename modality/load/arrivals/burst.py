"""Bursts with quiet between them: a night's studies sent at once, a migration, a modality that was offline."""

from __future__ import annotations

from random import Random

from modality.errors import ConfigurationError


def moments(
    count: int,
    duration_s: float,
    random: Random,
    *,
    bursts: int = 3,
    share: float = 0.1,
    background: float = 0.1,
) -> list[float]:
    """Random arrivals, most of them in bursts at equal distances, the first at the start.

    Args:
        count: how many arrive.
        duration_s: of the run.
        random: what is drawn from.
        bursts: how many there are.
        share: how much of the time they take.
        background: how many of the arrivals are spread over the whole run.

    Raises:
        ConfigurationError: there is no burst, or a share is none.
    """
    if bursts < 1 or not 0 < share <= 1 or not 0 <= background <= 1:
        raise ConfigurationError(f"{bursts} bursts in {share:g} of the time, {background:g} of all between: impossible")
    period = duration_s / bursts

    def moment() -> float:
        if random.random() < background:
            return random.random() * duration_s
        return (random.randrange(bursts) + random.random() * share) * period

    return sorted(moment() for _ in range(count))
