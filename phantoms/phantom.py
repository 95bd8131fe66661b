"""A phantom: structures painted one over the other, and the truth about them as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from phantoms.combined import holds, parts_apart
from phantoms.errors import PhantomError
from phantoms.material import Tissue
from phantoms.placement import IDENTITY, Placement
from phantoms.resonance import adc_mm2_per_s
from phantoms.solids import Bounds, Coordinates, Solid, Vector, along_axes, box_of, window
from phantoms.tissues import TISSUES

Labels = npt.NDArray[np.uint8]
Laterality = Literal["L", "R", "U"]

AIR = TISSUES["air"]
_COUNTED_POINTS, _FINEST_MM = 40_000, 0.4
_MOST_STRUCTURES = 255
_TILE = 48  # rows and columns of an oblique slice that are asked together


class _Seen(TypedDict):
    HU: float
    PD: float
    T1_ms: float
    T2_ms: float
    ADC_mm2_per_s: float


class Properties(_Seen, total=False):
    """What a scanner would see of a structure.

    `activity_relative`, a tracer's concentration relative to the background, stands only where one is meant.
    """

    activity_relative: float


class StructureTruth(TypedDict):
    """A structure as a truth document lists it."""

    name: str
    shape: str
    label: int
    center_mm: list[float]
    radius_mm: float
    volume_mm3: float
    properties: Properties


class Fine(NamedTuple):
    """Where a slice must be sampled finely to find small parts.

    Args:
        bounds: the box around them, in the scanner.
        step_mm: farthest distance of sample points along x, y and z.
    """

    bounds: Bounds
    step_mm: Vector


@dataclass(frozen=True, slots=True)
class Structure:
    """A part of a phantom.

    Args:
        name: what it is called in a truth document.
        solid: where it is; what later structures paint over does not belong to it.
        tissue: what it is made of.
        ball: centre and radius in mm of a ball that lies wholly inside it and under no later structure; None for
            what has no room for one (skin, cortex), which a truth document then does not list.
        fine_mm: farthest distance of sample points along x, y and z at which a mean over voxels still finds it; None
            where no part is smaller than a usual voxel.
    """

    name: str
    solid: Solid
    tissue: Tissue
    ball: tuple[Vector, float] | None = None
    fine_mm: Vector | None = None


@dataclass(frozen=True, slots=True)
class Phantom:
    """Structures in the patient's coordinates (LPS, mm), the centre of the scan near the origin.

    Args:
        name: as the table of phantoms has it.
        body_part: Body Part Examined (PS3.16 annex L), or PHANTOM.
        structures: in the order in which they are painted; a later one wins.
        scan_range_mm: lowest and highest z of a scan of the whole.
        field_of_view_mm: width of the square that an image covers.
        seed: what made this individual.
        placement: how this individual's model lies in the scanner.
        slices_mm: thickness and distance of the slices that a test object's manual asks for; None leaves them to the
            scanner.
        laterality: L or R of one of a pair, U of what is unpaired (PS3.3 C.7.6.1, Image Laterality).

    Attributes:
        fine: where a slice must be sampled finely to find small parts.
    """

    name: str
    body_part: str
    structures: tuple[Structure, ...]
    scan_range_mm: tuple[float, float]
    field_of_view_mm: float
    seed: int = 0
    placement: Placement = IDENTITY
    slices_mm: tuple[float, float] | None = None
    laterality: Laterality = "U"
    fine: tuple[Fine, ...] = field(init=False, repr=False, compare=False)
    _bounds: tuple[Bounds, ...] = field(init=False, repr=False, compare=False)
    _parts: tuple[tuple[Bounds, ...], ...] = field(init=False, repr=False, compare=False)
    _boxes: tuple[Coordinates, Coordinates] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.structures) <= _MOST_STRUCTURES:
            raise PhantomError(f"phantom {self.name}: {len(self.structures)} structures, at most {_MOST_STRUCTURES}")
        object.__setattr__(self, "_bounds", tuple(s.solid.bounds for s in self.structures))
        boxes = np.asarray([(bounds.low_mm, bounds.high_mm) for bounds in self._bounds])
        object.__setattr__(self, "_boxes", (boxes[:, 0], boxes[:, 1]))
        object.__setattr__(self, "_parts", tuple(parts_apart(s.solid) for s in self.structures))
        object.__setattr__(self, "fine", tuple(self._fine()))

    @property
    def tissues(self) -> tuple[Tissue, ...]:
        """The material of each label: air for 0, then the structures'."""
        return (AIR, *(s.tissue for s in self.structures))

    @property
    def bounds(self) -> Bounds:
        """The box along the axes, in the scanner, that holds all structures."""
        whole = self._bounds[0]
        for bounds in self._bounds[1:]:
            whole = whole.joined(bounds)
        return self.placement.box(whole)

    def _fine(self) -> Iterator[Fine]:
        """Boxes around what a coarse sampling would miss, small ones where a structure's parts lie apart."""
        for structure, boxes in zip(self.structures, self._parts, strict=True):
            if structure.fine_mm is not None:
                for bounds in boxes:
                    yield Fine(self.placement.box(bounds), structure.fine_mm)

    def labels(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Labels:
        """Which structure lies at each point.

        Args:
            x: mm to the patient's left.
            y: mm to posterior.
            z: mm to the head; the three broadcast against each other. A slice along the axes, x of shape
                (1, columns) and y of (rows, 1) ascending and z of (1, 1), is fast.

        Returns:
            0 for air, else 1 + the index of the structure, in the shape that the coordinates broadcast to.
        """
        x, y, z = self.placement.to_model(x, y, z)
        return self._model_labels(x, y, z)

    def _model_labels(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Labels:
        labels = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), dtype=np.uint8)
        # The last is painted first: of those before it only what it leaves free is looked at.
        if not along_axes(x, y, z):
            for tile in _tiles(labels.shape):
                points = (_cut(x, tile), _cut(y, tile), _cut(z, tile))
                if z.shape == labels.shape:
                    self._one_by_one(labels[tile], points)
                else:
                    self._together(labels[tile], points)
            return labels
        for number, rows, columns in self._windows(x[0], y[:, 0], float(z.item())):
            free = labels[rows, columns] == 0
            inside = holds(self.structures[number].solid, x[:, columns], y[rows], z, free)
            inside &= free
            np.copyto(labels[rows, columns], np.uint8(number + 1), where=inside)
        return labels

    def _near(self, box: Bounds) -> list[int]:
        """The structures whose boxes meet a box, the last first."""
        lows, highs = self._boxes
        met = (lows <= box.high_mm).all(axis=1) & (highs >= box.low_mm).all(axis=1)
        near: list[int] = np.flatnonzero(met)[::-1].tolist()
        return near

    def _together(self, labels: Labels, points: tuple[Coordinates, Coordinates, Coordinates]) -> None:
        """Label points of which each structure is asked for all: few numbers stand for many of them."""
        for number in self._near(box_of(*points)):
            free = labels == 0
            if not free.any():
                break
            free &= self.structures[number].solid.contains(*points)
            np.copyto(labels, np.uint8(number + 1), where=free)

    def _one_by_one(self, labels: Labels, points: tuple[Coordinates, Coordinates, Coordinates]) -> None:
        """Label points of which each structure is asked for those that the ones before it have left."""
        near = self._near(box_of(*points))
        if not near:
            return
        x, y, z = (np.broadcast_to(part, labels.shape).ravel() for part in points)
        found = np.zeros(labels.size, dtype=np.uint8)
        left: npt.NDArray[np.intp] | None = None  # all of them
        for number in near:
            inside = self.structures[number].solid.contains(x, y, z)
            taken = np.count_nonzero(inside)
            if not taken:
                continue
            found[inside if left is None else left[inside]] = number + 1
            if taken == inside.size:
                break
            kept = np.flatnonzero(~inside)
            left = kept if left is None else left.take(kept)
            x, y, z = x.take(kept), y.take(kept), z.take(kept)
        labels[...] = found.reshape(labels.shape)

    def _windows(self, x: Coordinates, y: Coordinates, height: float) -> Iterator[tuple[int, slice, slice]]:
        """The structures whose boxes a slice along the axes meets, the last first, and where."""
        lows, highs = self._boxes
        across = x.searchsorted(lows[:, 0]).tolist(), x.searchsorted(highs[:, 0]).tolist()
        down = y.searchsorted(lows[:, 1]).tolist(), y.searchsorted(highs[:, 1]).tolist()
        crossed = (lows[:, 2] <= height) & (highs[:, 2] >= height)
        for number in reversed(np.flatnonzero(crossed).tolist()):
            left, right, top, bottom = across[0][number], across[1][number], down[0][number], down[1][number]
            if left < right and top < bottom:
                yield number, slice(top, bottom), slice(left, right)

    def truth(self, *, kvp: float, field_strength_t: float) -> list[StructureTruth]:
        """What is where, as plain data.

        Args:
            kvp: tube voltage for the CT numbers, in kV.
            field_strength_t: magnetic field for the relaxation times, in tesla.

        Returns:
            A dictionary for each structure that has a ball. The volume is what later structures leave of it: by
            formula where nothing meets it, else counted on a grid of its box, to a few per cent.

        Raises:
            PhantomError: the voltage or the field lies outside the tables.
        """
        listed: list[StructureTruth] = []
        for number, structure in enumerate(self.structures, start=1):
            if structure.ball is None:
                continue
            volume = None if self._painted_over(number - 1) else structure.solid.volume_mm3
            if volume is None:
                volume = self._counted_volume(number - 1)
            (cx, cy, cz), radius = self.placement.ball(*structure.ball)
            listed.append(
                {
                    "name": structure.name,
                    "shape": structure.solid.shape,
                    "label": number,
                    "center_mm": [cx, cy, cz],
                    "radius_mm": radius,
                    "volume_mm3": round(volume * self.placement.volume_factor, 1 if volume > 1.0 else 6),
                    "properties": _properties(structure.tissue, kvp, field_strength_t),
                }
            )
        return listed

    def _painted_over(self, index: int) -> bool:
        mine = self._parts[index]
        return any(box.meets(part) for boxes in self._parts[index + 1 :] for box in boxes for part in mine)

    def _counted_volume(self, index: int) -> float:
        """Volume of the points that one structure keeps, in the model, counted in the boxes of its parts."""
        boxes = self._parts[index]
        return sum(self._counted_in(box, index, _COUNTED_POINTS / len(boxes)) for box in boxes)

    def _counted_in(self, box: Bounds, index: int, points: float) -> float:
        low, high = box.low_mm, box.high_mm
        share = math.prod(b - a for a, b in zip(low, high, strict=True)) / points
        step = max(_FINEST_MM, math.pow(share, 1.0 / 3.0))
        # Whole numbers of steps: a grid that overhangs the box would count the overhang.
        counts = [max(1, math.ceil(round((b - a) / step, 6))) for a, b in zip(low, high, strict=True)]
        axes = [a + (b - a) / count * (np.arange(count) + 0.5) for a, b, count in zip(low, high, counts, strict=True)]
        x, y = axes[0].reshape(1, -1), axes[1].reshape(-1, 1)
        over = [
            (later.solid, bounds)
            for later, bounds in zip(self.structures[index + 1 :], self._bounds[index + 1 :], strict=True)
            if bounds.meets(box)
        ]
        kept = 0
        for height in axes[2]:
            z = height.reshape(1, 1)
            mine = self.structures[index].solid.contains(x, y, z)
            for solid, bounds in over:
                place = window(bounds, x, y, z)
                if place is not None:
                    mine[place] &= ~solid.contains(x[:, place[1]], y[place[0]], z)
            kept += int(np.count_nonzero(mine))
        return kept * math.prod((b - a) / count for a, b, count in zip(low, high, counts, strict=True))


