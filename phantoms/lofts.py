"""Organic solids: sections that change along z, surfaces pushed in and out by noise, and folds like the brain's."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np

from phantoms.errors import PhantomError
from phantoms.noise import ValueNoise
from phantoms.solids import Bounds, Coordinates, Mask, Solid

Section = tuple[float, float, float, float, float, float]
"""z, centre x, centre y, half width, half depth to the front, half depth to the back; in mm."""


class Levelled(Solid, Protocol):
    """A solid given by a function that is below 1 inside and grows like the square of the distance."""

    def level(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Coordinates:
        """The function's values."""


@dataclass(frozen=True, slots=True)
class Loft:
    """Oval sections along z, joined smoothly.

    Args:
        sections: (z, centre x, centre y, half width, half depth in front, half depth behind), z ascending; behind is
            the patient's posterior. Between them a cubic Hermite spline runs.
        squareness: 0 for ellipses, up to 1 for squares: the level is u2 + v2 - squareness u2 v2 (Fernandez-Guasti,
            Int. J. Math. Educ. Sci. Technol. 23:895, 1992).
        shape: name for a truth document.
    """

    sections: tuple[Section, ...]
    squareness: float = 0.0
    shape: str = "loft"
    _knots: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _slopes: tuple[tuple[float, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        knots = tuple(section[0] for section in self.sections)
        if len(knots) < 2 or any(b <= a for a, b in pairwise(knots)):
            raise PhantomError("loft: give at least two sections with ascending z")
        slopes = []
        last = len(knots) - 1
        for i in range(len(knots)):
            before, after = max(i - 1, 0), min(i + 1, last)
            span = knots[after] - knots[before]
            slopes.append(tuple((self.sections[after][k] - self.sections[before][k]) / span for k in range(1, 6)))
        object.__setattr__(self, "_knots", knots)
        object.__setattr__(self, "_slopes", tuple(slopes))

    @property
    def bounds(self) -> Bounds:
        """A box that holds it, with room for what a spline overshoots."""
        room = 2.0
        low_x = min(s[1] - s[3] for s in self.sections)
        high_x = max(s[1] + s[3] for s in self.sections)
        low_y = min(s[2] - s[4] for s in self.sections)
        high_y = max(s[2] + s[5] for s in self.sections)
        return Bounds((low_x - room, low_y - room, self._knots[0]), (high_x + room, high_y + room, self._knots[-1]))

    @property
    def volume_mm3(self) -> None:
        """No formula."""
        return None

    def _section(self, z: Coordinates) -> tuple[Coordinates, ...]:
        """Centre, half width and half depths at heights z."""
        knots = np.asarray(self._knots, dtype=z.dtype)
        place = np.clip(np.searchsorted(knots, z, side="right") - 1, 0, len(self._knots) - 2)
        low, high = knots[place], knots[place + 1]
        step = high - low
        t = np.clip((z - low) / step, 0.0, 1.0)
        t2 = t * t
        t3 = t2 * t
        h00, h10, h01, h11 = 2 * t3 - 3 * t2 + 1, t3 - 2 * t2 + t, 3 * t2 - 2 * t3, t3 - t2
        measures = []
        for k in range(5):
            value = np.asarray([s[k + 1] for s in self.sections], dtype=z.dtype)
            slope = np.asarray([s[k] for s in self._slopes], dtype=z.dtype)
            measures.append(
                h00 * value[place] + h10 * step * slope[place] + h01 * value[place + 1] + h11 * step * slope[place + 1]
            )
        return tuple(measures)

    def level(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Coordinates:
        """Squared distance from the axis in units of the section; beyond the ends more than any limit."""
        center_x, center_y, width, front, back = self._section(z)
        tiny = 1e-3
        u = (x - center_x) / np.maximum(width, tiny)
        dy = y - center_y
        v = dy / np.maximum(np.where(dy < 0, front, back), tiny)
        u2, v2 = u * u, v * v
        level: Coordinates = u2 + v2
        if self.squareness:
            # Beyond the square the product would bring the level down again.
            level = level - (self.squareness * np.minimum(u2, 1.0)) * np.minimum(v2, 1.0)
        outside = (z < self._knots[0]) | (z > self._knots[-1])
        if outside.any():
            level = np.where(outside, np.asarray(1e6, dtype=level.dtype), level)
        return level

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        inside: Mask = self.level(x, y, z) <= 1.0
        return inside


@dataclass(frozen=True, slots=True)
class Merged:
    """Several levelled solids as one, without a seam where they overlap.

    Args:
        parts: the solids.
        shape: name for a truth document.
    """

    parts: tuple[Levelled, ...]
    shape: str = "loft"

    @property
    def bounds(self) -> Bounds:
        """The least box that holds the parts' boxes."""
        total = self.parts[0].bounds
        for part in self.parts[1:]:
            total = total.joined(part.bounds)
        return total

    @property
    def volume_mm3(self) -> None:
        """No formula."""
        return None

    def level(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Coordinates:
        """The least of the parts' levels."""
        level = self.parts[0].level(x, y, z)
        for part in self.parts[1:]:
            level = np.minimum(level, part.level(x, y, z))
        return level

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        inside: Mask = self.level(x, y, z) <= 1.0
        return inside


@dataclass(frozen=True, slots=True)
class Warped:
    """A solid whose surface noise pushes in and out.

    Args:
        base: the smooth solid.
        noise: the field, about -1 to 1.
        strength: greatest change of the radius, as a share of it.
    """

    base: Levelled
    noise: ValueNoise
    strength: float

    @property
    def shape(self) -> str:
        """Named after the smooth solid."""
        return self.base.shape

    @property
    def bounds(self) -> Bounds:
        """The box of the base, with room for the bumps."""
        low, high = self.base.bounds.low_mm, self.base.bounds.high_mm
        room = [self.strength * (b - a) / 2 for a, b in zip(low, high, strict=True)]
        return Bounds(
            (low[0] - room[0], low[1] - room[1], low[2] - room[2]),
            (high[0] + room[0], high[1] + room[1], high[2] + room[2]),
        )

    @property
    def volume_mm3(self) -> None:
        """No formula."""
        return None

    def level(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Coordinates:
        """The base's level less what the noise adds to the radius, to first order."""
        level: Coordinates = self.base.level(x, y, z) - (2.0 * self.strength) * self.noise.at(x, y, z)
        return level

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        inside: Mask = self.level(x, y, z) <= 1.0
        return inside


@dataclass(frozen=True, slots=True)
class Folded:
    """A solid with furrows along the zeros of a noise field, as the sulci run in a brain.

    Args:
        base: the solid without furrows.
        noise: the field; its spacing is the distance of the furrows.
        width: half width of a furrow in units of the field.
        depth: how far a furrow cuts into the level.
        limit: level of the surface; below 1 for an inner layer (white matter below the cortex).
    """

    base: Levelled
    noise: ValueNoise
    width: float
    depth: float
    limit: float = 1.0

    @property
    def shape(self) -> str:
        """Named after the base."""
        return self.base.shape

    @property
    def bounds(self) -> Bounds:
        """The box of the base."""
        return self.base.bounds

    @property
    def volume_mm3(self) -> None:
        """No formula."""
        return None

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        furrow = np.abs(self.noise.at(x, y, z))
        furrow *= -1.0 / self.width
        furrow += 1.0
        np.maximum(furrow, 0.0, out=furrow)
        furrow *= self.depth
        inside: Mask = self.base.level(x, y, z) + furrow <= self.limit
        return inside
