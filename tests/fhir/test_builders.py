"""The resources hold what was asked for, point to each other, and are the same each time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from modality.errors import UnknownNameError, UsageError
from modality.fhir.bundles import if_none_exist, transaction
from modality.fhir.datatypes import date, full_url, human_names, moment, reference
from modality.fhir.equipment import device, wado_endpoint
from modality.fhir.observations import blood_pressure, nih_stroke_scale, observation
from modality.fhir.orders import service_request, service_request_of
from modality.fhir.people import patient
from modality.fhir.reports import diagnostic_report
from modality.identity import Patient
from modality.protocol.worklist import ScheduledStep
from tests.fhir.samples import NOW, SCORES, WHO, everything, one, stroke_bundle
from tests.peers.worklist_items import default_items


def test_a_patient() -> None:
    assert patient(WHO) == {
        "resourceType": "Patient",
        "identifier": [
            {
                "system": "urn:modality:issuer:CLINIC",
                "value": "EDGE1",
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
            }
        ],
        "name": [
            {
                "use": "official", "text": "Dr. Grace Ada Okafor", "family": "Okafor", "given": ["Grace", "Ada"],
                "prefix": ["Dr."],
            }
        ],
        "gender": "female",
        "birthDate": "1958-07-04",
    }  # fmt: skip


def test_names_of_several_scripts_say_which_they_are() -> None:
    found = human_names("Yamada^Tarou=山田^太郎=やまだ^たろう")
    assert [(name["extension"][0]["valueCode"], name["family"]) for name in found] == [
        ("ABC", "Yamada"), ("IDE", "山田"), ("SYL", "やまだ"),
    ]  # fmt: skip
    assert human_names("^^^^") == []
    assert human_names("") == []


def test_what_is_not_known_is_left_out() -> None:
    assert patient(Patient("X", "", "19xx0101")).keys() == {"resourceType", "identifier", "gender"}
    assert patient(Patient("X", ""))["gender"] == "unknown"
    assert patient(Patient("X", "", issuer="1.2.3"))["identifier"][0]["system"] == "urn:oid:1.2.3"


def test_times_have_an_offset_and_dates_are_whole() -> None:
    assert moment(NOW) == "2026-11-25T10:15:30Z"
    assert moment(NOW, timezone(timedelta(hours=-5))) == "2026-11-25T10:15:30-05:00"
    assert moment(datetime(2026, 1, 2, 3, 4, 5, 678_000, timezone.utc)) == "2026-01-02T03:04:05.678Z"
    assert (date("20260229"), date("2026"), date("20240229"), date("1958.07.04")) == (
        "", "", "2024-02-29", "1958-07-04",
    )  # fmt: skip


def test_a_vital_sign_is_coded_with_its_unit_and_profile() -> None:
    found = observation("spo2_by_pulse_oximetry", 97, subject="Patient/1", effective=NOW)
    assert [coding["code"] for coding in found["code"]["coding"]] == ["59408-5", "2708-6"]
    assert found["valueQuantity"] == {"value": 97, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    assert found["meta"]["profile"] == ["http://hl7.org/fhir/StructureDefinition/oxygensat"]
    assert found["category"][0]["coding"][0]["code"] == "vital-signs"
    assert observation("8310-5", 98.6, "[degF]", subject="Patient/1", effective=NOW)["valueQuantity"]["value"] == 98.6


def test_a_value_that_could_not_be_had_says_so() -> None:
    found = observation("heart_rate", None, subject="Patient/1", effective=NOW)
    assert "valueQuantity" not in found
    assert found["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    pressure = blood_pressure(182, None, subject="Patient/1", effective=NOW)
    assert [set(part) - {"code"} for part in pressure["component"]] == [{"valueQuantity"}, {"dataAbsentReason"}]


@pytest.mark.parametrize(
    ("name", "value", "unit", "message"),
    [
        ("heart_rate", 80, "bpm", r"heart_rate \(8867-4\): 'bpm' is no unit of UCUM: did you mean '/min'\?"),
        ("weight", 80, "m", "the unit 'm' does not fit here: use 'kg'"),
        ("spo2", 101, "%", r"the value is outside 0..100"),
        ("weight", float("nan"), "", "the value is no number"),
        ("temperature", float("inf"), "", "the value is no number"),
        ("blood_pressure", 120, "", "is a panel, not one value"),
        ("pulse", 120, "", "unknown observation 'pulse'"),
        ("87711-2", 4, "", "unknown observation '87711-2'"),
    ],
)
def test_a_wrong_observation_is_not_built(name: str, value: float, unit: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        observation(name, value, unit, subject="Patient/1", effective=NOW)


def test_the_stroke_scale_holds_its_total_and_an_answer_to_each_item() -> None:
    found = nih_stroke_scale(SCORES, subject="Patient/1", effective=NOW)
    assert found["valueQuantity"]["value"] == 8
    assert found["valueQuantity"]["code"] == "{score}"
    answers = {
        part["code"]["coding"][0]["code"]: part["valueCodeableConcept"]["coding"][0] for part in found["component"]
    }
    assert len(answers) == 15
    assert answers["70967-5"]["code"] == "LA18459-0"  # right arm: no effort against gravity
    assert answers["70967-5"]["extension"][0]["valueDecimal"] == 3
    assert answers["70195-3"]["code"] == "LA18477-2"  # dysarthria: intubated
    assert "extension" not in answers["70195-3"]


def test_a_score_that_the_scale_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="facial_palsy has no answer of score 4: there is 0, 1, 2, 3"):
        nih_stroke_scale(SCORES | {"facial_palsy": 4}, subject="Patient/1", effective=NOW)
    with pytest.raises(UsageError, match="gaze has no answer of score None"):
        nih_stroke_scale(SCORES | {"gaze": None}, subject="Patient/1", effective=NOW)
    with pytest.raises(UsageError, match="these have no score: gaze"):
        nih_stroke_scale({k: v for k, v in SCORES.items() if k != "gaze"}, subject="Patient/1", effective=NOW)
    with pytest.raises(UnknownNameError, match="did you mean 'gaze'"):
        nih_stroke_scale(SCORES | {"gace": 1}, subject="Patient/1", effective=NOW)


def test_an_order_from_the_worklist() -> None:
    step = ScheduledStep(default_items()[0])
    found = service_request_of(step, "Patient/1")
    assert found["identifier"][0]["value"] == step.accession_number != ""
    assert found["identifier"][1]["value"] == f"urn:oid:{step.study_uid}"
    assert found["intent"] == "order"
    assert found["code"]["text"] == (step.requested_procedure_description or step.description)


def test_what_cannot_be_ordered_or_reported_is_refused() -> None:
    with pytest.raises(UsageError, match="known by its accession number"):
        service_request(subject="Patient/1", accession_number="")
    with pytest.raises(UsageError, match="no Requested Procedure Priority"):
        service_request(subject="Patient/1", accession_number="1", priority="soon")
    with pytest.raises(UsageError, match="is no LOINC code"):
        diagnostic_report(loinc_code="24725-5", subject="Patient/1", effective=NOW)
    with pytest.raises(UsageError, match="no modality"):
        device(manufacturer="m", model_name="n", serial_number="1", modality="CAT")


def test_an_endpoint_shows_no_password() -> None:
    assert wado_endpoint("http://127.0.0.1:8042/dicom-web/")["address"] == "http://127.0.0.1:8042/dicom-web"
    with pytest.raises(UsageError, match="leave out its user and password") as failure:
        wado_endpoint("https://me:secret@host/dicom-web")
    assert "secret" not in str(failure.value)
    with pytest.raises(UsageError, match="http:// or https://"):
        wado_endpoint("dicom://AET@host:104")


def test_a_transaction_creates_what_is_not_there_and_is_the_same_each_time() -> None:
    bundle = stroke_bundle()
    assert bundle == stroke_bundle()
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls) == len(everything())
    assert {entry["request"]["method"] for entry in bundle["entry"]} == {"POST"}
    assert bundle["entry"][0]["request"]["ifNoneExist"] == "identifier=urn%3Amodality%3Aissuer%3ACLINIC%7CEDGE1"
    said = str(bundle)
    assert said.count(f"'reference': '{urls[0]}'") == len(everything()) - 3  # all but Patient, Device and Endpoint
    study = bundle["entry"][4]["resource"]
    assert study["basedOn"][0]["reference"] == urls[3]
    assert study["endpoint"][0]["reference"] == urls[2]


def test_the_delimiters_of_a_search_are_escaped_in_an_identifier() -> None:
    resource = patient(Patient("A|B,C$D\\E", "", issuer="urn:x"))
    assert if_none_exist(resource) == "identifier=urn%3Ax%7CA%5C%7CB%5C%2CC%5C%24D%5C%5CE"


def test_a_transaction_holds_nothing_doubtful() -> None:
    twice = [one("Patient"), one("Patient")]
    assert len(transaction(twice)["entry"]) == 1
    with pytest.raises(UsageError, match="two different Patient resources have one identifier"):
        transaction([one("Patient"), one("Patient") | {"gender": "male"}])
    with pytest.raises(UsageError, match="'woman' is not in its value set"):
        transaction([one("Patient") | {"gender": "woman"}])
    with pytest.raises(UsageError, match="needs an identifier"):
        transaction([{"resourceType": "Patient"}])


def test_a_stored_resource_is_referred_to_by_its_id() -> None:
    assert reference({"resourceType": "Patient", "id": "7"}) == {"reference": "Patient/7", "type": "Patient"}
    assert reference(one("Patient"))["reference"] == full_url(one("Patient"))
