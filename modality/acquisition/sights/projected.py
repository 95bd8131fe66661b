"""Scans whose pictures are frames of ultrasound, or radiographs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition.radiography.cone import seen_structures
from modality.acquisition.radiography.radiograph import PRESENTATION, PROCESSING, Exposure
from modality.acquisition.sights.sight import Circle, Place, Sight
from modality.acquisition.ultrasound.known import balls
from modality.acquisition.ultrasound.sonogram import PALETTE, Sonogram
from phantoms.phantom import StructureTruth

_KVP, _FIELD_T = 120.0, 1.5  # of CT numbers and relaxation times, which no sonogram shows
_LEAST_KVP, _MOST_KVP = 70.0, 150.0  # of those that CT numbers are known at


@dataclass(frozen=True)
class Sonograms(Sight):
    """The frames of an examination, in one instance.

    Args:
        scan: the examination.
    """

    scan: Sonogram
    word = "frame"

    @property
    def pictures(self) -> int:
        """How many frames there are."""
        return len(self.scan)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.scan.screen.rows, self.scan.screen.columns

    @property
    def bits(self) -> int:
        """Bits of a sample."""
        return self.scan.protocol.bits_stored

    @cached_property
    def structures(self) -> list[StructureTruth]:
        """What was scanned."""
        return self.scan.phantom.truth(kvp=_KVP, field_strength_t=_FIELD_T)

    @cached_property
    def _circles(self) -> dict[int, Circle]:
        """Of each structure that a frame shows, by its label, in the frame that comes nearest to its middle."""
        screen, found = self.scan.screen, {}
        for one in balls(self.scan):
            if not one["in_picture"]:
                continue
            row, column, reach = one["row"], one["column"], one["section_radius_mm"] / screen.pitch_mm
            ends = [(row, column - reach), (row, column + reach), (row - reach, column), (row + reach, column)]
            found[one["label"]] = Circle(
                one["frame"] - 1,
                row + 0.5,
                column + 0.5,
                column + 0.5 + reach,
                one["section_radius_mm"],
                all(self._shows(*end) for end in ends),
            )
        return found

    def _shows(self, row: float, column: float) -> bool:
        screen = self.scan.screen
        at = round(row), round(column)
        return 0 <= at[0] < screen.rows and 0 <= at[1] < screen.columns and bool(screen.seen[at])

    def picture_of(self, structure: StructureTruth) -> int | None:
        """The frame that comes nearest to a structure's middle; None where none passes its ball."""
        found = self._circles.get(structure["label"])
        return found.index if found else None

    def circle(self, structure: StructureTruth) -> Circle:
        """The section of a structure's ball."""
        return self._circles[structure["label"]]

    def pixels(self, index: int) -> npt.NDArray[np.generic]:
        """A frame in grey, 8 bits; colours as bright as their mean."""
        pixels = self.scan.frame(index).pixels
        coloured = self.scan.table[pixels] if self.scan.protocol.photometric == PALETTE else pixels
        if coloured.ndim == 2:
            return coloured
        grey: npt.NDArray[np.uint8] = (coloured.sum(axis=2, dtype=np.uint16) // 3).astype(np.uint8)
        return grey

    def place(self, index: int) -> Place:
        """A frame of the one instance."""
        return Place(0, 1, index + 1 if len(self.scan) > 1 else None)


@dataclass(frozen=True)
class Exposures(Sight):
    """The image that people look at of an exposure; the raw one where it is alone.

    Args:
        scan: the exposure.
    """

    scan: Exposure

    @property
    def pictures(self) -> int:
        """One."""
        return 1

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.scan.cone.rows, self.scan.cone.columns

    @property
    def bits(self) -> int:
        """Bits of a stored value."""
        return self.scan.bits_of(self.intent)

    @cached_property
    def structures(self) -> list[StructureTruth]:
        """What was in the beam."""
        kvp = min(max(self.scan.protocol.tube.kvp, _LEAST_KVP), _MOST_KVP)
        return self.scan.phantom.truth(kvp=kvp, field_strength_t=_FIELD_T)

    @cached_property
    def _circles(self) -> dict[int, Circle]:
        cone, found = self.scan.cone, {}
        for one in seen_structures(self.scan.phantom, cone, self.scan.protocol.tube.kvp):
            reach = one["radius_mm"] * one["magnification"] / cone.pitch_mm
            row, column = one["row"] + 0.5, one["column"] + 0.5
            inside = reach <= row <= cone.rows - reach and reach <= column <= cone.columns - reach
            found[one["label"]] = Circle(0, row, column, column + reach, one["radius_mm"], inside, one["magnification"])
        return found

    def picture_of(self, structure: StructureTruth) -> int | None:
        """The image; None where a structure's middle is beside the field."""
        found = self._circles[structure["label"]]
        rows, columns = self.size
        return 0 if 0.0 <= found.row <= rows and 0.0 <= found.column <= columns else None

    def circle(self, structure: StructureTruth) -> Circle:
        """The shadow of a structure's ball."""
        return self._circles[structure["label"]]

    @property
    def intent(self) -> int:
        """Which image of the exposure it is, from 0."""
        intents = self.scan.intents
        return intents.index(PRESENTATION) if PRESENTATION in intents else 0

    def pixels(self, index: int) -> npt.NDArray[np.generic]:  # noqa: ARG002 - there is one
        """The image, air black; a raw one's values turned round for that."""
        pixels: npt.NDArray[np.generic] = self.scan.frame(self.intent).pixels
        if self.scan.intents[self.intent] != PROCESSING:
            return pixels
        turned: npt.NDArray[np.uint16] = ((1 << self.bits) - 1 - pixels.astype(np.int64)).astype(np.uint16)
        return turned

    def place(self, index: int) -> Place:  # noqa: ARG002 - there is one
        """The image's instance."""
        return Place(self.intent, self.intent + 1)
