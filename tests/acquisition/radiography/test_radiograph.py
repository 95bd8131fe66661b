"""Exposures: views, exposure control, dose, what is made of the values, and what the truth says of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from modality.acquisition.radiography.radiograph import Exposure, cr, dx
from modality.errors import UnknownNameError, UsageError
from modality.station.study import load_phantom
from tests.acquisition.radiography.objects import balls, slab

BALLS = balls(((-30.0, 40.0, 25.0), 9.0), ((30.0, -40.0, -25.0), 9.0))


def taken(phantom: Any = BALLS, **options: Any) -> Exposure:
    return dx(phantom, **{"seed": 5, "rows": 96, "columns": 96, **options})


@pytest.mark.parametrize("view", ["PA", "AP", "LATERAL"])
def test_the_truth_says_where_each_ball_shines(view: Any) -> None:
    exposure = taken(view=view, mas=20.0)
    truth = json.loads(json.dumps(exposure.truth()))
    picture = exposure.frame(0).pixels
    for one in truth["structures"]:
        row, column = round(one["row"]), round(one["column"])
        assert one["in_field"]
        assert picture[row, column] > picture[48, 48] + 500
        radius = round(one["radius_mm"] / 0.9 * one["magnification"] / truth["imager_pixel_spacing_mm"]) + 3
        assert picture[row, column] > picture[row, column - radius] + 500


def test_in_a_frontal_view_the_patients_left_is_on_the_right_and_magnified_by_its_distance() -> None:
    front, back = taken(view="PA").truth()["structures"], taken(view="AP").truth()["structures"]
    assert front[0]["column"] < 48 < front[1]["column"]
    assert back[0]["column"] < 48 < back[1]["column"]
    # Ball 0 lies at the back: near the source in PA, near the detector in AP.
    assert front[0]["magnification"] > front[1]["magnification"]
    assert back[0]["magnification"] < back[1]["magnification"]


def test_exposure_control_gives_the_detector_its_target_and_a_thicker_patient_more() -> None:
    thin, thick = taken(slab(100.0)), taken(slab(200.0))
    for exposure in (thin, thick):
        assert exposure.dose["detector_air_kerma_ugy"] == pytest.approx(exposure.protocol.target_ugy, rel=0.02)
        assert abs(exposure.deviation_index) <= 0.1
    assert thick.mas > 4 * thin.mas


def test_by_hand_the_dose_follows_the_exposure() -> None:
    one, four = taken(slab(150.0), mas=5.0).dose, taken(slab(150.0), mas=20.0).dose
    for name in ("entrance_air_kerma_mgy", "kerma_area_product_ugy_m2", "detector_air_kerma_ugy", "exposure_index"):
        assert four[name] == pytest.approx(4 * one[name], rel=0.01)
    assert taken(slab(150.0), mas=20.0).deviation_index > 3.0


def test_raw_values_are_proportional_to_the_beam() -> None:
    raw = [taken(slab(150.0, wide_mm=80.0), mas=mas, presentation="PROCESSING").frame(0).pixels for mas in (1.0, 2.0)]
    middle = [float(one[40:56, 40:56].mean()) for one in raw]
    assert middle[1] == pytest.approx(2 * middle[0], rel=0.01)
    assert raw[0].max() < 1 << 14


def test_a_picture_is_bright_where_the_raw_values_are_dark() -> None:
    exposure = taken(presentation="both")
    raw, picture = (frame.pixels.astype(float) for frame in exposure)
    assert len(exposure) == 2
    assert np.corrcoef(raw[20:76, 20:76].ravel(), picture[20:76, 20:76].ravel())[0, 1] < -0.5
    assert picture.max() < 1 << 12


def test_an_imaging_plate_is_noisier_than_a_flat_panel() -> None:
    options = {"rows": 96, "columns": 96, "mas": 4.0}
    noise = []
    for make in (dx, cr):
        one, other = (make(slab(150.0), seed=seed, **options)._signal[30:66, 30:66] for seed in (5, 6))
        noise.append((one - other).std() / one.mean())
    assert noise[1] > 1.2 * noise[0]


def test_one_seed_is_one_picture() -> None:
    assert np.array_equal(taken().frame(0).pixels, taken().frame(0).pixels)
    assert not np.array_equal(taken().frame(0).pixels, taken(seed=6).frame(0).pixels)


def test_a_chest_has_dark_lungs_a_bright_liver_and_a_heart_on_the_left() -> None:
    exposure = taken(load_phantom("thorax", seed=2), rows=64, columns=64)
    picture = exposure.frame(0).pixels.astype(float)
    named = {one["name"]: one for one in exposure.truth()["structures"]}
    assert exposure.protocol.view == "PA"

    def around(name: str) -> float:
        row, column = round(named[name]["row"]), round(named[name]["column"])
        return float(picture[row - 1 : row + 2, column - 1 : column + 2].mean())

    assert around("liver") > around("left lung sample") + 700
    assert around("liver") > around("right lung sample") + 700
    assert named["liver"]["column"] < 32  # the patient's right is on the left
    row = round(named["liver"]["row"]) - 15
    assert picture[row, 35:43].mean() > picture[row, 21:29].mean()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kvp": 200.0}, "kvp 200: from 40 to 150"),
        ({"mas": 0.0}, "mas 0: from 0.01"),
        ({"rows": 4}, "4 x 96 pixels"),
        ({"columns": 5000}, "96 x 5000 pixels"),
        ({"focal_spot_mm": -1.0}, "focal_spot_mm -1"),
        ({"kvp": float("nan")}, "kvp nan"),
    ],
)
def test_what_cannot_be_set_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        taken(**options)


@pytest.mark.parametrize("options", [{"view": "UP"}, {"presentation": "LATER"}])
def test_unknown_names_are_said(options: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError, match="one of"):
        taken(**options)
