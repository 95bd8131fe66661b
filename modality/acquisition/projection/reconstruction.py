"""Filtered back projection of parallel rays.

Filtering is in double precision and its result rounded far above where Fourier libraries differ; back projection adds
whole numbers, whose sum is the same in any order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from modality.acquisition.geometry import Geometry
from modality.acquisition.projection.sinogram import Cells, View

Real = npt.NDArray[np.float64]

_FINER = 8  # places within a cell at which a filtered projection is asked
_FIXED_POINT = float(1 << 20)  # of water's attenuation: 1/1000 HU each, and 2000 times water's at most
_CHUNK = 48  # views that are filtered together


@dataclass(frozen=True, slots=True)
class Filter:
    """The ramp filter with a kernel's modulation transfer.

    Args:
        length: of the transform.
        cell_mm: width of the detector's cells.
        point_spread_mm: standard deviation of the kernel's Gaussian.
    """

    length: int
    cell_mm: float
    point_spread_mm: float

    def response(self) -> Real:
        """The filter at the frequencies of a real transform, in 1/mm.

        The ramp is transformed from its samples, so that it has no offset (A. C. Kak, M. Slaney, Principles of
        Computerized Tomographic Imaging, 1988, section 3.3.3); what a cell's width blurs is given back, so that the
        image's modulation transfer is the kernel's alone.
        """
        return _response(self.length, self.cell_mm, self.point_spread_mm)


@lru_cache(maxsize=4)
def _response(length: int, cell_mm: float, point_spread_mm: float) -> Real:
    samples = np.zeros(length)
    samples[0] = 0.25
    odd = np.arange(1, length // 2, 2)
    samples[odd] = samples[-odd] = -1.0 / (math.pi * odd) ** 2
    ramp = np.fft.rfft(samples).real / cell_mm
    response = np.zeros_like(ramp)
    for k, value in enumerate(ramp.tolist()):
        frequency = k / (length * cell_mm)
        turn = math.pi * frequency * cell_mm
        cell = math.sin(turn) / turn if k else 1.0
        response[k] = round(value * math.exp(-2.0 * (math.pi * point_spread_mm * frequency) ** 2) / cell, 12)
    response.setflags(write=False)
    return response


def noise_gain(cell_mm: float, point_spread_mm: float, views: int) -> float:
    """Variance in an image of what is measured with variance 1, one of `views` over half a turn.

    pi2 / views times the width of a cell times the integral of f2 MTF(f)2 over all frequencies, which for a Gaussian is
    sqrt(pi) / (2 a^(3/2)) with a = (2 pi s)2: after S. J. Riederer, N. J. Pelc, D. A. Chesler, Phys. Med. Biol. 23:446
    (1978).

    Args:
        cell_mm: width of the detector's cells.
        point_spread_mm: standard deviation of the kernel's Gaussian.
        views: over half a turn.
    """
    integral = math.sqrt(math.pi) / (2.0 * (2.0 * math.pi * point_spread_mm) ** 3)
    return math.pi**2 / views * cell_mm * integral


def back_projected(
    projections: Real, views: list[View], cells: Cells, geometry: Geometry, point_spread_mm: float
) -> Real:
    """Reconstruct an image.

    Args:
        projections: line integrals, shape (views, cells).
        views: their directions, evenly over half a turn.
        cells: of the detector.
        geometry: rows and columns of the image, whose centre is the axis of rotation.
        point_spread_mm: standard deviation of the kernel's Gaussian.

    Returns:
        What was integrated, for each pixel, shape (rows, columns); multiples of 2**-20.
    """
    columns = (np.arange(geometry.columns) - (geometry.columns - 1) / 2.0) * geometry.column_spacing_mm
    rows = (np.arange(geometry.rows) - (geometry.rows - 1) / 2.0) * geometry.row_spacing_mm
    reach = math.hypot(columns[-1], rows[-1])
    around = math.ceil(reach / cells.width_mm) + 2  # cells either way that the image looks at
    length = _fast_length(cells.count + 2 * around)
    filtering = Filter(length, cells.width_mm, point_spread_mm).response() * (math.pi / len(views))
    step = cells.width_mm / _FINER
    # The middle of cell 0 is sample 0; the axis of rotation lies (count - 1) / 2 cells after it.
    first = (cells.count - 1) // 2 - around
    middle = ((cells.count - 1) / 2.0 - first) * _FINER
    wanted = np.arange(first * _FINER, (first + 2 * around + 1) * _FINER) % (length * _FINER)
    image = np.zeros((geometry.rows, geometry.columns), dtype=np.int32)
    index, part = np.empty(image.shape, dtype=np.intp), np.empty_like(image)
    for start in range(0, len(views), _CHUNK):
        spectra = np.fft.rfft(projections[start : start + _CHUNK], length, axis=1) * filtering
        finer = np.fft.irfft(spectra, length * _FINER, axis=1)[:, wanted]
        finer *= _FINER * _FIXED_POINT
        filtered = np.rint(finer).astype(np.int32)
        for view, values in zip(views[start : start + _CHUNK], filtered, strict=True):
            across = np.rint(columns * (view.cosine / step) + middle).astype(np.intp)
            down = np.rint(rows * (view.sine / step)).astype(np.intp)
            np.add(across.reshape(1, -1), down.reshape(-1, 1), out=index)
            np.take(values, index, out=part, mode="clip")
            image += part
    return image / _FIXED_POINT


def _fast_length(least: int) -> int:
    """The least even length from `least` on with no prime factor above 5."""
    length = least + least % 2
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 2
