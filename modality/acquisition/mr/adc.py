"""The map of the apparent diffusion coefficient that a scanner computes from a diffusion-weighted series."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from modality.acquisition.frames import Frame, Pixels, SliceBySlice
from modality.acquisition.geometry import Geometry
from modality.acquisition.mr.protocol import MrProtocol
from modality.acquisition.mr.scan import MrAcquisition
from modality.errors import UsageError

UNIT_MM2_PER_S = 1e-6
"""What a stored value of 1 means: 1 um2/s."""
_LEAST_SIGNAL_OVER_NOISE = 5.0  # below it is air, of which there is no coefficient: our choice
_DIGITS = 12


@lru_cache(maxsize=4)
def _logarithms(bits_stored: int) -> npt.NDArray[np.float64]:
    """Logarithm of each stored value, 0 counted as 1; from the C library, rounded where those differ."""
    return np.asarray([round(math.log(max(value, 1)), _DIGITS) for value in range(1 << bits_stored)])


@dataclass(frozen=True, eq=False)
class AdcMap(SliceBySlice[MrProtocol]):
    """A coefficient for each pixel in um2/s, 0 where the image of least weighting shows noise alone.

    The slope of a straight line through the logarithms of the magnitudes over the b-values, by least squares: ln S(b) =
    ln S(0) - b ADC, D. Le Bihan et al., Radiology 161:401 (1986). The magnitudes are the series' own, noise and all.

    Args:
        source: the diffusion-weighted scan.
    """

    source: MrAcquisition

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from super().__iter__()
        finally:
            self.source.forget()

    @property
    def stacks(self) -> tuple[Geometry, ...]:
        """Those of the source."""
        return self.source.stacks

    def __len__(self) -> int:
        return len(self.source) // len(self.source.weightings)

    def stack_of(self, index: int) -> int:
        """Which of the stacks a map belongs to."""
        return self.source.stack_of(index)

    def slice_of(self, index: int) -> int:
        """Which slice of its stack it shows."""
        return self.source.slice_of(index)

    def sources_of(self, index: int) -> tuple[int, ...]:
        """The images of the source that a map is computed from."""
        return tuple(range(index, len(self.source), len(self)))

    def _pixels(self, index: int) -> Pixels:
        images = [self.source.frame(number).pixels for number in self.sources_of(index)]
        b_values = self.source.protocol.b_values_s_per_mm2
        mean = sum(b_values) / len(b_values)
        spread = sum((b - mean) ** 2 for b in b_values)
        logarithms = _logarithms(self.source.protocol.bits_stored)
        slope = np.zeros(images[0].shape)
        for b, image in zip(b_values, images, strict=True):
            slope += logarithms[image] * round((mean - b) / spread / UNIT_MM2_PER_S, _DIGITS)
        slope[images[0] < _LEAST_SIGNAL_OVER_NOISE * self.source.noise_stored] = 0.0
        np.rint(slope, out=slope)
        return np.clip(slope, 0, (1 << self.protocol.bits_stored) - 1).astype(np.uint16)


def adc_map(source: MrAcquisition) -> AdcMap:
    """The map of a diffusion-weighted scan.

    Raises:
        UsageError: the scan has not two b-values.
    """
    b_values = source.protocol.b_values_s_per_mm2
    if len(b_values) < 2:
        raise UsageError(f"an ADC map needs images of two b-values, and there {'is 1' if b_values else 'are none'}")
    protocol = replace(source.protocol, name="ADC")
    return AdcMap(source.phantom, protocol, source.geometry, source.seed, source)
