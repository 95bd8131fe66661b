"""Convex sections row by row: where each row of a slice along the axes enters a solid and where it leaves it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def between(x: npt.NDArray[np.floating], first: Numbers, last: Numbers) -> Mask:
    """Which points of each row lie between two places.

    Args:
        x: mm, shape (1, columns).
        first: where each row enters, shape (rows, 1).
        last: where it leaves; before `first` where it never enters.

    Returns:
        Shape (rows, columns).
    """
    inside: Mask = x >= first.astype(x.dtype)
    inside &= x <= last.astype(x.dtype)
    return inside


def quadratic(square: float, linear: Numbers, constant: Numbers) -> tuple[Numbers, Numbers]:
    """Where square dx^2 + linear dx + constant <= 0: least and greatest dx, the least above the greatest where nowhere.

    Args:
        square: above 0.
        linear: for each row.
        constant: for each row.
    """
    discriminant = linear * linear - 4.0 * square * constant
    root = np.where(discriminant >= 0.0, np.sqrt(np.maximum(discriminant, 0.0)), -1.0)
    half = root * (0.5 / square)
    middle = linear * (-0.5 / square)
    return middle - half, middle + half
