"""Solids made of solids: union, intersection, difference, and tubes along a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from phantoms.solids import Bounds, Capsule, Coordinates, Mask, Solid, Vector, along_axes, window


@dataclass(frozen=True, slots=True)
class Union:
    """What lies in any of the parts.

    Args:
        parts: the solids, at least one.
        shape: name for a truth document.
    """

    parts: tuple[Solid, ...]
    shape: str = "union"
    bounds: Bounds = field(init=False, repr=False)
    _part_bounds: tuple[Bounds, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        each = tuple(part.bounds for part in self.parts)
        total = each[0]
        for bounds in each[1:]:
            total = total.joined(bounds)
        object.__setattr__(self, "_part_bounds", each)
        object.__setattr__(self, "bounds", total)

    @property
    def volume_mm3(self) -> float | None:
        """Sum of the parts when no two of their boxes meet."""
        volumes = [part.volume_mm3 for part in self.parts]
        apart = not any(a.meets(b) for i, a in enumerate(self._part_bounds) for b in self._part_bounds[:i])
        if not apart:
            return None
        total = 0.0
        for volume in volumes:
            if volume is None:
                return None
            total += volume
        return total

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside a part; on a slice along the axes each part looks at its own window only."""
        inside = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), dtype=np.bool_)
        if not along_axes(x, y, z):
            for part in self.parts:
                inside |= part.contains(x, y, z)
            return inside
        for part, bounds in zip(self.parts, self._part_bounds, strict=True):
            place = window(bounds, x, y, z)
            if place is not None:
                rows, columns = place
                inside[place] |= part.contains(x[:, columns], y[rows], z)
        return inside


@dataclass(frozen=True, slots=True)
class Intersection:
    """What lies in both of two solids.

    Args:
        first: whose box bounds the whole.
        second: the other.
    """

    first: Solid
    second: Solid

    @property
    def shape(self) -> str:
        """Named after the first solid."""
        return self.first.shape

    @property
    def bounds(self) -> Bounds:
        """The box of the first."""
        return self.first.bounds

    @property
    def volume_mm3(self) -> None:
        """No formula."""
        return None

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie in both."""
        return self.first.contains(x, y, z) & self.second.contains(x, y, z)


@dataclass(frozen=True, slots=True)
class Difference:
    """What lies in one solid and not in another.

    Args:
        whole: what is cut.
        cut: what is taken away.
    """

    whole: Solid
    cut: Solid

    @property
    def shape(self) -> str:
        """Named after the whole."""
        return self.whole.shape

    @property
    def bounds(self) -> Bounds:
        """The box of the whole."""
        return self.whole.bounds

    @property
    def volume_mm3(self) -> None:
        """No formula."""
        return None

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie in the whole and not in the cut."""
        return self.whole.contains(x, y, z) & ~self.cut.contains(x, y, z)


def tube(path_mm: Sequence[Vector], radii_mm: Sequence[float] | float) -> Union:
    """A tube along a path.

    Args:
        path_mm: points of its axis.
        radii_mm: radius of each piece between two points, or one for all.

    Returns:
        Capsules, one for each piece.
    """
    pieces = len(path_mm) - 1
    radii = [radii_mm] * pieces if isinstance(radii_mm, float) else list(radii_mm)
    return Union(
        tuple(Capsule(a, b, r) for a, b, r in zip(path_mm[:-1], path_mm[1:], radii, strict=True)),
        shape="tube",
    )
