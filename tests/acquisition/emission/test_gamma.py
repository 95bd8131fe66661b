import math
from dataclasses import replace

import numpy as np
import pytest

import phantoms
from modality.acquisition.emission.camera import COLLIMATORS, Camera, attenuation_per_mm
from modality.acquisition.emission.studies import nm
from modality.acquisition.emission.tracers import ISOTOPES
from modality.errors import UsageError
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Cylinder, sphere
from phantoms.tissues import TISSUES

SMALL = {"seed": 1, "rows": 48, "columns": 48}


def in_air(place, radius_mm):
    """A hot ball in something that attenuates nothing and fills a field of 300 mm."""
    room = replace(TISSUES["air"], fixed_hu=-1000.0, activity=0.0)
    hot = replace(TISSUES["air"], fixed_hu=-1000.0, activity=1.0)
    parts = (
        Structure("room", Cylinder((0.0, 0.0, 0.0), (150.0, 150.0), 300.0), room),
        Structure("ball", sphere(place, radius_mm), hot, (place, radius_mm)),
    )
    return Phantom("ball", "PHANTOM", parts, (-150.0, 150.0), 300.0)


def middle_of(image):
    rows, columns = np.indices(image.shape)
    return (image * rows).sum() / image.sum(), (image * columns).sum() / image.sum()


def test_without_attenuation_every_view_expects_the_counts_of_the_activity():
    study = nm(in_air((20.0, -30.0, 10.0), 30.0), study="TOMO", frames=5, rows=64, columns=64, seed=1)
    ball_ml = 4 / 3 * math.pi * 30.0**3 / 1000
    time = study.times[0]
    per_s = ball_ml * study.bq_per_ml * COLLIMATORS["LEHR"].sensitivity
    for index, one in enumerate(study.times):
        left = ISOTOPES["Tc-99m"].mean_share(one.start_s, one.duration_s)
        assert study.expected(index).sum() == pytest.approx(per_s * time.duration_s * left, rel=0.03)
        counts = int(study.frame(index).pixels.sum())
        assert counts == pytest.approx(study.expected(index).sum(), abs=5 * math.sqrt(counts))


def test_what_is_counted_is_seen_where_the_truth_says_from_every_side():
    study = nm(in_air((40.0, -60.0, 50.0), 20.0), study="TOMO", frames=8, rows=64, columns=64, seed=1)
    (ball,) = study.truth()["structures"]
    for index in range(len(study)):
        assert middle_of(study.expected(index)) == pytest.approx(ball["seen"][index], abs=0.15)


@pytest.mark.parametrize(
    ("angle", "row_end", "detector"),
    [(180.0, (1, 0), (0, -1)), (0.0, (-1, 0), (0, 1)), (90.0, (0, 1), (1, 0)), (270.0, (0, -1), (-1, 0))],
)
def test_angles_count_from_the_back_over_the_left(angle, row_end, detector):
    camera = Camera((0.0, 0.0, 0.0), 100.0, 4, 4, 2.0, angle)
    across, out = camera.directions
    assert (across[:2], out[:2]) == (row_end, detector)
    x, y, z = camera.first_pixel_mm
    assert (x, y, z) == (100 * out[0] - 3 * across[0], 100 * out[1] - 3 * across[1], 3.0)


def test_water_weakens_what_lies_behind_it_as_its_coefficient_says():
    def view(depth_mm):
        water = replace(TISSUES["water"], activity=0.0)
        hot = replace(TISSUES["water"], activity=1.0)
        place = (0.0, -100.0 + depth_mm, 0.0)
        parts = (
            Structure("water", Cylinder((0.0, 0.0, 0.0), (100.0, 100.0), 200.0), water),
            Structure("ball", sphere(place, 18.0), hot, (place, 18.0)),
        )
        return nm(Phantom("jar", "PHANTOM", parts, (-100.0, 100.0), 200.0), **SMALL).expected(0).sum()

    per_mm = attenuation_per_mm(TISSUES["water"], ISOTOPES["Tc-99m"])
    assert per_mm == pytest.approx(0.0153, abs=0.0003)  # of water at 140.5 keV
    assert view(40.0) / view(140.0) == pytest.approx(math.exp(per_mm * 100.0), rel=0.03)


