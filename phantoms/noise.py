"""Smooth random fields: value noise on a lattice, from integer hashes and polynomials only.

No transcendental function touches an array, so every processor gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.floating]

_PERIOD = 32  # lattice points before the field repeats
_SCALE = 1.0 / (1 << 23)


def _scrambled(state: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The finaliser of MurmurHash3 (A. Appleby, 2011), a bijection of 32 bits."""
    state = state ^ (state >> np.uint32(16))
    state *= np.uint32(0x85EBCA6B)
    state ^= state >> np.uint32(13)
    state *= np.uint32(0xC2B2AE35)
    state ^= state >> np.uint32(16)
    return state


@lru_cache(maxsize=64)
def _lattice(stream: int) -> npt.NDArray[np.float32]:
    """Values in [-1, 1) on a periodic lattice, shape (period, period, period), indexed z, y, x."""
    # Hashing the place before the stream joins keeps one stream from being another's shifted copy.
    state = _scrambled(_scrambled(np.arange(_PERIOD**3, dtype=np.uint32)) ^ np.uint32(stream & 0xFFFFFFFF))
    values: npt.NDArray[np.float32] = (state >> np.uint32(8)).astype(np.float32)
    values *= np.float32(_SCALE)
    values -= np.float32(1.0)
    return values.reshape(_PERIOD, _PERIOD, _PERIOD)


def _cell(coordinate: Field, spacing_mm: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Field]:
    """Lattice indices on both sides of a coordinate and the smooth weight of the upper one."""
    scaled = coordinate * (1.0 / spacing_mm)
    floor = np.floor(scaled)
    t = scaled - floor
    weight = t * t * (3.0 - 2.0 * t)
    low = floor.astype(np.intp) % _PERIOD
    return low, (low + 1) % _PERIOD, weight


def _along_rows(
    values: Field,
    x: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Field],
    z: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Field],
) -> Field:
    """A lattice's plane at one height, interpolated at all columns: shape (period, columns)."""
    (x0, x1, wx), (z0, z1, wz) = x, z
    plane = values[z0.item()] + (values[z1.item()] - values[z0.item()]) * wz.reshape(())
    rows: Field = plane[:, x0[0]] + (plane[:, x1[0]] - plane[:, x0[0]]) * wx
    return rows


@dataclass(frozen=True, slots=True)
class ValueNoise:
    """A smooth random field with values in (-1, 1).

    Args:
        stream: which field; fields of different streams are independent.
        spacing_mm: distance of the lattice points: the size of the bumps.
        octaves: number of fields added, each half as large in spacing and in amplitude as the one before.
    """

    stream: int
    spacing_mm: float
    octaves: int = 1

    def at(self, x: Field, y: Field, z: Field) -> Field:
        """The field at coordinates in mm that broadcast against each other."""
        total = self._octave(x, y, z, 0)
        for octave in range(1, self.octaves):
            total = total + self._octave(x, y, z, octave) * 0.5**octave
        return total * (1.0 / (2.0 - 0.5 ** (self.octaves - 1)))

    def on_slice(self, x: Field, y: Field, z: Field, down: npt.NDArray[np.intp], across: npt.NDArray[np.intp]) -> Field:
        """The field at chosen points of a slice along the axes, to the same bits as `at` gives.

        Args:
            x: of all columns, shape (1, columns).
            y: of all rows, shape (rows, 1).
            z: shape (1, 1).
            down: row of each point.
            across: column of each point.
        """
        total: Field = np.zeros(1, dtype=x.dtype)
        for octave in range(self.octaves):
            spacing_mm = self.spacing_mm * 0.5**octave
            y0, y1, wy = _cell(y[:, 0], spacing_mm)
            rows = _along_rows(self._values(octave, x), _cell(x, spacing_mm), _cell(z, spacing_mm)).ravel()
            lower = rows.take((y0 * x.size).take(down) + across)
            step = rows.take((y1 * x.size).take(down) + across)
            step -= lower
            step *= wy.take(down)
            step += lower
            total = total + step * 0.5**octave if octave else step
        return total * (1.0 / (2.0 - 0.5 ** (self.octaves - 1)))

    def _values(self, octave: int, like: Field) -> Field:
        return _lattice((self.stream + octave * 0x9E3779B9) & 0xFFFFFFFF).astype(like.dtype, copy=False)

    def _octave(self, x: Field, y: Field, z: Field, octave: int) -> Field:
        spacing_mm = self.spacing_mm * 0.5**octave
        values = self._values(octave, x)
        x0, x1, wx = _cell(x, spacing_mm)
        y0, y1, wy = _cell(y, spacing_mm)
        z0, z1, wz = _cell(z, spacing_mm)
        if z.size == 1 and x.shape == (1, x.size) and y.shape == (y.size, 1):
            # A slice along the axes: interpolate plane, then columns, then rows.
            rows = _along_rows(values, (x0, x1, wx), (z0, z1, wz))
            lower = rows[y0[:, 0]]
            step: Field = rows[y1[:, 0]]
            step -= lower
            step *= wy
            step += lower
            return step
        planes = []
        for zi in (z0, z1):
            lower = values[zi, y0, x0] + (values[zi, y0, x1] - values[zi, y0, x0]) * wx
            upper = values[zi, y1, x0] + (values[zi, y1, x1] - values[zi, y1, x0]) * wx
            planes.append(lower + (upper - lower) * wy)
        interpolated: Field = planes[0] + (planes[1] - planes[0]) * wz
        return interpolated
