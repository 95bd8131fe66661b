"""A phantom sampled height by height in a beam's own directions: across it and along it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.acquisition.radiography.cone import Cone
from phantoms.phantom import Phantom

_STEP_MM = 0.5  # along the beam: at 1 mm walls that lie across it show their terraces in a close look

_PHASES = (-0.375, 0.125, -0.125, 0.375)
_LAYER_MM = 5.0  # a layer is seen at one magnification: at 1.8 m and 0.2 m off the axis that errs by 0.3 mm


@dataclass(frozen=True, slots=True)
class Sampling:
    """How finely a phantom is sampled.

    Args:
        across_mm: distance of samples across the beam.
        along_mm: along it.
    """

    across_mm: float
    along_mm: float = _STEP_MM


def order(values: npt.NDArray[np.floating]) -> int:
    """1 of ascending values, -1 of descending ones."""
    return 1 if values.size < 2 or values[0] < values[-1] else -1


class Sheets:
    """The samples of a phantom in the beam's own directions: across it, along it, and up.

    Args:
        phantom: what is sampled.
        cone: the beam.
        sampling: how finely.
        ups_mm: how far the patient is moved to the head.
    """

    def __init__(self, phantom: Phantom, cone: Cone, sampling: Sampling, ups_mm: list[float]) -> None:
        self._phantom, self._cone, self._sampling = phantom, cone, sampling
        low, high = phantom.bounds.low_mm, phantom.bounds.high_mm
        cx, cy, _ = cone.center_mm
        self._turn = cone.turns[0]
        corners = [self._own(x - cx, y - cy) for x in (low[0], high[0]) for y in (low[1], high[1])]
        margin = 2.0 * sampling.across_mm  # of air, which is what lies beyond the samples
        self.first_mm, last = min(u for u, _ in corners) - margin, max(u for u, _ in corners) + margin
        near, far = min(d for _, d in corners), max(d for _, d in corners)
        self.across = math.ceil((last - self.first_mm) / sampling.across_mm) + 2
        self.per_layer = max(2, 2 * round(_LAYER_MM / sampling.along_mm / 2.0))
        count = max(1, math.ceil((far - near) / (self.per_layer * sampling.along_mm)))
        self.step_mm = (far - near) / (count * self.per_layer)
        self._depths = near + (np.arange(count * self.per_layer) + 0.5) * self.step_mm
        self.layers_mm = near + (np.arange(count) + 0.5) * self.per_layer * self.step_mm
        reach = self._reach()
        self._low, self._high = max(low[2], reach[0] - max(ups_mm)), min(high[2], reach[1] - min(ups_mm))
        self.height_mm = sampling.across_mm
        self._squares = self._turn[0] and self._turn[1]

    def _own(self, x: float, y: float) -> tuple[float, float]:
        cosine, sine = self._turn
        return cosine * x + sine * y, sine * x - cosine * y

    def _reach(self) -> tuple[float, float]:
        """The heights that the detector sees anything of."""
        cone = self._cone
        cosine, sine = cone.turns[1]
        rows = [side * cone.rows * cone.pitch_mm / 2.0 + cone.offset_mm[1] for side in (-1.0, 1.0)]
        ends = []
        for row in rows:
            for depth in (self._depths[0], self._depths[-1]):
                # down = SID (d sin - z cos) / (SOD + d cos + z sin), solved for z
                share = row / cone.detector_mm
                z = (float(depth) * sine - share * (cone.source_mm + float(depth) * cosine)) / (cosine + share * sine)
                ends.append(z + cone.center_mm[2])
        return min(ends), max(ends)

    def sheets(self) -> Iterator[tuple[float, npt.NDArray[np.uint8]]]:
        """Heights, and the labels there: shape (samples along the beam, samples across it)."""
        count = max(0, math.ceil((self._high - self._low) / self.height_mm))
        for number in range(count):
            height = self._low + (number + 0.5) * self.height_mm
            yield height, self._turned(height) if self._squares else self._straight(height, number)

    def _straight(self, height: float, number: int) -> npt.NDArray[np.uint8]:
        """Samples along the patient's axes; those of every second depth lie between those of the others.

        Along the beam they lie elsewhere in each of four heights, so that thin walls show no rings.
        """
        cx, cy, _ = self._cone.center_mm
        cosine, sine = round(self._turn[0]), round(self._turn[1])
        step = self._sampling.across_mm
        z = np.full((1, 1), height)
        labels = np.empty((self._depths.size, self.across), dtype=np.uint8)
        for place, offset in ((0, -0.25 * step), (1, 0.25 * step)):
            across = self.first_mm + np.arange(self.across) * step + (offset if number % 2 else -offset)
            depths = self._depths[place::2] + _PHASES[(number + 2 * place) % 4] * self.step_mm
            if cosine:  # across runs along x, along against y, or both the other way
                x, y = cx + cosine * across, cy - cosine * depths
            else:
                x, y = cx + sine * depths, cy + sine * across
            turned = (slice(None, None, order(y)), slice(None, None, order(x)))
            found = self._phantom.labels(np.sort(x).reshape(1, -1), np.sort(y).reshape(-1, 1), z)[turned]
            labels[place::2] = found if cosine else found.T
        return labels

    def _turned(self, height: float) -> npt.NDArray[np.uint8]:
        """Samples along turned axes: the nearest of a fine square grid along the patient's."""
        cx, cy, _ = self._cone.center_mm
        if not hasattr(self, "_nearest"):
            low, high = self._phantom.bounds.low_mm, self._phantom.bounds.high_mm
            step = min(self._sampling.across_mm, self._sampling.along_mm)
            self._grid = [np.arange(a, b + step, step) for a, b in zip(low[:2], high[:2], strict=True)]
            cosine, sine = self._turn
            across = (self.first_mm + np.arange(self.across) * self._sampling.across_mm).reshape(1, -1)
            depth = self._depths.reshape(-1, 1)
            places = [
                np.rint((cx + cosine * across + sine * depth - low[0]) / step),
                np.rint((cy + sine * across - cosine * depth - low[1]) / step),
            ]
            sizes = [axis.size for axis in self._grid]
            outside = np.zeros(places[0].shape, dtype=bool)
            for place, size in zip(places, sizes, strict=True):
                outside |= (place < 0) | (place >= size)
            index = places[1].astype(np.int64) * sizes[0] + places[0].astype(np.int64)
            self._nearest = np.where(outside, sizes[0] * sizes[1], index)
        x, y = self._grid
        flat = np.zeros(x.size * y.size + 1, dtype=np.uint8)
        flat[:-1] = self._phantom.labels(x.reshape(1, -1), y.reshape(-1, 1), np.full((1, 1), height)).ravel()
        return flat[self._nearest]
