"""Gaussians and sines that are the same on every processor: tables, rounded coarser than libraries differ."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

FARTHEST = 5
"""Standard deviations beyond which a Gaussian is taken for nothing."""

_STEPS = 512  # of a standard deviation
_TURN = 4096  # steps


@lru_cache(maxsize=1)
def _bell() -> Values:
    return np.asarray([round(math.exp(-0.5 * (i / _STEPS) ** 2), 9) for i in range(FARTHEST * _STEPS)] + [0.0])


@lru_cache(maxsize=1)
def _wheel() -> Values:
    return np.asarray([round(math.sin(2.0 * math.pi * i / _TURN), 9) for i in range(_TURN)])


def bell(deviations: Values) -> Values:
    """A Gaussian of height 1.

    Args:
        deviations: distance from its middle in standard deviations, not negative.
    """
    steps = np.minimum(np.rint(deviations * _STEPS), FARTHEST * _STEPS)
    found: Values = _bell()[steps.astype(np.int64)]
    return found


def sine(turns: Values) -> Values:
    """The sine of angles in turns."""
    found: Values = _wheel()[np.floor(turns * _TURN).astype(np.int64) % _TURN]
    return found
