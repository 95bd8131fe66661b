import numpy as np
import pytest
from pydicom.datadict import keyword_for_tag

import phantoms
from modality.acquisition.emission.studies import STUDIES, nm
from modality.identity import Patient
from modality.iods.emission.nm import describe

SMALL = {"seed": 1, "rows": 24, "columns": 32}


def made(make_context, study, **options):
    acquisition = nm(phantoms.nema_pet(), study=study, **SMALL, **options)
    (image,) = describe(acquisition, make_context(kind="nm"))
    return acquisition, image


def pixels(acquisition, image):
    values = np.frombuffer(image.PixelData, "<u2")
    return values.reshape(len(acquisition), image.Rows, image.Columns)


FRAMES = {
    "STATIC": {},
    "DYNAMIC": {"frames": 6},
    "GATED": {"frames": 4},
    "TOMO": {"frames": 4},
    "RECON TOMO": {"slices": 3, "frames": 12},
}
EXPECTED = {
    "STATIC": {"EnergyWindowVector": [1, 1], "DetectorVector": [1, 2]},
    "DYNAMIC": {
        "EnergyWindowVector": [1] * 6,
        "DetectorVector": [1] * 6,
        "PhaseVector": [1, 1, 2, 2, 2, 2],
        "TimeSliceVector": [1, 2, 1, 2, 3, 4],
    },
    "GATED": {
        "EnergyWindowVector": [1] * 4,
        "DetectorVector": [1] * 4,
        "RRIntervalVector": [1] * 4,
        "TimeSlotVector": [1, 2, 3, 4],
    },
    "TOMO": {
        "EnergyWindowVector": [1] * 4,
        "DetectorVector": [1] * 4,
        "RotationVector": [1] * 4,
        "AngularViewVector": [1, 2, 3, 4],
    },
    "RECON TOMO": {"SliceVector": [1, 2, 3]},
}


@pytest.mark.parametrize("study", STUDIES)
def test_vectors_say_which_frame_is_which(make_context, study):
    acquisition, image = made(make_context, study, **FRAMES[study])
    assert image.ImageType == ["ORIGINAL", "PRIMARY", study, "EMISSION"]
    assert [keyword_for_tag(tag) for tag in np.atleast_1d(image.FrameIncrementPointer)] == list(EXPECTED[study])
    assert {name: list(image[name].value) for name in EXPECTED[study]} == EXPECTED[study]
    assert int(image.NumberOfFrames) == len(acquisition)
    if study != "RECON TOMO":  # whose counts are its views'
        assert int(image.CountsAccumulated) == pixels(acquisition, image).sum()
    assert np.array_equal(pixels(acquisition, image)[-1], acquisition.frame(len(acquisition) - 1).pixels)


def test_the_window_and_the_dose_are_those_of_technetium(make_context):
    _, image = made(make_context, "STATIC")
    (window,) = image.EnergyWindowInformationSequence
    (limits,) = window.EnergyWindowRangeSequence
    assert (float(limits.EnergyWindowLowerLimit), float(limits.EnergyWindowUpperLimit)) == (126.45, 154.55)
    (agent,) = image.RadiopharmaceuticalInformationSequence
    assert float(agent.RadionuclideTotalDose) == 8.0 * 81.5  # MBq, of the patient's weight
    assert agent.RadiopharmaceuticalStartTime == "063015.250000"
    acquisition = nm(phantoms.nema_pet(), **SMALL)
    (unknown,) = describe(acquisition, make_context(patient=Patient("1", "A^B")))
    assert float(unknown.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose) == 560.0


def test_two_detectors_look_from_the_front_and_from_the_back(make_context):
    acquisition, image = made(make_context, "STATIC")
    front, back = image.DetectorInformationSequence
    assert (front.StartAngle, back.StartAngle) == (180, 0)
    assert list(front.ImageOrientationPatient) == [1, 0, 0, 0, 0, -1]
    assert list(back.ImageOrientationPatient) == [-1, 0, 0, 0, 0, -1]
    assert front.ImagePositionPatient[1] < 0 < back.ImagePositionPatient[1]
    assert [item.ViewCodeSequence[0].CodeMeaning for item in (front, back)] == [
        "Anterior projection",
        "Posterior projection",
    ]
    assert float(image.PixelSpacing[0]) == acquisition.cameras[0].pixel_mm
    sides = [round(one * acquisition.cameras[0].pixel_mm) for one in (image.Rows, image.Columns)]
    assert sides[0] < sides[1]
    assert [int(one) for one in front.FieldOfViewDimensions] == sides  # the row dimension first (PS3.3 C.8.4.11)


