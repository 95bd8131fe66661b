"""Which structures a slice's voxels hold, so that images of several weightings ask the phantom once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from modality.acquisition import sampling
from modality.acquisition.geometry import Geometry
from phantoms.phantom import Labels, Phantom

_BAND = 48  # rows of an oblique slice that are asked together
_HEIGHTS = 4  # of a sample point where surfaces lie nearly in the plane of the slice
_LEAST_PD = 0.3  # such surfaces are those between tissues whose proton density differs by so much: our choice
_MOST_BYTES = 1 << 26  # of the slices of a scan that are kept: our choice


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The labels at the sample points of a slice's voxels.

    Args:
        labels: at the first point of each voxel, shape (rows, columns).
        mixed: places, in the flattened slice, of the voxels that hold more than one structure.
        of_mixed: labels at their points, shape (points, len(mixed)).
    """

    labels: Labels
    mixed: npt.NDArray[np.int64]
    of_mixed: Labels

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.labels.nbytes + self.mixed.nbytes + self.of_mixed.nbytes

    def averaged(self, values: npt.NDArray[np.float32]) -> sampling.Image:
        """The mean of properties over each voxel, that of `sampling.averaged` to the bit but for shallow surfaces.

        Args:
            values: shape (labels, properties).

        Returns:
            Shape (rows, columns, properties).
        """
        share = np.float32(1.0 / len(self.of_mixed))
        alike, parts = np.zeros_like(values), np.zeros((len(self.mixed), values.shape[1]), dtype=np.float32)
        for labels in self.of_mixed:
            alike += values
            parts += values[labels]
        image: sampling.Image = (alike * share)[self.labels]
        image.reshape(-1, values.shape[1])[self.mixed] = parts * share
        return image


def section(phantom: Phantom, geometry: Geometry, index: int) -> Section:
    """Ask a phantom without small parts what a slice holds.

    Args:
        phantom: what is scanned.
        geometry: the stack.
        index: the slice.
    """
    points = _points(phantom, geometry, index)
    first = points[0]
    differs = np.zeros(first.shape, dtype=bool)
    for labels in points[1:]:
        differs |= labels != first
    finer = list(_finer(phantom, geometry, index, points))
    for place, _, labels in finer:
        differs[place] |= labels != first[place]
    mixed = np.flatnonzero(differs)
    of_mixed = np.stack([labels.reshape(-1)[mixed] for labels in points])
    if finer:
        of_mixed = np.repeat(of_mixed, _HEIGHTS, axis=0)
        rows, columns = np.divmod(mixed, geometry.columns)
        for (down, across), number, labels in finer:
            there = (rows >= down.start) & (rows < down.stop) & (columns >= across.start) & (columns < across.stop)
            of_mixed[number, there] = labels[rows[there] - down.start, columns[there] - across.start]
    return Section(first, mixed, of_mixed)


def _finer(
    phantom: Phantom, geometry: Geometry, index: int, points: list[Labels]
) -> Iterator[tuple[tuple[slice, slice], int, Labels]]:
    """Labels where surfaces lie nearly in the plane of the slice: which part, which of its heights, and its labels."""
    offsets = sampling.offsets(geometry.slice_thickness_mm)
    thickness = geometry.slice_thickness_mm / len(offsets)
    protons = np.asarray([tissue.pd for tissue in phantom.tissues], dtype=np.float32)
    layers = [protons.take(labels) for labels in points]
    for number, (layer, offset) in enumerate(zip(layers, offsets, strict=True)):
        beside = [layers[other] for other in (number - 1, number + 1) if 0 <= other < len(layers)]
        found = sampling.terraces(layer, *beside, least=_LEAST_PD)
        if found is None:
            continue
        along = offset[2] * geometry.slice_thickness_mm
        x, y, z = (o + along * n for o, n in zip(geometry.position_mm(index), geometry.normal, strict=True))
        thin = replace(geometry, slices=1, slice_thickness_mm=thickness, origin_mm=(x, y, z))
        alike = found._replace(heights=_HEIGHTS)  # each voxel has as many points
        for height, part in enumerate(sampling.layers(thin, alike)):
            across, down, _ = offsets[(number + height) % len(offsets)]
            points_of = sampling.coordinates(part, 0, (across, down, 0.0))
            shape = (part.rows, part.columns)
            yield found.place, number * _HEIGHTS + height, np.broadcast_to(phantom.labels(*points_of), shape)


def _points(phantom: Phantom, geometry: Geometry, index: int) -> list[Labels]:
    """Labels at the sample points of a slice's voxels, each of shape (rows, columns)."""
    offsets = sampling.offsets(geometry.slice_thickness_mm)
    shape = (geometry.rows, geometry.columns)
    if not (geometry.row_direction[2] and geometry.column_direction[2]):
        return [
            np.broadcast_to(phantom.labels(*sampling.coordinates(geometry, index, offset)), shape) for offset in offsets
        ]
    # Of a slice across all axes each point is asked for alone: those of a few rows at a time are a good handful.
    whole = np.empty((len(offsets), *shape), dtype=np.uint8)
    for top in range(0, geometry.rows, _BAND):
        rows = slice(top, top + _BAND)
        points = [sampling.coordinates(geometry, index, offset, rows) for offset in offsets]
        x, y, z = (np.stack(np.broadcast_arrays(*axis)) for axis in zip(*points, strict=True))
        whole[:, rows] = phantom.labels(x, y, z)
    return list(whole)


@dataclass(frozen=True, slots=True, eq=False)
class Sections:
    """The sections of a scan, the first of them kept as far as memory is given to it.

    Args:
        phantom: what is scanned.
        keep: whether a slice is asked for again.
    """

    phantom: Phantom
    keep: bool
    _kept: dict[tuple[int, int], Section] = field(default_factory=dict, init=False, repr=False)

    def averaged(self, stack: int, geometry: Geometry, index: int, values: npt.NDArray[np.float32]) -> sampling.Image:
        """The mean of properties over each voxel of a slice.

        Args:
            stack: which of the scan's stacks it belongs to.
            geometry: that stack.
            index: the slice.
            values: shape (labels, properties).
        """
        if self.phantom.fine:
            return sampling.averaged(self.phantom, geometry, index, values)
        found = self._kept.get((stack, index))
        if found is None:
            found = section(self.phantom, geometry, index)
            if self.keep and sum(one.nbytes for one in self._kept.values()) + found.nbytes <= _MOST_BYTES:
                self._kept[stack, index] = found
        return found.averaged(values)

    def clear(self) -> None:
        """Forget the slices: scans may be kept by the hundred."""
        self._kept.clear()