def _tiles(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Squares of an oblique slice or of several, so small that few structures meet each; other shapes stay whole."""
    if len(shape) not in (2, 3) or 0 in shape:
        if 0 not in shape:
            yield tuple(slice(None) for _ in shape)
        return
    *slices, rows, columns = shape
    for top in range(0, rows, _TILE):
        for left in range(0, columns, _TILE):
            yield (*(slice(None) for _ in slices), slice(top, top + _TILE), slice(left, left + _TILE))


def _cut(values: Coordinates, place: tuple[slice, ...]) -> Coordinates:
    """What of an array, which may broadcast, a tile needs."""
    if values.ndim != len(place):
        return values
    return values[tuple(part if size > 1 else slice(None) for part, size in zip(place, values.shape, strict=True))]


def _properties(tissue: Tissue, kvp: float, field_strength_t: float) -> Properties:
    relaxation = tissue.relaxation(field_strength_t)
    seen: Properties = {
        "HU": tissue.hu(kvp),
        "PD": tissue.pd,
        "T1_ms": relaxation.t1_ms,
        "T2_ms": relaxation.t2_ms,
        "ADC_mm2_per_s": adc_mm2_per_s(tissue),
    }
    if tissue.activity is not None:
        seen["activity_relative"] = tissue.activity
    return seen
