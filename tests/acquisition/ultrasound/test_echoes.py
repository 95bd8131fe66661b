"""Echoes fade, shadow and are amplified as their equations say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from modality.acquisition.ultrasound import Sonogram
from modality.acquisition.ultrasound.decibels import amplitudes, decibels, turns
from modality.acquisition.ultrasound.media import MEDIA, medium_of
from phantoms.tissues import TISSUES
from tests.acquisition.ultrasound.objects import FRONT_MM, ball, block, scan

Values = npt.NDArray[np.float64]


def mean_db(made: Sonogram, depth_mm: tuple[float, float], u_mm: tuple[float, float] = (-25.0, 25.0)) -> float:
    """Mean power of a part of the picture, in dB."""
    step, places = made.screen.step_mm, made.probe.places
    rows = slice(round(depth_mm[0] / step), round(depth_mm[1] / step))
    beams = (places >= u_mm[0]) & (places <= u_mm[1])
    power = 10.0 ** (made.levels(0).astype(np.float64)[rows][:, beams] / 10.0)
    return float(10.0 * np.log10(power.mean()))


@pytest.mark.parametrize("frequency_mhz", [3.0, 6.0])
def test_echoes_fade_by_twice_the_attenuation_times_the_frequency(frequency_mhz: float) -> None:
    made = scan(block(), frequency_mhz=frequency_mhz)
    step = made.screen.step_mm
    level = 10.0 * np.log10((10.0 ** (made.levels(0).astype(np.float64) / 10.0)).mean(axis=1))
    depths_cm = (np.arange(len(level)) + 0.5) * step / 10.0
    deep = depths_cm > 1.5
    slope = np.polyfit(depths_cm[deep], level[deep], 1)[0]
    assert slope == pytest.approx(-2.0 * 0.5 * frequency_mhz, rel=0.03)


@pytest.mark.parametrize(("tgc", "slope"), [(0.5, 0.0), (0.8, 3.0)])
def test_time_gain_compensation_makes_up_for_what_it_takes_the_attenuation_for(tgc: float, slope: float) -> None:
    made = scan(block(), tgc_db_cm_mhz=tgc)
    change = mean_db(made, (50.0, 55.0)) - mean_db(made, (20.0, 25.0))
    assert change == pytest.approx(3.0 * slope, abs=0.6)


def test_behind_fluid_it_is_brighter_by_what_the_fluid_spared() -> None:
    made = scan(block(ball((0.0, FRONT_MM + 25.0, 0.0), 10.0)), tgc_db_cm_mhz=0.5)
    behind = mean_db(made, (40.0, 55.0), (-1.5, 1.5))
    beside = mean_db(made, (40.0, 55.0), (14.0, 24.0))
    assert behind - beside == pytest.approx(2.0 * (0.5 - 0.0022) * 5.0 * 2.0, abs=1.0)
    assert mean_db(made, (20.0, 30.0), (-3.0, 3.0)) - beside < -40.0


@pytest.mark.parametrize(("tissue", "least"), [("cortical bone", 50.0), ("hydroxyapatite", 50.0), ("air", 25.0)])
def test_behind_bone_stone_and_gas_there_is_a_shadow(tissue: str, least: float) -> None:
    made = scan(block(ball((0.0, FRONT_MM + 20.0, 0.0), 5.0, tissue)), tgc_db_cm_mhz=0.5)
    shadow, beside = mean_db(made, (28.0, 40.0), (-3.0, 3.0)), mean_db(made, (28.0, 40.0), (14.0, 24.0))
    assert beside - shadow > least
    surface = made.levels(0)[:, made.probe.beams // 2].argmax() * made.screen.step_mm
    assert surface == pytest.approx(15.0, abs=0.5)


def test_behind_gas_what_lies_before_it_is_seen_again() -> None:
    cyst = ball((0.0, FRONT_MM + 18.0, 0.0), 4.0)
    gas = ball((0.0, FRONT_MM + 40.0, 0.0), 10.0, "air")
    made = scan(block(cyst, gas), tgc_db_cm_mhz=0.5)
    mirrored = mean_db(made, (41.0, 43.0), (-1.0, 1.0)), mean_db(made, (34.0, 36.0), (-1.0, 1.0))
    assert mean_db(made, (16.0, 20.0), (-1.0, 1.0)) < -40.0
    assert mirrored[0] - mirrored[1] < -20.0  # 30 - (42 - 30) = 18 mm: the cyst
    assert -32.0 < mirrored[1] < -10.0  # 30 - (35 - 30) = 25 mm: gel


def test_noise_is_as_loud_as_it_is_amplified() -> None:
    loud = scan(block(ball((0.0, 0.0, 0.0), 59.0, "water")), noise_db=-30.0, tgc_db_cm_mhz=0.5)
    for depth in (20.0, 50.0):
        found = mean_db(loud, (depth - 1.0, depth + 1.0), (-3.0, 3.0))
        assert found == pytest.approx(-30.0 + 2.0 * 0.5 * 5.0 * depth / 10.0, abs=0.6)


@pytest.mark.parametrize(("options", "change"), [({"gain_db": 6.0}, 25.5), ({"gain_db": -6.0}, -25.5)])
def test_gain_moves_grey_levels(options: dict[str, Any], change: float) -> None:
    plain, moved = (scan(block(), tgc_db_cm_mhz=0.5, **some).frame(0).pixels.astype(float) for some in ({}, options))
    inner = np.s_[200:400, 250:400]
    assert moved[inner].mean() - plain[inner].mean() == pytest.approx(change, abs=1.0)


@pytest.mark.parametrize("dynamic_range_db", [60.0, 100.0])
def test_a_decibel_is_so_many_grey_levels_as_the_dynamic_range_has(dynamic_range_db: float) -> None:
    made = scan(block(), dynamic_range_db=dynamic_range_db, frequency_mhz=2.5, gain_db=6.0)
    rows = made.frame(0).pixels[:, 250:400].astype(float).mean(axis=1)
    first, last = (made.screen.face[0] + round(depth / made.screen.pitch_mm) for depth in (15.0, 55.0))
    slope = np.polyfit(np.arange(first, last) * made.screen.pitch_mm / 10.0, rows[first:last], 1)[0]
    assert slope == pytest.approx(-2.0 * 0.5 * 2.5 * 255.0 / dynamic_range_db, rel=0.05)


def test_what_has_no_row_is_told_by_its_density_and_contrast_changes_nothing() -> None:
    assert medium_of(TISSUES["liver"]) == MEDIA["liver"]
    assert medium_of(TISSUES["adipose"], "left renal sinus").echo_db > medium_of(TISSUES["adipose"]).echo_db
    from phantoms.material import Tissue, enhanced, same

    assert medium_of(enhanced(TISSUES["liver"], 2.0)) == MEDIA["liver"]
    metal = Tissue("titanium", 4.5, {"Ti": 1.0}, *same(1.0, 1.0))
    assert medium_of(metal).attenuation_db_cm_mhz == MEDIA["cortical bone"].attenuation_db_cm_mhz
    assert medium_of(Tissue("foam", 0.1, {"C": 1.0}, *same(1.0, 1.0))).gas


def test_every_tissue_of_the_table_has_a_row_of_its_own() -> None:
    ours = {name for name in TISSUES if name.startswith(("ischaemic", "oedema"))}
    assert set(TISSUES) - ours <= set(MEDIA)


def test_tables_give_logarithms_powers_and_angles() -> None:
    power = np.asarray([1e-13, 1e-3, 0.37, 1.0, 2.0, 12345.0], np.float32)
    assert decibels(power)[1:] == pytest.approx(10.0 * np.log10(power[1:]), abs=2e-3)
    assert decibels(power)[0] == -120.0
    assert decibels(np.zeros(1, np.float32))[0] == -120.0
    level = np.asarray([-90.0, -6.0, 0.0, 13.0], np.float32)
    assert amplitudes(level) == pytest.approx(10.0 ** (level / 20.0), rel=2e-3)
    angle = np.linspace(-3.1, 3.1, 97)
    found = turns(np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32))
    assert found == pytest.approx(angle / (2.0 * math.pi), abs=1e-4)
