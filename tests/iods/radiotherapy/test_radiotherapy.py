"""Structure set, plan and dose say what the scan's truth, the plan and the grid say, to other people's readers too."""

from __future__ import annotations

import io
import subprocess
import warnings
from itertools import pairwise

import numpy as np
import pydicom
import pytest
from pydicom.tag import Tag

from modality.acquisition.radiotherapy.contours import Section
from modality.acquisition.radiotherapy.structures import Roi
from modality.errors import UnsupportedError
from modality.iods.modules.radiotherapy.roi_contour import roi_contour
from modality.iods.reports import source
from modality.station.study import generate, load_phantom
from modality.transfer.encode import transcode
from modality.transfer.syntaxes import EXPLICIT_LITTLE

PLANNED = {"target": "ball 1", "rows": 96, "columns": 96, "slices": 48}


def made(kind, phantom="spheres", **options):
    """A kind's one instance as another program reads it, and its series."""
    study = generate(kind, load_phantom(phantom), seed=4, **{**PLANNED, **options})
    (instance,) = study
    return pydicom.dcmread(io.BytesIO(b"".join(instance.part10()))), study.series[0]


@pytest.fixture(scope="module")
def structures():
    return made("rtstruct")


@pytest.fixture(scope="module")
def dose():
    return made("rtdose", grid_mm=2.5, beams=4, prescription_gy=50.0, fractions=25)


