"""Images without noise, kept for the next scan of the same phantom: a load test scans one individual again and again.

What is drawn for a first scan is let go; from the second one on it is kept, in whole fractions of a stored value, where
the phantom is and within a bound of memory. An image is the same whether it was kept or drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from modality.acquisition.geometry import Geometry
from phantoms.phantom import Phantom

Whole = npt.NDArray[np.int16] | npt.NDArray[np.int32]

MOST_BYTES = 192 << 20
"""What all kept images take at most: our choice; 1500 thin slices of a thorax take 140 MB."""

_MOST_PHANTOMS = 16  # of each there are images and diameters
_SPARE = 2  # pixels: sample points lie off the centres, and a point spread is cut to whole pixels
_REACH = 32000.0  # of 16 bits
_FINE, _FINEST = 4.0, 64.0  # steps of a stored value: least in 16 bits, and those in 32 bits


@dataclass(eq=False, slots=True)
class Kept:
    """The images of one phantom on one grid.

    Args:
        phantom: what was scanned.
        setting: all else that an image depends on.
        scans: how often it was scanned.
    """

    phantom: Phantom
    setting: Hashable
    scans: int = 0
    _images: dict[Hashable, Whole] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(image.nbytes for image in self._images.values())

    def image(self, key: Hashable, draw: Callable[[], Whole]) -> Whole:
        """An image, drawn unless it was kept.

        Args:
            key: which.
            draw: makes it.
        """
        kept = self._images.get(key)
        if kept is None:
            kept = draw()
            if self.scans > 1 and _room_for(self, kept.nbytes):
                self._images[key] = kept
        return kept


_ALL: list[Kept] = []  # the one scanned last comes last


def _room_for(one: Kept, size: int) -> bool:
    """Whether so many bytes fit in; what other phantoms have, those not scanned for longest first, makes room."""
    taken = sum(other.size for other in _ALL if other is not one)
    while taken + one.size + size > MOST_BYTES and _ALL and _ALL[0] is not one:
        taken -= _ALL.pop(0).size
    return taken + one.size + size <= MOST_BYTES


def begun(phantom: Phantom, setting: Hashable) -> Kept:
    """A scan begins: what earlier ones of an equal phantom in the same setting have left.

    Args:
        phantom: what is scanned.
        setting: all else that an image depends on.
    """
    found = next((one for one in _ALL if one.setting == setting and one.phantom == phantom), None)
    if found is None:
        found = Kept(phantom, setting)
    else:
        _ALL.remove(found)
    _ALL.append(found)
    del _ALL[:-_MOST_PHANTOMS]
    found.scans += 1
    return found


def steps(largest: float) -> tuple[type[np.int16] | type[np.int32], float]:
    """How finely an image is kept: the type, and how many steps a stored value has.

    Args:
        largest: greatest magnitude of a value.
    """
    if largest * _FINE >= _REACH:
        return np.int32, _FINEST
    count = _FINE
    while largest * count * 2 < _REACH:
        count *= 2
    return np.int16, count


def cropped(phantom: Phantom, geometry: Geometry, beyond_mm: float) -> tuple[slice, slice]:
    """Rows and columns of a stack of slices that the phantom reaches.

    Args:
        phantom: what is scanned.
        geometry: the grid of the slices, which may lie askew.
        beyond_mm: how far an image shows it beyond its bounds.
    """
    low, high = phantom.bounds.low_mm, phantom.bounds.high_mm
    found = []
    for direction, spacing, count in (
        (geometry.column_direction, geometry.row_spacing_mm, geometry.rows),
        (geometry.row_direction, geometry.column_spacing_mm, geometry.columns),
    ):
        # The first pixels lie on a line, along which the slices step.
        starts = [
            sum(p * d for p, d in zip(geometry.position_mm(index), direction, strict=True))
            for index in (0, geometry.slices - 1)
        ]
        ends = [sorted((a * d, b * d)) for a, b, d in zip(low, high, direction, strict=True)]
        first = sum(end[0] for end in ends) - max(starts) - beyond_mm
        last = sum(end[1] for end in ends) - min(starts) + beyond_mm
        start = min(max(int(first // spacing) - _SPARE, 0), count)
        found.append(slice(start, max(start, min(count, int(last // spacing) + 2 + _SPARE))))
    return found[0], found[1]
