"""What a slice shows of structures, as closed curves: where the phantom itself has their borders."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.acquisition.geometry import Geometry
from modality.acquisition.radiotherapy.keyholes import joined
from modality.acquisition.radiotherapy.loops import Mask, Outline, Points, area, thinned, traced
from modality.acquisition.radiotherapy.margins import Grown
from phantoms.phantom import Labels, Phantom

ANY = tuple(range(1, 256))
"""Labels of whatever is no air."""

Wanted = Mapping[str, tuple[int, ...]]
"""The labels of each region, by its name."""

_HALVINGS = 3  # of the way between two pixels: within 1/16 of a pixel then
_TOLERANCE_MM = 0.1  # by which vertices may be left out: our choice
_SAMPLES = 400  # of a structure in a slice: twice as many at most


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """What a slice shows of one structure.

    Args:
        index: the slice, from 0.
        loops_mm: closed curves, each of shape (vertices, 2): mm along a row and along a column from the first pixel's
            centre; those around holes run the other way round.
        samples: some of the pixels within, evenly taken: columns and rows, shape (samples, 2).
        pixels: how many pixels lie within.
    """

    index: int
    loops_mm: tuple[Points, ...]
    samples: npt.NDArray[np.int32]
    pixels: int

    @property
    def area_mm2(self) -> float:
        """What the curves enclose."""
        return sum(map(area, self.loops_mm))

    def parts_mm(self) -> list[Points]:
        """The curves, those around holes joined with what is around them by keyholes."""
        return joined(self.loops_mm)


def sections(
    phantom: Phantom, geometry: Geometry, index: int, labels: Labels, wanted: Wanted
) -> Iterator[tuple[str, Section]]:
    """What an axial slice shows of regions, by their names.

    Args:
        phantom: what was scanned.
        geometry: of the slices.
        index: the slice.
        labels: of its pixels.
        wanted: labels of each region; of `ANY`, the body, holes are left out.
    """
    tables = {name: table_of(of_it) for name, of_it in wanted.items()}
    shown = np.bincount(labels.ravel(), minlength=256)
    masks = {name: tables[name].take(labels) for name, of_it in wanted.items() if shown[list(of_it)].any()}
    outlines = {name: traced(mask) for name, mask in masks.items()}
    for name, found in outlines.items():
        if wanted[name] == ANY:
            outlines[name] = [one for one in found if area(one.at(0.5)) > 0.0]
    every = [(tables[name], outline) for name, found in outlines.items() for outline in found]
    shares = _refined(phantom, geometry, index, every)
    spacing = np.asarray([geometry.column_spacing_mm, geometry.row_spacing_mm])
    for name, found in outlines.items():
        loops = tuple(thinned(outline.at(next(shares)) * spacing, _TOLERANCE_MM) for outline in found)
        yield name, Section(index, loops, *_sampled(masks[name]))


def table_of(labels: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Which labels are of a region, by label."""
    found = np.zeros(256, dtype=np.bool_)
    found[list(labels)] = True
    return found


def _refined(
    phantom: Phantom, geometry: Geometry, index: int, outlines: Sequence[tuple[npt.NDArray[np.bool_], Outline]]
) -> Iterator[npt.NDArray[np.float64]]:
    """Where between its two pixels each vertex lies: where its region ends, found by halving the way."""
    if not outlines:
        return
    inside = np.concatenate([outline.inside for _, outline in outlines]).astype(np.float64)
    outside = np.concatenate([outline.outside for _, outline in outlines]).astype(np.float64)
    owner = np.repeat(np.arange(len(outlines)), [len(outline.inside) for _, outline in outlines])
    tables = np.stack([table for table, _ in outlines]).ravel()
    # The image ends half a pixel beyond the middle of its last one, whatever lies there.
    border = ((outside < 0) | (outside >= (geometry.columns, geometry.rows))).any(axis=1)
    asked = np.flatnonzero(~border)
    start, way, first_entry = inside[asked], outside[asked] - inside[asked], owner[asked] * 256
    low, high = np.zeros(len(asked)), np.ones(len(asked))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        seen = phantom.labels(*points_mm(geometry, index, start + way * middle.reshape(-1, 1)))
        within = tables.take(first_entry + seen)
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    share = np.full(len(owner), 0.5)
    share[asked] = 0.5 * (low + high)
    first = 0
    for _, outline in outlines:
        yield share[first : first + len(outline.inside)]
        first += len(outline.inside)


