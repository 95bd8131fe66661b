"""A scan as pictures in which structures are seen."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phantoms.phantom import StructureTruth


@dataclass(frozen=True, slots=True)
class Circle:
    """A ball of the truth's as a picture shows it: its section, or its shadow.

    Args:
        index: the picture, from 0.
        row: of its middle, counted from the outer corner of the first pixel (PS3.3 C.18.6.1.2).
        column: likewise.
        edge: column of its point farthest along the row.
        radius_mm: in the patient.
        inside: the picture shows it whole as far as its rows reach: middle, and edge.
        magnification: of a shadow; 1 of a section.
    """

    index: int
    row: float
    column: float
    edge: float
    radius_mm: float
    inside: bool
    magnification: float = 1.0

    @property
    def area_mm2(self) -> float:
        """Its area, in the patient."""
        return round(math.pi * self.radius_mm**2, 2)


class Place(NamedTuple):
    """Where a picture is kept.

    Args:
        instance: of the series, from 0, as its SOP Instance UID is drawn.
        number: Instance Number.
        frame: of a multi-frame instance, from 1; None of a single-frame one.
    """

    instance: int
    number: int
    frame: int | None = None


class Sight(ABC):
    """The pictures of a scan."""

    word: str = "image"
    """What people call one."""

    @property
    @abstractmethod
    def pictures(self) -> int:
        """How many there are."""

    @property
    @abstractmethod
    def size(self) -> tuple[int, int]:
        """Rows and columns of each."""

    @property
    @abstractmethod
    def bits(self) -> int:
        """Bits of a pixel."""

    @property
    @abstractmethod
    def structures(self) -> list[StructureTruth]:
        """The truth's, in its order."""

    @abstractmethod
    def picture_of(self, structure: StructureTruth) -> int | None:
        """The picture that shows a structure best, from 0; None where none does."""

    @abstractmethod
    def circle(self, structure: StructureTruth) -> Circle:
        """A structure that a picture shows."""

    @abstractmethod
    def pixels(self, index: int) -> npt.NDArray[np.generic]:
        """A picture: stored values, shape (rows, columns)."""

    def place(self, index: int) -> Place:
        """Where a picture is kept: by default each in an instance of its own."""
        return Place(index, index + 1)
