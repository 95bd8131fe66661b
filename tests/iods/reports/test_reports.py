"""Reports on a CT scan say what its images and its protocol say."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import ComprehensiveSRStorage, EnhancedSRStorage

from modality.identity import patient
from modality.station.study import generate, load_phantom

SCAN = {"rows": 192, "columns": 192, "slices": 48}


def made(kind, phantom="spheres", **options):
    study = generate(kind, load_phantom(phantom, **({"seed": 4} if phantom == "thorax" else {})), seed=4, **options)
    (scan,) = study.series
    (instance,) = scan
    return scan, instance.dataset()


def items(dataset, meaning):
    """Content items of a name, at any depth."""
    found = []
    for item in dataset.get("ContentSequence", ()):
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeMeaning == meaning:
            found.append(item)
        found += items(item, meaning)
    return found


def number(dataset, meaning):
    (item,) = items(dataset, meaning)
    return float(item.MeasuredValueSequence[0].NumericValue)


@pytest.mark.parametrize(("pitch", "kind"), [(0.0, "Sequenced Acquisition"), (1.2, "Spiral Acquisition")])
def test_a_dose_report_is_that_of_the_images(pitch, kind):
    options = {"rows": 32, "columns": 32, "slices": 10, "kvp": 100.0, "mas": 90.0, "pitch": pitch}
    _, report = made("rdsr", **options)
    images = [one.dataset() for one in generate("ct", load_phantom("spheres"), seed=4, **options)]
    mean = np.mean([one.CTDIvol for one in images])
    assert number(report, "Mean CTDIvol") == pytest.approx(mean, abs=1e-3)
    length_cm = abs(images[0].ImagePositionPatient[2] - images[1].ImagePositionPatient[2]) * len(images) / 10
    assert number(report, "DLP") == pytest.approx(mean * length_cm, rel=1e-4)
    assert number(report, "CT Dose Length Product Total") == number(report, "DLP")
    assert number(report, "KVP") == float(images[0].KVP) == 100.0
    assert number(report, "X-Ray Tube Current") == pytest.approx(
        np.mean([one.XRayTubeCurrent for one in images]), abs=0.1
    )
    assert items(report, "CT Acquisition Type")[0].ConceptCodeSequence[0].CodeMeaning == kind
    assert len(items(report, "Pitch Factor")) == (1 if pitch else 0)
    if pitch:
        assert number(report, "Pitch Factor") == float(images[0].SpiralPitchFactor) == pitch
        turns = number(report, "Scanning Length") / (pitch * number(report, "Nominal Total Collimation Width"))
        assert number(report, "Exposure Time") == pytest.approx(
            turns * number(report, "Exposure Time per Rotation"), rel=1e-3
        )


def test_a_modulated_scan_has_a_greatest_current_above_its_mean():
    _, report = made("rdsr", "thorax", rows=32, columns=32, slices=12)
    assert number(report, "Maximum X-Ray Tube Current") > number(report, "X-Ray Tube Current")
    assert items(report, "X-Ray Modulation Type")[0].TextValue == "Z_EC"


@pytest.mark.parametrize(
    ("form", "sop_class"), [("comprehensive", ComprehensiveSRStorage), ("enhanced", EnhancedSRStorage)]
)
def test_measurements_lie_where_the_images_show_them(form, sop_class):
    pytest.importorskip("highdicom")
    scan, report = made("sr", form=form, **SCAN)
    assert report.SOPClassUID == scan.sop_class_uid == sop_class
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    images = {
        one.dataset().SOPInstanceUID: one.dataset() for one in generate("ct", load_phantom("spheres"), seed=4, **SCAN)
    }
    rows, columns = np.indices((192, 192)) + 0.5
    regions = items(report, "Image Region")
    assert len(regions) == len(scan.truth()["measurements"]) >= 5
    for group in items(report, "Measurement Group"):
        for region in items(group, "Image Region"):
            column, row, edge, _ = map(float, region.GraphicData)
            image = images[region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID]
            inside = np.hypot(rows - row, columns - column) < 0.8 * (edge - column)
            shown = image.pixel_array[inside] * float(image.RescaleSlope) + float(image.RescaleIntercept)
            assert shown.mean() == pytest.approx(number(group, "Attenuation Coefficient"), abs=6)
            area = np.pi * ((edge - column) * float(image.PixelSpacing[0])) ** 2
            assert area == pytest.approx(number(group, "Area"), rel=1e-3)


def test_key_images_show_the_lesions():
    scan, report = made("kos", "thorax", rows=32, columns=32, slices=100)
    chosen = scan.truth()["images"]
    assert {name for image in chosen for name in image["structures"]} == {"nodule 1", "nodule 2", "nodule 3"}
    assert [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in report.ContentSequence
            if item.ValueType == "IMAGE"] == [image["sop_instance_uid"] for image in chosen]  # fmt: skip
    (images,) = generate("ct", load_phantom("thorax", seed=4), seed=4, rows=32, columns=32, slices=100).series
    for image in chosen:
        of_it = images.context.identity.uid("instance", image["instance_number"] - 1)
        assert of_it == image["sop_instance_uid"]


def test_a_pdf_is_whole_names_the_patient_and_says_the_findings():
    scan, document = made("pdf", **SCAN)
    data = document.EncapsulatedDocument[: document.EncapsulatedDocumentLength]
    table = data.index(b"xref\n")
    assert int(data[data.rindex(b"startxref\n") + 10 :].split()[0]) == table
    for line in data[table:].splitlines()[3:10]:  # each entry is the place of an object
        place = int(line.split()[0])
        assert data[place:].split(b"\n", 1)[0].endswith(b"obj")
    assert patient(4).patient_id.encode() in data
    for finding in scan.truth()["findings"]:
        assert finding.encode("cp1252") in data
    assert document.BurnedInAnnotation == "YES"
    (shown,) = document.SourceInstanceSequence  # the image whose picture stands on the page
    (images,) = generate("ct", load_phantom("spheres"), seed=4, **SCAN).series
    number_of_it = scan.truth()["picture_of_instance_number"]
    assert shown.ReferencedSOPInstanceUID == images.context.identity.uid("instance", number_of_it - 1)
    assert shown.ReferencedSOPClassUID == images.sop_class_uid


@pytest.mark.parametrize("seed", range(16))
def test_a_name_that_the_font_lacks_breaks_no_page(seed):
    (instance,) = generate("pdf", load_phantom("spheres"), seed=seed, rows=32, columns=32, slices=3)
    data = instance.dataset().EncapsulatedDocument
    assert b"Patient: " in data
    assert b"Patient: ?" not in data


def test_a_report_gives_the_same_bytes_again():
    for kind in ("kos", "rdsr", "pdf", "sc"):
        one, again = (next(iter(generate(kind, load_phantom("spheres"), seed=7, rows=48, columns=48, slices=6)))
                      for _ in range(2))  # fmt: skip
        assert b"".join(one.part10()) == b"".join(again.part10())
        assert dcmread(io.BytesIO(b"".join(one.part10()))).SOPInstanceUID == one.sop_instance_uid
