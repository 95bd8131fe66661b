"""Colour stands for the speed along the beam, comes round at the Nyquist speed, and arteries beat."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from modality.acquisition.ultrasound import Sonogram, colours, flow, us
from modality.acquisition.ultrasound.flow import pulse, vessels_of
from phantoms import abdomen, vessels
from phantoms.phantom import Phantom
from tests.acquisition.ultrasound.objects import FRONT_MM, block, scan, vessel

PEAK_M_S, RADIUS_MM, DEEP_MM = 0.5, 5.0, 30.0


def slanted(angle_deg: float, name: str = "flow") -> Phantom:
    """A vessel that rises to the probe's right by an angle from the level, its blood flowing upwards."""
    angle = math.radians(angle_deg)
    across, up = 28.0 * math.cos(angle), 28.0 * math.sin(angle)
    middle = FRONT_MM + DEEP_MM
    start, end = (-across, middle + up, 0.0), (across, middle - up, 0.0)
    return block(vessel(start, end, RADIUS_MM, name))


def coloured(phantom: Phantom, **options: Any) -> Sonogram:
    usual = {"mode": "colour-doppler", "photometric": "PALETTE COLOR", "prf_hz": 8000.0, "wall_filter_cm_s": 2.0,
             "steer_deg": 0.0}  # fmt: skip
    return scan(phantom, **{**usual, **options})


def speed_at(made: Sonogram, v_mm: float = DEEP_MM, u_mm: float = 0.0) -> float | None:
    """What the colours around a point stand for, in m/s; None where there is none."""
    row, column = (round(place) for place in made.screen.pixel(u_mm, v_mm))
    entries = made.frame(0).pixels[row - 4 : row + 5, column - 4 : column + 5]
    if (entries < colours.GREYS).any():
        return None
    table = np.asarray(colours.speeds(made.nyquist_m_s))
    return float(table[entries.astype(int) - colours.GREYS].mean())


@pytest.mark.parametrize("angle_deg", [20.0, 45.0, -30.0])
def test_a_colour_is_the_speed_to_the_probe(angle_deg: float) -> None:
    made = coloured(slanted(angle_deg))
    assert made.nyquist_m_s == pytest.approx(1540.0 * 8000.0 / (4.0 * 5e6))  # 0.616
    expected = PEAK_M_S * math.sin(math.radians(angle_deg))
    assert speed_at(made) == pytest.approx(expected, abs=0.025)


def test_flow_is_fastest_on_the_axis() -> None:
    made = coloured(slanted(30.0))
    off = 3.0
    u, v = off * math.sin(math.radians(30.0)), DEEP_MM + off * math.cos(math.radians(30.0))
    expected = PEAK_M_S * 0.5 * (1.0 - (off / RADIUS_MM) ** 2)
    assert speed_at(made, v, u) == pytest.approx(expected, abs=0.03)


def test_what_is_faster_than_the_nyquist_speed_comes_round() -> None:
    made = coloured(slanted(45.0), prf_hz=4000.0)
    assert made.nyquist_m_s == pytest.approx(0.308)
    expected = PEAK_M_S * math.sin(math.radians(45.0)) - 2.0 * 0.308
    assert expected < 0
    assert speed_at(made) == pytest.approx(expected, abs=0.03)
    (told,) = made.truth()["vessels"]
    assert told["aliases"]
    assert not coloured(slanted(45.0)).truth()["vessels"][0]["aliases"]


def test_level_flow_and_flow_slower_than_the_wall_filter_have_no_colour() -> None:
    assert speed_at(coloured(slanted(0.0), wall_filter_cm_s=8.0)) is None
    assert speed_at(coloured(slanted(20.0), wall_filter_cm_s=30.0)) is None
    assert speed_at(coloured(slanted(20.0), wall_filter_cm_s=5.0)) is not None


def test_colour_stays_in_its_box_and_no_tissue_has_any() -> None:
    made = coloured(slanted(30.0))
    pixels = made.frame(0).pixels
    box = made.colour_region
    inside = np.zeros(pixels.shape, bool)
    inside[box.row : box.row + box.rows, box.column : box.column + box.columns] = True
    shown = pixels[made.screen.seen & ~inside]
    assert (shown < colours.GREYS).all()
    assert 0.03 < (pixels[inside] >= colours.GREYS).mean() < 0.35


