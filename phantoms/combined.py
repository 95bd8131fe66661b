"""Solids made of solids: union, intersection, difference, and tubes along a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from phantoms.solids import Bounds, Capsule, Coordinates, Mask, Solid, Vector, along_axes, box_of, window


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
    _lows: npt.NDArray[np.float64] = field(init=False, repr=False, compare=False)
    _highs: npt.NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        each = tuple(part.bounds for part in self.parts)
        total = each[0]
        for bounds in each[1:]:
            total = total.joined(bounds)
        object.__setattr__(self, "_part_bounds", each)
        object.__setattr__(self, "_lows", np.asarray([bounds.low_mm for bounds in each]))
        object.__setattr__(self, "_highs", np.asarray([bounds.high_mm for bounds in each]))
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

    def _near(self, box: Bounds) -> list[int]:
        """Which parts' boxes meet a box."""
        meet = (self._lows <= np.asarray(box.high_mm)) & (self._highs >= np.asarray(box.low_mm))
        near: list[int] = np.flatnonzero(meet.all(axis=1)).tolist()
        return near

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside a part; only parts near them are asked, along the axes in their windows."""
        inside = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), dtype=np.bool_)
        if not inside.size:
            return inside
        near = self._near(box_of(x, y, z))
        if not along_axes(x, y, z):
            for number in near:
                inside |= self.parts[number].contains(x, y, z)
            return inside
        for number in near:
            place = window(self._part_bounds[number], x, y, z)
            if place is not None:
                rows, columns = place
                inside[place] |= self.parts[number].contains(x[:, columns], y[rows], z)
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


def parts_apart(solid: Solid) -> tuple[Bounds, ...]:
    """The boxes of a union's parts, those that meet joined; of any other solid its own box."""
    if not isinstance(solid, Union):
        return (solid.bounds,)
    apart: list[Bounds] = []
    for part in solid.parts:
        box = part.bounds
        while meeting := [one for one in apart if one.meets(box)]:
            for other in meeting:
                apart.remove(other)
                box = box.joined(other)
        apart.append(box)
    return tuple(apart)
