"""Where a ray of a cone beam goes: source, isocentre, detector, and where a point of the patient is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from phantoms.phantom import Phantom

Vector = tuple[float, float, float]

_FIELD_T = 1.5  # of relaxation times, which nobody asks for
_DIGITS = 12  # cosines rounded so that no two mathematical libraries differ


class Seen(NamedTuple):
    """Where a point is on the detector.

    Args:
        row: of the pixels, from 0 at the middle of the first.
        column: likewise.
        across_mm: along the rows from the middle of the detector.
        down_mm: along the columns from there.
        magnification: of what is small and lies there.
    """

    row: float
    column: float
    across_mm: float
    down_mm: float
    magnification: float


@dataclass(frozen=True)
class Cone:
    """A flat detector that a central ray meets at right angles.

    Args:
        center_mm: the isocentre in the patient (LPS), which the central ray passes.
        source_mm: distance of the focal spot from the isocentre (SOD).
        detector_mm: distance of the focal spot from the detector (SID).
        rows: of the detector.
        columns: of the detector.
        pitch_mm: side of its square pixels.
        primary_deg: turn of the detector about the patient's long axis, from his front (0) to his left (90), as
            Positioner Primary Angle has it (PS3.3 C.8.7.5.1.2).
        secondary_deg: from there towards the head, as Positioner Secondary Angle has it.
        mirrored: columns run the other way: an image taken from behind, hung as one from the front.
        vertical: the central ray runs from the head to the feet, and both angles are 0: a mammograph's. Columns then
            run to the front, or to the back where mirrored, and rows from the patient's left to his right, or back.
        offset_mm: place of the detector's middle, across and down from the central ray.
    """

    center_mm: Vector
    source_mm: float
    detector_mm: float
    rows: int
    columns: int
    pitch_mm: float
    primary_deg: float = 0.0
    secondary_deg: float = 0.0
    mirrored: bool = False
    vertical: bool = False
    offset_mm: tuple[float, float] = (0.0, 0.0)

    @cached_property
    def axes(self) -> tuple[Vector, Vector, Vector]:
        """Unit vectors along increasing columns, along increasing rows, and from the source to the detector."""
        side = -1.0 if self.mirrored else 1.0
        if self.vertical:
            return (0.0, -side, 0.0), (-side, 0.0, 0.0), (0.0, 0.0, -1.0)
        (a, b), (c, d) = self.turns
        return (side * a, side * b, 0.0), (d * b, -d * a, -c), (c * b, -c * a, d)

    @cached_property
    def turns(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Cosine and sine of the primary and the secondary angle."""
        one, other = math.radians(self.primary_deg), math.radians(self.secondary_deg)
        return (
            (round(math.cos(one), _DIGITS), round(math.sin(one), _DIGITS)),
            (round(math.cos(other), _DIGITS), round(math.sin(other), _DIGITS)),
        )

    @property
    def places(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Middles of the columns and of the rows from the central ray, in mm."""
        across, down = self.offset_mm
        columns, rows = (
            np.asarray((np.arange(count) - (count - 1) / 2.0) * self.pitch_mm + offset, dtype=np.float64)
            for count, offset in ((self.columns, across), (self.rows, down))
        )
        return columns, rows

    @property
    def magnification(self) -> float:
        """Of what lies at the isocentre: SID over SOD."""
        return self.detector_mm / self.source_mm

    def seen(self, point_mm: Vector) -> Seen:
        """Where a point of the patient is seen.

        Args:
            point_mm: LPS.
        """
        offset = [p - c for p, c in zip(point_mm, self.center_mm, strict=True)]
        across, down, along = (sum(a * o for a, o in zip(axis, offset, strict=True)) for axis in self.axes)
        magnification = self.detector_mm / (self.source_mm + along)
        u, v = magnification * across - self.offset_mm[0], magnification * down - self.offset_mm[1]
        return Seen(
            round(v / self.pitch_mm + (self.rows - 1) / 2.0, 3),
            round(u / self.pitch_mm + (self.columns - 1) / 2.0, 3),
            round(u, 3),
            round(v, 3),
            round(magnification, 5),
        )


def seen_structures(phantom: Phantom, cone: Cone, kvp: float) -> list[dict[str, Any]]:
    """The structures that a phantom lists, each with its place on the detector.

    Args:
        phantom: what is in the beam.
        cone: the beam.
        kvp: tube voltage in kV; CT numbers are those of the nearest voltage of a CT scanner.

    Returns:
        For each structure its name, label, place in the patient (LPS, mm) and size; `row` and `column` of its centre,
        from 0 at the middle of the first pixel, `detector_mm` across and down from the detector's middle, and its
        magnification; whether it is `in_field`.
    """
    found = []
    for one in phantom.truth(kvp=min(max(kvp, 70.0), 150.0), field_strength_t=_FIELD_T):
        x, y, z = one["center_mm"]
        seen = cone.seen((x, y, z))
        inside = 0.0 <= seen.row <= cone.rows - 1 and 0.0 <= seen.column <= cone.columns - 1
        found.append(
            {
                "name": one["name"],
                "shape": one["shape"],
                "label": one["label"],
                "center_mm": one["center_mm"],
                "radius_mm": one["radius_mm"],
                "volume_mm3": one["volume_mm3"],
                "properties": {"HU": one["properties"]["HU"]},
                "row": seen.row,
                "column": seen.column,
                "detector_mm": [seen.across_mm, seen.down_mm],
                "magnification": seen.magnification,
                "in_field": inside,
            }
        )
    return found
