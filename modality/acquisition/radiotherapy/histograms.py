"""How much of a structure gets how much dose: a cumulative histogram and its ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modality.acquisition.geometry import Geometry
from modality.acquisition.radiotherapy.contours import points_mm, table_of
from modality.acquisition.radiotherapy.grid import Grid, Values
from modality.acquisition.radiotherapy.structures import Roi
from phantoms.phantom import Labels

_BIN_GY = 0.01
_ENOUGH = 5000  # points of the grid within a structure: our choice
_MOST_BINS = 1000  # its text has to stay below 64 KB (PS3.5 7.1.2)


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """A cumulative dose-volume histogram.

    Args:
        roi: of what.
        bin_gy: width of a bin.
        volumes_cm3: the volume that gets at least the dose at which each bin begins; the first is all of it.
        least_gy: smallest dose of it.
        greatest_gy: greatest.
        mean_gy: mean.
    """

    roi: Roi
    bin_gy: float
    volumes_cm3: tuple[float, ...]
    least_gy: float
    greatest_gy: float
    mean_gy: float


def histogram(roi: Roi, geometry: Geometry, dose: Values, labels: Labels, grid: Grid) -> Histogram:
    """The histogram of a structure: of the points of the grid within, or else of pixels of the scan, evenly taken.

    Args:
        roi: the structure.
        geometry: of the scan's slices.
        dose: in Gy, on `grid`.
        labels: of the phantom, on `grid`.
        grid: where doses are; between its points they are linear.
    """
    pixel_mm3 = geometry.row_spacing_mm * geometry.column_spacing_mm * geometry.slice_spacing_mm
    within = table_of(roi.labels).take(labels)
    count = int(np.count_nonzero(within))
    if count >= _ENOUGH:
        pixels = sum(section.pixels for section in roi.sections)
        return _of(roi, dose[within], np.full(count, pixels * pixel_mm3 / count / 1000.0))
    doses, volumes = [], []
    for section in roi.sections:
        x, y, z = (place.astype(np.float64) for place in points_mm(geometry, section.index, section.samples))
        doses.append(grid.between(dose, x, y, z))
        volumes.append(np.full(len(x), section.pixels * pixel_mm3 / len(x) / 1000.0))
    return _of(roi, np.concatenate(doses), np.concatenate(volumes))


def _of(roi: Roi, found: Values, volume: Values) -> Histogram:
    """The histogram of doses, each of so many cm3."""
    greatest = float(found.max())
    bin_gy = _BIN_GY * max(1, math.ceil(greatest / (_BIN_GY * _MOST_BINS)))
    places = np.floor(found * (1.0 / bin_gy)).astype(np.int64)
    of_bin = np.bincount(places, weights=volume)
    at_least = np.add.accumulate(of_bin[::-1])[::-1]
    mean = float(np.add.accumulate(found * volume)[-1] / at_least[0])
    return Histogram(
        roi,
        round(bin_gy, 4),
        tuple(round(one, 4) for one in at_least.tolist()),
        round(float(found.min()), 4),
        round(greatest, 4),
        round(mean, 4),
    )