def points_mm(geometry: Geometry, index: int, places: npt.NDArray[np.number]) -> tuple[npt.NDArray[np.float32], ...]:
    """Patient coordinates of points of a slice, given by column and row: x, y and z in mm."""
    column, row = places[:, 0] * geometry.column_spacing_mm, places[:, 1] * geometry.row_spacing_mm
    position = geometry.position_mm(index)
    return tuple(
        (position[axis] + column * geometry.row_direction[axis] + row * geometry.column_direction[axis]).astype(
            np.float32
        )
        for axis in range(3)
    )


def of_grown(grown: Grown, geometry: Geometry, index: int, body: Mask) -> Section | None:
    """A structure with its margin, as far as it lies in the body; None where the slice passes it."""
    distance = np.full(body.shape, np.inf)
    places = _near(grown, geometry, index)
    if places is None:
        return None
    distance[places] = grown.distances_at(*_pixels(geometry, index, places))
    mask = (distance <= grown.reach_mm) & body
    spacing = np.asarray([geometry.column_spacing_mm, geometry.row_spacing_mm])
    loops = []
    for outline in traced(mask):
        near = distance[outline.inside[:, 1], outline.inside[:, 0]]
        there = np.clip(outline.outside, 0, (geometry.columns - 1, geometry.rows - 1))
        far = distance[there[:, 1], there[:, 0]]
        ends_there = far > grown.reach_mm  # and not with the body or the image
        wide = np.where(ends_there, np.minimum(far, grown.beyond_mm) - near, 1.0)
        share = np.where(ends_there, (grown.reach_mm - near) / wide, 0.5)
        loops.append(thinned(outline.at(share) * spacing, _TOLERANCE_MM))
    return Section(index, tuple(loops), *_sampled(mask)) if loops else None


def _near(grown: Grown, geometry: Geometry, index: int) -> tuple[slice, slice] | None:
    """Rows and columns of an axial slice that the grid of a grown structure covers."""
    x, y, z = grown.grid.axes()
    first = geometry.position_mm(index)
    if not z[0] <= first[2] <= z[-1]:
        return None
    columns = _covered(x, first[0], geometry.column_spacing_mm, geometry.columns)
    rows = _covered(y, first[1], geometry.row_spacing_mm, geometry.rows)
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def _covered(axis: npt.NDArray[np.float64], first_mm: float, spacing_mm: float, count: int) -> slice:
    low, high = ((float(end) - first_mm) / spacing_mm for end in (axis[0], axis[-1]))
    return slice(max(0, math.floor(low)), min(count, math.ceil(high) + 1))


def _pixels(geometry: Geometry, index: int, places: tuple[slice, slice]) -> tuple[npt.NDArray[np.float64], ...]:
    """x, y and z of the middles of some pixels of an axial slice, which broadcast to their shape."""
    x, y, z = geometry.position_mm(index)
    column = np.arange(geometry.columns, dtype=np.float64)[places[1]].reshape(1, -1) * geometry.column_spacing_mm
    row = np.arange(geometry.rows, dtype=np.float64)[places[0]].reshape(-1, 1) * geometry.row_spacing_mm
    return x + column, y + row, np.full((1, 1), z)


def _sampled(mask: Mask) -> tuple[npt.NDArray[np.int32], int]:
    """Some pixels of a mask, evenly taken, and how many there are."""
    places = np.flatnonzero(mask)
    some = places[:: max(1, len(places) // _SAMPLES) | 1]
    return np.stack([some % mask.shape[1], some // mask.shape[1]], axis=1).astype(np.int32), len(places)
