"""Solids made of solids: union, intersection, difference, and tubes along a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from phantoms.lofts import Folded, Warped
from phantoms.slices.capsules import Capsules
from phantoms.slices.levels import Levelled
from phantoms.solids import Bounds, Capsule, Coordinates, Mask, Solid, Vector, along_axes, box_of, rotation, window

_FEWEST_TOGETHER = 3  # capsules: fewer are asked one by one


def holds(solid: Solid, x: Coordinates, y: Coordinates, z: Coordinates, wanted: Mask | None) -> Mask:
    """Whether points lie inside a solid.

    Args:
        solid: where they may lie.
        x: mm to the patient's left.
        y: mm to posterior.
        z: mm to the head.
        wanted: points whose answer counts, which spares work on a slice along the axes; None for all.
    """
    if isinstance(solid, (Warped, Folded, Intersection, Difference)):
        return solid.contains(x, y, z, wanted)
    return solid.contains(x, y, z)


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
    _capsules: tuple[Capsules, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        each = tuple(part.bounds for part in self.parts)
        total = each[0]
        for bounds in each[1:]:
            total = total.joined(bounds)
        object.__setattr__(self, "_part_bounds", each)
        object.__setattr__(self, "_lows", np.asarray([bounds.low_mm for bounds in each]))
        object.__setattr__(self, "_highs", np.asarray([bounds.high_mm for bounds in each]))
        object.__setattr__(self, "bounds", total)
        object.__setattr__(self, "_capsules", _as_columns(self.parts))

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
        if not along_axes(x, y, z):
            for number in self._near(box_of(x, y, z)):
                inside |= self.parts[number].contains(x, y, z)
            return inside
        height = float(z.item())
        near = self._near(Bounds((float(x[0, 0]), float(y[0, 0]), height), (float(x[0, -1]), float(y[-1, 0]), height)))
        capsules, row_of = self._capsules
        together = [row_of[number] for number in near if row_of[number] >= 0]
        if len(together) >= _FEWEST_TOGETHER:
            inside.ravel()[capsules.inside(together, x[0], y[:, 0], height)] = True
            near = [number for number in near if row_of[number] < 0]
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

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates, wanted: Mask | None = None) -> Mask:
        """Whether the points lie in both; see `holds`."""
        inside = holds(self.first, x, y, z, wanted)
        inside &= holds(self.second, x, y, z, wanted)
        return inside


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

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates, wanted: Mask | None = None) -> Mask:
        """Whether the points lie in the whole and not in the cut; see `holds`."""
        inside = holds(self.whole, x, y, z, wanted)
        inside &= ~holds(self.cut, x, y, z, wanted)
        return inside


def _as_columns(parts: tuple[Solid, ...]) -> tuple[Capsules, tuple[int, ...]]:
    """The capsules among some solids, and of each solid which of them it is, or -1."""
    capsules = [part for part in parts if isinstance(part, Capsule)]
    starts = np.asarray([one.start_mm for one in capsules], dtype=np.float64).reshape(-1, 3)
    ends = np.asarray([one.end_mm for one in capsules], dtype=np.float64).reshape(-1, 3)
    columns = Capsules(starts, ends - starts, np.asarray([one.radius_mm for one in capsules], dtype=np.float64))
    numbers = iter(range(len(capsules)))
    return columns, tuple(next(numbers) if isinstance(part, Capsule) else -1 for part in parts)


@dataclass(frozen=True, slots=True)
class Turned:
    """A levelled solid turned about the origin of its own coordinates and moved.

    Args:
        base: the solid about the origin.
        center_mm: where the origin comes to lie.
        turn_deg: angles about x, y and z, in this order.
    """

    base: Levelled
    center_mm: Vector
    turn_deg: Vector

    @property
    def shape(self) -> str:
        """Named after the base."""
        return self.base.shape

    @property
    def bounds(self) -> Bounds:
        """The box of the base's turned box."""
        axes = rotation(self.turn_deg)
        box = self.base.bounds
        reach = []
        for place, center in enumerate(self.center_mm):
            ends = [
                sorted((low * axis[place], high * axis[place]))
                for low, high, axis in zip(box.low_mm, box.high_mm, axes, strict=True)
            ]
            reach.append((center + sum(end[0] for end in ends), center + sum(end[1] for end in ends)))
        return Bounds((reach[0][0], reach[1][0], reach[2][0]), (reach[0][1], reach[1][1], reach[2][1]))

    @property
    def volume_mm3(self) -> float | None:
        """That of the base."""
        return self.base.volume_mm3

    def _own(self, x: Coordinates, y: Coordinates, z: Coordinates) -> tuple[Coordinates, Coordinates, Coordinates]:
        """The points in the base's coordinates, as small as the turn allows."""
        away = [value - center for value, center in zip((x, y, z), self.center_mm, strict=True)]

        def along(axis: Vector) -> Coordinates:
            terms = [part * share for part, share in zip(away, axis, strict=True) if share]
            return sum(terms[1:], start=terms[0])

        first, second, third = (along(axis) for axis in rotation(self.turn_deg))
        return first, second, third

    def level(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Coordinates:
        """The base's level."""
        return self.base.level(*self._own(x, y, z))

    def below(self, x: Coordinates, y: Coordinates, z: Coordinates, limit: float) -> Mask:
        """Whether the level of points on a slice along the axes is at most `limit`."""
        inside: Mask = self.level(x, y, z) <= limit
        return inside

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        inside: Mask = self.base.level(*self._own(x, y, z)) <= 1.0
        return inside


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
