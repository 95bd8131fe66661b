"""Counts by Poisson's distribution, alike on every processor."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from modality.acquisition import noise

Real = npt.NDArray[np.float64]

_FEW = 16  # below so many, chance is drawn from Poisson's distribution itself
_STEPS = 4096  # of an expected count, in a table of exponentials
_MOST_OF_FEW = 64
_MANY_STREAM, _FEW_STREAM, _FINE_STREAM = 40, 41, 42  # streams of the seed's chance
_WORD = 65536.0


@lru_cache(maxsize=1)
def _nothing() -> Real:
    """Chance of no count at all, by expected count; from Python's exponential, since numpy's is a processor's own."""
    table = np.asarray([round(math.exp(-k / _STEPS), 12) for k in range(_FEW * _STEPS + 1)])
    table.setflags(write=False)
    return table


def counted(expected: Real, seed: int, index: int) -> Real:
    """What is counted where so much is expected.

    Up to 16 counts Poisson's distribution is inverted; beyond, it is taken as a normal one with its skewness,
    n + sqrt(n) z + (z2 - 1)/6 (E. A. Cornish, R. A. Fisher, Rev. Inst. Int. Stat. 5:307, 1938), in whole counts.

    Args:
        expected: mean counts, not negative, shape (rows, columns).
        seed: the acquisition's.
        index: the image.
    """
    shape = (expected.shape[0], expected.shape[1])
    deviates = noise.normal(seed, _MANY_STREAM, index, shape).astype(np.float64)
    counts = np.rint(expected + np.sqrt(expected) * deviates + (deviates * deviates - 1.0) / 6.0)
    few = np.flatnonzero((expected < _FEW) & (expected > 0.0))
    if few.size:
        mean = expected.reshape(-1)[few]
        high, low = (noise.bits(seed, stream, index, few.size) for stream in (_FEW_STREAM, _FINE_STREAM))
        chance = (high.astype(np.float64) + (low.astype(np.float64) + 0.5) / _WORD) / _WORD
        counts.reshape(-1)[few] = _inverted(mean, chance)
    counts[expected <= 0.0] = 0.0
    return np.maximum(counts, 0.0)


def _inverted(mean: Real, chance: Real) -> Real:
    """The count up to which the distribution adds up to a chance."""
    mean = np.rint(mean * _STEPS) / _STEPS
    term = _nothing()[np.rint(mean * _STEPS).astype(np.intp)]
    below, found = term.copy(), np.zeros_like(mean)
    for number in range(1, _MOST_OF_FEW):
        more = chance > below
        if not more.any():
            break
        found += more
        term = term * mean / number
        below += term
    return found
