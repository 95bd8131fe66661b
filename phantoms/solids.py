"""Solids of mathematics: where they lie, whether they hold a point, and how large they are.

Coordinates are mm in LPS: x to the patient's Left, y to Posterior, z to the Head. `contains` takes arrays that
broadcast against each other; a slice along the axes comes as x of shape (1, columns), y of (rows, 1) and z of (1, 1),
so that most terms stay one-dimensional.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from phantoms.errors import PhantomError
from phantoms.slices import rows

Coordinates = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]
Vector = tuple[float, float, float]
Window = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Bounds:
    """A box along the axes that holds a solid.

    Args:
        low_mm: least x, y, z.
        high_mm: greatest x, y, z.
    """

    low_mm: Vector
    high_mm: Vector

    def meets(self, other: Bounds) -> bool:
        """Whether the two boxes share a point."""
        return all(
            a <= d and c <= b for a, b, c, d in zip(self.low_mm, self.high_mm, other.low_mm, other.high_mm, strict=True)
        )

    def joined(self, other: Bounds) -> Bounds:
        """The least box that holds both."""
        return Bounds(
            _vector(min(a, b) for a, b in zip(self.low_mm, other.low_mm, strict=True)),
            _vector(max(a, b) for a, b in zip(self.high_mm, other.high_mm, strict=True)),
        )


class Solid(Protocol):
    """A region of space."""

    @property
    def shape(self) -> str:
        """What a truth document calls it: sphere, ellipsoid, cylinder, box ..."""

    @property
    def bounds(self) -> Bounds:
        """A box that holds it."""

    @property
    def volume_mm3(self) -> float | None:
        """Its volume, where a formula gives it."""

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside, in the shape that the coordinates broadcast to."""


def _vector(values: Iterable[float]) -> Vector:
    x, y, z = values
    return (float(x), float(y), float(z))


def rotation(turn_deg: Vector) -> tuple[Vector, Vector, Vector]:
    """Columns of the matrix that turns about x, then y, then z: the turned axes.

    Args:
        turn_deg: angles about x, y and z in degrees, right-handed.

    Returns:
        The turned x, y and z axes, entries rounded to 1e-9 so that no two mathematical libraries differ.
    """
    (ca, sa), (cb, sb), (cc, sc) = ((math.cos(math.radians(t)), math.sin(math.radians(t))) for t in turn_deg)
    rows = (
        (cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa),
        (sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa),
        (-sb, cb * sa, cb * ca),
    )
    first, second, third = (_vector(round(row[i], 9) for row in rows) for i in range(3))
    return first, second, third


def window(bounds: Bounds, x: Coordinates, y: Coordinates, z: Coordinates) -> Window | None:
    """The part of a slice along the axes that a box covers.

    Args:
        bounds: the box.
        x: ascending, shape (1, columns).
        y: ascending, shape (rows, 1).
        z: shape (1, 1).

    Returns:
        Slices of rows and columns, or None when the box lies elsewhere.
    """
    height = z.item()
    if not bounds.low_mm[2] <= height <= bounds.high_mm[2]:
        return None
    left, right = x[0].searchsorted((bounds.low_mm[0], bounds.high_mm[0]))
    top, bottom = y[:, 0].searchsorted((bounds.low_mm[1], bounds.high_mm[1]))
    if left >= right or top >= bottom:
        return None
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def box_of(x: Coordinates, y: Coordinates, z: Coordinates) -> Bounds:
    """The least box that holds points; each array has at least one."""
    return Bounds(
        (float(x.min()), float(y.min()), float(z.min())),
        (float(x.max()), float(y.max()), float(z.max())),
    )


