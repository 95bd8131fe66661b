"""What the magnet and the coil do unevenly over the patient: offsets of the field, and the receiver's sensitivity."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

Coil = Literal["BODY", "ARRAY"]
Real = npt.NDArray[np.float64]
Coordinates = npt.NDArray[np.float32]

_SHIMMED_RADIUS_MM = 100.0  # where the offset is quoted: our choice, a head's radius
LOOPS = 8
"""Loops of the array of coils."""
_LOOP_RADIUS_MM = 80.0  # our choice
_PARTS = 4  # of a fine pixel, moved each on its own
_DIGITS = 4


def offset_ppm(x: Coordinates, y: Coordinates, z: Coordinates, inhomogeneity_ppm: float) -> Real:
    """The field's departure from its nominal value: what shims of first order leave, a harmonic of second order.

    (z^2 - (x^2 + y^2) / 2) / r^2 solves Laplace's equation, as every field in a magnet does: F. Romeo, D. I. Hoult,
    Magn. Reson. Med. 1:44 (1984).

    Args:
        x: patient coordinates in mm, as are y and z; they broadcast against each other.
        y: to posterior.
        z: to the head.
        inhomogeneity_ppm: the offset on the axis, 100 mm from the centre.
    """
    squares = [np.asarray(axis, dtype=np.float64) ** 2 for axis in (x, y, z)]
    shape: Real = squares[2] - (squares[0] + squares[1]) / 2
    return shape * (inhomogeneity_ppm / _SHIMMED_RADIUS_MM**2)


def displaced(image: npt.NDArray[np.float32], pixels: Real) -> npt.NDArray[np.float32]:
    """An image whose signal appears shifted along its rows' index: piled up where the shifts converge.

    Nothing is lost or made, and what leaves at one side comes back at the other, as in the aliasing of a field of view:
    P. Jezzard, R. S. Balaban, Magn. Reson. Med. 34:65 (1995).

    Args:
        image: shape (rows, columns).
        pixels: how far each pixel's signal is shifted, of the same shape.
    """
    rows, columns = image.shape
    following = np.empty_like(pixels)
    following[:-1] = pixels[1:] - pixels[:-1]
    following[-1] = following[-2] if rows > 1 else 0.0
    place = np.arange(rows, dtype=np.float64).reshape(-1, 1)
    column = np.arange(columns)
    total = np.zeros(rows * columns)
    for part in range(_PARTS):
        off = (part + 0.5) / _PARTS - 0.5
        there = np.round(place + off + pixels + off * following, _DIGITS)
        below = np.floor(there)
        share = there - below
        for row, weight in ((below, 1.0 - share), (below + 1.0, share)):
            index = row.astype(np.int64) % rows * columns + column
            total += np.bincount(index.ravel(), (weight * image).ravel(), rows * columns)
    return (total.reshape(rows, columns) / _PARTS).astype(np.float32)


def sensitivity(x: Coordinates, y: Coordinates, z: Coordinates, *, radius_mm: float, middle_mm: float) -> Real:
    """How strongly an array of eight loops around the patient receives, relative to the middle between them.

    Each loop's field falls as on its axis, (1 + d^2 / a^2)^(-3/2) with the distance d from its centre (law of Biot and
    Savart); their signals are combined as the root of the sum of squares: P. B. Roemer et al., Magn. Reson. Med. 16:192
    (1990).

    Args:
        x: patient coordinates in mm, as are y and z; they broadcast against each other.
        y: to posterior.
        z: to the head.
        radius_mm: distance of the loops from the axis.
        middle_mm: z of the loops.
    """
    along = np.asarray(z, dtype=np.float64) - middle_mm
    total: Real = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape))
    for loop in range(LOOPS):
        turn = 2.0 * math.pi * loop / LOOPS
        across = np.asarray(x, dtype=np.float64) - round(radius_mm * math.cos(turn), 6)
        down = np.asarray(y, dtype=np.float64) - round(radius_mm * math.sin(turn), 6)
        falling = 1.0 + (across**2 + down**2 + along**2) / _LOOP_RADIUS_MM**2
        total += 1.0 / (falling * falling * falling)
    return np.sqrt(total / (LOOPS * (1.0 + (radius_mm / _LOOP_RADIUS_MM) ** 2) ** -3))
