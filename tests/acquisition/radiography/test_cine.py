"""Runs of frames: an agent that arrives and leaves, masks, a moving table, angles."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from modality.acquisition.radiography.bolus import Bolus
from modality.acquisition.radiography.cine import Cine
from modality.acquisition.radiography.runs import rf, xa
from modality.errors import UsageError
from modality.station.study import load_phantom
from phantoms import vessels
from phantoms.anatomy.torso.arteries import Branch, Vessels
from tests.acquisition.radiography.objects import balls

BALLS = balls(((-30.0, 40.0, 25.0), 9.0), ((30.0, -40.0, -25.0), 9.0))


@cache
def patient() -> Vessels:
    return vessels(2)


@cache
def run() -> Cine:
    return xa(patient(), seed=4, rows=72, columns=72, frames=11, mask_frames=2)


@cache
def truth() -> dict[str, Any]:
    return dict(run().truth())


def test_a_bolus_peaks_when_and_as_high_as_it_says_and_later_downstream() -> None:
    bolus = Bolus(100.0, 0.5)
    near, far = Branch(1, 0.0), Branch(2, 250.0)
    assert bolus.arrival_s(far) - bolus.arrival_s(near) == pytest.approx(1.0)
    assert bolus.concentration_mg_ml(near, bolus.arrival_s(near)) == 0.0
    assert bolus.concentration_mg_ml(near, bolus.arrival_s(near) + bolus.rise_s) == pytest.approx(100.0)
    times = np.linspace(0.0, 40.0, 8001)
    curves = [np.array([bolus.concentration_mg_ml(one, t) for t in times]) for one in (near, far)]
    assert curves[1].max() < curves[0].max()
    assert times[curves[1].argmax()] > times[curves[0].argmax()] + 1.0
    assert curves[1].sum() == pytest.approx(curves[0].sum(), rel=0.01)  # what went in comes out


def test_contrast_follows_the_iodine_of_the_truth_frame_by_frame() -> None:
    cine = run()
    pixels = np.stack([frame.pixels for frame in cine]).astype(float)
    mask = np.log(pixels[:2]).mean(axis=0)
    named = {one["name"]: one for one in truth()["structures"]}
    for name in ("aorta 3", "aorta 5"):
        row, column = round(named[name]["row"]), round(named[name]["column"])
        part = (slice(None), slice(row - 1, row + 2), slice(column - 1, column + 2))
        contrast = (mask - np.log(pixels))[part].mean(axis=(1, 2))
        iodine = np.array(named[name]["iodine_mg_ml"])
        assert abs(contrast[:2]).max() < 0.05
        assert iodine.max() > 60.0
        assert contrast.max() > 0.5
        assert abs(int(contrast.argmax()) - int(iodine.argmax())) <= 1
        assert np.corrcoef(contrast, iodine)[0, 1] > 0.97
    assert named["aorta 5"]["arrival_s"] > named["aorta 3"]["arrival_s"]


def test_a_stenosis_narrows_the_artery_that_it_is_asked_for() -> None:
    narrow = {one["name"]: one for one in truth()["structures"]}["left renal artery"]["radius_mm"]
    plain = vessels(2, stenosis_percent=0.0)
    (wide,) = [one.ball[1] for one in plain.structures if one.name == "left renal artery" and one.ball]
    assert truth()["stenosis"] == {"of": "left renal artery", "percent": 70.0}
    assert narrow == pytest.approx(0.3 * wide, rel=0.25)
    assert "stenosis" not in xa(plain, seed=1, rows=32, columns=32, frames=1).truth()


def test_without_an_agent_nothing_but_noise_changes() -> None:
    still = xa(BALLS, seed=4, rows=64, columns=64, frames=3)
    one, other = (still.frame(index).pixels.astype(float) for index in (0, 2))
    assert not np.array_equal(one, other)
    assert abs(one.mean() / other.mean() - 1.0) < 0.01
    assert still.bolus is None


def test_the_table_moves_the_picture_by_the_magnified_way() -> None:
    cine = rf(BALLS, seed=4, rows=128, columns=128, frames=3, frame_rate=1.0, table_mm_s=15.0, iodine_mg_ml=0.0)
    rows = []
    for index in (0, 2):
        primary = -np.log(cine.shadow(index).primary)
        places = np.nonzero(primary > 0.6 * primary.max())
        rows.append(float(places[0].mean()))
    assert [cine.table_mm(index) for index in range(3)] == [0.0, 15.0, 30.0]
    assert rows[0] - rows[1] == pytest.approx(30.0 * 1.4 / cine.cone.pitch_mm, rel=0.05)


@pytest.mark.parametrize(("primary", "secondary"), [(0.0, 0.0), (35.0, 0.0), (-20.0, 25.0)])
def test_at_any_angle_the_balls_are_where_the_truth_has_them(primary: float, secondary: float) -> None:
    cine = xa(BALLS, seed=4, rows=96, columns=96, frames=1, primary_deg=primary, secondary_deg=secondary)
    shadow = cine.shadow(0).primary
    for one in cine.truth()["structures"]:
        assert shadow[round(one["row"]), round(one["column"])] < 0.3 * float(np.median(shadow))


def test_fluoroscopy_is_noisier_and_gives_less_dose_than_angiography() -> None:
    options: dict[str, Any] = {"seed": 4, "rows": 64, "columns": 64, "frames": 2, "kvp": 72.0}
    low, high = rf(BALLS, table_mm_s=0.0, **options), xa(BALLS, **options)
    assert low.dose["kerma_area_product_ugy_m2"] < 0.2 * high.dose["kerma_area_product_ugy_m2"]

    def noise(cine: Cine) -> float:
        one, other = (cine.frame(index).pixels[26:38, 26:38].astype(float) for index in (0, 1))
        return float((one - other).std() / one.mean())

    assert noise(low) > 2.0 * noise(high)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"frames": 0}, "frames 0"),
        ({"frames": 3, "mask_frames": 3}, "mask_frames 3"),
        ({"frame_rate": 60.0}, "frame_rate 60"),
        ({"primary_deg": 170.0}, "primary_deg 170"),
        ({"secondary_deg": 60.0}, "secondary_deg 60"),
        ({"table_mm_s": 10.0, "secondary_deg": 10.0}, "runs level"),
        ({"table_mm_s": 10.0, "mask_frames": 2}, "set this or mask_frames to 0"),
        ({"kvp": 30.0}, "kvp 30"),
    ],
)
def test_what_cannot_be_set_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        xa(load_phantom("spheres"), seed=1, **options)
