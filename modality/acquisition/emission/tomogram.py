"""Slices reconstructed from a gamma camera's views around the patient (SPECT)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.acquisition import sampling
from modality.acquisition.emission.camera import attenuation_per_mm
from modality.acquisition.emission.counts import counted
from modality.acquisition.emission.gamma import MOST_COUNTS, Gamma
from modality.acquisition.frames import Frame
from modality.acquisition.geometry import Geometry
from modality.acquisition.projection.reconstruction import back_projected
from modality.acquisition.projection.sinogram import Cells, View

Real = npt.NDArray[np.float64]

SMOOTHING_FWHM_MM = 12.0
"""Of the reconstruction's filter: of the customary order, our choice."""

_DEVIATION = 1.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))  # of a full width at half maximum
_DIRECTIONS = 16  # along which it is asked how much is lost on the way out: our choice


@dataclass(frozen=True)
class Tomogram(Gamma):
    """Slices from the views of a tomographic study; its cameras and times are the views'.

    A pixel holds what the study would have counted of it with nothing in the way: filtered back projection of all
    views, and the mean loss along lines out of the body given back (L. T. Chang, IEEE Trans. Nucl. Sci. 25:638, 1978).

    Args:
        geometry: axial slices from feet to head around the axis of rotation, in the detector's pixels.
    """

    geometry: Geometry = field(kw_only=True)

    @property
    def digested(self) -> tuple[object, ...]:
        """All that determines the frames besides the seed."""
        return (*super().digested, self.geometry)

    def __len__(self) -> int:
        return self.geometry.slices

    def frame(self, index: int) -> Frame:
        """Slice `index`: counts, shape (rows, columns).

        Raises:
            IndexError: there is no such slice.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        values = np.clip(np.rint(self._slice(index, self._counted)), 0, MOST_COUNTS)
        return Frame(index, values.astype(np.uint16))

    @cached_property
    def counts(self) -> int:
        """Counts of all views."""
        return int(self._counted.sum(dtype=np.int64))

    @cached_property
    def brightest(self) -> float:
        """Greatest value of a pixel in any slice, as the views expect their counts."""
        expected = np.stack([self.expected(view) for view in range(len(self.times))])
        return max(float(self._slice(index, expected).max()) for index in range(len(self)))

    def truth(self) -> Mapping[str, Any]:
        """As of the views, and in which slice and pixel each structure's middle lies."""
        told = dict(super().truth())
        x0, y0, z0 = self.geometry.position_mm(0)
        pixel, spacing = self.geometry.column_spacing_mm, self.geometry.slice_spacing_mm
        for one in told["structures"]:
            x, y, z = one["center_mm"]
            one["slice"] = round((z - z0) / spacing, 4)
            one["pixel"] = [round((y - y0) / pixel, 4), round((x - x0) / pixel, 4)]
        per_ml = self.counts_of_a_voxel / (pixel * pixel * spacing / 1000.0) if self.bq_per_ml else 0.0
        return told | {
            "slices": len(self),
            "slice_spacing_mm": spacing,
            "counts_per_relative_uptake_and_ml": round(per_ml, 6),
            "smoothing_fwhm_mm": SMOOTHING_FWHM_MM,
        }

    @cached_property
    def counts_of_a_voxel(self) -> float:
        """What a voxel of the body's mean uptake holds, where resolution takes nothing."""
        seconds = sum(time.duration_s * self._left(time.start_s, time.duration_s) for time in self.times)
        voxel_ml = self.geometry.row_spacing_mm**2 * self.geometry.slice_spacing_mm / 1000.0
        return self.bq_per_ml * seconds * voxel_ml * self.collimator.sensitivity

    def _left(self, start_s: float, duration_s: float) -> float:
        return self.protocol.tracer.isotope.mean_share(start_s, duration_s)

    @cached_property
    def _counted(self) -> npt.NDArray[np.uint16]:
        """What each view counted, shape (views, rows, columns)."""
        views = (counted(self.expected(view), self.seed, view) for view in range(len(self.times)))
        return np.stack([np.minimum(one, MOST_COUNTS).astype(np.uint16) for one in views])

    def _slice(self, index: int, views: npt.NDArray[Any]) -> Real:
        """A slice of what the views hold, shape (rows, columns)."""
        camera, geometry = self.cameras[0], self.geometry
        rows, weights = self._lines(index)
        lines = np.zeros((len(views), camera.columns))
        for row, weight in zip(rows, weights, strict=True):
            lines += views[:, row] * weight
        directions = [camera.directions[0] for camera in self.cameras]
        seen = [View(round(across[0], 9), round(across[1], 9)) for across in directions]
        cells = Cells(camera.columns, camera.pixel_mm)
        deviation = round(SMOOTHING_FWHM_MM * _DEVIATION, 6)
        # Of lines that are sums over pixels, back projection makes a pixel's own part: of each view, so all of them.
        image = back_projected(lines * camera.pixel_mm, seen, cells, geometry, deviation) * len(views)
        return image / self._passing(index)

    def _lines(self, index: int) -> tuple[range, list[float]]:
        """The detector's rows that see a slice, and how much of each: what lies between its neighbours' middles."""
        camera, half = self.cameras[0], self.geometry.slice_spacing_mm / 2.0
        middle, _ = camera.seen(self.geometry.position_mm(index))
        first, last = (middle + side * half / camera.pixel_mm + 0.5 for side in (-1.0, 1.0))
        rows = range(max(0, math.floor(first)), min(camera.rows, math.ceil(last)))
        shares = [round(min(last, row + 1.0) - max(first, float(row)), 9) for row in rows]
        return rows, shares

    def _passing(self, index: int) -> Real:
        """The share of a pixel's photons that leave the body, mean over directions in the slice."""
        geometry = self.geometry
        labels = self.phantom.labels(*sampling.coordinates(geometry, index, (0.0, 0.0, 0.0)))
        loss = np.asarray([attenuation_per_mm(one, self.protocol.tracer.isotope) for one in self.phantom.tissues])
        half = loss[labels] * (geometry.column_spacing_mm / 4.0)
        step = ((1.0 - half) / (1.0 + half)) ** 2  # over a pixel's width, without an exponential
        reach = max(step.shape)
        around = np.pad(step, reach, constant_values=1.0)
        total = np.zeros(step.shape)
        for number in range(_DIRECTIONS):
            angle = 2.0 * math.pi * number / _DIRECTIONS
            down, across = round(math.sin(angle), 9), round(math.cos(angle), 9)
            through = np.ones(step.shape)
            for away in range(1, reach):
                top, left = reach + round(away * down), reach + round(away * across)
                through *= around[top : top + step.shape[0], left : left + step.shape[1]]
            total += through * np.sqrt(step)
        mean: Real = total / _DIRECTIONS
        return mean
