"""Messages of lensmeters, refractors and analyzers, and dropped files, become the objects that they are."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modality.fhir.datatypes import full_url
from tests.edge.box import pdf
from tests.edge.describing.bench import Bench, simulated
from tests.edge.sources.test_port import MESSAGE, frame


@pytest.fixture
def bench(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = []

    def make(driver: str, **options: object) -> Bench:
        made.append(Bench(tmp_path, driver, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.outbox.close()


def _nidek(*blocks: bytes) -> bytes:
    body = b"".join(b"\x01" + block for block in blocks) + b"\x04"
    return body + b"%04X" % (sum(body) & 0xFFFF)


LENSES = _nidek(
    b"DLM\x02IDNIDEK/LM-7P\x17 R-06.50-01.50010\x17 L+01.25-00.75175\x17AR+02.00\x17PR00.50I\x17"
)  # the first segment is devices.md's


def test_lenses_become_lensometry_measurements(bench: Callable[..., Bench]) -> None:
    made = bench("nidek-lm")
    item = made.capture(LENSES)
    (lens,) = made.objects(item)
    assert (lens.SOPInstanceUID, lens.Modality, lens.SOPClassUID) == (item.uid, "LEN", "1.2.840.10008.5.1.4.1.1.78.1")
    right, left = lens.RightLensSequence[0], lens.LeftLensSequence[0]
    assert (right.SpherePower, right.CylinderSequence[0].CylinderPower, right.CylinderSequence[0].CylinderAxis) == (
        -6.5,
        -1.5,
        10,
    )
    assert (left.SpherePower, left.CylinderSequence[0].CylinderPower, left.CylinderSequence[0].CylinderAxis) == (
        1.25,
        -0.75,
        175,
    )
    assert right.AddNearSequence[0].AddPower == 2.0
    assert (right.PrismSequence[0].HorizontalPrismPower, right.PrismSequence[0].HorizontalPrismBase) == (0.5, "IN")


def test_a_refraction_with_corneas_is_two_instances_of_one_capture(bench: Callable[..., Bench]) -> None:
    made = bench("nidek-ar")
    item = made.capture(
        _nidek(
            b"DRM\x02OR-01.25-00.50090\x17OL-01.00-00.25085\x17PD62\x17",
            b"DKM\x02 R07.8007.65180\x17 L07.9007.70005\x17",
        )
    )
    refraction, cornea = made.objects(item)
    assert (refraction.Modality, cornea.Modality) == ("AR", "KER")
    assert refraction.SOPInstanceUID == item.uid != cornea.SOPInstanceUID
    assert refraction.StudyInstanceUID == cornea.StudyInstanceUID
    assert refraction.SeriesInstanceUID != cornea.SeriesInstanceUID
    assert refraction.AutorefractionRightEyeSequence[0].SpherePower == -1.25
    assert refraction.DistancePupillaryDistance == 62
    right = cornea.KeratometryRightEyeSequence[0]
    assert right.SteepKeratometricAxisSequence[0].RadiusOfCurvature == 7.65
    assert right.FlatKeratometricAxisSequence[0].RadiusOfCurvature == 7.8


def test_results_of_an_analyzer_are_observations_and_a_report(bench: Callable[..., Bench]) -> None:
    made = bench("astm", fhir=True, archive=False, matching="device", loinc={"GLU": "15074-8 mmol/L"})
    item = made.capture(b"".join(MESSAGE))
    assert item.state == "ready", item.reason
    (patient,) = made.resources(item, "Patient")
    (glucose,) = made.resources(item, "Observation")
    (report,) = made.resources(item, "DiagnosticReport")
    assert (patient["identifier"][0]["value"], patient["name"][0]["family"]) == ("P77", "Doe")
    assert glucose["code"]["coding"][0]["code"] == "15074-8"
    assert glucose["valueQuantity"] == {
        "value": 5.5, "unit": "mmol/L", "code": "mmol/L", "system": "http://unitsofmeasure.org"
    }  # fmt: skip
    assert len(report["result"]) == 1
    again = made.capture(b"".join(MESSAGE))
    assert made.resources(again, "Patient") == [patient]


def test_a_test_without_a_code_is_named_and_a_report_holds_it_all_the_same(bench: Callable[..., Bench]) -> None:
    made = bench("astm", fhir=True, matching="device", report=True)
    item = made.capture(b"".join(MESSAGE))
    assert item.reason == "no code of LOINC in the configuration for GLU"
    (report,) = made.objects(item)
    assert (report.Modality, report.PatientID, report.SOPInstanceUID) == ("SR", "P77", item.uid)
    assert made.resources(item, "Observation") == []
    texts = str(report)
    assert "GLU" in texts
    assert "5.5" in texts


def test_results_that_nobody_takes_are_set_aside_with_the_reason(bench: Callable[..., Bench]) -> None:
    item = bench("astm", matching="device").capture(b"".join(MESSAGE))
    assert item.state == "dead"
    assert "nobody takes what device gives: [fhir] is missing, or report = true" in item.reason


def test_results_without_a_patient_are_held(bench: Callable[..., Bench]) -> None:
    made = bench("astm", fhir=True, matching="device", loinc={"GLU": "15074-8"})
    item = made.capture(b"".join(one for one in MESSAGE if b"P77" not in one).replace(b"\x02", b"\x02"))
    assert (item.state, item.reason) == ("held", "the device named no patient")
    made.outbox.assign(item.uid, {"patient_id": "P5"})
    made.describer.work(threading.Event())
    assert made.resources(item, "Patient")[0]["identifier"][0]["value"] == "P5"


def test_results_of_several_patients_in_one_session_stay_apart(bench: Callable[..., Bench]) -> None:
    """A person names the patient of those results that have none, and of no others."""
    made = bench("astm", fhir=True, matching="device", loinc={"GLU": "15074-8 mmol/L"})
    frames = [b"P|1|||||Nobody^N\r", b"O|1|S2||^^^GLU\r", b"R|1|^^^GLU|7.7|mmol/L\r"]
    more = b"".join(frame((5 + number) % 8, text) for number, text in enumerate([*frames, b"L|1|N\r"]))
    item = made.capture(b"".join(MESSAGE[:5]) + more + MESSAGE[-1])
    assert (item.state, item.reason) == ("held", "the device named no patient")
    made.outbox.assign(item.uid, {"patient_id": "P5"})
    made.describer.work(threading.Event())
    patients = {full_url(one): one["identifier"][0]["value"] for one in made.resources(item, "Patient")}
    values = {
        patients[one["subject"]["reference"]]: one["valueQuantity"]["value"]
        for one in made.resources(item, "Observation")
    }
    assert values == {"P77": 5.5, "P5": 7.7}


def test_a_file_of_joia_names_patient_and_eyes(bench: Callable[..., Bench]) -> None:
    made = bench("folder", kind="joia-xml", matching="device")
    eyes = "".join(
        f"<{eye}><Median><Sphere> {sphere}</Sphere><Cylinder>-0.50</Cylinder><Axis>90</Axis></Median></{eye}>"
        for eye, sphere in (("R", "-1.25"), ("L", "+0.75"))
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><Ophthalmology><Common><Company>NIDEK</Company>'
        "<Patient><ID>P9 </ID><FirstName>Jane</FirstName><LastName>Doe</LastName></Patient></Common>"
        f'<Measure type="REF"><REF>{eyes}</REF></Measure></Ophthalmology>'
    )
    item = made.capture(text.encode(), "joia-xml", file="a.xml")
    assert item.state == "ready", item.reason
    (refraction,) = made.objects(item)
    assert (refraction.Modality, refraction.PatientID, refraction.PatientName) == ("AR", "P9", "Doe^Jane")
    assert refraction.AutorefractionLeftEyeSequence[0].SpherePower == 0.75


@pytest.mark.peer
@pytest.mark.parametrize(
    ("device", "modality"), [("nidek-lm", "LEN"), ("nidek-ar", "AR"), ("nidek-km", "KER"), ("nidek-nt", "SR")]
)
def test_what_a_simulated_device_says_is_clean_to_dciodvfy(
    bench: Callable[..., Bench], device: str, modality: str, tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    made = bench(device)
    said = simulated(device, 6.0)
    item = made.capture(said[: said.index(b"\x04") + 5])
    assert item.state == "ready", item.reason
    objects = made.objects(item)
    assert modality in [one.Modality for one in objects]
    for one in objects:
        one.save_as(tmp_path / "one.dcm")
        assert dciodvfy(tmp_path / "one.dcm") == []


def test_a_pdf_keeps_its_bytes_and_rubbish_is_set_aside(bench: Callable[..., Bench]) -> None:
    made = bench("folder", kind="pdf")
    item = made.capture(pdf(3), "pdf", file="a.pdf")
    (document,) = made.objects(item)
    assert document.EncapsulatedDocument[: document.EncapsulatedDocumentLength] == pdf(3)
    bad = made.capture(b"rubbish", "pdf", file="b.pdf")
    assert bad.state == "dead"
    assert "b.pdf" in bad.reason
    assert [event.what for event in made.events.recent()] == ["described", "dead"]


def test_papers_of_a_patient_and_day_are_one_study_and_series(bench: Callable[..., Bench]) -> None:
    made = bench("folder", kind="pdf")
    objects = [made.objects(made.capture(pdf(number), "pdf"))[0] for number in range(2)]
    assert len({one.SOPInstanceUID for one in objects}) == 2
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SeriesTime", "StudyTime", "StudyID"):
        assert len({one[keyword].value for one in objects}) == 1, keyword


@pytest.mark.parametrize(("kind", "modality"), [("photo", "XC"), ("sc", "OT")])
def test_a_picture_is_a_photograph_or_a_secondary_capture(
    bench: Callable[..., Bench], kind: str, modality: str
) -> None:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.full((16, 24, 3), 90, np.uint8)).save(buffer, "PNG")
    made = bench("folder", kind=kind)
    item = made.capture(buffer.getvalue(), kind, file="a.png")
    assert item.state == "ready", item.reason
    (picture,) = made.objects(item)
    assert (picture.Modality, picture.Rows, picture.Columns) == (modality, 16, 24)
    assert int(picture.pixel_array.max()) == 90


def test_an_item_of_a_device_that_is_no_more_waits(bench: Callable[..., Bench]) -> None:
    made = bench("folder", kind="pdf")
    item = made.capture(pdf(1), "pdf")
    made.outbox.again(item.uid)
    object.__setattr__(made.device, "name", "renamed")
    made.describer.work(threading.Event())
    assert (made.outbox.item(item.uid).state, "no device is named 'device'" in made.outbox.item(item.uid).reason) == (
        "captured", True
    )  # fmt: skip


def test_a_fault_of_ours_costs_the_item_and_not_the_rest(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("a fault")

    made = bench("folder", kind="pdf")
    monkeypatch.setattr("modality.edge.describing.files.pdf", broken)
    assert made.capture(pdf(1), "pdf").reason == "cannot be described: ZeroDivisionError: a fault"
