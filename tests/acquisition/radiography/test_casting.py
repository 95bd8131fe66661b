"""Line integrals of a cone beam: how large, where and how thick things are seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modality.acquisition.radiography.casting import Moved, lengths, moved_lengths
from modality.acquisition.radiography.cone import Cone
from modality.acquisition.radiography.sheets import Sampling
from tests.acquisition.radiography.objects import balls

FINE = Sampling(0.5, 0.5)
FRONT = Cone((0.0, 0.0, 0.0), 800.0, 1000.0, 160, 180, 1.0)
NEAR, FAR = ((-30.0, 60.0, 25.0), 10.0), ((35.0, -55.0, -20.0), 8.0)


def each(count: int) -> np.ndarray:
    """Length in each structure by itself."""
    return np.eye(count + 1, dtype=np.float32)[:, 1:]


def spot(length: np.ndarray) -> tuple[float, float, float]:
    """Row and column of the middle of what is seen, and the diameter of a disc as large."""
    rows, columns = np.nonzero(length > 0)
    weights = length[rows, columns].astype(float)
    row, column = (float((places * weights).sum() / weights.sum()) for places in (rows, columns))
    # A ball's chord is longer than its radius within sqrt(3) / 2 of the radius.
    return row, column, float(2 * np.sqrt(np.count_nonzero(length > length.max() / 2) / np.pi / 0.75))


@pytest.mark.parametrize(
    "cone",
    [
        FRONT,
        replace(FRONT, primary_deg=90.0),
        replace(FRONT, primary_deg=180.0, mirrored=True),
        replace(FRONT, primary_deg=-90.0),
        replace(FRONT, primary_deg=30.0),
        replace(FRONT, primary_deg=-40.0, secondary_deg=20.0),
        replace(FRONT, offset_mm=(12.0, -9.0)),
        replace(FRONT, vertical=True),
        replace(FRONT, vertical=True, mirrored=True, offset_mm=(5.0, 4.0)),
    ],
    ids=["front", "side", "mirrored", "other side", "oblique", "tilted", "offset", "down", "down mirrored"],
)
def test_a_ball_is_seen_where_the_geometry_says_as_large_and_as_thick(cone: Cone) -> None:
    phantom = balls(NEAR, FAR)
    for length, (center, radius) in zip(lengths(phantom, each(2), cone, FINE), (NEAR, FAR), strict=True):
        seen = cone.seen(center)
        row, column, diameter = spot(length)
        assert (row, column) == pytest.approx((seen.row, seen.column), abs=0.6)
        assert diameter == pytest.approx(2 * radius * seen.magnification, rel=0.08)
        assert length.max() == pytest.approx(2 * radius, rel=0.06)


def test_what_is_near_the_source_is_magnified_more() -> None:
    behind, before = FRONT.seen(NEAR[0]), FRONT.seen(FAR[0])
    # The detector is in front of the patient: what lies at the back is nearer to the source.
    assert behind.magnification == pytest.approx(1000.0 / (800.0 - 60.0), rel=1e-4)
    assert before.magnification == pytest.approx(1000.0 / (800.0 + 55.0), rel=1e-4)


def test_volume_is_kept_but_for_the_magnification() -> None:
    ((length,), center, radius) = lengths(balls(NEAR), each(1), FRONT, FINE), *NEAR
    volume = float(length.sum(dtype=np.float64)) / FRONT.seen(center).magnification ** 2
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.02)


def test_a_moved_patient_is_seen_moved_by_the_magnified_way_each_part_by_its_own() -> None:
    phantom = balls(NEAR, FAR)
    still, moved = moved_lengths(phantom, each(2), FRONT, FINE, [Moved(0.0, slice(None)), Moved(12.0, slice(None))])
    for before, after, (center, _) in zip(still, moved, (NEAR, FAR), strict=True):
        up = spot(before)[0] - spot(after)[0]
        assert up == pytest.approx(12.0 * FRONT.seen(center).magnification, abs=0.4)


def test_a_moved_quantity_is_that_of_its_own_move() -> None:
    phantom = balls(NEAR, FAR)
    found = moved_lengths(phantom, each(2), FRONT, FINE, [Moved(0.0, slice(0, 1)), Moved(12.0, slice(1, 2))])
    alone = moved_lengths(phantom, each(2), FRONT, FINE, [Moved(0.0, slice(None)), Moved(12.0, slice(None))])
    assert np.array_equal(found[0][0], alone[0][0])
    assert np.array_equal(found[1][0], alone[1][1])
