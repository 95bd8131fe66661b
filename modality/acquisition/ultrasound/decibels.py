"""Decibels that are the same on every processor: tables of logarithms and powers, no library function on an array."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]

FAINTEST_DB = -120.0
"""What no echo at all is taken for."""

_MANTISSAS = 4096
_DB_OF_TWO = round(10.0 * math.log10(2.0), 6)
_LOW_DB, _HIGH_DB, _STEPS = -200, 100, 32  # of amplitudes; steps of a decibel
_SLOPES = 4096  # of a quarter turn's tangent


@lru_cache(maxsize=1)
def _logarithms() -> Values:
    """Ten logarithms of the middles of equal shares of 0.5 to 1."""
    return np.asarray(
        [round(10.0 * math.log10((_MANTISSAS + i + 0.5) / (2 * _MANTISSAS)), 5) for i in range(_MANTISSAS)], np.float32
    )


@lru_cache(maxsize=1)
def _amplitudes() -> Values:
    count = (_HIGH_DB - _LOW_DB) * _STEPS + 1
    return np.asarray([float(f"{math.pow(10.0, (_LOW_DB + i / _STEPS) / 20.0):.6g}") for i in range(count)], np.float32)


@lru_cache(maxsize=1)
def _angles() -> Values:
    return np.asarray([round(math.atan(i / _SLOPES) / (2.0 * math.pi), 7) for i in range(_SLOPES + 1)], np.float32)


def decibels(power: Values) -> Values:
    """Ten logarithms of powers, to 0.001 dB; 0 becomes `FAINTEST_DB`.

    Args:
        power: not negative.
    """
    mantissa, exponent = np.frexp(power)
    place = (mantissa * np.float32(2 * _MANTISSAS)).astype(np.int32) - _MANTISSAS
    found = _logarithms()[np.maximum(place, 0)]
    found += exponent.astype(np.float32) * np.float32(_DB_OF_TWO)
    found[power <= 0] = FAINTEST_DB
    levels: Values = np.maximum(found, np.float32(FAINTEST_DB))
    return levels


def amplitudes(level_db: Values) -> Values:
    """The amplitude of a level: ten to the power of its twentieth, to 1/32 dB; -200 to 100 dB."""
    steps = np.rint((level_db - np.float32(_LOW_DB)) * np.float32(_STEPS))
    place = np.clip(steps, 0, (_HIGH_DB - _LOW_DB) * _STEPS).astype(np.int32)
    found: Values = _amplitudes()[place]
    return found


def turns(real: Values, imaginary: Values) -> Values:
    """The angle of complex numbers in turns, from -0.5 to 0.5; of 0 it is 0."""
    across, up = np.abs(real), np.abs(imaginary)
    longer = np.maximum(np.maximum(across, up), np.float32(1e-30))
    found = _angles()[np.rint(np.minimum(across, up) / longer * np.float32(_SLOPES)).astype(np.int32)]
    found = np.where(up > across, np.float32(0.25) - found, found)
    found = np.where(real < 0, np.float32(0.5) - found, found)
    signed: Values = np.where(imaginary < 0, -found, found).astype(np.float32)
    return signed
