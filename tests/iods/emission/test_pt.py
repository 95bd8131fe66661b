import math
from datetime import datetime

import numpy as np
import pytest

import phantoms
from modality.acquisition.emission.pet import pt
from modality.identity import Patient
from modality.iods.emission.pt import describe
from modality.station.study import generate


def moment(day, time):
    return datetime.strptime(day + time.partition(".")[0], "%Y%m%d%H%M%S")


def suv_factor(image):
    """SUVbw of a value in Bq/ml, from what the image says alone: as QIBA has it for Decay Correction START."""
    (agent,) = image.RadiopharmaceuticalInformationSequence
    started = moment(image.SeriesDate, image.SeriesTime)
    injected = moment(agent.RadiopharmaceuticalStartDateTime[:8], agent.RadiopharmaceuticalStartDateTime[8:])
    decay = 2.0 ** (-(started - injected).total_seconds() / float(agent.RadionuclideHalfLife))
    assert (image.DecayCorrection, image.Units) == ("START", "BQML")
    return float(image.PatientWeight) * 1000.0 / (float(agent.RadionuclideTotalDose) * decay)


def ball(images, place, radius_mm):
    """Values, as SUV, within a ball."""
    found = []
    for image in images:
        dx, dy = float(image.PixelSpacing[1]), float(image.PixelSpacing[0])
        x0, y0, z = map(float, image.ImagePositionPatient)
        rows, columns = np.indices((image.Rows, image.Columns))
        squared = (x0 + columns * dx - place[0]) ** 2 + (y0 + rows * dy - place[1]) ** 2 + (z - place[2]) ** 2
        values = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
        found.append(values[squared <= radius_mm**2] * suv_factor(image))
    return np.concatenate(found)


@pytest.mark.parametrize(("seed", "tracer", "ratio"), [(3, "FDG", 4.0), (4, "dotatate", 8.0)])
def test_suv_computed_from_the_attributes_is_that_of_the_truth(seed, tracer, ratio):
    study = generate("pt", phantoms.nema_pet(ratio=ratio), seed=seed, tracer=tracer, frame_s=3600.0)
    images = [one.dataset() for one in study]
    (scan,) = study.series
    listed = {one["name"]: one for one in scan.truth()["structures"]}
    assert listed["sphere 37 mm"]["properties"]["SUVbw"] == ratio
    for name in ("sphere 37 mm", "sphere 28 mm"):
        assert ball(images, listed[name]["center_mm"], 5.0).mean() == pytest.approx(ratio, rel=0.02)
    background = listed["background"]
    assert background["properties"]["SUVbw"] == 1.0
    assert ball(images, background["center_mm"], 20.0).mean() == pytest.approx(1.0, rel=0.01)
    assert ball(images, (0.0, 0.0, 0.0), 12.0).mean() < 0.02
    slopes = {float(image.RescaleSlope) for image in images}
    assert len(slopes) == len(images)
    assert all(image.pixel_array.max() in (32766, 32767) for image in images)


@pytest.mark.parametrize("weight", ["100", "51.25"])
def test_a_weight_that_is_set_gets_a_dose_of_its_own_and_the_same_suv(weight):
    set_over = {"PatientWeight": weight, "StationName": "PET1"}
    study = generate("pt", seed=3, rows=16, columns=16, slices=2, assignments=set_over)
    factor = study.series[0].acquisition.bq_per_ml_of_suv
    for one in study:
        image = one.dataset()
        assert float(image.PatientWeight) == float(weight)
        assert suv_factor(image) * factor == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize(
    "emptied", [{"PatientWeight": ""}, {"PatientWeight": "1e999"}, {"RadiopharmaceuticalInformationSequence": ""}]
)
def test_without_a_weight_or_what_was_injected_the_dose_stays(emptied):
    plain, changed = (
        next(iter(generate("pt", seed=3, rows=16, columns=16, slices=1, assignments=given))).dataset()
        for given in (None, emptied)
    )
    doses = [one.RadionuclideTotalDose for one in changed.RadiopharmaceuticalInformationSequence]
    assert doses in ([], [plain.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose])


def test_a_heavier_patient_gets_more_and_has_the_same_suv(make_context):
    acquisition = pt(phantoms.nema_pet(), seed=1, rows=16, columns=16, slices=1)
    images = {
        weight: next(describe(acquisition, make_context(patient=Patient("1", "A^B", weight_kg=weight))))
        for weight in (50.0, 100.0, None)
    }
    doses = {
        weight: float(image.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose)
        for weight, image in images.items()
    }
    assert doses == {50.0: 200e6, 100.0: 400e6, None: 280e6}
    assert suv_factor(images[50.0]) == pytest.approx(suv_factor(images[100.0]))
    assert suv_factor(images[50.0]) * acquisition.bq_per_ml_of_suv == pytest.approx(1.0, rel=1e-6)
    assert "PatientWeight" not in images[None]


def test_each_bed_has_its_time_and_the_decay_from_the_start_of_the_series(make_context):
    acquisition = pt(phantoms.nema_pet(), seed=1, rows=16, columns=16, slices=4, slice_thickness_mm=4.0)
    assert acquisition.beds == 1
    long = pt(phantoms.thorax(1), seed=1, rows=16, columns=16, slices=2, tracer="ammonia")
    first, last = describe(long, make_context())
    assert first.SeriesType == ["WHOLE BODY", "IMAGE"]
    assert [int(image.ImageIndex) for image in (first, last)] == [1, 2]
    assert moment(first.AcquisitionDate, first.AcquisitionTime) == moment(first.SeriesDate, first.SeriesTime)
    between = moment(last.AcquisitionDate, last.AcquisitionTime) - moment(first.AcquisitionDate, first.AcquisitionTime)
    assert between.total_seconds() == 183
    (agent,) = last.RadiopharmaceuticalInformationSequence
    assert agent.RadionuclideCodeSequence[0].CodeMeaning == "^13^Nitrogen"
    turns = math.log(2) / float(agent.RadionuclideHalfLife)
    for image in (first, last):
        seconds = float(image.FrameReferenceTime) / 1000
        assert math.exp(turns * seconds) == pytest.approx(float(image.DecayFactor), rel=1e-5)
        assert int(image.ActualFrameDuration) == 180000


def test_an_injection_before_midnight_is_of_the_day_before():
    (image,) = (
        one.dataset()
        for one in generate("pt", seed=1, slices=1, rows=16, columns=16, clock=lambda: datetime(2024, 3, 1, 0, 30))
    )
    (agent,) = image.RadiopharmaceuticalInformationSequence
    assert (agent.RadiopharmaceuticalStartTime, agent.RadiopharmaceuticalStartDateTime) == ("233000", "20240229233000")
    assert suv_factor(image) > 0


def test_a_segmentation_of_the_slices_can_be_had():
    pytest.importorskip("highdicom")
    (scan,) = generate("pt", seed=1, slices=3, rows=32, columns=32).series
    (made,) = scan.segmentations()
    assert made.Modality == "SEG"
    assert any(
        "sphere" in str(one.SegmentLabel) or "background" in str(one.SegmentLabel) for one in made.SegmentSequence
    )
