"""Messages of lensmeters, refractors and analyzers, and dropped files, become the objects that they are."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modality.edge.matching.matching import Matcher
from modality.fhir.datatypes import full_url
from tests.edge.box import pdf
from tests.edge.describing.bench import Bench, simulated
from tests.edge.matching.test_matching import Answered
from tests.edge.matching.test_matching import _step as step
from tests.edge.sources.test_port import EOT, MESSAGE, frame


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
        "<Patient><ID>P9 </ID><FirstName>Mary Jane</FirstName><LastName>van der Doe</LastName></Patient></Common>"
        f'<Measure type="REF"><REF>{eyes}</REF></Measure></Ophthalmology>'
    )
    item = made.capture(text.encode(), "joia-xml", file="a.xml")
    assert item.state == "ready", item.reason
    (refraction,) = made.objects(item)
    assert (refraction.Modality, refraction.PatientID, refraction.PatientName) == ("AR", "P9", "van der Doe^Mary Jane")
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


def test_lenses_that_are_not_understood_are_set_aside_and_not_passed_over(bench: Callable[..., Bench]) -> None:
    item = bench("nidek-lm").capture(_nidek(b"DLM\x02XY+12\x17"))
    assert item.state == "dead"
    assert item.reason.startswith("nothing in it is understood; a segment of DLM")


def test_pressures_and_repeats_of_a_moment_are_an_observation_each(bench: Callable[..., Bench]) -> None:
    """Before and after bronchodilation, or three readings of an eye: one test and time, and no value is lost."""
    made = bench("astm", fhir=True, matching="device", loinc={"GLU": "15074-8 mmol/L"})
    twice = [*MESSAGE[:5], frame(5, b"R|2|^^^GLU|6.5|mmol/L\r"), frame(6, b"L|1|N\r"), EOT]
    item = made.capture(b"".join(twice))
    values = [one["valueQuantity"]["value"] for one in made.resources(item, "Observation")]
    assert values == [5.5, 6.5]
    (report,) = made.resources(item, "DiagnosticReport")
    assert len(report["result"]) == 2
    again = made.capture(b"".join(twice))
    names = [[one["identifier"][0] for one in made.resources(each, "Observation")] for each in (item, again)]
    assert names[0] == names[1], "sent again, they are the same"


@pytest.mark.parametrize(
    ("printed", "wrong"),
    [("mmol/L", True), ("g/L", True), ("%", True), ("mg/dl", False), ("MG/DL", False), ("", False), ("units", False),
     ("ug/mL", True), ("10 ug/mL", False), ("mcg/dL", True)],
)  # fmt: skip
def test_a_number_in_another_unit_than_the_table_s_is_never_sent_under_its_code(
    bench: Callable[..., Bench], printed: str, wrong: bool
) -> None:
    """5.5 mmol/L of glucose is no 5.5 mg/dL: somebody has set the analyzer otherwise than the table says."""
    made = bench("astm", fhir=True, matching="device", report=True, loinc={"GLU": "2345-7 mg/dL"})
    said = b"".join(MESSAGE).replace(
        frame(4, b"R|1|^^^GLU|5.5|mmol/L\r"), frame(4, b"R|1|^^^GLU|5.5|%s\r" % printed.encode())
    )
    item = made.capture(said)
    assert item.state == "ready", item.reason
    values = [one["valueQuantity"] for one in made.resources(item, "Observation")]
    (report,) = made.objects(item)
    result = report.ContentSequence[-1].ContentSequence[0]
    unit = result.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue
    if wrong:
        assert values == []
        assert f"GLU came in {printed}, and the configuration has it in mg/dL" in item.reason
        assert (result.ConceptNameCodeSequence[0].CodeValue, unit) == ("GLU", printed)
    else:
        assert [(one["value"], one["code"]) for one in values] == [(5.5, "mg/dL")]
        assert (result.ConceptNameCodeSequence[0].CodeValue, unit) == ("2345-7", "mg/dL")


@pytest.mark.parametrize(
    ("letter", "status"), [("F", "final"), ("", "final"), ("P", "preliminary"), ("C", "corrected"), ("X", "cancelled")]
)
def test_a_result_that_is_not_final_says_so(bench: Callable[..., Bench], letter: str, status: str) -> None:
    made = bench("astm", fhir=True, matching="device", loinc={"GLU": "15074-8 mmol/L"})
    result = frame(4, f"R|1|^^^GLU|5.5|mmol/L|||| {letter}|\r".replace("| ", "|").encode())
    item = made.capture(b"".join([*MESSAGE[:4], result, *MESSAGE[5:]]))
    assert [one["status"] for one in made.resources(item, "Observation")] == [status]


def test_a_capture_made_anew_does_not_become_the_next_patient_s(bench: Callable[..., Bench]) -> None:
    """The clock was set late, or a driver repaired: by then the worklist's only step is another's."""
    made = bench("nidek-lm", matching="worklist")
    made.describer._matcher = Matcher(Answered(step(1)))  # type: ignore[arg-type]
    item = made.capture(LENSES)
    assert [one.PatientID for one in made.objects(item)] == ["PEER1"]
    made.describer._matcher = Matcher(Answered(step(2)))  # type: ignore[arg-type]
    made.outbox.again(item.uid)
    made.describer.work(threading.Event())
    held = made.outbox.item(item.uid)
    assert (held.state, "not in the worklist any more" in held.reason) == ("held", True)
    made.outbox.assign(item.uid, {"step": "SPS2"})
    made.describer.work(threading.Event())
    assert [one.PatientID for one in made.objects(item)] == ["PEER2"], "a person has said so"


def test_a_prism_whose_base_a_file_does_not_say_is_left_out_and_said(bench: Callable[..., Bench]) -> None:
    made = bench("folder", kind="joia-xml")
    lens = "<Sphere>-1.00</Sphere><Cylinder>-0.50</Cylinder><Axis>90</Axis><H>{}</H>"
    for prism, said in (("-1.25", True), ("0.00", False)):
        text = f'<Ophthalmology><Measure type="LM"><LM><R>{lens.format(prism)}</R></LM></Measure></Ophthalmology>'
        item = made.capture(text.encode(), "joia-xml", file="a.xml")
        (found,) = made.objects(item)
        assert found.RightLensSequence[0].SpherePower == -1.0
        assert ("the prism is left out" in item.reason) is said
