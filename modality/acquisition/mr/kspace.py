"""From an object on a fine grid to the image: k-space is sampled, filled up and transformed back.

What follows from the sampling is then in the image: the ringing at edges (J. W. Gibbs, Nature 59:606, 1899; 9 % of a
step), the point spread, the shift of fat along the readout, noise that zero filling and partial Fourier shape.

Transforms are in double precision, and phases and results are rounded far above where Fourier libraries differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

Filtering = Literal["NONE", "HAMMING"]
Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

FINER = 2
"""Pixels of the object along each side of a pixel of the image."""

_DIGITS = 12
_GRID = 1024.0  # magnitudes are multiples of 1/1024 of a stored value


@dataclass(frozen=True, slots=True)
class Matrix:
    """How k-space is sampled for an image of `rows` x `columns`.

    Args:
        rows: rows of the image.
        columns: columns of the image.
        acquired_rows: phase encodings, at most `rows`; the rest is filled with zeros.
        acquired_columns: readout samples, at most `columns`; likewise.
        phase_share: share of the phase encodings that are measured, over 0.5 to 1; the others follow from them, as
            the spectrum of a real object is Hermitian (D. A. Feinberg et al., Radiology 161:527, 1986).
        filtering: one of the terms of K-space Filtering (0018,9064): NONE, or HAMMING, which takes the ringing away
            and widens the point spread.
    """

    rows: int
    columns: int
    acquired_rows: int
    acquired_columns: int
    phase_share: float = 1.0
    filtering: Filtering = "NONE"

    @property
    def measured_rows(self) -> int:
        """Phase encodings that are measured."""
        return max(self.acquired_rows // 2 + 1, round(self.phase_share * self.acquired_rows))


def _frequencies(count: int) -> range:
    """Cycles per field of view of `count` samples, ascending."""
    return range(-(count // 2), count - count // 2)


@lru_cache(maxsize=64)
def _phases(acquired: int, shift_of_field: float) -> Complex:
    """What multiplies a spectrum so that the object moves by a share of the field of view."""
    turns = [-2.0 * math.pi * k * shift_of_field for k in _frequencies(acquired)]
    return np.asarray([complex(round(math.cos(t), _DIGITS), round(math.sin(t), _DIGITS)) for t in turns], np.complex128)


@lru_cache(maxsize=64)
def _sharpened(acquired: int, size: int) -> Complex:
    """What takes away the mean over the fine pixels, and their grid's offset of half of one of them."""
    width = 1.0 / (FINER * size)  # of a fine pixel, as a share of the field of view
    sincs = [1.0 if k == 0 else math.sin(math.pi * k * width) / (math.pi * k * width) for k in _frequencies(acquired)]
    # The centre of the first fine pixel lies (FINER - 1) / 2 of its width before that of the first pixel.
    moved = _phases(acquired, -(FINER - 1) / 2 * width)
    sharpened: Complex = moved * np.asarray([round(1.0 / s, _DIGITS) for s in sincs])
    return sharpened


@lru_cache(maxsize=64)
def _hamming(acquired: int) -> Real:
    """0.54 + 0.46 cos(2 pi k / N): R. W. Hamming's window, F. J. Harris, Proc. IEEE 66:51 (1978)."""
    window = [0.54 + 0.46 * math.cos(2.0 * math.pi * k / acquired) for k in _frequencies(acquired)]
    return np.asarray([round(weight, _DIGITS) for weight in window])


def spectrum(fine: npt.NDArray[np.float32], matrix: Matrix, *, shift_pixels: float = 0.0) -> Complex:
    """The samples of k-space that an object gives.

    Args:
        fine: the object's signal, each value the mean over a fine pixel, of shape (2 rows, 2 columns).
        matrix: how k-space is sampled.
        shift_pixels: how far it appears along the readout, in pixels as acquired.

    Returns:
        Shape (acquired rows, acquired columns), ascending frequencies.
    """
    rows = [k % (FINER * matrix.rows) for k in _frequencies(matrix.acquired_rows)]
    columns = [k % (FINER * matrix.columns) for k in _frequencies(matrix.acquired_columns)]
    along_rows = np.fft.fft(fine.astype(np.float64), axis=1)[:, columns]
    sampled: Complex = np.fft.fft(along_rows, axis=0)[rows]
    sampled *= _sharpened(matrix.acquired_rows, matrix.rows).reshape(-1, 1) / FINER**2
    sampled *= _sharpened(matrix.acquired_columns, matrix.columns)
    if shift_pixels:
        sampled *= _phases(matrix.acquired_columns, round(shift_pixels / matrix.acquired_columns, _DIGITS))
    return sampled


def image(samples: Complex, matrix: Matrix) -> Real:
    """The magnitude image of the samples of k-space.

    Args:
        samples: shape (acquired rows, acquired columns), ascending frequencies; what the matrix does not measure is
            ignored.
        matrix: how k-space was sampled.

    Returns:
        Shape (rows, columns), multiples of 1/1024.
    """
    samples = _completed(samples, matrix)
    if matrix.filtering == "HAMMING":
        samples = samples * _hamming(matrix.acquired_rows).reshape(-1, 1) * _hamming(matrix.acquired_columns)
    rows = [k % matrix.rows for k in _frequencies(matrix.acquired_rows)]
    columns = [k % matrix.columns for k in _frequencies(matrix.acquired_columns)]
    along_rows = np.zeros((matrix.acquired_rows, matrix.columns), dtype=np.complex128)
    along_rows[:, columns] = samples
    filled = np.zeros((matrix.rows, matrix.columns), dtype=np.complex128)
    filled[rows] = np.fft.ifft(along_rows, axis=1)
    values = np.fft.ifft(filled, axis=0)
    squares = values.real**2
    squares += values.imag**2
    magnitudes: Real = np.sqrt(squares)
    magnitudes *= _GRID
    np.rint(magnitudes, out=magnitudes)
    magnitudes /= _GRID
    return magnitudes


def noise_per_sample(noise: float, matrix: Matrix) -> float:
    """Standard deviation of a sample's noise in each channel that gives an image of the whole spectrum that noise."""
    pixels, samples = matrix.rows * matrix.columns, matrix.acquired_rows * matrix.acquired_columns
    return noise * pixels / math.sqrt(samples)


def _completed(samples: Complex, matrix: Matrix) -> Complex:
    """Partial Fourier: the phase encodings that were not measured, the first ones, from their mirror images."""
    missing = matrix.acquired_rows - matrix.measured_rows
    if not missing:
        return samples
    whole: Complex = samples.copy()
    row_of = {k: place for place, k in enumerate(_frequencies(matrix.acquired_rows))}
    column_of = {k: place for place, k in enumerate(_frequencies(matrix.acquired_columns))}
    mirrored = [column_of.get(-k, place) for k, place in column_of.items()]
    for k in list(row_of)[:missing]:
        partner = row_of.get(-k)
        whole[row_of[k]] = 0.0 if partner is None else np.conj(samples[partner][mirrored])
    return whole
