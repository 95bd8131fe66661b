"""Organic solids: sections that change along z, surfaces pushed in and out by noise, and folds like the brain's.

On a slice along the axes sections are found row by row, and noise is looked up only where it decides.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from phantoms.errors import PhantomError
from phantoms.noise import ValueNoise
from phantoms.slices import rows
from phantoms.slices.levels import Levelled, OnSlice, all_alike, decided, level_at
from phantoms.solids import Bounds, Coordinates, Mask, along_axes

Section = tuple[float, float, float, float, float, float]
"""z, centre x, centre y, half width, half depth to the front, half depth to the back; in mm."""


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
        lowest, highest = float(z.min()), float(z.max())
        first = max(min(bisect_right(self._knots, lowest), len(self._knots) - 1) - 1, 0)
        if highest <= self._knots[first + 1]:
            return self._between(first, z)
        knots = np.asarray(self._knots, dtype=z.dtype)
        place = np.clip(np.searchsorted(knots, z, side="right") - 1, 0, len(self._knots) - 2)
        last = int(place.max())
        pieces = [self._between(number, z) for number in range(first, last + 1)]
        measures = []
        for k in range(5):
            measure = pieces[0][k]
            for number in range(first + 1, last + 1):
                measure = np.where(place >= number, pieces[number - first][k], measure)
            measures.append(measure)
        return tuple(measures)

    def _between(self, place: int, z: Coordinates) -> tuple[Coordinates, ...]:
        """The same between two neighbouring knots; beyond them what stands there."""
        low, high = self._knots[place], self._knots[place + 1]
        step = high - low
        t = np.clip((z - low) * (1.0 / step), 0.0, 1.0)
        measures = []
        for k in range(5):
            start, end = self.sections[place][k + 1], self.sections[place + 1][k + 1]
            rise, fall = self._slopes[place][k] * step, self._slopes[place + 1][k] * step
            square, cube = 3.0 * (end - start) - 2.0 * rise - fall, 2.0 * (start - end) + rise + fall
            measures.append(((cube * t + square) * t + rise) * t + start)
        return tuple(measures)

    def _measures(self, height: float) -> tuple[float, ...]:
        """The same at one height; beyond the ends what stands there."""
        place = max(min(bisect_right(self._knots, height), len(self._knots) - 1) - 1, 0)
        step = self._knots[place + 1] - self._knots[place]
        t = min(max((height - self._knots[place]) / step, 0.0), 1.0)
        h01 = (3.0 - 2.0 * t) * t * t
        h10, h11 = ((t - 2.0) * t + 1.0) * t * step, (t - 1.0) * t * t * step
        low, high = self.sections[place : place + 2]
        rise, fall = self._slopes[place : place + 2]
        return tuple(
            (1.0 - h01) * low[k + 1] + h01 * high[k + 1] + h10 * rise[k] + h11 * fall[k] for k in range(len(rise))
        )

    def _squares(self, x: Coordinates, y: Coordinates, z: Coordinates) -> tuple[Coordinates, Coordinates]:
        """Squared distances from the axis across and along the depth, in units of the section."""
        tiny = 1e-3
        if z.size == 1:
            center_x, center_y, width, front, back = self._measures(float(z.item()))
            u = (x - center_x) * (1.0 / max(width, tiny))
            dy = y - center_y
            v = np.maximum(dy * (1.0 / max(back, tiny)), dy * (-1.0 / max(front, tiny)))
            return u * u, v * v
        center_xs, center_ys, widths, fronts, backs = self._section(z)
        u = (x - center_xs) / np.maximum(widths, tiny)
        dy = y - center_ys
        v = dy / np.maximum(np.where(dy < 0, fronts, backs), tiny)
        return u * u, v * v

    def level_at(self, points: OnSlice) -> Coordinates:
        """The level at chosen points of a slice between the ends, to the same bits as `level` gives."""
        u2, v2 = self._squares(points.x, points.y, points.z)
        level: Coordinates = u2[0].take(points.across) + v2[:, 0].take(points.down)
        if self.squareness:
            product = (self.squareness * np.minimum(u2, 1.0))[0].take(points.across)
            level -= product * np.minimum(v2, 1.0)[:, 0].take(points.down)
        return level

    def level(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Coordinates:
        """Squared distance from the axis in units of the section; beyond the ends more than any limit."""
        u2, v2 = self._squares(x, y, z)
        level: Coordinates = u2 + v2
        if self.squareness:
            # Beyond the square the product would bring the level down again.
            level = level - (self.squareness * np.minimum(u2, 1.0)) * np.minimum(v2, 1.0)
        outside = (z < self._knots[0]) | (z > self._knots[-1])
        if outside.any():
            level = np.where(outside, np.asarray(1e6, dtype=level.dtype), level)
        return level

    def below(self, x: Coordinates, y: Coordinates, z: Coordinates, limit: float) -> Mask:
        """Whether the level of points on a slice along the axes is at most `limit`, found row by row."""
        height = float(z.item())
        if not self._knots[0] <= height <= self._knots[-1]:
            return np.zeros((y.size, x.size), dtype=np.bool_)
        center_x, center_y, width, front, back = self._measures(height)
        tiny = 1e-3
        dy = y.astype(np.float64) - center_y
        v2 = (dy / np.where(dy < 0, max(front, tiny), max(back, tiny))) ** 2
        room = limit - v2
        flat = self.squareness * np.minimum(v2, 1.0)
        # Where u2 is at most 1 the product counts in full, beyond it as that of 1.
        u2 = np.where(room <= 1.0 - flat, room / np.maximum(1.0 - flat, tiny), room + flat)
        half = max(width, tiny) * np.where(u2 >= 0.0, np.sqrt(np.maximum(u2, 0.0)), -1.0)
        return rows.between(x, center_x - half, center_x + half)

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        if along_axes(x, y, z):
            return self.below(x, y, z, 1.0)
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

    def below(self, x: Coordinates, y: Coordinates, z: Coordinates, limit: float) -> Mask:
        """Whether the level of points on a slice along the axes is at most `limit`."""
        inside = self.parts[0].below(x, y, z, limit)
        for part in self.parts[1:]:
            inside |= part.below(x, y, z, limit)
        return inside

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        if along_axes(x, y, z):
            return self.below(x, y, z, 1.0)
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

    def below(self, x: Coordinates, y: Coordinates, z: Coordinates, limit: float, wanted: Mask | None = None) -> Mask:
        """Whether the level of points on a slice along the axes is at most `limit`.

        Args:
            x: shape (1, columns).
            y: shape (rows, 1).
            z: shape (1, 1).
            limit: the level.
            wanted: whose answer counts; None for all points.
        """
        most = 2.0 * self.strength
        found = decided(self.base, x, y, z, limit - most, limit + most, wanted)
        if found is None:
            all_inside: Mask = self.level(x, y, z) <= limit
            return all_inside
        inside, places, points = found
        inside.ravel()[places] = self.level_at(points) <= limit
        return inside

    def level_at(self, points: OnSlice) -> Coordinates:
        """The level at chosen points of a slice, to the same bits as `level` gives."""
        return level_at(self.base, points) - (2.0 * self.strength) * self.noise.on_slice(*points)

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates, wanted: Mask | None = None) -> Mask:
        """Whether the points lie inside; on a slice along the axes only the `wanted` ones' answer may count."""
        if along_axes(x, y, z):
            return self.below(x, y, z, 1.0, wanted)
        level, most = self.base.level(x, y, z), 2.0 * self.strength
        plain = all_alike(level, 1.0 - most, 1.0 + most)
        if plain is not None:
            return plain
        inside: Mask = level - most * self.noise.at(x, y, z) <= 1.0
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

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates, wanted: Mask | None = None) -> Mask:
        """Whether the points lie inside; on a slice along the axes only the `wanted` ones' answer may count."""
        if along_axes(x, y, z):
            found = decided(self.base, x, y, z, self.limit - self.depth, self.limit, wanted)
            if found is not None:
                inside, places, points = found
                inside.ravel()[places] = self._holds(self.noise.on_slice(*points), level_at(self.base, points))
                return inside
        level = self.base.level(x, y, z)
        plain = all_alike(level, self.limit - self.depth, self.limit)
        return self._holds(self.noise.at(x, y, z), level) if plain is None else plain

    def _holds(self, noise: Coordinates, level: Coordinates) -> Mask:
        furrow = np.abs(noise)
        furrow *= -1.0 / self.width
        furrow += 1.0
        np.maximum(furrow, 0.0, out=furrow)
        furrow *= self.depth
        inside: Mask = level + furrow <= self.limit
        return inside
