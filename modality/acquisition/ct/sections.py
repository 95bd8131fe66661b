"""The phantom as the scanner's slices see it without noise: thin sections, blurred once, summed into slices.

A section is a layer of the phantom, a fraction of a slice thick. Its pixels are sampled at one point each, at another
quarter of the pixel from section to section, finely where the phantom has small parts, and at several heights where
surfaces lie nearly in its plane. A slice is the sum of the
sections around it, weighted by the slice sensitivity profile: slices that overlap share them, and where the phantom
does not change along z there are only four. Slices closer to each other than sections are lie between two key slices,
at the sections' edges, and are interpolated: without a ramp that is what their own sum would be, and with that of a
pitch of 1 it is off by 1 % of an edge's contrast at most.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from modality.acquisition import kept, sampling, spread
from modality.acquisition.geometry import Geometry
from phantoms.combined import Union
from phantoms.patterns import Bars
from phantoms.phantom import Phantom
from phantoms.placement import IDENTITY
from phantoms.solids import Cylinder, Solid

Image = npt.NDArray[np.float32]

_QUARTERS = 4
_SPARE_SECTIONS = 8  # kept beside those of one slice
_ALONG_Z = (0.0, 0.0, 1.0)
_LEAST_HU = 150.0  # what differs by less makes terraces that lie below the noise


@dataclass(frozen=True, slots=True)
class Layer:
    """A section; those that look alike are equal.

    Args:
        quarter: which quarter of the pixel it is sampled at.
        alike: the parts of structures that cross it unchanged, or its number where it is one of its kind.
        number: its place along the normal.
        slice: the slice that it belongs to alone, where the slices of a stack lie askew; else 0.
    """

    quarter: int
    alike: tuple[int, ...] | int
    number: int = field(compare=False)
    slice: int = 0


class Sections:
    """The slices of a phantom without noise.

    Args:
        phantom: what is scanned.
        geometry: the grid of the slices.
        values: what a pixel has for each label.
        point_spread_mm: standard deviation of the Gaussian that blurs the image.
        profile_ramp_mm: how far the slice sensitivity profile rises, around the edges of the nominal thickness.
    """

    def __init__(
        self,
        phantom: Phantom,
        geometry: Geometry,
        values: npt.NDArray[np.float32],
        point_spread_mm: float,
        profile_ramp_mm: float,
    ) -> None:
        self._phantom = phantom
        self._geometry = geometry
        self._values = values
        self._ramp_mm = profile_ramp_mm
        self._down = spread.taps(point_spread_mm, geometry.row_spacing_mm)
        self._across = spread.taps(point_spread_mm, geometry.column_spacing_mm)
        count = len(sampling.offsets(geometry.slice_thickness_mm))
        self._step_mm = geometry.slice_thickness_mm / count
        # Blurring a sum of sections is blurring each: it is done to whichever there are fewer of.
        self._sums_are_fewer = geometry.slice_spacing_mm > self._step_mm
        self._upright = geometry.normal == _ALONG_Z and phantom.placement == IDENTITY
        self._spans = [span for structure in phantom.structures for span in _spans(structure.solid)]
        self._dense = geometry.step_direction is None and geometry.slice_spacing_mm < self._step_mm
        self._air = float(values[0])
        self._type, self._steps = kept.steps(float(np.abs(values).max()))
        self._crop = kept.cropped(phantom, geometry, spread.reach_mm(point_spread_mm))
        self._setting = (geometry, values.tobytes(), point_spread_mm, profile_ramp_mm)
        self._kept: kept.Kept | None = None
        reach = math.ceil((geometry.slice_thickness_mm + profile_ramp_mm) / self._step_mm)
        self._section = lru_cache(maxsize=reach + _SPARE_SECTIONS)(self._smooth)
        self._thin = lru_cache(maxsize=reach + _SPARE_SECTIONS)(self._drawn)
        self._sum = lru_cache(maxsize=2)(self._summed)
        self._shares = lru_cache(maxsize=16)(self._profiled)  # most stacks step by whole sections

    def image(self, index: int) -> Image:
        """A slice, shape (rows, columns); not to be written to."""
        if not self._dense:
            # Slices that lie askew to each other share no sections: each counts from its own place.
            askew = self._geometry.step_direction is not None
            lone: Image = self._sum(self._weights(0.0, index) if askew else self._weights(self._middle_mm(index)))
            return lone
        key, share = divmod(self._middle_mm(index), self._step_mm)
        before: Image = self._sum(self._weights(key * self._step_mm))
        part = np.float32(round(share / self._step_mm, 6))
        if not part:
            return before
        after: Image = self._sum(self._weights((key + 1.0) * self._step_mm))
        if after is before:
            return before
        between = after - before
        between *= part
        between += before
        return between

    def clear(self) -> None:
        """Let go of what is kept for the next slices of this scan."""
        self._section.cache_clear()
        self._thin.cache_clear()
        self._sum.cache_clear()
        self._kept = None

    def _middle_mm(self, index: int) -> float:
        """Where a slice lies along the normal, from the first."""
        return index * self._geometry.slice_spacing_mm

    def _weights(self, middle: float, slice_askew: int | None = None) -> tuple[tuple[Layer, float], ...]:
        """The sections that a slice at a place along the normal is made of, and how much of each."""
        whole, part = divmod(middle / self._step_mm, 1.0)
        shares: defaultdict[Layer, float] = defaultdict(float)
        for beyond, share in self._shares(round(part, 9)):
            number = int(whole) + beyond
            if slice_askew is None:
                layer = self._layer(number)
            else:
                layer = Layer(number % _QUARTERS, number, number, slice_askew)
            shares[layer] += share
        rounded = [(layer, round(share, 6)) for layer, share in shares.items()]
        # Alike slices begin with any quarter: in one order they are one sum.
        return tuple(sorted((one for one in rounded if one[1] > 0), key=lambda one: (one[0].quarter, one[0].number)))

    def _profiled(self, middle: float) -> list[tuple[int, float]]:
        """The sections around a place from 0 to 1 section, by their numbers, and the share of each."""
        step = self._step_mm
        reach = (self._geometry.slice_thickness_mm + self._ramp_mm) / 2 / step
        numbers = range(math.floor(middle - reach), math.ceil(middle + reach))
        edges = [self._profile((number - middle) * step) for number in (*numbers, numbers.stop)]
        return [(number, high - low) for number, low, high in zip(numbers, edges[:-1], edges[1:], strict=True)]

    def _profile(self, z_mm: float) -> float:
        """The share of the slice sensitivity profile below a height: a trapezoid of the nominal width at half."""
        thickness, ramp = self._geometry.slice_thickness_mm, self._ramp_mm
        below = min(max(z_mm + (thickness + ramp) / 2, 0.0), thickness + ramp)
        if not ramp:
            return below / thickness
        above = thickness + ramp - below
        if below < ramp:
            return below * below / (2 * ramp * thickness)
        if above < ramp:
            return 1.0 - above * above / (2 * ramp * thickness)
        return (below - ramp / 2) / thickness

    def _layer(self, number: int) -> Layer:
        quarter = number % _QUARTERS
        if not self._upright:
            return Layer(quarter, number, number)
        low = self._geometry.origin_mm[2] + number * self._step_mm
        high = low + self._step_mm
        crossing = []
        for index, (bottom, top, steady) in enumerate(self._spans):
            if top < low or bottom > high:
                continue
            if not steady or bottom > low or top < high:
                return Layer(quarter, number, number)
            crossing.append(index)
        return Layer(quarter, tuple(crossing), number)

    def _smooth(self, layer: Layer) -> Image:
        """A section as it is summed."""
        image = self._thin(layer)
        if not isinstance(layer.alike, tuple):
            beside = [self._thin(self._beside(layer, step)) for step in (-1, 1)]
            found = sampling.terraces(image, *beside, least=_LEAST_HU)
            if found is not None:
                image = image.copy()
                image[found.place] = self._finer(layer, found)
        if not self._sums_are_fewer:
            image = spread.blur(image, self._down, self._across)
        image.setflags(write=False)
        return image

    def _finer(self, layer: Layer, found: sampling.Terraces) -> Image:
        """A part of a section from several heights, each at the next quarter of the pixel."""
        total = np.zeros((1, 1), dtype=np.float32)
        for height, part in enumerate(sampling.layers(self._geometry_of(layer), found)):
            quarter = (layer.quarter + height) % _QUARTERS
            total = total + sampling.sampled(self._phantom, part, self._values, quarter)
        total *= np.float32(1.0 / found.heights)
        return total

    def _beside(self, layer: Layer, step: int) -> Layer:
        number = layer.number + step
        askew = self._geometry.step_direction is not None
        return Layer(number % _QUARTERS, number, number, layer.slice) if askew else self._layer(number)

    def _geometry_of(self, layer: Layer) -> Geometry:
        """A stack of one slice, as thick as a section."""
        geometry, step = self._geometry, self._step_mm
        along = (layer.number + 0.5) * step
        x, y, z = (o + along * n for o, n in zip(geometry.position_mm(layer.slice), geometry.normal, strict=True))
        return replace(geometry, slices=1, slice_thickness_mm=step, origin_mm=(x, y, z))

    def _drawn(self, layer: Layer) -> Image:
        """A section at one height."""
        image = sampling.sampled(self._phantom, self._geometry_of(layer), self._values, layer.quarter)
        image.setflags(write=False)
        return image

    def _summed(self, weights: tuple[tuple[Layer, float], ...]) -> Image:
        if self._kept is None:
            self._kept = kept.begun(self._phantom, self._setting)
        whole = self._kept.image(weights, lambda: self._whole(weights))
        total = np.full((self._geometry.rows, self._geometry.columns), np.float32(self._air))
        np.multiply(whole, np.float32(1.0 / self._steps), out=total[self._crop], dtype=np.float32)
        total.setflags(write=False)
        return total

    def _whole(self, weights: tuple[tuple[Layer, float], ...]) -> kept.Whole:
        """A slice where the phantom is, in steps."""
        by_weight: defaultdict[float, list[Layer]] = defaultdict(list)
        for layer, weight in weights:
            by_weight[weight].append(layer)
        total = np.zeros((self._geometry.rows, self._geometry.columns), dtype=np.float32)
        for weight, layers in by_weight.items():
            part = self._section(layers[0])
            for layer in layers[1:]:
                part = part + self._section(layer)
            total += part * np.float32(weight)
        if self._sums_are_fewer:
            total = spread.blur(total, self._down, self._across)
        seen = total[self._crop] * np.float32(self._steps)
        np.rint(seen, out=seen)
        whole: kept.Whole = seen.astype(self._type)
        return whole


def _spans(solid: Solid) -> Iterator[tuple[float, float, bool]]:
    """Lowest and highest z of each part of a solid, and whether it is the same at every height between them."""
    if isinstance(solid, Union):
        for part in solid.parts:
            yield from _spans(part)
    else:
        yield solid.bounds.low_mm[2], solid.bounds.high_mm[2], isinstance(solid, (Cylinder, Bars))
