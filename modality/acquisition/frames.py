"""What an acquisition yields: one slice at a time, so that a long series never stands in memory whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from modality.acquisition.geometry import Geometry
from phantoms.phantom import Phantom

Pixels = npt.NDArray[np.int16] | npt.NDArray[np.uint16] | npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One slice as it leaves the reconstruction.

    Args:
        index: place in the stack, from 0.
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
    def phantom_name(self) -> str:
        """Name of what was scanned, as the table of phantoms has it."""

    @property
    def body_part(self) -> str:
        """Body Part Examined (PS3.16 annex L), or PHANTOM."""

    def __len__(self) -> int:
        """Number of slices."""

    def frame(self, index: int) -> Frame:
        """Slice `index`; the same bytes each time it is asked for, alone or in order."""

    def __iter__(self) -> Iterator[Frame]:
        """The slices in order."""
