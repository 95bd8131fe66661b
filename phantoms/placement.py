"""How an individual differs from the model: size, position and a slight lean."""

from __future__ import annotations

from dataclasses import dataclass

from phantoms.solids import Bounds, Coordinates, Vector


@dataclass(frozen=True, slots=True)
class Placement:
    """A map from the model to the scanner that keeps a slice along the axes a slice along the axes.

    scanner x = scale x * model x + lean x * (scanner z) + shift x, likewise y; scanner z = scale z * model z + shift z.

    Args:
        scale: factors along x, y and z.
        shift_mm: displacement along x, y and z.
        lean: displacement along x and y for each mm of height.
    """

    scale: Vector = (1.0, 1.0, 1.0)
    shift_mm: Vector = (0.0, 0.0, 0.0)
    lean: tuple[float, float] = (0.0, 0.0)

    @property
    def volume_factor(self) -> float:
        """By how much a volume grows."""
        return self.scale[0] * self.scale[1] * self.scale[2]

    def to_model(self, x: Coordinates, y: Coordinates, z: Coordinates) -> tuple[Coordinates, Coordinates, Coordinates]:
        """Coordinates in the model of points in the scanner, all in mm."""
        if self == IDENTITY:
            return x, y, z
        return (
            (x - (self.shift_mm[0] + self.lean[0] * z)) * (1.0 / self.scale[0]),
            (y - (self.shift_mm[1] + self.lean[1] * z)) * (1.0 / self.scale[1]),
            (z - self.shift_mm[2]) * (1.0 / self.scale[2]),
        )

    def box(self, bounds: Bounds) -> Bounds:
        """A box along the axes in the scanner that holds the image of a box in the model."""
        heights = [z * self.scale[2] + self.shift_mm[2] for z in (bounds.low_mm[2], bounds.high_mm[2])]
        reach = []
        for axis in (0, 1):
            offsets = [self.lean[axis] * z + self.shift_mm[axis] for z in heights]
            reach.append(
                (
                    bounds.low_mm[axis] * self.scale[axis] + min(offsets),
                    bounds.high_mm[axis] * self.scale[axis] + max(offsets),
                )
            )
        return Bounds((reach[0][0], reach[1][0], heights[0]), (reach[0][1], reach[1][1], heights[1]))

    def ball(self, center_mm: Vector, radius_mm: float) -> tuple[Vector, float]:
        """A ball in the scanner that lies inside the image of a ball in the model."""
        z = center_mm[2] * self.scale[2] + self.shift_mm[2]
        x = center_mm[0] * self.scale[0] + self.lean[0] * z + self.shift_mm[0]
        y = center_mm[1] * self.scale[1] + self.lean[1] * z + self.shift_mm[1]
        # A lean moves a point at the ball's rim by lean times radius at most.
        share = min(self.scale) / (1.0 + abs(self.lean[0]) + abs(self.lean[1]))
        return (round(x, 3), round(y, 3), round(z, 3)), round(0.999 * radius_mm * share, 3)


IDENTITY = Placement()
"""The model as it is."""