def test_phases_slots_and_rotations_are_told(make_context):
    _, dynamic = made(make_context, "DYNAMIC", frames=6, frame_s=20.0)
    told = [(item.ActualFrameDuration, item.NumberOfFramesInPhase) for item in dynamic.PhaseInformationSequence]
    assert told == [(2000, 2), (20000, 4)]
    _, one = made(make_context, "DYNAMIC", frames=2)
    assert (one.NumberOfPhases, len(one.PhaseInformationSequence)) == (1, 1)
    _, gated = made(make_context, "GATED", frames=4, heart_rate=75.0, frame_s=20.0)
    (data,) = gated.GatedInformationSequence[0].DataInformationSequence
    assert (float(data.FrameTime), int(data.NominalInterval), int(data.IntervalsAcquired)) == (200.0, 800, 100)
    assert len(data.TimeSlotInformationSequence) == 4
    _, tomo = made(make_context, "TOMO", frames=4)
    (turn,) = tomo.RotationInformationSequence
    assert (turn.StartAngle, turn.AngularStep, turn.ScanArc, turn.RotationDirection) == (180, 90, 360, "CC")


@pytest.mark.peer
@pytest.mark.parametrize("study", STUDIES)
def test_the_validator_finds_no_error(study, make_context, tmp_path, dciodvfy):
    from modality.transfer.encode import prepare
    from modality.transfer.syntaxes import EXPLICIT_LITTLE

    _, image = made(make_context, study, **FRAMES[study])
    prepare(image, EXPLICIT_LITTLE).write(tmp_path / "one.dcm")
    assert dciodvfy(tmp_path / "one.dcm") == []


@pytest.mark.peer
@pytest.mark.parametrize(
    ("tracer", "options"),
    [
        ("MAG3", {"frames": 12}),
        ("DTPA", {"frames": 12, "furosemide_min": 20.0}),
        ("DMSA", {}),
        ("DMSA", {"study": "RECON TOMO", "slices": 2}),
    ],
)
def test_the_validator_finds_no_error_in_studies_of_kidneys(tracer, options, make_context, tmp_path, dciodvfy):
    from modality.transfer.encode import prepare
    from modality.transfer.syntaxes import EXPLICIT_LITTLE

    acquisition = nm(phantoms.abdomen(), tracer=tracer, **SMALL, **options)
    (image,) = describe(acquisition, make_context(kind="nm"))
    prepare(image, EXPLICIT_LITTLE).write(tmp_path / "one.dcm")
    assert dciodvfy(tmp_path / "one.dcm") == []
    (agent,) = image.RadiopharmaceuticalInformationSequence
    assert agent.Radiopharmaceutical == acquisition.protocol.tracer.name


@pytest.mark.parametrize(("minutes", "begin"), [(20.0, "095015.250000"), (-15.0, "091515.250000")])
def test_furosemide_is_told_with_when_it_was_given(minutes, begin, make_context):
    acquisition = nm(phantoms.abdomen(), tracer="DTPA", frames=3, furosemide_min=minutes, **SMALL)
    (image,) = describe(acquisition, make_context(kind="nm"))
    (drug,) = image.InterventionDrugInformationSequence
    assert (drug.InterventionDrugName, drug.InterventionDrugStartTime) == ("Furosemide", begin)
    assert drug.InterventionDrugCodeSequence[0].CodeMeaning == "Furosemide"
    plain = nm(phantoms.abdomen(), tracer="DTPA", frames=3, **SMALL)
    (without,) = describe(plain, make_context(kind="nm"))
    assert "InterventionDrugInformationSequence" not in without
