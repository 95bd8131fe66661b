"""Speckle: scatterers strewn through tissue, seen through a pulse and a beam of finite width.

In each cell of the grid along the beams there are many scatterers closer than a wavelength, whose echoes' sum is a
complex normal number (C. B. Burckhardt, IEEE Trans. Sonics Ultrason. 25:1, 1978; J. W. Goodman): its amplitude has the
Rayleigh distribution, with a mean 1.91 times the standard deviation. What lies in several planes side by side is seen
at once through the thickness of the slice, so that a moving probe's speckle changes gradually.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition import noise
from modality.acquisition.curves import bell
from modality.acquisition.ultrasound.probe import FWHM, Probe

Values = npt.NDArray[np.float32]
Field = tuple[Values, Values]
"""Real and imaginary part, each of shape (samples, beams)."""

_REAL, _IMAGINARY, _NOISE_REAL, _NOISE_IMAGINARY = 21, 22, 23, 24  # streams of chance
_MIDDLE = 1 << 20  # of the planes' numbers, which are not negative
_REACH = 2.5  # standard deviations
_MOST_BEAMS = 20  # that a beam's width reaches either way
_PLANES_KEPT = 10
_HALF = np.float32(round(math.sqrt(0.5), 7))


@dataclass(frozen=True)
class Speckle:
    """Scatterers, and what blurs them.

    Args:
        probe: the beams.
        samples: along each of them.
        step_mm: their distance.
        thickness_mm: of the slice, between halves of the amplitude of an echo.
        seed: of the scatterers and of the noise.
    """

    probe: Probe
    samples: int
    step_mm: float
    thickness_mm: float
    seed: int
    _planes: OrderedDict[int, Field] = field(default_factory=OrderedDict, repr=False, compare=False)

    def scatterers(self, aside_mm: float) -> Field:
        """What scatters in the plane at a distance from the first one: variance 1, each cell for itself."""
        sigma = self.thickness_mm / FWHM
        first = math.ceil(aside_mm / sigma - _REACH)
        weights = {
            number: math.exp(-0.5 * (aside_mm / sigma - number) ** 2)
            for number in range(first, math.floor(aside_mm / sigma + _REACH) + 1)
        }
        norm = math.sqrt(sum(weight * weight for weight in weights.values()))
        shape = (self.samples, self.probe.beams)
        real, imaginary = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for number, weight in weights.items():
            part = np.float32(round(weight / norm, 6))
            plane = self._plane(number)
            real += plane[0] * part
            imaginary += plane[1] * part
        return real, imaginary

    def _plane(self, number: int) -> Field:
        found = self._planes.get(number)
        if found is None:
            found = self._complex(_REAL, _IMAGINARY, _MIDDLE + number)
            self._planes[number] = found
            if len(self._planes) > _PLANES_KEPT:
                self._planes.popitem(last=False)
        return found

    def noise(self, frame: int) -> Field:
        """The receiver's noise in a frame: variance 1."""
        return self._complex(_NOISE_REAL, _NOISE_IMAGINARY, frame)

    def _complex(self, real: int, imaginary: int, index: int) -> Field:
        shape = (self.samples, self.probe.beams)
        parts = [noise.normal(self.seed, stream, index, shape) for stream in (real, imaginary)]
        return parts[0] * _HALF, parts[1] * _HALF

    def blurred(self, echoes: Field) -> Field:
        """Echoes through pulse and beam; kernels of energy 1, so that speckle keeps its mean power."""
        return self._blurred(echoes[0]), self._blurred(echoes[1])

    def _blurred(self, values: Values) -> Values:
        along = _convolved(values, self._pulse)
        total: Values = along * self._beam[0]
        for distance, weights in enumerate(self._beam[1:], start=1):
            total[:, distance:] += along[:, :-distance] * weights
            total[:, :-distance] += along[:, distance:] * weights
        return total

    @cached_property
    def _pulse(self) -> tuple[float, ...]:
        """Half of the kernel along the beam."""
        sigma = self.probe.axial_mm / FWHM / self.step_mm
        raw = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(math.ceil(_REACH * sigma) + 1)]
        norm = math.sqrt(raw[0] ** 2 + 2.0 * sum(value * value for value in raw[1:]))
        return tuple(round(value / norm, 6) for value in raw)

    @cached_property
    def _beam(self) -> list[Values]:
        """Half of the kernel across the beams: for each distance in beams, of every sample, shape (samples, 1)."""
        depths = [(k + 0.5) * self.step_mm for k in range(self.samples)]
        widths = [self.probe.lateral_mm(depth) / FWHM / self.probe.spacing_mm(depth) for depth in depths]
        sigma = np.minimum(np.asarray([round(width, 6) for width in widths]), _MOST_BEAMS / _REACH)
        reach = min(math.ceil(_REACH * float(sigma.max())), self.probe.beams - 1)
        raw = [bell(distance / sigma) for distance in range(reach + 1)]
        energy = raw[0] * raw[0]
        for value in raw[1:]:
            energy = energy + 2.0 * value * value
        norm = 1.0 / np.sqrt(energy)
        return [(value * norm).astype(np.float32)[:, np.newaxis] for value in raw]


def _convolved(values: Values, kernel: tuple[float, ...]) -> Values:
    """Along the first axis, with what lies beyond the ends silent."""
    total: Values = values * np.float32(kernel[0])
    for distance, weight in enumerate(kernel[1:], start=1):
        part = np.float32(weight)
        total[distance:] += values[:-distance] * part
        total[:-distance] += values[distance:] * part
    return total
