"""Reports about others than CT: of which series they are, and that they say what its images show."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.sr.codedict import codes

from modality.errors import UsageError
from modality.iods.reports.subject import SUBJECTS
from modality.registry import KINDS
from modality.station.study import generate, load_phantom
from tests.iods.reports.test_reports import items

KINDS_OF_REPORT = ("sr", "kos", "sc", "pdf")
SMALL = {"slices": 12, "rows": 64, "columns": 64}
SMALL_OF = {
    **dict.fromkeys(("ct", "mr", "pt"), SMALL),
    "us": {"frames": 4, "rows": 120, "columns": 160},
    "dx": {"rows": 128, "columns": 128},
    "cr": {"rows": 128, "columns": 128},
    "mg": {"rows": 144, "columns": 108},
}
OTHERS = [name for name in SUBJECTS if name != "ct"]


def made(kind, about, **options):
    (scan,) = generate(kind, seed=4, about=about, **{**SMALL_OF[about], **options}).series
    (instance,) = scan
    return scan, instance.dataset()


def series_of(about, **options):
    return [one.dataset() for one in generate(about, seed=4, **{**SMALL_OF[about], **options})]


def needs_highdicom(kind):
    if kind == "sr":
        pytest.importorskip("highdicom")


@pytest.mark.parametrize("about", OTHERS)
@pytest.mark.parametrize("kind", KINDS_OF_REPORT)
def test_a_report_is_about_the_series_of_the_same_seed_and_options(kind, about):
    needs_highdicom(kind)
    _, report = made(kind, about)
    images = series_of(about)
    named = {one.value for one in report.iterall() if one.keyword == "ReferencedSOPInstanceUID"}
    assert named
    assert named <= {one.SOPInstanceUID for one in images}
    classes = {one.value for one in report.iterall() if one.keyword == "ReferencedSOPClassUID"}
    assert classes == {images[0].SOPClassUID}
    assert report.StudyInstanceUID == images[0].StudyInstanceUID
    assert report.PatientID == images[0].PatientID


@pytest.mark.parametrize("kind", KINDS_OF_REPORT)
def test_a_report_about_ct_is_what_it_was_without_the_option(kind):
    needs_highdicom(kind)
    one, other = (
        next(iter(generate(kind, load_phantom("spheres"), seed=4, **SMALL, **more))) for more in ({}, {"about": "ct"})
    )
    assert b"".join(one.part10()) == b"".join(other.part10())


def test_uptake_is_what_the_images_show():
    pytest.importorskip("highdicom")
    options = {"rows": 128, "columns": 128, "slices": 48}
    scan, report = made("sr", "pt", **options)
    images = {one.SOPInstanceUID: one for one in series_of("pt", **options)}
    rows, columns = np.indices((128, 128)) + 0.5
    seen = {}
    for group in items(report, "Measurement Group"):
        for region in items(group, "Image Region"):
            column, row, edge, _ = map(float, region.GraphicData)
            image = images[region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID]
            agent = image.RadiopharmaceuticalInformationSequence[0]
            left = 2.0 ** (-60.0 * 60.0 / float(agent.RadionuclideHalfLife))  # an hour of uptake
            per_suv = float(agent.RadionuclideTotalDose) * left / (1000.0 * float(image.PatientWeight))
            inside = np.hypot(rows - row, columns - column) < 0.6 * (edge - column)
            shown = (image.pixel_array[inside] * float(image.RescaleSlope)).mean() / per_suv
            (uptake,) = items(group, "SUVbw")
            (value,) = uptake.MeasuredValueSequence
            unit = codes.UCUM.StandardizedUptakeValueBodyWeight.value
            assert value.MeasurementUnitsCodeSequence[0].CodeValue == unit
            (name,) = items(group, "Tracking Identifier")
            seen[str(name.TextValue)] = (shown, float(value.NumericValue))
    assert seen.keys() == {one["name"] for one in scan.truth()["measurements"]}
    for name in ("background", "sphere 37 mm", "sphere 28 mm"):  # smaller ones the resolution takes from
        shown, told = seen[name]
        assert shown == pytest.approx(told, rel=0.1)
    assert seen["lung insert"][1] == 0.0


def test_relaxation_times_are_the_truths_and_air_has_none():
    pytest.importorskip("highdicom")
    scan, report = made("sr", "mr", slices=24)
    (images,) = generate("mr", seed=4, **{**SMALL, "slices": 24}).series
    truth = {one["name"]: one for one in images.truth()["structures"]}
    told = {one["name"]: one for one in scan.truth()["measurements"]}
    assert len(told) > 5
    for name, one in told.items():
        times = truth[name]["properties"]
        expected = (times["T1_ms"], times["T2_ms"]) if times["PD"] else (None, None)
        assert (one["t1_ms"], one["t2_ms"]) == expected
    assert told["left maxillary sinus"]["t1_ms"] is None
    assert (
        len(items(report, "T1")) == len(items(report, "T2")) == sum(one["t1_ms"] is not None for one in told.values())
    )
    (brain,) = {
        float(item.MeasuredValueSequence[0].NumericValue)
        for group in items(report, "Measurement Group")
        if str(items(group, "Tracking Identifier")[0].TextValue) == "cerebral white matter"
        for item in items(group, "T1")
    }
    assert brain == truth["cerebral white matter"]["properties"]["T1_ms"]
    assert items(report, "Attenuation Coefficient") == []


@pytest.mark.parametrize(
    ("about", "technique", "finding"),
    [
        ("mr", b"SE at 1.5 T, TR 500 ms, TE 14 ms, 12 images of 5 mm.", b"T1 "),
        ("pt", b"4 MBq/kg of Fluorodeoxyglucose F18, 60 min uptake, 12 images of 4 mm.", b"SUV "),
        ("us", b"curved probe of 3.5 MHz, 180 mm deep, B-mode, 4 frames.", b", frame "),
        ("dx", b"PA view, 120 kV, ", b"nodule 1: diameter 8.0 mm, image 1"),
        ("cr", b"AP view, ", b"cyst 1: diameter "),
        ("mg", b"L CC view, 30 kV, ", b"mass: diameter "),
    ],
)
def test_a_page_says_how_the_scan_was_made_and_what_it_shows(about, technique, finding):
    _, document = made("pdf", about)
    assert technique in document.EncapsulatedDocument
    assert finding in document.EncapsulatedDocument
    assert b" HU" not in document.EncapsulatedDocument
    assert document.DocumentTitle.startswith(f"{SUBJECTS[about].title} report, ")


@pytest.mark.parametrize("about", ["mr", "pt", "us", "dx"])
def test_a_screen_shows_the_image_through_its_own_window(about):
    size = {"rows": 128, "columns": 128}
    scan, picture = made("sc", about, identified=False, **size)
    truth = scan.truth()
    image = series_of(about, **size)[truth["picture_of_instance_number"] - 1]
    slope = float(image.get("RescaleSlope", 1.0))
    center, width = (float(image.get(f"Window{one}", usual)) for one, usual in (("Center", 128), ("Width", 256)))
    pixels = image.pixel_array[truth["picture_of_frame_number"] - 1] if about == "us" else image.pixel_array
    grey = np.clip((pixels * slope - (center - 0.5 - (width - 1) / 2)) * 256.0 / (width - 1), 0, 255)
    shown = picture.pixel_array[..., 0].astype(float)
    quiet = (picture.pixel_array != [255, 220, 0]).any(axis=2)  # what was measured
    quiet[:48] = False  # and what is written
    assert np.abs(shown[quiet] - grey[quiet]).max() <= 1.0
    assert shown[quiet].max() > 40.0
    captions = [one["text"] for one in truth["burned_in_text"]]
    expected = {"mr": "TR 500 TE 14", "pt": "FDG", "us": "C4 180 MM", "dx": "120 KV"}[about]
    assert expected in captions


@pytest.mark.parametrize("about", OTHERS)
@pytest.mark.parametrize("kind", KINDS_OF_REPORT)
@pytest.mark.peer
def test_the_validator_finds_no_error(kind, about, tmp_path, dciodvfy):
    needs_highdicom(kind)
    (instance,) = generate(kind, seed=4, about=about, **SMALL_OF[about])
    instance.write(tmp_path / "one.dcm")
    assert dciodvfy(tmp_path / "one.dcm") == []


def groups_of(report):
    """The measurement groups of each structure, by its name: the region first."""
    found = {}
    for group in items(report, "Measurement Group"):
        found.setdefault(str(items(group, "Tracking Identifier")[0].TextValue), []).append(group)
    return found


def number(group, name):
    (item,) = items(group, name)
    return float(item.MeasuredValueSequence[0].NumericValue)


def test_sizes_in_a_sonogram_are_those_of_the_frame_that_shows_them():
    pytest.importorskip("highdicom")
    options = {"frames": 9, "rows": 240, "columns": 320}
    _, report = made("sr", "us", **options)
    (images,) = generate("us", seed=4, **options).series
    truth = {one["name"]: one for one in images.truth()["structures"]}
    spacing = images.truth()["pixel_spacing_mm"]
    (image,) = series_of("us", **options)
    volumes = {
        one["name"]: one["volume_mm3"] for one in images.acquisition.phantom.truth(kvp=120.0, field_strength_t=1.5)
    }
    found = groups_of(report)
    assert {"gall bladder", "right renal pole"} <= found.keys()
    assert found.keys() <= {name for name, one in truth.items() if one["in_picture"]}
    for name, (region, whole) in found.items():
        (shown,) = items(region, "Image Region")
        column, row, edge, same = map(float, shown.GraphicData)
        assert row == same
        referenced = shown.ContentSequence[0].ReferencedSOPSequence[0]
        assert referenced.ReferencedSOPInstanceUID == image.SOPInstanceUID
        assert referenced.ReferencedFrameNumber == truth[name]["frame"]
        assert (row - 0.5, column - 0.5) == pytest.approx((truth[name]["row"], truth[name]["column"]), abs=0.02)
        assert (edge - column) * spacing == pytest.approx(truth[name]["section_radius_mm"], abs=0.01)
        assert number(region, "Area") == pytest.approx(np.pi * ((edge - column) * spacing) ** 2, rel=0.02)
        assert number(whole, "Volume") == volumes[name]
    # what is measured is what is seen: the gall bladder's bile is black
    (region, _) = found["gall bladder"]
    column, row, edge, _ = map(float, items(region, "Image Region")[0].GraphicData)
    frame = image.pixel_array[truth["gall bladder"]["frame"] - 1].astype(float)
    rows, columns = np.indices(frame.shape) + 0.5
    away = np.hypot(rows - row, columns - column) / (edge - column)
    assert frame[away < 0.8].mean() < 0.5 * frame[(away > 2.0) & (away < 2.6)].mean()


@pytest.mark.parametrize("about", ["dx", "cr"])
def test_sizes_in_a_radiograph_are_those_of_the_shadow_without_its_magnification(about):
    pytest.importorskip("highdicom")
    options = {"rows": 512, "columns": 512}
    scan, report = made("sr", about, **options)
    (image,) = series_of(about, **options)
    (images,) = generate(about, seed=4, **options).series
    truth = {one["name"]: one for one in images.truth()["structures"]}
    told = {one["name"]: one for one in scan.truth()["measurements"]}
    found = groups_of(report)
    lesion = {"dx": "nodule", "cr": "metastasis"}[about]
    assert next(iter(found)) == f"{lesion} 1"
    for name, (region, whole) in found.items():
        (shown,) = items(region, "Image Region")
        column, row, edge, _ = map(float, shown.GraphicData)
        assert (row - 0.5, column - 0.5) == pytest.approx((truth[name]["row"], truth[name]["column"]), abs=0.01)
        at_detector_mm = (edge - column) * float(image.ImagerPixelSpacing[0])
        radius_mm = at_detector_mm / truth[name]["magnification"]
        assert radius_mm == pytest.approx(truth[name]["radius_mm"], rel=1e-3)
        assert number(region, "Area") == pytest.approx(np.pi * radius_mm**2, rel=2e-3)
        assert number(whole, "Volume") == truth[name]["volume_mm3"]
        assert told[name]["magnification"] == truth[name]["magnification"]
        referenced = shown.ContentSequence[0].ReferencedSOPSequence[0]
        assert "ReferencedFrameNumber" not in referenced
    volume = truth[f"{lesion} 1"]["volume_mm3"]
    assert number(found[f"{lesion} 1"][1], "Diameter") == pytest.approx(
        2 * (3 * volume / 4 / np.pi) ** (1 / 3), abs=0.05
    )


def test_a_report_about_a_mammogram_is_of_its_patient_and_names_the_mass_first():
    pytest.importorskip("highdicom")
    _, report = made("sr", "mg")
    (image,) = series_of("mg")
    assert (report.PatientID, report.PatientName) == (image.PatientID, image.PatientName)
    assert (report.PatientSex, image.PatientSex) == ("F", "F")
    assert next(iter(groups_of(report))) == "mass"
    _, selection = made("kos", "mg")
    (described,) = items(selection, "Key Object Description")
    assert str(described.TextValue).startswith("Image 1: mass, microcalcification 1")


def test_a_selection_names_the_frames_that_show_what_is_found():
    scan, selection = made("kos", "us", frames=9)
    told = {one["frame_number"]: one["structures"] for one in scan.truth()["images"]}
    named = [one.value for one in selection.iterall() if one.keyword == "ReferencedFrameNumber"]
    assert sorted(map(int, named)) == sorted(told)
    assert len(told) > 1
    (evidence,) = selection.CurrentRequestedProcedureEvidenceSequence
    assert len(evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence) == 1


def test_a_single_frame_is_an_image_without_a_frame_number():
    _, picture = made("sc", "us", frames=1)
    (image,) = series_of("us", frames=1)
    (shown,) = picture.SourceImageSequence
    assert (shown.ReferencedSOPClassUID, "ReferencedFrameNumber" in shown) == (image.SOPClassUID, False)


@pytest.mark.parametrize("kind", KINDS_OF_REPORT)
def test_what_is_scanned_is_what_the_kind_scans(kind):
    found = KINDS.load(kind)
    assert [found.usual_phantom({"about": about}) for about in SUBJECTS] == [
        KINDS.load(about).default_phantom for about in SUBJECTS
    ]
    assert found.usual_phantom({}) == "thorax"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"about": "xa"}, "about 'xa': one of ct, mr, pt, us, dx, cr, mg"),
        ({"about": "mr", "kvp": 100.0}, "kvp: of ct or dx or cr or mg, and the report is about mr"),
        ({"about": "us", "slices": 3}, "slices: of ct or mr or pt, and the report is about us"),
        ({"about": "dx", "frames": 3}, "frames: of us, and the report is about dx"),
        ({"about": "mg"}, "spheres is no breast"),
    ],
)
def test_a_report_about_what_it_cannot_be_about_is_refused(options, said):
    with pytest.raises(UsageError, match=said):
        generate("kos", load_phantom("spheres"), seed=1, **options)