def test_contours_lie_in_the_planes_of_the_images_that_they_name(structures):
    dataset, _ = structures
    scan = {name: value for name, value in PLANNED.items() if name != "target"}
    images = [one.dataset() for one in generate("ct", load_phantom("spheres"), seed=4, **scan)]
    plane = {one.SOPInstanceUID: float(one.ImagePositionPatient[2]) for one in images}
    (frame,) = dataset.ReferencedFrameOfReferenceSequence
    (series,) = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    assert {frame.FrameOfReferenceUID, dataset.FrameOfReferenceUID} == {images[0].FrameOfReferenceUID}
    assert series.SeriesInstanceUID == images[0].SeriesInstanceUID
    assert [one.ReferencedSOPInstanceUID for one in series.ContourImageSequence] == list(plane)
    for roi in dataset.ROIContourSequence:
        numbers = [int(one.ContourNumber) for one in roi.ContourSequence]
        assert numbers == list(range(1, len(numbers) + 1))
        for contour in roi.ContourSequence:
            points = np.reshape(np.asarray(contour.ContourData, float), (-1, 3))
            assert len(points) == contour.NumberOfContourPoints >= 3
            assert contour.ContourGeometricType == "CLOSED_PLANAR"
            at = plane[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
            assert np.abs(points[:, 2] - at).max() < 0.006
            assert not np.array_equal(points[0], points[-1])  # the first point is not repeated (C.8.8.6.1)


def test_each_region_has_its_number_type_code_colour_and_volume(structures):
    dataset, scan = structures
    told = scan.truth()["structures"]
    assert [one["type"] for one in told[:3]] == ["EXTERNAL", "PTV", "GTV"]
    assert {one["type"] for one in told[3:]} == {"ORGAN"}
    sequences = (dataset.StructureSetROISequence, dataset.ROIContourSequence, dataset.RTROIObservationsSequence)
    for one, roi, contour, observed in zip(told, *sequences, strict=True):
        assert roi.ROINumber == contour.ReferencedROINumber == observed.ReferencedROINumber == one["number"]
        assert (roi.ROIName, observed.RTROIInterpretedType) == (one["name"], one["type"])
        assert float(roi.ROIVolume) == one["contours_cm3"]
        if one["volume_mm3"] and one["name"] != "gel":
            assert float(roi.ROIVolume) == pytest.approx(one["volume_mm3"] / 1000.0, rel=0.05)
        assert len(contour.ROIDisplayColor) == 3
    codes = [one.RTROIIdentificationCodeSequence[0].CodeValue for one in dataset.RTROIObservationsSequence]
    assert codes[:4] == ["130047", "228793007", "228791009", "706342009"]


def test_holes_are_channels_or_loops_of_their_own(structures):
    def of(dataset, name):
        (number,) = [one.ROINumber for one in dataset.StructureSetROISequence if one.ROIName == name]
        (found,) = [one for one in dataset.ROIContourSequence if one.ReferencedROINumber == number]
        return found.ContourSequence

    keyhole, xor = structures[0], made("rtstruct", holes="xor")[0]
    assert {one.ContourGeometricType for one in of(keyhole, "gel")} == {"CLOSED_PLANAR"}
    assert {one.ContourGeometricType for one in of(xor, "gel")} == {"CLOSEDPLANAR_XOR"}
    assert {one.ContourGeometricType for one in of(xor, "ball 1")} == {"CLOSED_PLANAR"}
    assert len(of(keyhole, "gel")) == 46 < len(of(xor, "gel"))  # 140 mm in slices of 3
    assert keyhole.SOPInstanceUID != xor.SOPInstanceUID


def test_a_contour_too_long_for_an_explicit_length_loses_vertices_and_not_its_shape(structures):
    _, scan = structures
    turn = np.linspace(0.0, 2.0 * np.pi, 9000, endpoint=False)
    around = -100.0 * np.stack([np.cos(turn), -np.sin(turn)], axis=1)
    roi = Roi(1, "large", "ORGAN", (1,), (Section(0, (around,), np.zeros((1, 2), np.int32), 1),), 1.0)
    dataset = pydicom.Dataset()
    images = source.images(scan.acquisition)
    roi_contour(dataset, [roi], scan.acquisition.scan.geometry, images, xor=False)
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    texts = contour.ContourData
    assert len("\\".join(texts)) <= 0xFFFE
    points = np.reshape(np.asarray(texts, float), (-1, 3))
    assert len(points) == int(contour.NumberOfContourPoints) > 500
    first = scan.acquisition.scan.geometry.position_mm(0)
    assert np.hypot(points[:, 0] - first[0], points[:, 1] - first[1]) == pytest.approx(100.0, abs=0.02)


def test_a_plan_has_the_beams_that_its_dose_is_of(dose):
    plan, series = made("rtplan", beams=4, prescription_gy=50.0, fractions=25)
    told = series.truth()
    assert [float(one.ControlPointSequence[0].GantryAngle) for one in plan.BeamSequence] == [0.0, 90.0, 180.0, 270.0]
    (group,) = plan.FractionGroupSequence
    assert group.NumberOfFractionsPlanned == 25
    for beam, given, one in zip(plan.BeamSequence, group.ReferencedBeamSequence, told["beams"], strict=True):
        point = beam.ControlPointSequence[0]
        assert list(map(float, point.IsocenterPosition)) == told["isocentre_mm"]
        jaws = {each.RTBeamLimitingDeviceType: list(map(float, each.LeafJawPositions))
                for each in point.BeamLimitingDevicePositionSequence}  # fmt: skip
        assert jaws == {"ASYMX": one["jaws_x_mm"], "ASYMY": one["jaws_y_mm"]}
        # A ball of 20 mm with a margin of 5, and that of the field; the jaws are in the plane of the isocentre.
        assert 30.0 <= jaws["ASYMY"][1] <= 34.0
        assert (given.ReferencedBeamNumber, float(given.BeamDose)) == (beam.BeamNumber, 0.5)
        assert float(given.BeamMeterset) == one["meterset_mu"] > 50.0
        assert 0.0 < float(point.SourceToSurfaceDistance) < 1000.0
    assert dose[0].ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == plan.SOPInstanceUID
    structures = made("rtstruct")[0]
    for one in (plan, dose[0]):
        assert one.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID == structures.SOPInstanceUID
        assert one.FrameOfReferenceUID == structures.FrameOfReferenceUID
    target = plan.DoseReferenceSequence[0]
    (name,) = [one.ROIName for one in structures.StructureSetROISequence if one.ROINumber == target.ReferencedROINumber]
    assert (name, float(target.TargetPrescriptionDose)) == ("PTV ball 1", 50.0)


def test_a_dose_lies_where_it_was_computed(dose):
    dataset, scan = dose
    acquisition = scan.acquisition
    gy = dataset.pixel_array * float(dataset.DoseGridScaling)
    assert np.abs(gy - acquisition.dose_gy).max() < 1e-6
    assert dataset.FrameIncrementPointer == Tag("GridFrameOffsetVector")
    offsets = list(map(float, dataset.GridFrameOffsetVector))
    assert offsets[0] == 0.0
    assert {round(b - a, 4) for a, b in pairwise(offsets)} == {2.5}
    assert len(offsets) == dataset.NumberOfFrames == len(gy)
    x, y, z = map(float, dataset.ImagePositionPatient)
    at = [(mm - start) / 2.5 for mm, start in zip(acquisition.scan.isocentre_mm, (x, y, z), strict=True)]
    column, row, plane = (round(one) for one in at)
    assert gy[plane, row, column] == pytest.approx(50.0, rel=0.02)
    assert (dataset.DoseUnits, dataset.DoseType, dataset.DoseSummationType) == ("GY", "PHYSICAL", "PLAN")


def test_histograms_are_cumulative_and_say_the_ends_of_the_dose(dose):
    dataset, scan = dose
    for one, told in zip(dataset.DVHSequence, scan.truth()["histograms"], strict=True):
        pairs = np.reshape(np.asarray(one.DVHData, float), (-1, 2))
        assert len(pairs) == one.DVHNumberOfBins
        assert pairs[0, 1] == told["volume_cm3"]
        assert (np.diff(pairs[:, 1]) <= 0).all()
        width = pairs[0, 0]
        assert float(one.DVHMinimumDose) <= float(one.DVHMeanDose) <= float(one.DVHMaximumDose)
        assert len(pairs) == pytest.approx(float(one.DVHMaximumDose) / width, abs=1.5)
        # The mean is the area below a cumulative histogram.
        assert pairs[:, 1].sum() * width / pairs[0, 1] == pytest.approx(float(one.DVHMeanDose), abs=width)
        assert pairs[int(float(one.DVHMinimumDose) / width), 1] == pytest.approx(pairs[0, 1])


def dicompyler():
    """The reader, which wants a name that pydicom 3 has no more, and warns of others."""
    pytest.importorskip("dicompylercore")
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patched:
        warnings.simplefilter("ignore")
        patched.setattr("pydicom.dicomio.read_file", pydicom.dcmread, raising=False)
        from dicompylercore import dicomparser, dvh, dvhcalc
    return dicomparser, dvh, dvhcalc


def test_another_program_finds_the_volumes_and_histograms_that_stand_there(structures, dose):
    dicomparser, dvh, dvhcalc = dicompyler()
    found = dicomparser.DicomParser(structures[0]).GetStructures()
    told = {one["number"]: one for one in structures[1].truth()["structures"]}
    assert {number: one["name"] for number, one in found.items()} == {
        number: one["name"] for number, one in told.items()
    }
    for number in (1, 2, 3, 4, 5, 9):  # the gel among them, full of holes
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            counted = dvhcalc.get_dvh(structures[0], dose[0], number)
        stands = dvh.DVH.from_dicom_dvh(dose[0], number)
        assert counted.volume == pytest.approx(told[number]["contours_cm3"], rel=0.03)
        assert counted.volume == pytest.approx(stands.volume, rel=0.03)
        assert counted.mean == pytest.approx(stands.mean, rel=0.02)
        assert counted.max == pytest.approx(stands.max, rel=0.05, abs=0.5)
        assert counted.min == pytest.approx(stands.min, abs=0.05 * 50.0)
        for share in (20, 50, 80):
            dose_of = [one.dose_constraint(share).value for one in (counted, stands)]
            assert dose_of[0] == pytest.approx(dose_of[1], abs=0.04 * 50.0), (number, share)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rtstruct", {"slices": 1, "rows": 8, "columns": 8}),
        ("rtplan", {"beams": 1, "energy_mv": 18}),
        ("rtdose", {"slices": 1, "grid_mm": 20.0}),
        ("rtdose", {"slices": 2, "margin_mm": 0.0, "grid_mm": 20.0}),
    ],
)
def test_the_validator_finds_no_error_at_the_ends_of_what_can_be_asked_for(tmp_path, dciodvfy, kind, options):
    (instance,) = generate(kind, load_phantom("spheres"), seed=4, **{**PLANNED, **options})
    instance.write(tmp_path / "one.dcm")
    assert dciodvfy(tmp_path / "one.dcm") == []


