"""What an acquisition yields: one slice at a time, so that a long series never stands in memory whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from modality.acquisition.geometry import Geometry
from phantoms.phantom import Phantom

Pixels = npt.NDArray[np.int16] | npt.NDArray[np.uint16] | npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image as it leaves the reconstruction.

    Args:
        index: place in the series, from 0.
        pixels: stored values, shape (rows, columns).
    """

    index: int
    pixels: Pixels


class Acquisition(Protocol):
    """A scan of a phantom: what was set, where it lies, and the slices, each computed when asked for."""

    @property
    def phantom(self) -> Phantom:
        """What is scanned."""

    @property
    def seed(self) -> int:
        """What the noise is drawn from."""

    @property
    def geometry(self) -> Geometry:
        """The grid of the slices."""

    @property
    def protocol(self) -> Any:
        """What was set: the kind's own frozen dataclass."""

    @property
    def body_part(self) -> str:
        """Body Part Examined (PS3.16 annex L), or PHANTOM."""

    def __len__(self) -> int:
        """Number of slices."""

    def frame(self, index: int) -> Frame:
        """Slice `index`; the same bytes each time it is asked for, alone or in order."""

    @property
    def stacks(self) -> tuple[Geometry, ...]:
        """The stacks of slices, `geometry` the first; most scans have one."""

    def stack_of(self, index: int) -> int:
        """Which of the stacks image `index` belongs to."""

    def slice_of(self, index: int) -> int:
        """Place in its stack of image `index`; its own number where there is one stack and a slice has one image."""

    def properties(self, label: int) -> Mapping[str, float]:
        """What the scan adds to the truth about a structure, such as its uptake of an agent."""

    def __iter__(self) -> Iterator[Frame]:
        """The slices in order."""


Settings = TypeVar("Settings")


@dataclass(frozen=True, eq=False)
class SliceBySlice(ABC, Generic[Settings]):
    """A scan whose slices are computed one by one, each when asked for.

    Args:
        phantom: what is scanned.
        protocol: what was set.
        geometry: the grid of the slices.
        seed: of the noise.
    """

    phantom: Phantom
    protocol: Settings
    geometry: Geometry
    seed: int

    @property
    def body_part(self) -> str:
        """Body Part Examined."""
        return self.phantom.body_part

    def __len__(self) -> int:
        return self.geometry.slices

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def frame(self, index: int) -> Frame:
        """Slice `index`: stored values of shape (rows, columns).

        Raises:
            IndexError: there is no such slice.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        return Frame(index, self._pixels(index))

    @property
    def stacks(self) -> tuple[Geometry, ...]:
        """The stacks of slices."""
        return (self.geometry,)

    def stack_of(self, index: int) -> int:  # noqa: ARG002 - there is one
        """Which of the stacks image `index` belongs to."""
        return 0

    def slice_of(self, index: int) -> int:
        """Place in its stack of image `index`."""
        return index

    def properties(self, label: int) -> Mapping[str, float]:  # noqa: ARG002 - nothing in general
        """What the scan adds to the truth about a structure."""
        return {}

    @abstractmethod
    def _pixels(self, index: int) -> Pixels:
        """Stored values of image `index`, which is there."""