def along_axes(x: Coordinates, y: Coordinates, z: Coordinates) -> bool:
    """Whether the coordinates are a slice along the axes: a row of x, a column of y, one z."""
    return x.ndim == 2 and x.shape[0] == 1 and y.shape == (y.size, 1) and z.size == 1


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """An ellipsoid, turned about its centre; a sphere when its radii are equal.

    Args:
        center_mm: its centre.
        radii_mm: half axes before it is turned.
        turn_deg: angles about x, y and z, in this order.
    """

    center_mm: Vector
    radii_mm: Vector
    turn_deg: Vector = (0.0, 0.0, 0.0)
    _form: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if min(self.radii_mm) <= 0:
            raise PhantomError(f"ellipsoid: radii must be positive, not {self.radii_mm}")
        axes = rotation(self.turn_deg)
        weights = [1.0 / r**2 for r in self.radii_mm]

        def entry(i: int, j: int) -> float:
            return sum(w * a[i] * a[j] for w, a in zip(weights, axes, strict=True))

        form = (entry(0, 0), entry(1, 1), entry(2, 2), 2 * entry(0, 1), 2 * entry(0, 2), 2 * entry(1, 2))
        object.__setattr__(self, "_form", form)

    @property
    def shape(self) -> str:
        """`sphere` or `ellipsoid`."""
        return "sphere" if len(set(self.radii_mm)) == 1 else "ellipsoid"

    @property
    def bounds(self) -> Bounds:
        """The least box that holds it."""
        axes = rotation(self.turn_deg)
        reach = [math.sqrt(sum((r * a[i]) ** 2 for r, a in zip(self.radii_mm, axes, strict=True))) for i in range(3)]
        return _around(self.center_mm, _vector(reach))

    @property
    def volume_mm3(self) -> float:
        """4/3 pi a b c."""
        a, b, c = self.radii_mm
        return 4.0 / 3.0 * math.pi * a * b * c

    def level(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Coordinates:
        """Square of the distance from the centre in units of the radius in that direction: 1 on the surface."""
        xx, yy, zz, xy, xz, yz = self._form
        dx, dy, dz = x - self.center_mm[0], y - self.center_mm[1], z - self.center_mm[2]
        level: Coordinates = (xx * dx + xz * dz) * dx + ((yy * dy + yz * dz) * dy + zz * dz * dz)
        if xy:
            level = level + (xy * dx) * dy
        return level

    def below(self, x: Coordinates, y: Coordinates, z: Coordinates, limit: float) -> Mask:
        """Whether the level of points on a slice along the axes is at most `limit`, found row by row."""
        xx, yy, zz, xy, xz, yz = self._form
        dy, dz = y.astype(np.float64) - self.center_mm[1], float(z.item()) - self.center_mm[2]
        linear = xy * dy + xz * dz
        first, last = rows.quadratic(xx, linear, (yy * dy + yz * dz) * dy + (zz * dz * dz - limit))
        return rows.between(x, first + self.center_mm[0], last + self.center_mm[0])

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        if along_axes(x, y, z):
            return self.below(x, y, z, 1.0)
        inside: Mask = self.level(x, y, z) <= 1.0
        return inside


def sphere(center_mm: Vector, radius_mm: float) -> Ellipsoid:
    """A ball about `center_mm`."""
    return Ellipsoid(center_mm, (radius_mm, radius_mm, radius_mm))


@dataclass(frozen=True, slots=True)
class Cylinder:
    """An elliptic cylinder along z.

    Args:
        center_mm: its centre.
        radii_mm: half axes along x and y.
        length_mm: its extent along z.
    """

    center_mm: Vector
    radii_mm: tuple[float, float]
    length_mm: float

    def __post_init__(self) -> None:
        if min(*self.radii_mm, self.length_mm) <= 0:
            raise PhantomError("cylinder: radii and length must be positive")

    @property
    def shape(self) -> str:
        """`cylinder`."""
        return "cylinder"

    @property
    def bounds(self) -> Bounds:
        """The least box that holds it."""
        return _around(self.center_mm, (*self.radii_mm, self.length_mm / 2))

    @property
    def volume_mm3(self) -> float:
        """Pi a b l."""
        return math.pi * self.radii_mm[0] * self.radii_mm[1] * self.length_mm

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        u = (x - self.center_mm[0]) * (1.0 / self.radii_mm[0])
        v = (y - self.center_mm[1]) * (1.0 / self.radii_mm[1])
        inside: Mask = (u * u + v * v <= 1.0) & (np.abs(z - self.center_mm[2]) <= self.length_mm / 2)
        return inside


@dataclass(frozen=True, slots=True)
class Box:
    """A box along the axes.

    Args:
        center_mm: its centre.
        size_mm: its extents along x, y and z.
    """

    center_mm: Vector
    size_mm: Vector

    def __post_init__(self) -> None:
        if min(self.size_mm) <= 0:
            raise PhantomError(f"box: sizes must be positive, not {self.size_mm}")

    @property
    def shape(self) -> str:
        """`box`."""
        return "box"

    @property
    def bounds(self) -> Bounds:
        """Itself."""
        return _around(self.center_mm, _vector(s / 2 for s in self.size_mm))

    @property
    def volume_mm3(self) -> float:
        """Product of the sizes."""
        return math.prod(self.size_mm)

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        inside: Mask = (
            (np.abs(x - self.center_mm[0]) <= self.size_mm[0] / 2)
            & (np.abs(y - self.center_mm[1]) <= self.size_mm[1] / 2)
            & (np.abs(z - self.center_mm[2]) <= self.size_mm[2] / 2)
        )
        return inside


@dataclass(frozen=True, slots=True)
class Capsule:
    """A cylinder between two points with a half ball at each end: a piece of a tube.

    Args:
        start_mm: centre of the one half ball.
        end_mm: centre of the other.
        radius_mm: radius of both.
    """

    start_mm: Vector
    end_mm: Vector
    radius_mm: float

    def __post_init__(self) -> None:
        if self.radius_mm <= 0:
            raise PhantomError("capsule: radius must be positive")
        if self.start_mm == self.end_mm:
            raise PhantomError("capsule: its ends must differ; a ball is a sphere")

    @property
    def shape(self) -> str:
        """`capsule`."""
        return "capsule"

    @property
    def bounds(self) -> Bounds:
        """The least box that holds it."""
        reach = (self.radius_mm, self.radius_mm, self.radius_mm)
        return _around(self.start_mm, reach).joined(_around(self.end_mm, reach))

    @property
    def volume_mm3(self) -> float:
        """Cylinder and ball."""
        length = math.dist(self.start_mm, self.end_mm)
        return math.pi * self.radius_mm**2 * (length + 4.0 / 3.0 * self.radius_mm)

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside: no farther from the segment than the radius."""
        ax, ay, az = self.start_mm
        ex, ey, ez = (e - s for e, s in zip(self.end_mm, self.start_mm, strict=True))
        dx, dy, dz = x - ax, y - ay, z - az
        scale = 1.0 / (ex * ex + ey * ey + ez * ez)
        t = np.clip(dx * (ex * scale) + (dy * (ey * scale) + dz * (ez * scale)), 0.0, 1.0)
        px, py, pz = dx - t * ex, dy - t * ey, dz - t * ez
        inside: Mask = px * px + py * py + pz * pz <= self.radius_mm**2
        return inside


def _around(center_mm: Vector, reach_mm: Vector) -> Bounds:
    return Bounds(
        _vector(c - r for c, r in zip(center_mm, reach_mm, strict=True)),
        _vector(c + r for c, r in zip(center_mm, reach_mm, strict=True)),
    )
