"""An ECG: the truth of its beats holds for its samples, and rhythms are what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from modality.acquisition.cardiac import ecg
from modality.acquisition.cardiac.ecg import STEP_MV
from modality.errors import UsageError


def lead(recording, name, *, clean=True):
    samples = recording.clean() if clean else recording.samples()
    return samples[:, recording.leads.index(name)] * STEP_MV


@pytest.mark.parametrize("rhythm", ["sinus", "af", "pvc", "wenckebach", "complete-block", "st-elevation"])
@pytest.mark.parametrize("rate", [50, 110])
def test_every_r_peak_of_the_truth_is_the_highest_sample_around(rhythm, rate):
    recording = ecg(seed=8, rhythm=rhythm, rate=rate)
    two, found = lead(recording, "II"), recording.truth()
    peaks = [beat["r_sample"] for beat in found["beats"] if 30 <= beat["r_sample"] < recording.count - 30]
    assert len(peaks) >= 4
    for peak in peaks:
        assert abs(int(np.argmax(two[peak - 30 : peak + 31])) - 30) <= 2
    steep = np.flatnonzero((two[1:-1] > 0.8) & (two[1:-1] >= two[:-2]) & (two[1:-1] > two[2:])) + 1
    assert len(steep) == len([beat for beat in found["beats"] if 1 <= beat["r_sample"] < recording.count - 1])


def test_a_sinus_rhythm_has_normal_intervals_and_the_rate_that_was_set():
    found = ecg(seed=2, rate=60, seconds=30).truth()
    assert found["heart_rate_per_min"] == pytest.approx(60, abs=1.5)
    for beat in found["beats"]:
        assert 120 <= beat["pr_ms"] <= 200
        assert 70 <= beat["qrs_ms"] <= 110
        assert 360 <= beat["qt_ms"] <= 450
    intervals = [beat["rr_ms"] for beat in found["beats"]]
    assert 10 < np.std(intervals) < 60


def test_leads_obey_einthoven_and_goldberger():
    recording = ecg(seed=3, noise=2.0)
    found = {name: lead(recording, name, clean=False) for name in recording.leads}
    assert np.allclose(found["II"], found["I"] + found["III"])
    for name, of_one, of_two in (("aVR", -0.5, -0.5), ("aVL", 1.0, -0.5), ("aVF", -0.5, 1.0)):
        assert np.abs(found[name] - of_one * found["I"] - of_two * found["II"]).max() <= STEP_MV


def test_fibrillation_has_no_p_waves_and_intervals_that_differ_far_more():
    found = ecg(seed=4, rhythm="af", seconds=30, rate=80).truth()
    assert found["p_waves"] == []
    assert all(beat["p_sample"] is None and beat["pr_ms"] is None for beat in found["beats"])
    intervals = np.array([beat["rr_ms"] for beat in found["beats"]])
    assert 0.12 < intervals.std() / intervals.mean() < 0.35


def test_a_premature_beat_is_early_wide_and_followed_by_a_full_pause():
    beats = ecg(seed=6, rhythm="pvc", seconds=30).truth()["beats"]
    early = [number for number, beat in enumerate(beats) if beat["kind"] == "ventricular premature"]
    assert early
    for number in early:
        beat = beats[number]
        assert beat["qrs_ms"] > 130
        assert beat["p_sample"] is None
        if 0 < number < len(beats) - 1:
            usual = beats[number - 1]["rr_ms"] if beats[number - 1]["kind"] == "normal" else 833
            assert beat["rr_ms"] < 0.8 * usual
            assert beat["rr_ms"] + beats[number + 1]["rr_ms"] == pytest.approx(2 * 833, rel=0.12)


def test_wenckebach_blocks_one_p_wave_of_four_after_ever_longer_pr():
    found = ecg(seed=6, rhythm="wenckebach", seconds=30).truth()
    assert len(found["p_waves"]) / len(found["beats"]) == pytest.approx(4 / 3, rel=0.12)
    assert {round(beat["pr_ms"]) for beat in found["beats"]} == {160, 235, 270}


def test_in_complete_block_atria_and_ventricles_go_their_own_ways():
    found = ecg(seed=6, rhythm="complete-block", seconds=30, rate=80).truth()
    assert found["heart_rate_per_min"] == pytest.approx(37, abs=1)
    assert len(found["p_waves"]) == pytest.approx(40, abs=2)


@pytest.mark.parametrize(("site", "raised", "lowered"), [("anterior", "V3", "aVR"), ("inferior", "III", "aVL")])
def test_st_is_raised_where_the_wall_is_and_lowered_opposite(site, raised, lowered):
    found = ecg(seed=6, rhythm="st-elevation", st_site=site, st_mv=0.4).truth()["st_mv"]
    assert found[raised] > 0.2
    assert found[lowered] < -0.03
    assert abs(ecg(seed=6).truth()["st_mv"][raised]) < 0.05


def test_noise_is_as_strong_as_asked_for_and_the_truth_does_not_see_it():
    quiet, loud = (ecg(seed=5, noise=level) for level in (0.0, 3.0))
    assert np.array_equal(quiet.samples(), quiet.clean())
    assert np.array_equal(quiet.clean(), loud.clean())
    off = (loud.samples() - loud.clean())[:, 6] * STEP_MV
    assert 0.03 < off.std() < 0.2
    assert quiet.truth()["beats"] == loud.truth()["beats"]


def test_one_seed_gives_one_recording_and_another_another():
    one, again, other = (ecg(seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.samples(), again.samples())
    assert one.truth()["beats"] != other.truth()["beats"]


@pytest.mark.parametrize(
    "options",
    [
        {"form": "3-lead"},
        {"rhythm": "tango"},
        {"rate": 10},
        {"seconds": 0.5},
        {"sampling_hz": 100},
        {"form": "12-lead", "seconds": 30, "sampling_hz": 1000},
        {"noise": -1},
        {"noise": float("nan")},
        {"st_mv": 4, "rhythm": "st-elevation"},
        {"st_site": "moon", "rhythm": "st-elevation"},
    ],
)
def test_what_no_electrocardiograph_does_is_refused(options):
    with pytest.raises(UsageError):
        ecg(seed=1, **options)