@pytest.mark.peer
def test_of_loops_of_holes_the_validator_knows_the_name_alone_not(tmp_path, dciodvfy):
    (instance,) = generate("rtstruct", load_phantom("spheres"), seed=4, **PLANNED, holes="xor")
    instance.write(tmp_path / "one.dcm")
    errors = set(dciodvfy(tmp_path / "one.dcm"))  # Debian's is older than CLOSEDPLANAR_XOR
    assert {error for error in errors if "CLOSEDPLANAR_XOR" not in error} == set()


@pytest.mark.peer
@pytest.mark.parametrize("kind", ["rtstruct", "rtplan", "rtdose"])
def test_dcmtk_reads_all_of_it(tmp_path, kind):
    (instance,) = generate(kind, load_phantom("spheres"), seed=4, **PLANNED)
    instance.write(tmp_path / "one.dcm")
    done = subprocess.run(["/usr/bin/drtdump", tmp_path / "one.dcm"], capture_output=True, check=True)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert said.startswith(f"{generate(kind, load_phantom('spheres'), seed=4).series[0].kind.title} object")
    assert not [line for line in said.splitlines() if line.startswith(("W:", "E:", "F:"))]


def test_doses_of_32_bits_stand_as_they_are_where_a_syntax_takes_them_and_are_refused_where_none_does():
    small = {"rows": 48, "columns": 48, "slices": 8, "grid_mm": 10.0, "beams": 1, "bits": 32}
    dataset, scan = made("rtdose", **small)
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (32, 32, 31)
    assert np.abs(dataset.pixel_array * float(dataset.DoseGridScaling) - scan.acquisition.dose_gy).max() < 1e-6
    for syntax in ("ExplicitVRBigEndian", "DeflatedExplicitVRLittleEndian", "ImplicitVRLittleEndian"):
        (other,) = generate("rtdose", load_phantom("spheres"), seed=4, transfer_syntax=syntax, **{**PLANNED, **small})
        assert np.array_equal(transcode(other, EXPLICIT_LITTLE).dataset().pixel_array, dataset.pixel_array)
    with pytest.raises(UnsupportedError, match="bits"):
        list(generate("rtdose", load_phantom("spheres"), seed=4, transfer_syntax="RLELossless", **{**PLANNED, **small}))
