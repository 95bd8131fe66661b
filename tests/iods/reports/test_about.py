"""Reports about MR and PET: of which series they are, and that they say what its images show."""

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


def made(kind, about, **options):
    (scan,) = generate(kind, seed=4, about=about, **{**SMALL, **options}).series
    (instance,) = scan
    return scan, instance.dataset()


def series_of(about, **options):
    return [one.dataset() for one in generate(about, seed=4, **{**SMALL, **options})]


def needs_highdicom(kind):
    if kind == "sr":
        pytest.importorskip("highdicom")


@pytest.mark.parametrize("about", ["mr", "pt"])
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
    ],
)
def test_a_page_says_how_the_scan_was_made_and_what_it_shows(about, technique, finding):
    _, document = made("pdf", about)
    assert technique in document.EncapsulatedDocument
    assert finding in document.EncapsulatedDocument
    assert b" HU" not in document.EncapsulatedDocument
    assert document.DocumentTitle.startswith(f"{SUBJECTS[about].title} report, ")


@pytest.mark.parametrize("about", ["mr", "pt"])
def test_a_screen_shows_the_image_through_its_own_window(about):
    scan, picture = made("sc", about, identified=False, rows=128, columns=128)
    image = series_of(about, rows=128, columns=128)[scan.truth()["picture_of_instance_number"] - 1]
    slope = float(image.get("RescaleSlope", 1.0))
    low = float(image.WindowCenter) - 0.5 - (float(image.WindowWidth) - 1) / 2
    grey = np.clip((image.pixel_array * slope - low) * 256.0 / (float(image.WindowWidth) - 1), 0, 255)
    shown = picture.pixel_array[..., 0].astype(float)
    quiet = np.s_[48:, :]  # below what is written
    assert np.abs(shown[quiet] - grey[quiet]).max() <= 1.0
    assert shown[quiet].max() > 40.0
    captions = [one["text"] for one in scan.truth()["burned_in_text"]]
    assert captions[-1] == {"mr": "TR 500 TE 14", "pt": "FDG"}[about]


@pytest.mark.parametrize("about", ["mr", "pt"])
@pytest.mark.parametrize("kind", KINDS_OF_REPORT)
@pytest.mark.peer
def test_the_validator_finds_no_error(kind, about, tmp_path, dciodvfy):
    needs_highdicom(kind)
    (instance,) = generate(kind, seed=4, about=about, **SMALL)
    instance.write(tmp_path / "one.dcm")
    assert dciodvfy(tmp_path / "one.dcm") == []


@pytest.mark.parametrize("kind", KINDS_OF_REPORT)
def test_what_is_scanned_is_what_the_kind_scans(kind):
    found = KINDS.load(kind)
    assert [found.usual_phantom({"about": about}) for about in SUBJECTS] == [
        KINDS.load(about).default_phantom for about in SUBJECTS
    ]
    assert found.usual_phantom({}) == "thorax"


@pytest.mark.parametrize(
    ("options", "said"),
    [({"about": "us"}, "about 'us': one of ct, mr, pt"), ({"about": "mr", "kvp": 100.0}, "kvp: of a CT scan")],
)
def test_a_report_about_what_it_cannot_be_about_is_refused(options, said):
    with pytest.raises(UsageError, match=said):
        generate("kos", load_phantom("spheres"), seed=1, **options)
