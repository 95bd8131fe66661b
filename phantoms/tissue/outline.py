"""Star-shaped outlines: a radius for each direction from a centre. Sections, holes, folds, regions and glands are such.

Directions are counted by the diamond angle, y / (|x| + |y|) within each quadrant, so no trigonometry touches an array.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from phantoms.errors import PhantomError
from phantoms.tissue.chance import Floats, shares

Mask = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]
"""Least x, least y, greatest x, greatest y, in um."""

INSIDE, OUTSIDE, MIXED = "inside", "outside", "mixed"
_FULL_TURN = 4.0


def diamond_angle(x: Floats, y: Floats) -> Floats:
    """Direction of a vector, in [0, 4): 0 along x, 1 along y; grows with the angle, not in proportion."""
    length = np.abs(x) + np.abs(y)
    slope = x / np.where(length == 0.0, 1.0, length)
    angle: Floats = np.where(y >= 0.0, 1.0 - slope, 3.0 + slope)
    return np.where(angle >= _FULL_TURN, 0.0, angle)


def direction(angle: float) -> tuple[float, float]:
    """The unit vector of a diamond angle."""
    angle %= _FULL_TURN
    x = 1.0 - angle if angle < 2.0 else angle - 3.0
    y = (1.0 - abs(x)) * (1.0 if angle < 2.0 else -1.0)
    length = math.sqrt(x * x + y * y)
    return x / length, y / length


def rough_radii(stream: int, count: int, waves: Sequence[tuple[int, float]]) -> Floats:
    """Relative radii about 1 for `count` directions.

    Args:
        stream: the source of chance.
        count: how many directions.
        waves: pairs of a number of bumps around the turn and their amplitude.
    """
    angle = np.arange(count) / count
    total = np.ones(count)
    for index, (bumps, amplitude) in enumerate(waves):
        at = angle * bumps
        low = np.floor(at)
        t = at - low
        lattice = low.astype(np.int64)
        before, after = shares(stream, index, lattice % bumps), shares(stream, index, (lattice + 1) % bumps)
        total += amplitude * (2.0 * (before + (after - before) * (t * t * (3.0 - 2.0 * t))) - 1.0)
    return total


@dataclass(frozen=True, eq=False)
class Outline:
    """A closed line around a centre.

    Args:
        center_um: x and y.
        radii: relative radius for directions evenly spaced in the diamond angle.
        semi_axes_um: what a relative radius of 1 is along the outline's own axes.
        axis: unit vector of its first axis.

    Attributes:
        box_um: a box along the slide's axes that holds it.
    """

    center_um: tuple[float, float]
    radii: Floats
    semi_axes_um: tuple[float, float]
    axis: tuple[float, float] = (1.0, 0.0)
    _around: Floats = field(init=False, repr=False)
    _reach: tuple[float, float] = field(init=False, repr=False)
    _stretch: float = field(init=False, repr=False)
    box_um: Box = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if min(self.semi_axes_um) <= 0.0 or float(self.radii.min()) <= 0.0:
            raise PhantomError("an outline needs positive radii")
        object.__setattr__(self, "_around", np.append(self.radii, self.radii[0]))
        object.__setattr__(self, "_reach", (float(self.radii.min()), float(self.radii.max())))
        object.__setattr__(self, "_stretch", self.reach_um / min(self.semi_axes_um))
        (x, y), (c, s) = self.center_um, self.axis
        a, b = (self._reach[1] * axis for axis in self.semi_axes_um)
        dx, dy = math.sqrt((a * c) ** 2 + (b * s) ** 2), math.sqrt((a * s) ** 2 + (b * c) ** 2)
        object.__setattr__(self, "box_um", (x - dx, y - dy, x + dx, y + dy))

    @property
    def reach_um(self) -> float:
        """No point of it is farther from the centre."""
        return self._reach[1] * max(self.semi_axes_um)

    def depth(self, x: Floats, y: Floats) -> Floats:
        """Distance from the centre relative to the outline's: below 1 inside."""
        u, v = self._own(x, y)
        at = diamond_angle(u, v) * (len(self.radii) / _FULL_TURN)
        low = np.minimum(at.astype(np.int64), len(self.radii) - 1)
        before = self._around[low]
        radius = before + (self._around[low + 1] - before) * (at - low)
        relative: Floats = np.sqrt(u * u + v * v) / radius
        return relative

    def distance_um(self, x: Floats, y: Floats) -> Floats:
        """About how far points lie inside, negative outside; exact in sign, and near the edge of a round outline."""
        return (1.0 - self.depth(x, y)) * min(self.semi_axes_um)

    def contains(self, x: Floats, y: Floats) -> Mask:
        """Whether points, in um, lie inside."""
        inside: Mask = self.depth(x, y) < 1.0
        return inside

    def holds_discs(self, x: Floats, y: Floats, radius_um: Floats | float) -> Mask:
        """Whether discs lie inside, tested at eight points of their rims."""
        inside = self.contains(x, y)
        for dx, dy in _RIM:
            inside &= self.contains(x + radius_um * dx, y + radius_um * dy)
        return inside

    def meets(self, box: Box, margin_um: float = 0.0) -> str:
        """`INSIDE` if a whole box lies inside, `OUTSIDE` if no point of it does, else `MIXED`, which may err.

        Args:
            box: the box.
            margin_um: the answer holds too for what :meth:`distance_um` says is up to so far away.
        """
        left, top, right, bottom = self.box_um
        beyond = margin_um * self._stretch
        if box[0] > right + beyond or box[2] < left - beyond or box[1] > bottom + beyond or box[3] < top - beyond:
            return OUTSIDE
        more = margin_um / min(self.semi_axes_um)
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        dx, dy = x - self.center_um[0], y - self.center_um[1]
        (c, s), (a, b) = self.axis, self.semi_axes_um
        u, v = (dx * c + dy * s) / a, (dy * c - dx * s) / b
        half = math.sqrt((box[2] - box[0]) ** 2 + (box[3] - box[1]) ** 2) / 2 / min(a, b)
        distance = math.sqrt(u * u + v * v)
        if distance - half > self._reach[1] * (1.0 + more):
            return OUTSIDE
        if distance + half < self._reach[0] * (1.0 - more):
            return INSIDE
        if distance <= half * 1.5:
            return MIXED
        # The disc around the box is seen from the centre within asin(half / distance), less than 1.2 half / distance
        # here; a diamond angle grows by at most 1 per radian.
        slope = u / (abs(u) + abs(v))
        angle = 1.0 - slope if v >= 0.0 else 3.0 + slope  # as diamond_angle
        spread = 1.2 * half / distance
        count = len(self.radii)
        first, last = (
            math.floor((angle - spread) * count / _FULL_TURN),
            math.ceil((angle + spread) * count / _FULL_TURN),
        )
        seen = self.radii.take(np.arange(first, last + 1), mode="wrap")
        if distance - half > float(seen.max()) * (1.0 + more):
            return OUTSIDE
        return INSIDE if distance + half < float(seen.min()) * (1.0 - more) else MIXED

    def polygon_um(self, most: int = 720) -> list[tuple[float, float]]:
        """Its vertices, at most `most`, to 0.1 um; the last one joins the first."""
        step = max(1, -(-len(self.radii) // most))
        (x, y), (c, s), (a, b) = self.center_um, self.axis, self.semi_axes_um
        vertices = []
        for index in range(0, len(self.radii), step):
            dx, dy = direction(index * _FULL_TURN / len(self.radii))
            u, v = dx * float(self.radii[index]) * a, dy * float(self.radii[index]) * b
            vertices.append((round(x + u * c - v * s, 1), round(y + u * s + v * c, 1)))
        return vertices

    def _own(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        dx, dy = x - self.center_um[0], y - self.center_um[1]
        (c, s), (a, b) = self.axis, self.semi_axes_um
        return (dx * c + dy * s) * (1.0 / a), (dy * c - dx * s) * (1.0 / b)


_RIM = tuple(direction(turn / 2.0) for turn in range(8))
