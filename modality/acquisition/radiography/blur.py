"""Blurring by sums in a fixed order: narrow, as a focal spot and a detector do, and wide, as scatter does."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]

_DIGITS = 9
_REACH = 3.5  # standard deviations; what is left beyond is below 1/2000
_THREE = 0.6  # pixels
_CELLS_OF_DEVIATION = 3  # of a coarse grid on which wide blurring is done


def _weights(deviation: float) -> list[float]:
    """A Gaussian's weights at whole distances from its middle on; they sum to 1 with their mirror images.

    Of a narrow one, which whole pixels are too coarse for, three weights with its variance.
    """
    if deviation < _THREE:
        return [round(1.0 - deviation**2, _DIGITS), round(deviation**2 / 2.0, _DIGITS)]
    reach = max(1, math.ceil(_REACH * deviation))
    raw = [math.exp(-0.5 * (k / deviation) ** 2) for k in range(reach + 1)]
    total = raw[0] + 2.0 * sum(raw[1:])
    return [round(value / total, _DIGITS) for value in raw]


def narrow(image: Real, deviation: float) -> Real:
    """An image under a Gaussian; its edges go on outside.

    Args:
        image: shape (rows, columns).
        deviation: standard deviation in pixels, at least 0.
    """
    if not deviation:
        return image
    weights = _weights(deviation)
    for axis in (0, 1):
        reach, size = len(weights) - 1, image.shape[axis]
        pads = [(0, 0), (0, 0)]
        pads[axis] = (reach, reach)
        wider = np.pad(image, pads, mode="edge")

        def moved(by: int, wider: Real = wider, axis: int = axis, size: int = size) -> Real:
            return wider[by : by + size] if axis == 0 else wider[:, by : by + size]

        image = weights[0] * moved(reach)
        for k in range(1, reach + 1):
            image += weights[k] * (moved(reach - k) + moved(reach + k))
    return image


def wide(image: Real, deviation: float, *, lost: bool) -> Real:
    """An image under a wide Gaussian, made on a coarse grid.

    Args:
        image: shape (rows, columns).
        deviation: standard deviation in pixels.
        lost: nothing comes from outside the image; else its edges go on there.
    """
    cell = max(1, int(deviation) // _CELLS_OF_DEVIATION)
    rows, columns = image.shape
    down, across = -(-rows // cell), -(-columns // cell)
    filled = np.pad(image, ((0, down * cell - rows), (0, across * cell - columns)), mode="edge")
    coarse = np.zeros((down, across))
    for row in range(cell):
        for column in range(cell):
            coarse += filled[row::cell, column::cell]
    coarse *= 1.0 / (cell * cell)
    margin = math.ceil(_REACH * deviation / cell) + 1
    coarse = np.pad(coarse, margin) if lost else np.pad(coarse, margin, mode="edge")
    coarse = narrow(coarse, deviation / cell)
    return _finer(coarse, cell, margin, image.shape)


def _finer(coarse: Real, cell: int, margin: int, shape: tuple[int, ...]) -> Real:
    """A coarse grid between whose middles is interpolated, shape (rows, columns)."""
    places = []
    for size in shape:
        place = (np.arange(size) + 0.5) / cell - 0.5 + margin
        low = np.floor(place).astype(np.intp)
        places.append((low, place - low))
    (row, down), (column, across) = places
    lines = coarse[row] + (coarse[row + 1] - coarse[row]) * down.reshape(-1, 1)
    found: Real = lines[:, column] + (lines[:, column + 1] - lines[:, column]) * across.reshape(1, -1)
    return found
