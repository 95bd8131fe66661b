"""Levels as grey, and speeds as colours: red to the probe, blue away from it, the brighter the faster.

A table of 256 colours holds both, 128 greys and then 128 speeds, for pictures in PALETTE COLOR and in RGB alike.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Single = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

GREYS = 128
"""Entries of the table that are grey; the rest are speeds."""

_TOWARDS = ((0, (40, 0, 0)), (32, (190, 0, 0)), (63, (255, 230, 60)))
_AWAY = ((0, (0, 0, 45)), (32, (0, 40, 200)), (63, (80, 235, 255)))
_TINT = ((0, (0, 0, 0)), (128, (140, 118, 92)), (255, (255, 247, 228)))


def _ramp(stops: tuple[tuple[int, tuple[int, int, int]], ...], count: int) -> list[tuple[int, int, int]]:
    """Colours between stops, in whole numbers."""
    found = []
    for place in range(count):
        (low, first), (high, second) = next(pair for pair in pairwise(stops) if pair[0][0] <= place <= pair[1][0])
        found.append(
            tuple(
                (a * (high - place) + b * (place - low) + (high - low) // 2) // (high - low)
                for a, b in zip(first, second, strict=True)
            )
        )
    return found  # type: ignore[return-value]


@lru_cache(maxsize=1)
def flow_table() -> Bytes:
    """Colours of the table of a colour Doppler, shape (256, 3)."""
    greys = [(level, level, level) for level in (2 * k + k // 64 for k in range(GREYS))]
    return np.asarray([*greys, *reversed(_ramp(_AWAY, 64)), *_ramp(_TOWARDS, 64)], np.uint8)


@lru_cache(maxsize=1)
def tinted_table() -> Bytes:
    """Colours of a picture without flow whose levels are tinted, shape (256, 3)."""
    return np.asarray(_ramp(_TINT, 256), np.uint8)


def entries(speed: Single) -> Bytes:
    """Entries of the table for speeds relative to the Nyquist speed, -1 to 1; there are 64 either way."""
    steps = np.floor((speed + np.float32(1.0)) * np.float32(64.0))
    found: Bytes = (np.clip(steps, 0, 127) + GREYS).astype(np.uint8)
    return found


def speeds(nyquist_m_s: float) -> list[float]:
    """The speed in the middle of each of the 128 entries after the greys, in m/s."""
    return [round((2 * k + 1 - GREYS) / GREYS * nyquist_m_s, 9) for k in range(GREYS)]
