"""What the detector counts, photons by chance and the noise of its electronics, and what follows of the ray."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from modality.acquisition import noise

Real = npt.NDArray[np.float64]

ELECTRONIC_NOISE = 20.0
"""Standard deviation of the electronics' noise, in photons: our choice; rays that fewer reach are starved."""

_LEAST_COUNT = 1.0  # what a scanner takes for less: no logarithm can be had of it
_FEW = 24.0  # below so many, chance is drawn from Poisson's distribution itself
_MOST_OF_FEW = 64
_ROOT_OF_HALF, _LOGARITHM_OF_2 = 0.7071067811865476, 0.6931471805599453
_TERMS = 11  # the next is below 1e-17
_PHOTONS, _CHANCE_OF_FEW, _ELECTRONICS = 32, 33, 34  # streams of the seed's chance


def counted(expected: Real, seed: int, index: int, electronics: float | None = None) -> Real:
    """Counts of photons with Poisson's noise, and the electronics'.

    From `_FEW` photons on Poisson's distribution is taken as a normal one with its skewness: n + sqrt(n) z + (z2 - 1)/6
    (E. A. Cornish, R. A. Fisher, Rev. Inst. Int. Stat. 5:307, 1938), rounded to whole photons. A detector that measures
    energy has somewhat more noise than so many photons: what is counted here are their equivalents.

    Args:
        expected: mean counts, shape (views, cells).
        seed: the acquisition's.
        index: the slice.
        electronics: standard deviation of their noise, in photons; None takes `ELECTRONIC_NOISE`.

    Returns:
        Counts, at least 1.
    """
    shape = (expected.shape[0], expected.shape[1])
    deviates = noise.normal(seed, _PHOTONS, index, shape).astype(np.float64)
    counts = np.sqrt(expected)
    counts *= deviates
    counts += expected
    np.multiply(deviates, deviates, out=deviates)
    deviates -= 1.0
    deviates *= 1.0 / 6.0
    counts += deviates
    np.rint(counts, out=counts)
    few = np.flatnonzero(expected < _FEW)
    if few.size:
        counts.reshape(-1)[few] = _poisson(expected.reshape(-1)[few], noise.bits(seed, _CHANCE_OF_FEW, index, few.size))
    counts += (ELECTRONIC_NOISE if electronics is None else electronics) * noise.normal(
        seed, _ELECTRONICS, index, shape
    )
    np.maximum(counts, _LEAST_COUNT, out=counts)
    return counts


def paths(photons: float, counts: Real) -> Real:
    """What lay on each ray: the logarithm of the photons that were sent over those that were counted.

    The logarithm is by sums and products alone (2 artanh((m - 1) / (m + 1)) as a series, after the exponent is taken
    off), since numpy's differs between processors, and nothing after it would hide that for certain.

    Args:
        photons: sent along each ray.
        counts: positive.
    """
    mantissa, exponent = np.frexp(photons / counts)
    small = mantissa < _ROOT_OF_HALF
    mantissa = np.where(small, 2.0 * mantissa, mantissa)
    part = mantissa + 1.0
    mantissa -= 1.0
    mantissa /= part
    np.multiply(mantissa, mantissa, out=part)
    series = np.full_like(part, 1.0 / (2 * _TERMS + 1))
    for term in range(_TERMS - 1, -1, -1):
        series *= part
        series += 1.0 / (2 * term + 1)
    series *= mantissa
    series *= 2.0
    series += (exponent - small) * _LOGARITHM_OF_2
    return series


def _poisson(expected: Real, words: npt.NDArray[np.uint16]) -> Real:
    """Poisson deviates of small means, by inverting the distribution."""
    chance = (words.astype(np.float64) + 0.5) / 65536.0
    term = np.exp(-expected)
    below, found = term.copy(), np.zeros_like(expected)
    for number in range(1, _MOST_OF_FEW):
        found += chance > below
        term *= expected / number
        below += term
    return found
