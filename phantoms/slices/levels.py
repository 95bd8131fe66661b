"""Solids given by a level: what the level alone decides on a slice along the axes, and where more has to be asked."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from phantoms.solids import Coordinates, Mask, Solid

Places = npt.NDArray[np.intp]

_ROUNDING = 1e-4  # what single precision may make of a level
_FEW = 0.15  # share of a slice's points: fewer are asked one by one
_MANY = 0.28  # likewise, by a rough guess from the levels alone: more are not even looked for


class Levelled(Solid, Protocol):
    """A solid given by a function that is below 1 inside and grows like the square of the distance."""

    def level(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Coordinates:
        """The function's values."""

    def below(self, x: Coordinates, y: Coordinates, z: Coordinates, limit: float) -> Mask:
        """Whether its value is at most `limit`, for points on a slice along the axes."""


class OnSlice(NamedTuple):
    """Chosen points of a slice along the axes.

    Args:
        x: of all columns, shape (1, columns).
        y: of all rows, shape (rows, 1).
        z: shape (1, 1).
        down: row of each point.
        across: column of each point.
    """

    x: Coordinates
    y: Coordinates
    z: Coordinates
    down: Places
    across: Places

    @property
    def coordinates(self) -> tuple[Coordinates, Coordinates, Coordinates]:
        """Of the points, one after the other."""
        return self.x[0].take(self.across), self.y[:, 0].take(self.down), self.z.reshape(1)


@runtime_checkable
class Quick(Protocol):
    """A solid whose level at chosen points of a slice is had faster than at any points."""

    def level_at(self, points: OnSlice) -> Coordinates:
        """The level at these points, to the same bits as `level` gives."""


def level_at(solid: Levelled, points: OnSlice) -> Coordinates:
    """The level of a solid at chosen points of a slice."""
    if isinstance(solid, Quick):
        return solid.level_at(points)
    return solid.level(*points.coordinates)


def decided(
    solid: Levelled,
    x: Coordinates,
    y: Coordinates,
    z: Coordinates,
    sure: float,
    possible: float,
    wanted: Mask | None,
) -> tuple[Mask, Places, OnSlice] | None:
    """What the level alone decides on a slice along the axes, and the points where more has to be asked.

    Args:
        solid: whose level it is.
        x: shape (1, columns).
        y: shape (rows, 1).
        z: shape (1, 1).
        sure: level up to which points lie inside.
        possible: level above which they lie outside.
        wanted: whose answer counts; None for all points.

    Returns:
        Which points surely lie inside; the places of the others in question, and these points. None where they are so
        many that all of the slice is asked faster.
    """
    share = 1.0 if wanted is None else np.count_nonzero(wanted) / wanted.size
    if share * (1.0 - max(sure, 0.0) / possible) > _MANY:
        return None
    inside = solid.below(x, y, z, sure - _ROUNDING)
    asked = solid.below(x, y, z, possible + _ROUNDING)
    asked ^= inside
    if wanted is not None:
        asked &= wanted
    if np.count_nonzero(asked) > _FEW * asked.size:
        return None
    places = np.flatnonzero(asked)
    return inside, places, OnSlice(x, y, z, *np.divmod(places, x.size))


def all_alike(level: Coordinates, sure: float, possible: float) -> Mask | None:
    """Whether points lie inside, where the level alone says the same of all of them; else None."""
    if level.size and float(level.min()) > possible + _ROUNDING:
        return np.zeros(level.shape, dtype=np.bool_)
    if level.size and float(level.max()) <= sure - _ROUNDING:
        return np.ones(level.shape, dtype=np.bool_)
    return None
