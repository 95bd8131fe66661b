"""Values on a grid along the patient's axes, and what lies between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phantoms.solids import Vector

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Points at even distances along three axes.

    Args:
        origin: the first point, x, y and z.
        step: distance of neighbours along each.
        shape: how many there are along z, y and x, as arrays have them.
    """

    origin: Vector
    step: Vector
    shape: tuple[int, int, int]

    @property
    def size(self) -> int:
        """How many points there are."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    def axes(self) -> tuple[Values, Values, Values]:
        """x, y and z of its points."""
        x, y, z = (
            start + step * np.arange(count, dtype=np.float64)
            for start, step, count in zip(self.origin, self.step, self.shape[::-1], strict=True)
        )
        return x, y, z

    def between(self, values: npt.NDArray[np.floating], x: Values, y: Values, z: Values) -> Values:
        """Values at any points, linear between the grid's; outside, those of its surface.

        Args:
            values: one for each point, of the grid's shape.
            x: coordinates, which broadcast with `y` and `z`.
            y: likewise.
            z: likewise.
        """
        flat = values.reshape(-1)
        (low_x, high_x, share_x), (low_y, high_y, share_y), (low_z, high_z, share_z) = (
            _cell(place, start, step, count)
            for place, start, step, count in zip((x, y, z), self.origin, self.step, self.shape[::-1], strict=True)
        )
        rows, columns = self.shape[1], self.shape[2]

        def along_x(of_z: npt.NDArray[np.int64], of_y: npt.NDArray[np.int64]) -> Values:
            line = (of_z * rows + of_y) * columns
            near = flat.take(line + low_x)
            found: Values = near + (flat.take(line + high_x) - near) * share_x
            return found

        def in_plane(of_z: npt.NDArray[np.int64]) -> Values:
            near = along_x(of_z, low_y)
            found: Values = near + (along_x(of_z, high_y) - near) * share_y
            return found

        near = in_plane(low_z)
        found: Values = near + (in_plane(high_z) - near) * share_z
        return found


def _cell(
    place: Values, start: float, step: float, count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Values]:
    """Numbers of the points on both sides, and the share of the farther one."""
    scaled = np.clip((place - start) * (1.0 / step), 0.0, count - 1.0)
    low = np.minimum(scaled.astype(np.int64), max(0, count - 2))
    return low, np.minimum(low + 1, count - 1), scaled - low
