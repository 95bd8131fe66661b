"""A phantom: structures painted one over the other, and the truth about them as plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from phantoms.errors import PhantomError
from phantoms.placement import IDENTITY, Placement
from phantoms.solids import Bounds, Coordinates, Solid, Vector, along_axes, window
from phantoms.tissues import TISSUES, Tissue

Labels = npt.NDArray[np.uint8]

AIR = TISSUES["air"]
_COUNTED_POINTS, _FINEST_MM = 15_000, 0.5
_MOST_STRUCTURES = 255


class Properties(TypedDict):
    """What a scanner would see of a structure."""

    HU: float
    PD: float
    T1_ms: float
    T2_ms: float


class StructureTruth(TypedDict):
    """A structure as a truth document lists it."""

    name: str
    shape: str
    label: int
    center_mm: list[float]
    radius_mm: float
    volume_mm3: float
    properties: Properties


@dataclass(frozen=True, slots=True)
class Structure:
    """A part of a phantom.

    Args:
        name: what it is called in a truth document.
        solid: where it is; what later structures paint over does not belong to it.
        tissue: what it is made of.
        ball: centre and radius in mm of a ball that lies wholly inside it and under no later structure; None for
            what has no room for one (skin, cortex), which a truth document then does not list.
    """

    name: str
    solid: Solid
    tissue: Tissue
    ball: tuple[Vector, float] | None = None


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
    """

    name: str
    body_part: str
    structures: tuple[Structure, ...]
    scan_range_mm: tuple[float, float]
    field_of_view_mm: float
    seed: int = 0
    placement: Placement = IDENTITY
    _bounds: tuple[Bounds, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.structures) <= _MOST_STRUCTURES:
            raise PhantomError(f"phantom {self.name}: {len(self.structures)} structures, at most {_MOST_STRUCTURES}")
        object.__setattr__(self, "_bounds", tuple(s.solid.bounds for s in self.structures))

    @property
    def tissues(self) -> tuple[Tissue, ...]:
        """The material of each label: air for 0, then the structures'."""
        return (AIR, *(s.tissue for s in self.structures))

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
        if not along_axes(x, y, z):
            for number, structure in enumerate(self.structures, start=1):
                np.copyto(labels, np.uint8(number), where=structure.solid.contains(x, y, z))
            return labels
        for number, (structure, bounds) in enumerate(zip(self.structures, self._bounds, strict=True), start=1):
            place = window(bounds, x, y, z)
            if place is not None:
                rows, columns = place
                inside = structure.solid.contains(x[:, columns], y[rows], z)
                np.copyto(labels[place], np.uint8(number), where=inside)
        return labels

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
            relaxation = structure.tissue.relaxation(field_strength_t)
            listed.append(
                {
                    "name": structure.name,
                    "shape": structure.solid.shape,
                    "label": number,
                    "center_mm": [cx, cy, cz],
                    "radius_mm": radius,
                    "volume_mm3": round(volume * self.placement.volume_factor, 1),
                    "properties": {
                        "HU": structure.tissue.hu(kvp),
                        "PD": structure.tissue.pd,
                        "T1_ms": relaxation.t1_ms,
                        "T2_ms": relaxation.t2_ms,
                    },
                }
            )
        return listed

    def _painted_over(self, index: int) -> bool:
        return any(later.meets(self._bounds[index]) for later in self._bounds[index + 1 :])

    def _counted_volume(self, index: int) -> float:
        """Volume of the points that one structure keeps, in the model, counted in its box."""
        low, high = self._bounds[index].low_mm, self._bounds[index].high_mm
        share = math.prod(b - a for a, b in zip(low, high, strict=True)) / _COUNTED_POINTS
        step = max(_FINEST_MM, round(math.pow(share, 1.0 / 3.0), 1))
        axes = [np.arange(a + step / 2, b + step / 2, step) for a, b in zip(low, high, strict=True)]
        x, y = axes[0].reshape(1, -1), axes[1].reshape(-1, 1)
        over = [
            (later.solid, bounds)
            for later, bounds in zip(self.structures[index + 1 :], self._bounds[index + 1 :], strict=True)
            if bounds.meets(self._bounds[index])
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
        return float(kept * step * step * step)
