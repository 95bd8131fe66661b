"""Noise for many slices from one filtering: each slice's is the sum of three crops out of three independent fields.

A field is white noise filtered once to the kernel's power spectrum, and larger than a slice. Slice k takes its crops
at the places A A u, A u and u on a lattice, with A = [[0, 1], [1, 1]] and u a place of k's own. Since A and A - 1 can
both be inverted on every lattice, no two slices share a crop's place, nor the way from one crop to another: whichever
way two slices are laid over each other, at most one of the three crops agrees, and their noise correlates by a third at
most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from modality.acquisition import noise
from modality.acquisition.ct.kernel import noise_power

Noise = npt.NDArray[np.int16]

UNIT = 1024
"""Standard deviation of the noise that a bank gives: it stays far from what 16 bits hold, and no rounding shows."""

_CROPS = 3
_FIRST_STREAM = 16  # streams 16 to 18 of the seed's chance
_APART_SPREADS = 6.0  # lattice step in standard deviations of the point spread: the noise knows itself no farther
_LEAST_APART = 4  # pixels
_LEAST_PLACES, _MOST_PIXELS = 16, 512  # along an axis: places of the lattice, and pixels that they spread over


@dataclass(frozen=True, slots=True)
class NoiseBank:
    """Fields of filtered noise and where each slice's crops lie in them.

    Args:
        fields: three, each larger than a slice by its reach.
        reach: over how many rows and columns the places of crops spread.
        shape: rows and columns of a slice.
        lattice: places of the lattice along rows and columns.
        seed: what the order of the places is drawn from.
    """

    fields: tuple[Noise, ...]
    reach: tuple[int, int]
    shape: tuple[int, int]
    lattice: int
    seed: int

    def noise(self, number: int) -> Noise:
        """The noise of one slice: normal deviates of standard deviation `UNIT`, shape (rows, columns).

        Args:
            number: of the slice, below the square of the lattice's size.
        """
        return summed(self.crops(number))

    def crops(self, number: int) -> list[Noise]:
        """What the noise of a slice is the sum of: views of the fields, each of shape (rows, columns).

        Args:
            number: as of `noise`.
        """
        return [
            field[top : top + self.shape[0], left : left + self.shape[1]]
            for field, (top, left) in zip(self.fields, self.places(number), strict=True)
        ]

    def places(self, number: int) -> list[tuple[int, int]]:
        """First row and column of each of a slice's crops."""
        count = self.lattice**2
        # Steps of the golden section: neighbouring slices take places far apart.
        stride = round(count * 0.618034)
        while math.gcd(stride, count) > 1:
            stride += 1
        row, column = divmod((number * stride + self.seed) % count, self.lattice)
        found = []
        for _ in range(_CROPS):
            found.append((self._pixel(row, 0), self._pixel(column, 1)))
            row, column = column, row + column
        return found

    def _pixel(self, step: int, axis: int) -> int:
        return step % self.lattice * self.reach[axis] // self.lattice


def summed(crops: Iterable[Noise]) -> Noise:
    """The noise that crops, or the same rows of them, make together."""
    first, second, third = crops
    total: Noise = first + second
    total += third
    return total


def slices_of_a_bank(shape: tuple[int, int], spacing_mm: tuple[float, float], point_spread_mm: float) -> int:
    """How many slices one bank can serve; those after them take another one."""
    return _lattice(shape, spacing_mm, point_spread_mm)[1] ** 2


@lru_cache(maxsize=2)
def bank(
    seed: int, number: int, shape: tuple[int, int], spacing_mm: tuple[float, float], point_spread_mm: float
) -> NoiseBank:
    """Draw and filter a bank.

    Args:
        seed: the acquisition's.
        number: which of the acquisition's banks, from 0.
        shape: rows and columns of a slice.
        spacing_mm: distance of its rows and of its columns.
        point_spread_mm: standard deviation of the kernel's Gaussian.
    """
    reach, lattice = _lattice(shape, spacing_mm, point_spread_mm)
    period = _fast_length(shape[0] + reach[0]), _fast_length(shape[1] + reach[1])
    down = np.fft.fftfreq(period[0], spacing_mm[0]).reshape(-1, 1).astype(np.float64)
    across = np.fft.rfftfreq(period[1], spacing_mm[1]).reshape(1, -1).astype(np.float64)
    power = noise_power(down, across, spacing_mm, point_spread_mm)
    # The mean over the whole plane, of which a real transform keeps one half.
    both = np.full(across.shape, 2.0)
    both[0, 0] = 1.0
    if period[1] % 2 == 0:
        both[0, -1] = 1.0
    mean = float((power * both).sum()) / (period[0] * period[1])
    # A slice of a single pixel has no frequency but zero, which the ramp stops.
    gain = np.sqrt(power * (UNIT**2 / (_CROPS * mean))) if mean > 0 else np.zeros_like(power)
    fields = tuple(_field(seed, _FIRST_STREAM + k, number, period, gain) for k in range(_CROPS))
    return NoiseBank(fields, reach, shape, lattice, seed)


def _field(
    seed: int,
    stream: int,
    number: int,
    period: tuple[int, int],
    gain: npt.NDArray[np.float64],
) -> Noise:
    white = noise.normal(seed, stream, number, period).astype(np.float64)
    filtered = np.fft.irfft2(np.fft.rfft2(white) * gain, period)
    # In double precision what two processors may differ by is some 1e-12 of a step, so that rounding hides it.
    field: Noise = np.rint(filtered).astype(np.int16)
    field.setflags(write=False)
    return field


def _fast_length(least: int) -> int:
    """The least even length from `least` on with no prime factor above 5: the transform is fast."""
    length = max(least + least % 2, 2)
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 2


def _lattice(
    shape: tuple[int, int], spacing_mm: tuple[float, float], point_spread_mm: float
) -> tuple[tuple[int, int], int]:
    """Over how many pixels places spread along rows and columns, and how many there are along each."""
    reach, counts = [], []
    for size, spacing in zip(shape, spacing_mm, strict=True):
        apart = max(_LEAST_APART, math.ceil(_APART_SPREADS * point_spread_mm / spacing))
        reach.append(min(_MOST_PIXELS, max(size // 2, _LEAST_PLACES * apart)))
        counts.append(max(1, reach[-1] // apart))
    return (reach[0], reach[1]), min(counts)