@pytest.mark.parametrize("collimator", COLLIMATORS)
def test_resolution_worsens_with_distance_as_the_holes_give_it(collimator):
    holes = COLLIMATORS[collimator]
    assert holes.fwhm_mm(0.0) < holes.fwhm_mm(100.0) < holes.fwhm_mm(300.0)
    study = nm(in_air((0.0, 0.0, 0.0), 6.0), seed=1, rows=128, columns=128, collimator=collimator)
    camera = study.cameras[0]
    across = study.expected(0).sum(axis=0)
    places = (np.arange(128) - 63.5) * camera.pixel_mm
    variance = (across * places**2).sum() / across.sum() - (across * places).sum() ** 2 / across.sum() ** 2
    # A ball has a variance of r2/5, and the pixels one of their own.
    expected = (holes.fwhm_mm(camera.radius_mm) / 2.3548) ** 2 + 36.0 / 5 + camera.pixel_mm**2 / 12
    assert math.sqrt(variance) == pytest.approx(math.sqrt(expected), rel=0.04)


def test_a_dynamic_study_follows_uptake_and_clearance():
    study = nm(phantoms.nema_pet(), study="DYNAMIC", frames=9, frame_s=60.0, uptake_half_time_s=120.0, **SMALL)
    assert [time.duration_s for time in study.times] == [2.0] * 3 + [60.0] * 6
    assert [time.phase for time in study.times] == [0] * 3 + [1] * 6
    assert [time.start_s for time in study.times[:5]] == [0.0, 2.0, 4.0, 6.0, 66.0]
    elsewhere, organ = zip(*map(study.shares, range(9)), strict=True)
    assert list(organ) == sorted(organ)
    assert organ[4] == pytest.approx(1 - 2 ** (-96.0 / 120.0), abs=0.01)
    assert elsewhere[3] > elsewhere[8] > 0.0
    assert elsewhere[0] < elsewhere[2]
    listed = {one["name"]: one["changes"] for one in study.truth()["structures"]}
    assert listed["sphere 37 mm"]
    assert not listed["background"]


@pytest.mark.parametrize("ejection_fraction", [0.3, 0.7])
def test_the_counts_of_a_gated_heart_give_its_ejection_fraction(ejection_fraction):
    options = {"study": "GATED", "frames": 8, "dose_mbq_per_kg": 100.0, "frame_s": 600.0, **SMALL}
    study = nm(phantoms.nema_pet(), ejection_fraction=ejection_fraction, **options)
    cold = nm(phantoms.nema_pet(ratio=0.0), ejection_fraction=ejection_fraction, **options)
    beating = [float(study.frame(k).pixels.sum()) - cold.expected(k).sum() for k in range(8)]
    found = (max(beating) - min(beating)) / max(beating)
    assert found == pytest.approx(ejection_fraction, abs=0.05)
    lowest = min(range(8), key=lambda k: study.shares(k)[1])
    assert lowest == 3  # of 8: systole takes some third of a beat
    assert study.shares(lowest) == (1.0, pytest.approx(1.0 - ejection_fraction))


def test_decay_takes_from_later_views_and_later_injections():
    early = nm(phantoms.nema_pet(), uptake_min=0.0, **SMALL)
    late = nm(phantoms.nema_pet(), uptake_min=21624.1 / 60, **SMALL)
    assert late.expected(0).sum() / early.expected(0).sum() == pytest.approx(0.5, rel=1e-4)


def test_frames_are_the_same_alone_and_in_order_and_do_not_overflow():
    study = nm(phantoms.nema_pet(), dose_mbq_per_kg=100.0, frame_s=3600.0, collimator="LEAP", seed=1, rows=8, columns=8)
    in_order = [frame.pixels for frame in study]
    assert np.array_equal(study.frame(1).pixels, in_order[1])
    assert max(int(pixels.max()) for pixels in in_order) == 65535
    assert study.counts == sum(int(pixels.sum()) for pixels in in_order)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"study": "WALK"}, "study 'WALK'"),
        ({"collimator": "PINHOLE"}, "collimator 'PINHOLE'"),
        ({"frames": 3}, "frames: a STATIC study"),
        ({"study": "TOMO", "frames": 0}, "frames 0: from 1 to 360"),
        ({"study": "DYNAMIC", "uptake_min": 3.0}, "begins with the injection"),
        ({"study": "TOMO", "ejection_fraction": 0.5}, "only of study GATED"),
        ({"study": "GATED", "ejection_fraction": 1.0}, "ejection_fraction 1"),
        ({"uptake_half_time_s": 3.0}, "only of study DYNAMIC"),
        ({"rows": 1000}, "rows 1000: from 8 to 256"),
        ({"frame_s": math.nan}, "frame_s nan"),
    ],
)
def test_what_is_out_of_range_or_of_another_study_is_refused(options, said):
    with pytest.raises(UsageError, match=said):
        nm(phantoms.nema_pet(), seed=1, **options)
