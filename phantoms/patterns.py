"""Regular solids of test objects: bars side by side, the space between two planes, a lattice of walls."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from phantoms.errors import PhantomError
from phantoms.solids import Bounds, Coordinates, Mask, Vector


@dataclass(frozen=True, slots=True)
class Bars:
    """Parallel bars along z, each as wide as the gaps between them: a line-pair pattern.

    Args:
        center_mm: centre of the pattern.
        count: number of bars.
        width_mm: width of a bar and of a gap; the pattern has 1 / (2 width) line pairs per mm.
        size_mm: length of the bars and their extent along z.
        turn_deg: how the bars are turned about z; at 0 they follow each other along x.
    """

    center_mm: Vector
    count: int
    width_mm: float
    size_mm: tuple[float, float]
    turn_deg: float = 0.0
    _turn: tuple[float, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.count < 1 or self.width_mm <= 0 or min(self.size_mm) <= 0:
            raise PhantomError("bars: at least one, of positive size")
        angle = math.radians(self.turn_deg)
        object.__setattr__(self, "_turn", (round(math.cos(angle), 9), round(math.sin(angle), 9)))

    @property
    def shape(self) -> str:
        """`bars`."""
        return "bars"

    @property
    def _half_span_mm(self) -> float:
        return (2 * self.count - 1) * self.width_mm / 2

    @property
    def bounds(self) -> Bounds:
        """The least box that holds them."""
        cosine, sine = (abs(t) for t in self._turn)
        across, along = self._half_span_mm, self.size_mm[0] / 2
        x, y, z = self.center_mm
        dx, dy, dz = cosine * across + sine * along, sine * across + cosine * along, self.size_mm[1] / 2
        return Bounds((x - dx, y - dy, z - dz), (x + dx, y + dy, z + dz))

    @property
    def volume_mm3(self) -> float:
        """Of the bars without the gaps."""
        return self.count * self.width_mm * self.size_mm[0] * self.size_mm[1]

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie in a bar."""
        cosine, sine = self._turn
        dx, dy = x - self.center_mm[0], y - self.center_mm[1]
        across = dx * cosine + dy * sine
        along = dy * cosine - dx * sine
        place = (across + self._half_span_mm) * (0.5 / self.width_mm)
        number = np.floor(place)
        inside: Mask = (
            (number >= 0)
            & (number < self.count)
            & (place - number <= 0.5)
            & (np.abs(along) <= self.size_mm[0] / 2)
            & (np.abs(z - self.center_mm[2]) <= self.size_mm[1] / 2)
        )
        return inside


@dataclass(frozen=True, slots=True)
class Between:
    """The space between two parallel planes within a box: ramps and wedges.

    Args:
        box: what bounds it.
        normal: unit vector across the planes.
        low_mm: least distance from the origin along the normal.
        high_mm: greatest distance.
    """

    box: Bounds
    normal: Vector
    low_mm: float
    high_mm: float

    def __post_init__(self) -> None:
        if self.low_mm >= self.high_mm:
            raise PhantomError("between two planes: the first must lie before the second")

    @property
    def shape(self) -> str:
        """`slab`."""
        return "slab"

    @property
    def bounds(self) -> Bounds:
        """The box."""
        return self.box

    @property
    def volume_mm3(self) -> None:
        """No formula."""
        return None

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie inside."""
        a, b, c = self.normal
        distance = x * a + (y * b + z * c)
        inside: Mask = (distance >= self.low_mm) & (distance <= self.high_mm)
        for value, low, high in zip((x, y, z), self.box.low_mm, self.box.high_mm, strict=True):
            inside &= (value >= low) & (value <= high)
        return inside


@dataclass(frozen=True, slots=True)
class Lattice:
    """Walls along z around square cells.

    Args:
        center_mm: centre of the lattice.
        cells: number of cells along x and along y.
        pitch_mm: distance of the walls' middles.
        wall_mm: thickness of the walls.
        depth_mm: extent along z.
    """

    center_mm: Vector
    cells: int
    pitch_mm: float
    wall_mm: float
    depth_mm: float

    def __post_init__(self) -> None:
        if self.cells < 1 or not 0 < self.wall_mm < self.pitch_mm or self.depth_mm <= 0:
            raise PhantomError("lattice: at least one cell, walls thinner than their distance, a positive depth")

    @property
    def shape(self) -> str:
        """`lattice`."""
        return "lattice"

    @property
    def _reach_mm(self) -> float:
        return (self.cells * self.pitch_mm + self.wall_mm) / 2

    @property
    def bounds(self) -> Bounds:
        """The least box that holds it."""
        x, y, z = self.center_mm
        r, h = self._reach_mm, self.depth_mm / 2
        return Bounds((x - r, y - r, z - h), (x + r, y + r, z + h))

    @property
    def volume_mm3(self) -> float:
        """The square without the cells."""
        hollow = self.cells * (self.pitch_mm - self.wall_mm)
        return ((2 * self._reach_mm) ** 2 - hollow**2) * self.depth_mm

    def contains(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        """Whether the points lie in a wall."""
        walls: list[Mask] = []
        within: Mask = np.abs(z - self.center_mm[2]) <= self.depth_mm / 2
        for value, center in ((x, self.center_mm[0]), (y, self.center_mm[1])):
            place = (value - (center - self._reach_mm)) * (1.0 / self.pitch_mm)
            walls.append(place - np.floor(place) <= self.wall_mm / self.pitch_mm)
            within = within & (np.abs(value - center) <= self._reach_mm)
        inside: Mask = within & (walls[0] | walls[1])
        return inside