def test_rgb_has_the_colours_of_the_palette() -> None:
    palette, rgb = (coloured(slanted(30.0), photometric=kind).frame(0).pixels for kind in ("PALETTE COLOR", "RGB"))
    table = colours.flow_table().astype(int)
    flowing = palette >= colours.GREYS
    assert np.array_equal(rgb[flowing], table[palette[flowing]])
    assert np.abs(rgb[~flowing].astype(int) - table[palette[~flowing]]).max() <= 2
    assert (rgb[~flowing] == rgb[~flowing][:, :1]).all()
    to_probe = rgb[flowing].astype(int)
    assert (to_probe[:, 0] > to_probe[:, 2]).mean() > 0.95  # red


def test_an_artery_beats_and_a_vein_does_not() -> None:
    speeds = [pulse(phase / 100.0) for phase in range(100)]
    assert max(speeds) == pytest.approx(1.0, abs=1e-3)
    assert min(speeds) == 0.25
    artery = us(slanted(30.0, "aorta"), seed=1, probe="linear", view="transverse", x_mm=0.0, z_mm=0.0, frames=8,
                mode="colour-doppler", heart_rate=60.0, frame_rate=8.0, depth_mm=60.0)  # fmt: skip
    (told,) = artery.truth()["vessels"]
    assert told["speed_m_s"] == [pytest.approx(0.9 * pulse(k / 8.0), abs=1e-6) for k in range(8)]
    assert len(set(told["speed_m_s"])) > 2
    steady = us(slanted(30.0), seed=1, probe="linear", view="transverse", x_mm=0.0, z_mm=0.0, frames=8,
                mode="colour-doppler", heart_rate=60.0, depth_mm=60.0)  # fmt: skip
    assert set(steady.truth()["vessels"][0]["speed_m_s"]) == {0.5}


def test_a_beat_widens_an_artery_by_its_share_and_pushes_what_is_beside_it() -> None:
    made = coloured(block(vessel((0.0, FRONT_MM + DEEP_MM, -50.0), (0.0, FRONT_MM + DEEP_MM, 50.0), 10.0, "aorta")))
    points = made.insonified.points(made.stance)
    areas = [
        int((made.insonified.column(made.stance, flow.at_rest(made.vessels, points, beat)).labels == 2).sum())
        for beat in (0.0, 1.0)
    ]
    assert areas[1] / areas[0] == pytest.approx(1.06**2, abs=0.02)
    place = tuple(np.asarray([value]) for value in (20.0, FRONT_MM + DEEP_MM, 0.0))
    moved = flow.at_rest(made.vessels, place, 1.0)  # type: ignore[arg-type]
    assert moved[0][0] == pytest.approx(20.0 - 0.06 * 10.0 * 10.0 / 20.0)


def test_a_narrowed_artery_is_faster_where_it_is_narrow() -> None:
    narrow = next(one for one in vessels_of(vessels(1, stenosis_percent=70.0)) if one.name == "left renal artery")
    radii = [radius for _, _, radius in narrow.pieces]
    assert narrow.speed_m_s(min(radii)) / narrow.speed_m_s(narrow.wide_mm) == pytest.approx(
        (narrow.wide_mm / min(radii)) ** 2
    )
    assert narrow.speed_m_s(min(radii)) > 3.0


def test_blood_of_the_phantoms_flows_as_the_body_has_it() -> None:
    found = {one.name: one for one in vessels_of(abdomen(3))}
    assert {"aorta", "inferior vena cava", "portal vein", "portal branches", "hepatic veins", "arteries"} <= set(found)
    for name, onward in (("aorta", -1.0), ("inferior vena cava", 1.0)):
        vessel_ = found[name]
        (_, _, first), (_, _, last) = vessel_.pieces[0][0], vessel_.pieces[-1][1]
        sign = 1.0 if vessel_.course.onward else -1.0
        assert math.copysign(1.0, (last - first) * sign) == onward  # to the feet; to the heart


def test_a_rate_too_fast_for_the_depth_is_refused() -> None:
    from modality.errors import UsageError

    with pytest.raises(UsageError, match="prf_hz 9000: echoes from 150 mm allow 5133 at most"):
        coloured(slanted(10.0), depth_mm=150.0, prf_hz=9000.0)
