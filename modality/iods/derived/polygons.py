"""Which pixels of an image lie in polygons: those whose centres do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def filled(polygon: Sequence[tuple[float, float]], rows: int, columns: int, pixel: float) -> Mask:
    """The pixels whose centres lie in a polygon, by the even-odd rule.

    Args:
        polygon: its vertices, x and y; the last one joins the first.
        rows: of the image, which begins at 0, 0.
        columns: of the image.
        pixel: side of a pixel, in the polygon's unit.

    Returns:
        Shape (rows, columns).
    """
    # In pixels, so that row r has its centres at y = r.
    x0, y0 = (np.asarray(polygon, dtype=np.float64).reshape(-1, 2) * (1.0 / pixel) - 0.5).T
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    upward = y0 < y1
    low, high = np.where(upward, y0, y1), np.where(upward, y1, y0)
    first = np.clip(np.ceil(low), 0, rows).astype(np.int64)  # a vertex on a row belongs to the edge above it
    count = np.clip(np.ceil(high), 0, rows).astype(np.int64) - first
    edge = np.repeat(np.arange(len(x0)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    crossing = x0[edge] + (row - y0[edge]) / (y1[edge] - y0[edge]) * (x1[edge] - x0[edge])
    at = np.clip(np.ceil(crossing), 0, columns).astype(np.int64)
    crossings = np.bincount(row * (columns + 1) + at, minlength=rows * (columns + 1)).reshape(rows, columns + 1)
    odd = np.bitwise_xor.accumulate((crossings & 1).astype(np.uint8), axis=1)
    inside: Mask = odd[:, :columns].astype(np.bool_)
    return inside
