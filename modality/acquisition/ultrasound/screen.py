"""The picture on the screen: where a point of the plane is drawn, and echoes along beams as pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition.ultrasound.probe import Probe

Whole = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_WEIGHTS = 256  # steps between two samples
_BEAMS, _DEPTHS = (0.2, 0.8), (0.22, 0.86)  # first and last beam and depth of the colour box, as shares: our choice


def most_steered_deg(half_mm: float, depth_mm: float) -> int:
    """How far a linear probe can steer, in whole degrees, with a colour box that nowhere leaves the middle.

    Further, no beam that starts on the face comes to the line below its middle at the bottom of the box.

    Args:
        half_mm: half of the probe's face.
        depth_mm: of the picture.
    """
    return math.floor(math.degrees(math.atan2(half_mm, _DEPTHS[1] * depth_mm)))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels.

    Args:
        row: the first.
        column: the first.
        rows: how many.
        columns: how many.
    """

    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True)
class Screen:
    """The grid of pixels over the plane of the beams.

    Args:
        probe: whose beams are drawn.
        depth_mm: how deep.
        samples: how many along each beam.
        rows: of the picture.
        columns: of the picture.
    """

    probe: Probe
    depth_mm: float
    samples: int
    rows: int
    columns: int

    @property
    def top(self) -> int:
        """Rows left free above the picture, for text."""
        return max(2, self.rows // 14)

    @property
    def side(self) -> int:
        """Columns left free at either side, for scales."""
        return max(2, self.columns // 20)

    @cached_property
    def pitch_mm(self) -> float:
        """Side of a pixel: the least, to 0.0001 mm, with which all is seen."""
        half, least, most = self.probe.extent_mm(self.depth_mm)
        down = (most - least) / (self.rows - self.top - max(2, self.rows // 40) - 2)
        across = 2.0 * half / (self.columns - 2 * self.side - 2)
        return math.ceil(max(down, across) * 1e4) / 1e4

    @cached_property
    def face(self) -> tuple[int, int]:
        """Row and column of the pixel over the middle of the probe's face."""
        least = self.probe.extent_mm(self.depth_mm)[1]
        return self.top + math.ceil(-least / self.pitch_mm), self.columns // 2

    def pixel(self, u: float, v: float) -> tuple[float, float]:
        """Row and column of a point of the plane, from 0 at the middle of the first pixel."""
        return self.face[0] + v / self.pitch_mm, self.face[1] + u / self.pitch_mm

    @cached_property
    def region(self) -> Box:
        """The least rectangle that holds the picture of the beams."""
        down, across = np.flatnonzero(self.seen.any(axis=1)), np.flatnonzero(self.seen.any(axis=0))
        (top, bottom), (left, right) = (int(down[0]), int(down[-1])), (int(across[0]), int(across[-1]))
        return Box(top, left, bottom - top + 1, right - left + 1)

    @cached_property
    def places(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The beam, as a number with a fraction, and the depth in mm of each pixel, each of shape (rows, columns)."""
        row, column = self.face
        v = (np.arange(self.rows, dtype=np.float64)[:, np.newaxis] - row) * self.pitch_mm
        u = (np.arange(self.columns, dtype=np.float64)[np.newaxis, :] - column) * self.pitch_mm
        return self.probe.located(u, v)

    @cached_property
    def seen(self) -> Mask:
        """Which pixels some beam meets, shape (rows, columns)."""
        beam, depth = self.places
        last = self.probe.beams - 1
        return (beam >= 0) & (beam <= last) & (depth >= 0) & (depth <= self.depth_mm)

    @cached_property
    def box(self) -> Mask:
        """Pixels of a colour box for these beams, shape (rows, columns); a parallelogram where they are steered.

        It keeps to the middle of the picture, half of the way down, as far as the beams that start on the face allow.
        """
        beam, depth = self.places
        sine, cosine = self.probe.lean
        (first, last), (top, bottom) = _BEAMS, (share * self.depth_mm for share in _DEPTHS)
        if sine:
            # What steered beams gain on the way, as a share of the face.
            aside = sine / cosine / (2.0 * self.probe.half_mm)
            middle, low = (top + bottom) / 2.0 * aside, bottom * aside
            first, last = max(first - middle, 0.0, -low), min(last - middle, 1.0, 1.0 - low)
        end = self.probe.beams - 1
        down = depth * cosine
        found: Mask = (beam >= first * end) & (beam <= last * end) & (down >= top) & (down <= bottom)
        return found

    @property
    def step_mm(self) -> float:
        """Distance of the samples along a beam; the first lies half of it before the face."""
        return self.depth_mm / self.samples

    @cached_property
    def _around(self) -> tuple[npt.NDArray[np.intp], Whole, Whole]:
        """Of each pixel that is seen: the first of four samples (flat), and the weights of those after it."""
        beam, depth = (values[self.seen] for values in self.places)
        across = np.clip(np.rint(beam * _WEIGHTS), 0, (self.probe.beams - 1) * _WEIGHTS - 1).astype(np.int32)
        along = np.rint((depth / self.step_mm - 0.5) * _WEIGHTS)
        along = np.clip(along, 0, (self.samples - 1) * _WEIGHTS - 1).astype(np.int32)
        first = (along // _WEIGHTS).astype(np.intp) * self.probe.beams + across // _WEIGHTS
        return first, along % _WEIGHTS, across % _WEIGHTS

    def drawn(self, values: Whole) -> Whole:
        """Whole numbers along beams, shape (samples, beams), as the seen pixels have them that lie between them."""
        first, along, across = self._around
        flat, beams = values.ravel(), self.probe.beams
        upper = flat.take(first) * (_WEIGHTS - across) + flat.take(first + 1) * across
        lower = flat.take(first + beams) * (_WEIGHTS - across) + flat.take(first + beams + 1) * across
        total = (upper * (_WEIGHTS - along) + lower * along + _WEIGHTS * _WEIGHTS // 2).astype(np.int32)
        found: Whole = np.right_shift(total, 16)
        return found

    def nearest(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """The nearest sample's value of each seen pixel; values of shape (samples, beams)."""
        first, along, across = self._around
        half = _WEIGHTS // 2
        return values.ravel().take(first + self.probe.beams * (along >= half) + (across >= half))

    def filled(self, values: npt.NDArray[np.generic]) -> Bytes:
        """Values of the seen pixels in a picture that is 0 elsewhere, shape (rows, columns)."""
        picture = np.zeros((self.rows, self.columns), dtype=np.uint8)
        picture[self.seen] = values
        return picture
