"""A scan whose pictures are slices: CT, MR, PET."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.acquisition.geometry import Geometry
from modality.acquisition.sights.sight import Circle, Sight
from modality.acquisition.truth import truth
from phantoms.phantom import StructureTruth


@dataclass(frozen=True)
class Slices(Sight):
    """The first stack of a scan.

    Args:
        scan: an acquisition.
    """

    scan: Any

    @property
    def pictures(self) -> int:
        """How many slices there are."""
        return self._geometry.slices

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._geometry.rows, self._geometry.columns

    @property
    def bits(self) -> int:
        """Bits of a stored value."""
        return int(self.scan.protocol.bits_stored)

    @property
    def structures(self) -> list[StructureTruth]:
        """What was scanned, with what the scan's kind knows of it."""
        return truth(self.scan)["structures"]

    @property
    def _geometry(self) -> Geometry:
        geometry: Geometry = self.scan.geometry
        return geometry

    def picture_of(self, structure: StructureTruth) -> int | None:
        """The slice that is nearest to a structure's middle; None where the scan does not reach it."""
        geometry, centre = self._geometry, structure["center_mm"]

        def away_mm(index: int) -> float:
            place = geometry.position_mm(index)
            pairs = zip(geometry.normal, centre, place, strict=True)
            return abs(sum(axis * (at - of) for axis, at, of in pairs))

        nearest = min(range(geometry.slices), key=away_mm)
        reach = max(structure["radius_mm"], self.scan.protocol.slice_thickness_mm)
        return nearest if away_mm(nearest) <= reach else None

    def circle(self, structure: StructureTruth) -> Circle:
        """The section of a structure's ball."""
        geometry = self._geometry
        index = self.picture_of(structure)
        assert index is not None
        away = [at - of for at, of in zip(structure["center_mm"], geometry.position_mm(index), strict=True)]

        def along(direction: tuple[float, float, float]) -> float:
            return sum(one * axis for one, axis in zip(away, direction, strict=True))

        radius_mm = math.sqrt(max(0.0, structure["radius_mm"] ** 2 - along(geometry.normal) ** 2))
        column = along(geometry.row_direction) / geometry.column_spacing_mm + 0.5
        row = along(geometry.column_direction) / geometry.row_spacing_mm + 0.5
        edge = column + radius_mm / geometry.column_spacing_mm
        inside = 0 <= row <= geometry.rows and 0 <= column < edge <= geometry.columns
        return Circle(index, row, column, edge, radius_mm, inside)

    def pixels(self, index: int) -> npt.NDArray[np.generic]:
        """A slice."""
        pixels: npt.NDArray[np.generic] = self.scan.frame(index).pixels
        return pixels
