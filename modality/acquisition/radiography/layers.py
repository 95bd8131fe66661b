"""Line integrals along a beam from the head to the feet, as a mammograph's: layer by layer across it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from modality.acquisition.radiography.cone import Cone
from modality.acquisition.radiography.sheets import order
from phantoms.phantom import Fine, Phantom

Real = npt.NDArray[np.float32]

_STEP_MM = 1.0
_MOST_FINER = 12
_PHASES = 4  # pixels beside and below each other see a layer at other heights, so that slopes show no terraces


def down(phantom: Phantom, table: Real, cone: Cone) -> Real:
    """Line integrals of a beam from the head to the feet: layer by layer, each at its own magnification."""
    low, high = phantom.bounds.low_mm[2], phantom.bounds.high_mm[2]
    total = np.zeros((table.shape[1], cone.rows, cone.columns), dtype=np.float32)
    count = max(1, math.ceil((high - low) / max(_STEP_MM, cone.pitch_mm)))
    thick = (high - low) / count
    layer = _Layer(phantom, table, cone)
    for number in range(count):
        height = low + (number + 0.5) * thick
        jitter = 0.25 if number % 2 else -0.25  # samples of neighbouring layers lie between each other
        for phase in range(_PHASES):
            down, across = divmod(phase, 2)
            every = (slice(down, None, 2), slice(across, None, 2))
            at = height + ((phase + 0.5) / _PHASES - 0.5) * thick
            layer.add(at, thick, every, jitter, total[:, every[0], every[1]])
        small = [one for one in phantom.fine if one.bounds.low_mm[2] - thick < height < one.bounds.high_mm[2] + thick]
        window = _window(small, cone, height)
        if window is None:
            continue
        finer = min(_MOST_FINER, max(1, math.ceil(thick / min(one.step_mm[2] for one in small))))
        part = total[:, window[0], window[1]]
        for phase in range(_PHASES):
            down, across = divmod(phase, 2)
            every = (_from(window[0], down), _from(window[1], across))
            at = height + ((phase + 0.5) / _PHASES - 0.5) * thick
            layer.add(at, -thick, every, jitter, total[:, every[0], every[1]])
        for place in range(finer):
            at = height + ((place + 0.5) / finer - 0.5) * thick
            for side in (-0.25, 0.25):
                layer.add(at, thick / finer / 2.0, window, side, part)
    return total


def _from(part: slice, phase: int) -> slice:
    """Every second place of a part, those of even number or of odd."""
    return slice(part.start + (phase - part.start) % 2, part.stop, 2)


def _window(small: list[Fine], cone: Cone, height: float) -> tuple[slice, slice] | None:
    """The part of the detector that sees small parts at a height."""
    ends = []
    for one in small:
        for x in (one.bounds.low_mm[0], one.bounds.high_mm[0]):
            for y in (one.bounds.low_mm[1], one.bounds.high_mm[1]):
                seen = cone.seen((x, y, height))
                ends.append((seen.row, seen.column))
    if not ends:
        return None
    rows, columns = ([end[k] for end in ends] for k in (0, 1))
    window = (
        slice(max(0, math.floor(min(rows)) - 2), min(cone.rows, math.ceil(max(rows)) + 3)),
        slice(max(0, math.floor(min(columns)) - 2), min(cone.columns, math.ceil(max(columns)) + 3)),
    )
    return window if all(part.start < part.stop for part in window) else None


class _Layer:
    """Layers across a beam from the head to the feet, sampled where the rays to the pixels meet them.

    Args:
        phantom: what is sampled.
        table: what is integrated, shape (labels, quantities).
        cone: the beam.
    """

    def __init__(self, phantom: Phantom, table: Real, cone: Cone) -> None:
        self._phantom, self._table, self._cone = phantom, table, cone
        self._columns, self._rows = cone.places

    def add(self, height: float, thick: float, window: tuple[slice, slice], jitter: float, into: Real) -> None:
        """Add what a layer holds.

        Args:
            height: of the layer's middle.
            thick: what it stands for, in mm.
            window: rows and columns of the detector.
            jitter: by which share of a pixel the rays are moved.
            into: gets it, shape (quantities, rows, columns) of the window.
        """
        cone, phantom = self._cone, self._phantom
        scale = cone.detector_mm / (cone.source_mm + cone.center_mm[2] - height)
        (_, across, _), (down, _, _), _ = cone.axes
        y = cone.center_mm[1] + across * (self._columns[window[1]] + jitter * cone.pitch_mm) / scale
        x = cone.center_mm[0] + down * (self._rows[window[0]] - jitter * cone.pitch_mm) / scale
        low, high = phantom.bounds.low_mm, phantom.bounds.high_mm
        met = [np.flatnonzero((v >= low[k]) & (v <= high[k])) for k, v in ((1, y), (0, x))]
        if not met[0].size or not met[1].size:
            return
        columns, rows = (slice(int(part[0]), int(part[-1]) + 1) for part in met)
        x, y = x[rows], y[columns]
        turned = (slice(None, None, order(y)), slice(None, None, order(x)))
        z = np.full((1, 1), height)
        labels = phantom.labels(np.sort(x).reshape(1, -1), np.sort(y).reshape(-1, 1), z)[turned].T
        part = into[:, rows, columns]
        for place in range(self._table.shape[1]):
            part[place] += (self._table[:, place] * np.float32(thick))[labels]
