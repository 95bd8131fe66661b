"""Chance that depends on a place and nothing else: integer hashes of lattice points, smooth fields, scattered points.

Only integers, + - * / and comparisons touch an array, so every processor gives the same bits.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]

_TO_SHARE = 1.0 / (1 << 24)


def hashed(stream: int, *places: npt.ArrayLike) -> Words:
    """A random word for each lattice point.

    Args:
        stream: which of the sources of chance; its low 32 bits count.
        places: integer coordinates that broadcast against each other.

    Returns:
        uint32 of at least one dimension. The finaliser of MurmurHash3 (A. Appleby, 2011) folds one coordinate after the
        other in.
    """
    state = np.asarray([stream & 0xFFFFFFFF], dtype=np.uint32)
    for place in places:
        word = (np.asarray(place).astype(np.int64) & 0xFFFFFFFF).astype(np.uint32)
        state = _scrambled(state * np.uint32(0x9E3779B1) ^ word)  # wraps: arithmetic is modulo 2^32
    return state


def _scrambled(state: Words) -> Words:
    state = state ^ (state >> np.uint32(16))
    state *= np.uint32(0x85EBCA6B)
    state ^= state >> np.uint32(13)
    state *= np.uint32(0xC2B2AE35)
    state ^= state >> np.uint32(16)
    return state


def shares(stream: int, *places: npt.ArrayLike) -> Floats:
    """A uniform number in [0, 1) for each lattice point; as :func:`hashed`."""
    drawn: Floats = (hashed(stream, *places) >> np.uint32(8)).astype(np.float64) * _TO_SHARE
    return drawn


class Dice:
    """Uniform numbers one after the other, for what is drawn once and is small.

    Args:
        stream: which of the sources of chance.
        places: more integers that tell this sequence from others.
    """

    def __init__(self, stream: int, *places: int) -> None:
        self._stream = int(hashed(stream, *places)[0])
        self._count = 0
        self._ahead: list[float] = []

    def many(self, count: int, low: float = 0.0, high: float = 1.0) -> Floats:
        """The next `count` numbers in [low, high)."""
        drawn = self._ahead[: -count - 1 : -1]
        del self._ahead[len(self._ahead) - len(drawn) :]
        rest = shares(self._stream, np.arange(self._count, self._count + count - len(drawn)))
        self._count += len(rest)
        return low + np.concatenate([np.asarray(drawn, dtype=np.float64), rest]) * (high - low)

    def one(self, low: float = 0.0, high: float = 1.0) -> float:
        """The next number in [low, high)."""
        return low + self._next() * (high - low)

    def _next(self) -> float:
        if not self._ahead:
            self._ahead = shares(self._stream, np.arange(self._count, self._count + 256)).tolist()[::-1]
            self._count += 256
        return self._ahead.pop()


def field(stream: int, x: Floats, y: Floats, spacing: float, octaves: int = 1) -> Floats:
    """A smooth field with values in [-1, 1]: value noise on a square lattice.

    Args:
        stream: which field.
        x: coordinates; shape (1, columns) with `y` of (rows, 1) is fast.
        y: coordinates that broadcast against `x`.
        spacing: distance of the lattice points.
        octaves: number of fields added, each half as large in spacing and in amplitude as the one before.
    """
    total: Floats = np.zeros(np.broadcast_shapes(x.shape, y.shape))
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        total += _octave(stream + 7919 * octave, x, y, spacing) * weight
        norm += weight
        weight *= 0.5
        spacing *= 0.5
    return total * (1.0 / norm)


def _octave(stream: int, x: Floats, y: Floats, spacing: float) -> Floats:
    scaled_x, scaled_y = x * (1.0 / spacing), y * (1.0 / spacing)
    floor_x, floor_y = np.floor(scaled_x), np.floor(scaled_y)
    tx, ty = scaled_x - floor_x, scaled_y - floor_y
    wx, wy = tx * tx * (3.0 - 2.0 * tx), ty * ty * (3.0 - 2.0 * ty)
    i, j = floor_x.astype(np.int64), floor_y.astype(np.int64)
    upper_left, upper_right = shares(stream, j, i), shares(stream, j, i + 1)
    lower_left, lower_right = shares(stream, j + 1, i), shares(stream, j + 1, i + 1)
    upper = upper_left + (upper_right - upper_left) * wx
    lower = lower_left + (lower_right - lower_left) * wx
    result: Floats = (upper + (lower - upper) * wy) * 2.0 - 1.0
    return result


@lru_cache(maxsize=16)
def scattered(stream: int, count: int, period: float) -> tuple[Floats, Floats, Floats]:
    """Points on a torus that keep their distance: D. P. Mitchell's best candidates (SIGGRAPH 1991).

    Args:
        stream: which pattern.
        count: number of points.
        period: side of the square that repeats.

    Returns:
        x, y in [0, period), and the distance to the nearest other point.
    """
    dice = Dice(stream, count)
    x, y = np.empty(count), np.empty(count)
    tries = 24
    for index in range(count):
        cx, cy = dice.many(tries, 0.0, period), dice.many(tries, 0.0, period)
        if index:
            nearest = _squared(cx, cy, x[:index], y[:index], period).min(axis=1)
            best = int(nearest.argmax())
        else:
            best = 0
        x[index], y[index] = cx[best], cy[best]
    squared = _squared(x, y, x, y, period)
    squared[np.arange(count), np.arange(count)] = period * period
    nearest = np.sqrt(squared.min(axis=1))
    for array in (x, y, nearest):
        array.setflags(write=False)
    return x, y, nearest


def _squared(ax: Floats, ay: Floats, bx: Floats, by: Floats, period: float) -> Floats:
    dx = np.abs(ax[:, None] - bx[None, :])
    dy = np.abs(ay[:, None] - by[None, :])
    dx, dy = np.minimum(dx, period - dx), np.minimum(dy, period - dy)
    squared: Floats = dx * dx + dy * dy
    return squared
