"""How long is waited before a destination is tried again."""

from __future__ import annotations


def wait_s(failures: int, first_s: float, most_s: float, draw: float) -> float:
    """Exponential back-off with jitter: the wait doubles, and up to half of it is left to chance.

    Boxes that lost an archive together do not all come back to it together ("equal jitter": M. Brooker, Exponential
    Backoff And Jitter, AWS Architecture Blog).

    Args:
        failures: how often it was tried in vain, at least 1.
        first_s: the wait after the first failure, without jitter.
        most_s: no wait is longer.
        draw: a random number from 0 to 1.
    """
    doubled = first_s * 2.0 ** min(failures - 1, 60)
    whole = min(doubled, most_s)
    return whole / 2 + whole / 2 * draw
