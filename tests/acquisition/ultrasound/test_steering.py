"""Steered beams: a linear probe's colour box leans, and its colours obey the Doppler equation with the true angle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from modality.acquisition.ultrasound import Sonogram, colours, us
from modality.acquisition.ultrasound.flow import pulse
from modality.errors import UsageError
from phantoms import vessels
from tests.acquisition.ultrasound.objects import block, scan
from tests.acquisition.ultrasound.test_flow import PEAK_M_S, coloured, slanted, speed_at

FLOW: dict[str, Any] = {"probe": "linear", "mode": "colour-doppler", "photometric": "PALETTE COLOR"}


def shown(made: Sonogram, index: int, row: float, column: float) -> float:
    """The mean speed that colours within a pixel of a place stand for, in m/s."""
    at = made.frame(index).pixels[round(row) - 1 : round(row) + 2, round(column) - 1 : round(column) + 2]
    assert (at >= colours.GREYS).all()
    return float(np.asarray(colours.speeds(made.nyquist_m_s))[at.astype(int) - colours.GREYS].mean())


@pytest.mark.parametrize(("steer_deg", "slope_deg"), [(20.0, 0.0), (-20.0, 0.0), (15.0, 30.0), (-10.0, 30.0)])
def test_a_colour_is_the_speed_along_a_steered_beam(steer_deg: float, slope_deg: float) -> None:
    made = coloured(slanted(slope_deg), steer_deg=steer_deg)
    # Blood goes to the right and up by the slope; a beam that leans to the right runs along with it.
    expected = PEAK_M_S * math.sin(math.radians(slope_deg - steer_deg))
    assert speed_at(made) == pytest.approx(expected, abs=0.025)
    (told,) = made.truth()["vessels"]
    fastest = told["fastest_in_box"]
    assert fastest["angle_deg"] == pytest.approx(90.0 - slope_deg + steer_deg, abs=0.01)
    assert fastest["speed_m_s"] == pytest.approx(PEAK_M_S, rel=0.01)
    assert fastest["towards_probe_m_s"] == pytest.approx(expected, rel=0.01)
    assert fastest["shift_hz"] == pytest.approx(2.0 * 5e6 * expected / 1540.0, rel=0.01)


def test_level_flow_shows_by_default_on_a_linear_probe() -> None:
    level = scan(slanted(0.0), mode="colour-doppler", photometric="PALETTE COLOR", prf_hz=8000.0)
    assert level.protocol.steer_deg == 20.0
    assert speed_at(level) == pytest.approx(-PEAK_M_S * math.sin(math.radians(20.0)), abs=0.025)
    assert speed_at(coloured(slanted(0.0), wall_filter_cm_s=8.0)) is None


@pytest.mark.parametrize("steer_deg", [20.0, -20.0])
def test_the_box_is_a_parallelogram_along_the_beams_and_the_grey_picture_stays(steer_deg: float) -> None:
    made, straight = coloured(block(), steer_deg=steer_deg), coloured(block())
    box, screen = made.coloured.box, made.screen
    rows = np.flatnonzero(box.any(axis=1))
    left = np.asarray([np.flatnonzero(box[row])[0] for row in rows])
    right = np.asarray([np.flatnonzero(box[row])[-1] for row in rows])
    assert (np.ptp(right - left)) <= 2
    for edge in (left, right):
        slope = np.polyfit(rows, edge, 1)[0]
        assert slope == pytest.approx(math.tan(math.radians(steer_deg)), abs=0.01)
    assert not (box & ~screen.seen).any()
    assert box[rows, screen.face[1]].all()  # it nowhere leaves the middle
    # Outside of both boxes and their edges nothing is another.
    outside = screen.seen & ~box & ~straight.coloured.box
    assert np.array_equal(made.frame(0).pixels[outside], straight.frame(0).pixels[outside])
    region = made.colour_region
    assert (region.row, region.column) == (rows[0], left.min())
    assert (region.row + region.rows - 1, region.column + region.columns - 1) == (rows[-1], right.max())


@pytest.mark.parametrize("view", ["sagittal", "transverse"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_linear_probe_finds_pulsatile_flow_in_the_vessels(view: str, seed: int) -> None:
    made = us(vessels(seed), seed=seed, view=view, frames=5, frame_rate=5.0, heart_rate=60.0, **FLOW)  # type: ignore[arg-type]
    truth = made.truth()
    (told,) = (one for one in truth["vessels"] if one["name"] == "right external iliac artery")
    fastest = told["fastest_in_box"]
    assert told["pulsatile"]
    assert not told["aliases"]
    box, counts = made.coloured.box, []
    for index in range(len(made)):
        pixels = made.frame(index).pixels
        counts.append(int((pixels[box] >= colours.GREYS).sum()))
        assert not (pixels[made.screen.seen & ~box] >= colours.GREYS).any()
    assert min(counts) > 150
    # The Doppler equation: the speed along the beam is that of the flow times the cosine of the angle.
    along = fastest["speed_m_s"] * math.cos(math.radians(fastest["angle_deg"]))
    assert along == pytest.approx(fastest["towards_probe_m_s"], abs=1e-4)
    assert fastest["speed_m_s"] == pytest.approx(told["speed_m_s"][2], rel=0.12)  # it narrows and is faster there
    middle = shown(made, 2, fastest["row"], fastest["column"])
    assert middle == pytest.approx(along, abs=0.1 * abs(along) + 0.02)
    # At the height of the beat and at rest the same place differs as the pulse does.
    phases = [pulse(made.time_s(index)) for index in range(len(made))]
    fast = phases.index(max(phases))
    ratio = shown(made, fast, fastest["row"], fastest["column"]) / middle
    assert ratio == pytest.approx(phases[fast] / phases[2], rel=0.2)
    assert ratio > 1.5


def test_what_cannot_be_steered_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"^steer_deg: only colour-doppler with a linear probe is steered; leave it out$"
    ):
        scan(block(), steer_deg=10.0)
    with pytest.raises(UsageError, match="only colour-doppler with a linear probe"):
        coloured(block(), probe="curved", steer_deg=10.0)
    with pytest.raises(UsageError, match=r"^steer_deg -31: from -30 to 30$"):
        coloured(block(), steer_deg=-31.0)
    with pytest.raises(UsageError, match=r"^steer_deg -20: 120 mm of depth allow 13 at most, either way$"):
        coloured(block(), depth_mm=120.0, prf_hz=5000.0, steer_deg=-20.0)
    deep = scan(block(), depth_mm=120.0, mode="colour-doppler")
    assert deep.protocol.steer_deg == 13.0
    further = us(vessels(1), seed=1, depth_mm=200.0, **FLOW)
    assert (further.protocol.steer_deg, further.protocol.prf_hz) == (-8.0, 3850.0)
    assert us(block(), seed=1, probe="curved", mode="colour-doppler").protocol.steer_deg == 0.0
