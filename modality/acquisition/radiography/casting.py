"""Line integrals through a phantom along the rays of a cone beam.

The phantom is sampled plane by plane across its long axis, where it answers fastest. What lies on a thin layer is added
up along parallel lines and then seen as large as the middle of the layer is; the samples of neighbouring layers lie
between each other, so that their sum is smooth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.acquisition.radiography.cone import Cone
from modality.acquisition.radiography.layers import down
from modality.acquisition.radiography.sheets import Sampling, Sheets
from phantoms.phantom import Phantom

Real = npt.NDArray[np.float32]


def lengths(phantom: Phantom, table: Real, cone: Cone, sampling: Sampling) -> Real:
    """What lies on the ray to the middle of each pixel.

    Args:
        phantom: what is in the beam.
        table: what is integrated, for each label, shape (labels, quantities): partial densities, or 1 for what counts.
        cone: source and detector.
        sampling: how finely.

    Returns:
        Its line integrals in mm times the table's unit, float32 of shape (quantities, rows, columns).
    """
    if cone.vertical:
        total = down(phantom, table, cone)
    else:
        (total,) = _aside(phantom, table, cone, sampling, [Moved(0.0, slice(None))])
    total *= _slant(cone)
    return total


@dataclass(frozen=True, slots=True)
class Moved:
    """Quantities that are seen with the patient moved.

    Args:
        up_mm: how far towards his head; only where the beam runs level.
        seen: which quantities.
    """

    up_mm: float
    seen: slice


def moved_lengths(phantom: Phantom, table: Real, cone: Cone, sampling: Sampling, moves: list[Moved]) -> list[Real]:
    """As `lengths`, for a patient on a moving table: he is sampled once.

    Args:
        phantom: what is in the beam.
        table: what is integrated, for each label, shape (labels, quantities).
        cone: source and detector, from the side.
        sampling: how finely.
        moves: how far the patient is moved, and what is seen of him there.

    Returns:
        For each move the line integrals of its quantities.
    """
    assert not cone.vertical
    assert all(move.up_mm == 0.0 for move in moves) or cone.turns[1][1] == 0.0
    slant = _slant(cone)
    if len({move.up_mm for move in moves}) == 1:  # nothing moves from one to the next
        (whole,) = _aside(phantom, table, cone, sampling, [Moved(moves[0].up_mm, slice(None))])
        whole *= slant
        return [whole[move.seen] for move in moves]
    return [one * slant for one in _aside(phantom, table, cone, sampling, moves)]


def _slant(cone: Cone) -> Real:
    """How much longer a ray's way through a layer is than the layer is thick, shape (rows, columns)."""
    columns, rows = cone.places
    away = np.sqrt((columns**2).reshape(1, -1) + (rows**2).reshape(-1, 1) + cone.detector_mm**2)
    cosine, sine = (1.0, 0.0) if cone.vertical else cone.turns[1]
    along = cone.detector_mm * cosine + rows.reshape(-1, 1) * sine
    return (away / along).astype(np.float32)


def _aside(phantom: Phantom, table: Real, cone: Cone, sampling: Sampling, moves: list[Moved]) -> list[Real]:
    """Line integrals of a beam from the side, height by height."""
    quantities = table.shape[1]
    counts = [len(range(quantities)[move.seen]) for move in moves]
    totals = [np.zeros((cone.rows, count, cone.columns), dtype=np.float32) for count in counts]
    frame = Sheets(phantom, cone, sampling, [move.up_mm for move in moves])
    present: npt.NDArray[np.bool_] = np.asarray(table.any(axis=1))
    columns, _ = cone.places
    side = -1.0 if cone.mirrored else 1.0
    (_, _), (cosine, sine) = cone.turns
    half = frame.height_mm / 2.0
    layers = frame.layers_mm
    first = np.arange(layers.size).reshape(-1, 1) * frame.across
    flat = np.empty((quantities, layers.size * frame.across), dtype=np.float32)
    for height, labels in frame.sheets():
        z = height - cone.center_mm[2]
        away = cone.source_mm + layers * cosine + z * sine
        scale = cone.detector_mm / away
        if not present[labels].any():
            continue
        _layered(labels, table, frame.per_layer, flat)
        # Where each column's ray meets each layer, in samples.
        place = (side * columns).reshape(1, -1) / scale.reshape(-1, 1)
        place -= frame.first_mm
        place *= 1.0 / sampling.across_mm
        np.clip(place, 0.0, frame.across - 1.001, out=place)
        index = place.astype(np.int64)
        share = (place - index).astype(np.float32)
        index += first
        lines = flat[:, index]
        following = flat[:, index + 1]
        following -= lines
        following *= share
        lines += following
        lines *= np.float32(frame.step_mm)
        for total, move in zip(totals, moves, strict=True):
            up = z + move.up_mm
            edges = [_row(cone, scale * (layers * sine - (up + part) * cosine)) for part in (half, -half)]
            _spread(total, lines[move.seen], edges[0], edges[1])
    return [np.ascontiguousarray(total.transpose(1, 0, 2)) for total in totals]


def _row(cone: Cone, down_mm: npt.NDArray[np.float64]) -> list[float]:
    """Rows of places on the detector, 0 at the upper edge of the first."""
    found: list[float] = ((down_mm - cone.offset_mm[1]) / cone.pitch_mm + cone.rows / 2.0).tolist()
    return found


def _spread(total: Real, lines: Real, tops: list[float], bottoms: list[float]) -> None:
    """Add the lines of one height to the rows that they cover, each as much as it covers of it."""
    rows = len(total)
    for layer in np.flatnonzero(lines.any(axis=(0, 2))).tolist():
        top, bottom = tops[layer], bottoms[layer]
        for row in range(max(0, math.floor(top)), min(rows, math.ceil(bottom))):
            covered = min(bottom, row + 1.0) - max(top, float(row))
            if covered > 0.0:
                total[row] += lines[:, layer] * np.float32(covered)


def _layered(labels: npt.NDArray[np.uint8], table: Real, per_layer: int, out: Real) -> None:
    """Sums of the table over the samples of each layer, in a fixed order.

    Args:
        labels: shape (samples along the beam, samples across it).
        table: shape (labels, quantities).
        per_layer: samples along the beam in a layer.
        out: gets the sums, shape (quantities, layers * samples across).
    """
    across = labels.shape[1]
    grouped = labels.reshape(-1, per_layer, across)
    for place in range(table.shape[1]):
        values = table[:, place]
        mine = out[place].reshape(-1, across)
        if not values.any():
            mine.fill(0.0)
            continue
        np.take(values, grouped[:, 0], out=mine)
        for number in range(1, per_layer):
            mine += values[grouped[:, number]]
