"""Kidneys of a gamma camera: the curves of the model, and those that are measured in the images."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydicom.sr.codedict import codes

import phantoms
from modality.acquisition.emission.plasma import DTPA, MAG3
from modality.acquisition.emission.renal import BODY_G, COMPARTMENTS, Renogram, compartments_of, has_kidneys
from modality.acquisition.emission.studies import nm
from modality.acquisition.emission.tracers import CORTICAL, GLOMERULAR, ISOTOPES, RENAL
from modality.errors import UsageError

STRONG = {"dose_mbq_per_kg": 50.0, "frame_s": 30.0, "rows": 96, "columns": 96, "seed": 2}


def stepped(renogram: Renogram, seconds: float, step_s: float = 0.05) -> list[float]:
    """The compartments by the differential equations, stepped: plasma, tissue, tubules with their delay, pelvis."""
    usual = 208.0 / 60.0 / 3800.0
    fast, slow = math.log(2) / 252.0, math.log(2) / 1764.0
    back = fast * slow / usual
    away = fast + slow - usual - back
    out = renogram.clearance_ml_per_min / 60.0 / 3800.0
    longer, drained = 1.0 / 60.0, math.log(2) / renogram.drainage_half_time_s
    plasma, tissue, tubules, passing, pelvis = 1.0, 0.0, 0.0, 0.0, 0.0
    delay: list[float] = []
    for number in range(round(seconds / step_s)):
        if renogram.diuresis_s is not None and number * step_s >= renogram.diuresis_s:
            drained = math.log(2) / renogram.diuresis_half_time_s
        taken = out * plasma * step_s
        delay.append(taken)
        left = delay[number - 2000] if number >= 2000 else 0.0  # 100 s
        on, away_from_it = passing * longer * step_s, pelvis * drained * step_s
        tubules += taken - left
        passing += left - on
        pelvis += on - away_from_it
        change = (back * tissue - away * plasma) * step_s
        plasma, tissue = plasma + change - taken, tissue - change
    left_share = renogram.left_share
    sides = [(tubules + passing) * share for share in (left_share, 1 - left_share)]
    pelves = [pelvis * share for share in (left_share, 1 - left_share)]
    return [sides[0], pelves[0], sides[1], pelves[1], plasma + tissue]


@pytest.mark.parametrize("clearance", [60.0, 208.0, 350.0])
@pytest.mark.parametrize("drainage", [45.0, 60.0 * math.log(2), 3600.0])  # the second as fast as the tubules
@pytest.mark.parametrize("seconds", [60.0, 300.0, 1000.0])
def test_the_curves_solve_the_equations_of_the_compartments(clearance, drainage, seconds):
    renogram = Renogram(clearance, 0.3, drainage)
    found = [*renogram.shares(seconds, 1e-3), renogram.body(seconds, 1e-3)]
    assert found == pytest.approx(stepped(renogram, seconds), abs=2e-4)


@pytest.mark.parametrize("begin", [-900.0, 0.0, 100.0, 300.0, 900.0])
@pytest.mark.parametrize(("drainage", "flushed"), [(1800.0, 120.0), (300.0, 300.0), (60.0, 60.0 * math.log(2))])
def test_furosemide_changes_the_drainage_from_when_it_acts(begin, drainage, flushed):
    renogram = Renogram(208.0, 0.3, drainage, diuresis_s=begin, diuresis_half_time_s=flushed)
    for seconds in (250.0, 1200.0):
        found = [*renogram.shares(seconds, 1e-3), renogram.body(seconds, 1e-3)]
        assert found == pytest.approx(stepped(renogram, seconds), abs=2e-4)


def test_the_mean_over_a_frame_is_that_of_its_moments():
    renogram = Renogram(left_share=1.0, drainage_half_time_s=200.0)
    for start, duration in ((0.0, 2.0), (90.0, 20.0), (95.0, 400.0)):
        moments = [renogram.content("left", start + (k + 0.5) * duration / 400) for k in range(400)]
        assert sum(renogram.shares(start, duration)[:2]) == pytest.approx(sum(moments) / 400, rel=1e-4)
    assert renogram.shares(0.0, 1000.0)[2:] == (0.0, 0.0)


def test_a_normal_kidney_peaks_after_three_to_five_minutes_and_an_obstructed_one_does_not():
    normal = Renogram().truth(1500.0)["time_to_peak_s"]
    assert 180 <= normal["left"] == normal["right"] <= 300
    assert Renogram(drainage_half_time_s=7200.0).truth(1500.0)["time_to_peak_s"]["left"] > 1400


def test_nothing_is_lost_but_what_ran_off():
    renogram = Renogram(drainage_half_time_s=36000.0)
    held = [sum(renogram.shares(at, 1.0)) + renogram.body(at, 1.0) for at in (0.0, 60.0, 90.0)]
    assert held == pytest.approx([1.0] * 3, abs=1e-6)


@pytest.mark.parametrize("kinetics", [MAG3, DTPA], ids=["MAG3", "DTPA"])
def test_the_plasma_at_the_usual_clearance_is_what_was_measured(kinetics):
    found = kinetics.plasma(kinetics.clearance_ml_per_min)
    assert [height for height, _ in found] == pytest.approx(kinetics.heights, rel=1e-9)
    assert [math.log(2) / rate for _, rate in found] == pytest.approx(kinetics.half_times_s, rel=1e-9)


def test_the_central_volumes_are_the_published_and_a_plasmas():
    assert MAG3.central_ml == pytest.approx(3800.0, rel=1e-9)
    assert 3000.0 < DTPA.central_ml < 4500.0  # of clearance and blood curve, which come from two sources


@pytest.mark.parametrize("clearance", [1.0, 40.0, 300.0])
def test_the_plasma_of_three_compartments_solves_their_equations(clearance):
    out = clearance / 60.0 / DTPA.central_ml
    plasma, others, step_s = 1.0, [0.0, 0.0], 0.05
    told = DTPA.plasma(clearance)
    for number in range(1, 24001):
        flows = [
            (back * held - away * plasma) * step_s
            for held, back, away in zip(others, DTPA._back, DTPA._away, strict=True)
        ]
        plasma += sum(flows) - out * plasma * step_s
        others = [held - flow for held, flow in zip(others, flows, strict=True)]
        if number % 4000 == 0:
            curve = sum(height * math.exp(-rate * number * step_s) for height, rate in told)
            assert curve == pytest.approx(plasma, abs=3e-4)
    assert all(rate > 0.0 and 0.0 < height < 1.0 for height, rate in told)
    assert sum(height for height, _ in told) == pytest.approx(1.0)


def test_of_what_is_filtered_the_kidneys_hold_less_than_of_what_is_secreted():
    secreted, filtered = Renogram(), Renogram(DTPA.clearance_ml_per_min, kinetics=DTPA)
    peaks = [one.truth(1500.0)["time_to_peak_s"]["left"] for one in (secreted, filtered)]
    assert all(180 <= peak <= 300 for peak in peaks)
    most = [one.content("left", peak) for one, peak in zip((secreted, filtered), peaks, strict=True)]
    assert most[1] < 0.8 * most[0]
    left = [one.body(1200.0, 1.0) for one in (secreted, filtered)]
    assert left[1] > left[0] + 0.2


def test_furosemide_empties_a_wide_pelvis_and_not_an_obstructed_one():
    wide, obstructed = (
        Renogram(DTPA.clearance_ml_per_min, 0.5, 7200.0, DTPA, 1200.0, half) for half in (300.0, 7200.0)
    )
    for one in (wide, obstructed):
        assert one.content("left", 1200.0) == wide.content("left", 1200.0) > one.content("left", 600.0)
    assert wide.content("left", 1800.0) < 0.5 * wide.content("left", 1200.0)
    assert obstructed.content("left", 1800.0) > obstructed.content("left", 1200.0)
    truth = wide.truth(2400.0)
    assert truth["diuresis"] == {"begin_s": 1200.0, "drainage_half_time_s": 300.0}
    assert 1190 <= truth["time_to_peak_s"]["left"] <= 1210
    assert "diuresis" not in Renogram().truth(100.0)


def grown(mask, steps):
    for _ in range(steps):
        padded = np.pad(mask, 1)
        mask = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask


def decay_corrected(study, values):
    left = [ISOTOPES["Tc-99m"].mean_share(time.start_s, time.duration_s) * time.duration_s for time in study.times]
    return np.array(values) / left


def told_curve(study, key, side):
    curves = {one["name"]: np.array(one[key]) for one in study.truth()["renogram"]["curves"]}
    return curves[f"{side} kidney"] + curves[f"{side} pelvis and ureter"]


@pytest.mark.parametrize(("left_share", "drainage"), [(0.5, 45.0), (0.3, 600.0)])
def test_the_counts_in_the_images_beyond_the_bodys_are_those_of_the_truth(left_share, drainage):
    study = nm(phantoms.abdomen(), tracer="MAG3", left_share=left_share, drainage_half_time_s=drainage, **STRONG)
    body = study._projections(0)[0].astype(float)
    frames = [frame.pixels for frame in study]
    for side, half in (("left", np.s_[:, :48]), ("right", np.s_[:, 48:])):  # seen from behind
        counted = np.array([float(frame[half].sum()) for frame in frames])
        beyond = counted - [body[half].sum() * study.shares(k)[0] * study._decays(k) for k in range(len(study))]
        told = told_curve(study, "expected_counts", side)
        assert np.abs(beyond - told).max() < 5.0 * np.sqrt(counted.max())
        late = [k for k, time in enumerate(study.times) if time.start_s > 120.0]
        assert beyond[late] == pytest.approx(told[late], rel=0.03)


@pytest.mark.parametrize(("left_share", "drainage"), [(0.5, 45.0), (0.3, 45.0), (0.5, 7200.0)])
def test_an_operators_regions_give_the_curve_the_peak_and_the_differential_function(left_share, drainage):
    study = nm(phantoms.abdomen(), tracer="MAG3", left_share=left_share, drainage_half_time_s=drainage, **STRONG)
    frames = [frame.pixels for frame in study]
    uptake = [k for k, time in enumerate(study.times) if 60.0 <= time.start_s <= 150.0]  # no pelvis holds any yet
    early = sum(frames[k] for k in uptake).astype(float)
    columns = np.indices(early.shape)[1]
    halves = {"left": columns < 48, "right": columns >= 48}
    kidneys = {side: grown(half & (early > 0.5 * early[half].max()), 2) for side, half in halves.items()}
    curves = {}
    for side, kidney in kidneys.items():
        around = grown(kidney, 3) & ~grown(kidneys["left"] | kidneys["right"], 1)
        net = [float(frame[kidney].sum()) - float(frame[around].mean()) * kidney.sum() for frame in frames]
        curves[side] = decay_corrected(study, net)
        late = np.array([k for k, time in enumerate(study.times) if time.start_s > 60.0])
        told = told_curve(study, "share_of_dose", side)
        assert np.corrcoef(curves[side][late], told[late])[0, 1] > 0.98
        peak = study.times[late[int(np.argmax(curves[side][late]))]].start_s
        if drainage < 100.0:
            assert abs(peak + 15.0 - study.truth()["renogram"]["time_to_peak_s"][side]) <= 45.0
            assert curves[side][-1] < 0.6 * curves[side].max()
        else:
            assert curves[side][-1] > 0.8 * curves[side].max()
    split = sum(curves["left"][uptake]) / sum(curves["left"][uptake] + curves["right"][uptake])
    assert split == pytest.approx(left_share, abs=0.04)


def test_the_activity_of_the_kidneys_is_the_share_of_the_dose_that_the_truth_says():
    study = nm(phantoms.abdomen(), tracer="MAG3", seed=1, rows=64, columns=64)
    parts, shares = study._volume._parts, study.shares(60)
    per_relative = study.bq_per_ml * study.cameras[0].pixel_mm ** 3 / 1000.0
    in_kidneys = sum(float(parts[k].sum()) * shares[k] for k in range(1, 5)) * per_relative
    dose = study.protocol.dose_mbq_per_kg * 1e6 * BODY_G / 1000.0
    assert in_kidneys / dose == pytest.approx(study.truth()["frames"][60]["changing"], rel=1e-4)
    assert study.truth()["frames"][60]["changing"] == pytest.approx(sum(study.renogram.shares(*when(study, 60))))
    told = sum(one["expected_counts"][60] for one in study.truth()["renogram"]["curves"])
    assert told == pytest.approx(study.expected(60).sum() - cold_counts(study, 60), rel=1e-6)


def test_the_images_of_a_diuresis_show_a_wide_pelvis_empty_itself():
    options = {"tracer": "DTPA", "drainage_half_time_s": 3600.0, "furosemide_min": 15.0, "diuresis_half_time_s": 240.0}
    study = nm(phantoms.abdomen(), **{**STRONG, "rows": 64, "columns": 64, "frame_s": 30.0}, **options)
    body = study._projections(0)[0].astype(float)
    beyond = [
        (frame.pixels.sum() - body.sum() * study.shares(k)[0] * study._decays(k)) / study._decays(k)
        for k, frame in enumerate(study)
    ]

    def around(minute: float) -> float:
        near = [k for k, time in enumerate(study.times) if abs(time.start_s / 60.0 - minute) < 1.0]
        return float(np.mean([beyond[k] for k in near]))

    early, full, late = around(5.0), around(14.0), around(25.0)
    assert early < full
    assert late < 0.6 * full  # after two half-times and a half, with what comes on meanwhile
    assert study.renogram is not None
    assert study.renogram.diuresis_s == 900.0


def cold_counts(study, index):
    body = study._projections(0)[0].astype(float).sum()
    return body * study.shares(index)[0] * study._decays(index)


def when(study, index):
    return study.times[index].start_s, study.times[index].duration_s


def test_in_pixels_too_coarse_for_a_pelvis_the_kidney_shows_what_it_holds():
    renogram = Renogram()
    both = renogram.concentrations(400.0, 10.0, (100.0, 0.0, 100.0, 4.0))
    held = renogram.shares(400.0, 10.0)
    assert both[0] * 100.0 == pytest.approx((held[0] + held[1]) * BODY_G)
    assert both[1] == 0.0
    assert both[2] * 100.0 == pytest.approx(held[2] * BODY_G)


def test_the_parts_of_kidneys_are_known_by_name():
    abdomen = phantoms.abdomen()
    names = ("", *(one.name for one in abdomen.structures))
    found: dict[int, list[str]] = {}
    for name, place in zip(names, compartments_of(abdomen), strict=True):
        found.setdefault(place, []).append(name)
    assert COMPARTMENTS == ("left kidney", "left pelvis and ureter", "right kidney", "right pelvis and ureter")
    assert found[1] == ["left renal cortex", "left renal medulla", "left renal pole"]
    assert found[4] == ["right renal pelvis", "right ureter"]
    assert "left renal sinus" in found[0]
    assert (has_kidneys(abdomen), has_kidneys(phantoms.thorax())) == (True, False)


def test_static_images_show_the_cortex_and_both_tracers_have_codes_of_the_standard():
    study = nm(phantoms.abdomen(), tracer="DMSA", seed=1, rows=64, columns=64)
    front, back = (frame.pixels.astype(int) for frame in study)
    assert (study.protocol.study, len(study)) == ("STATIC", 2)
    assert back.max() > front.max()  # kidneys lie behind
    listed = {one["name"]: one["uptake_relative"] for one in study.truth()["structures"]}
    assert listed["left renal pole"] == 90.0 > 10 * listed["liver sample"]
    assert RENAL.code[0] == codes.SCT.Technetium99mMercaptoacetylTriglycineMAG3.value
    assert GLOMERULAR.code[0] == codes.SCT.TechnetiumTc99mPentetate.value
    assert CORTICAL.code[0] == codes.SCT.TechnetiumTc99mSuccimer.value


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tracer": "MAG3", "study": "STATIC"}, "tracer MAG3: none of study STATIC, which takes medronate or DMSA"),
        ({"tracer": "DMSA", "study": "GATED"}, "which takes red cells"),
        ({"tracer": "EC"}, "tracer 'EC': one of medronate, mebrofenin, red cells, MAG3, DTPA, DMSA"),
        ({"left_share": 0.4}, "left_share: only with tracer MAG3 or DTPA"),
        ({"furosemide_min": 20.0}, "furosemide_min: only with tracer MAG3 or DTPA"),
        ({"tracer": "DTPA", "study": "STATIC"}, "none of study STATIC"),
        ({"tracer": "DTPA", "furosemide_min": 500.0}, "furosemide_min 500: from -60 to 120"),
        ({"tracer": "DTPA", "furosemide_min": 20.0, "diuresis_half_time_s": 0.0}, "diuresis_half_time_s 0"),
        ({"tracer": "MAG3", "diuresis_half_time_s": 60.0}, "only where furosemide is given: see furosemide_min"),
        ({"tracer": "MAG3", "left_share": 1.2}, "left_share 1.2: from 0 to 1"),
        ({"tracer": "MAG3", "clearance_ml_per_min": 0.0}, "clearance_ml_per_min 0"),
        ({"tracer": "MAG3", "uptake_half_time_s": 60.0}, "uptake_half_time_s: only with tracer mebrofenin"),
        ({"tracer": "MAG3", "uptake_min": 5.0}, "begins with the injection"),
        ({"tracer": "MAG3", "slices": 3}, "slices: only of study RECON TOMO"),
    ],
)
def test_what_does_not_go_together_is_refused(options, said):
    with pytest.raises(UsageError, match=said):
        nm(phantoms.abdomen(), seed=1, **options)


@pytest.mark.parametrize("tracer", ["MAG3", "DTPA", "DMSA"])
def test_without_kidneys_there_is_no_study_of_them(tracer):
    with pytest.raises(UsageError, match="thorax has no kidneys"):
        nm(phantoms.thorax(), seed=1, tracer=tracer)
