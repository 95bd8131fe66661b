"""What a validator of structure does not see is found, and said where and why; our own resources hold none of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality.fhir.checks import check
from tests.fhir.samples import STUDY_UID, changed, everything, one, stroke_bundle

TOTAL = "72089-6"


def test_our_own_resources_are_right() -> None:
    assert [problem for resource in everything() for problem in check(resource)] == []
    assert check(stroke_bundle()) == []


SEEDED = [
    ("Patient", "", "gender", "woman", "is not in its value set http://hl7.org/fhir/ValueSet/administrative-gender"),
    ("Patient", "", "identifier.0.use", "mine", "identifier-use"),
    ("Patient", "", "name.0.use", "nick", "name-use"),
    ("Patient", "", "identifier.0.type.coding.0.code", "MRX", "is no code of http://terminology.hl7.org/CodeSystem/v2-0203"),
    ("Patient", "", "telecom", [{"system": "pigeon", "value": "1"}], "contact-point-system"),
    ("ServiceRequest", "", "status", "open", "request-status"),
    ("ServiceRequest", "", "priority", "high", "request-priority"),
    ("ServiceRequest", "", "code.coding.0.code", "24725-5", "its check digit would be 4"),
    ("ServiceRequest", "", "category.0.coding.0.code", "P5-00000", "is no SNOMED CT identifier"),
    ("ImagingStudy", "", "status", "done", "imagingstudy-status"),
    ("ImagingStudy", "", "modality.0.code", "CAT", "'CAT' is no modality (PS3.16 CID 33)"),
    ("ImagingStudy", "", "series.0.modality.code", "XYZ", "is no modality"),
    ("ImagingStudy", "", "series.0.modality.system", "http://example.org", "a modality is coded in http://dicom"),
    ("ImagingStudy", "", "series.0.bodySite.code", "T-D1100", "is no anatomic region known here"),
    ("ImagingStudy", "", "identifier.0.value", STUDY_UID, "a Study Instance UID is written urn:oid:UID"),
    ("ImagingStudy", "", "identifier.0.value", "urn:oid:1.02.3", "a Study Instance UID is written urn:oid:UID"),
    ("ImagingStudy", "", "series.0.uid", f"urn:oid:{STUDY_UID}.1", "is no UID"),
    ("ImagingStudy", "", "series.0.instance.0.sopClass.code", "1.2.840.10008.5.1.4.1.1.2", "is no URI"),
    ("ImagingStudy", "", "series.0.instance.1.uid", f"{STUDY_UID}.1.1", "comes 2 times"),
    ("ImagingStudy", "", "series.0.numberOfInstances", 1, "1, and 2 are listed"),
    ("ImagingStudy", "", "numberOfSeries", 0, "0, and 1 are listed"),
    ("ImagingStudy", "", "modality.0.code", "MR", "the modality 'CT' of a series is missing"),
    ("Observation", "8867-4", "code.coding.0.code", "8867-5", "its check digit would be 4"),
    ("Observation", "8867-4", "code.coding.0.code", "99999-5", "is not among the LOINC codes known here"),
    ("Observation", "8867-4", "valueQuantity.code", "bpm", "did you mean '/min'?"),
    ("Observation", "8867-4", "valueQuantity.code", "Hz", "the unit 'Hz' does not fit here: use '/min'"),
    ("Observation", "8867-4", "valueQuantity.system", None, "is coded in http://unitsofmeasure.org"),
    ("Observation", "8867-4", "valueQuantity.value", -3, "the value is outside 0.."),
    ("Observation", "8867-4", "valueQuantity.comparator", "~", "quantity-comparator"),
    ("Observation", "8867-4", "valueQuantity", None, "has neither a value nor a reason"),
    ("Observation", "8867-4", "category", None, "a vital sign has the category vital-signs"),
    ("Observation", "8867-4", "category.0.coding.0.code", "vitals", "is no code of"),
    ("Observation", "8867-4", "subject", None, "a vital sign is of somebody"),
    ("Observation", "8867-4", "effectiveDateTime", None, "the time when it was taken"),
    ("Observation", "8867-4", "code.coding", [{"system": "http://x.org", "code": "1"}], "is coded in LOINC"),
    ("Observation", "8867-4", "status", "finished", "observation-status"),
    ("Observation", "59408-5", "code.coding.1", None, "59408-5 stands beside 2708-6"),
    ("Observation", "59408-5", "valueQuantity.value", 130, "the value is outside 0..100"),
    ("Observation", "8310-5", "valueQuantity.code", "C", "the unit 'C' does not fit here: use 'Cel'"),
    ("Observation", "8310-5", "valueQuantity.code", "K", "does not fit here"),
    ("Observation", "29463-7", "valueQuantity.code", "lbs", "did you mean '[lb_av]'?"),
    ("Observation", "8302-2", "valueQuantity.code", "m", "use 'cm'"),
    ("Observation", "85354-9", "component.1", None, "85354-9 has a component 8462-4"),
    ("Observation", "85354-9", "component.0.valueQuantity.code", "mmHg", "did you mean 'mm[Hg]'?"),
    ("Observation", "2345-7", "valueQuantity.code", "mmol/L", "does not fit here: use 'mg/dL'"),
    ("Observation", TOTAL, "code.coding.0.code", "87711-2", "its check digit would be 8"),
    ("Observation", TOTAL, "valueQuantity.value", 9, "the total is not the sum of the items, 8"),
    ("Observation", TOTAL, "valueQuantity.value", 43, "the value is outside 0..42"),
    ("Observation", TOTAL, "valueQuantity.code", "points", "did you mean '{score}'?"),
    ("Observation", TOTAL, "component.0.valueCodeableConcept.coding.0.code", "LA18440-0", "is no answer to 70184-7"),
    ("DiagnosticReport", "", "category.0.coding.0.code", "XRAY", "is no code of"),
    ("DiagnosticReport", "", "status", "signed", "diagnostic-report-status"),
    ("Device", "", "status", "on", "device-status"),
    ("Device", "", "deviceName.0.type", "pet-name", "device-nametype"),
    ("Endpoint", "", "status", "up", "endpoint-status"),
    ("Endpoint", "", "connectionType.code", "wado-rs", "is no code of"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "code", "path", "value", "reason"), SEEDED)
def test_a_seeded_mistake_is_found(kind: str, code: str, path: str, value: Any, reason: str) -> None:
    found = check(changed(one(kind, code), path, value))
    assert [problem for problem in found if reason in problem.reason], found
    assert all(problem.where.startswith(kind) for problem in found)


def test_a_mistake_within_a_bundle_or_a_contained_resource_says_where() -> None:
    bundle = changed(stroke_bundle(), "entry.0.resource.gender", "woman")
    assert [problem.where for problem in check(bundle)] == ["Bundle.entry[0].resource.gender"]
    request = changed(one("ServiceRequest"), "contained", [{"resourceType": "Patient", "gender": "woman"}])
    assert [problem.where for problem in check(request)] == ["ServiceRequest.contained[0].gender"]


def test_a_local_code_beside_a_known_one_is_taken() -> None:
    resource = one("Observation", "8867-4")
    resource["code"]["coding"].append({"system": "urn:oid:1.2.3", "code": "HR"})
    assert check(resource) == []


def test_a_score_may_be_an_integer() -> None:
    resource = one("Observation", TOTAL)
    del resource["valueQuantity"]
    assert check(resource | {"valueInteger": 8}) == []
    assert "the total is not the sum of the items, 8" in str(check(resource | {"valueInteger": 7}))


def test_messages_are_short_whatever_stands_in_the_place_of_a_code() -> None:
    for path in ("code.coding.0.code", "valueQuantity.code", "status"):
        for problem in check(changed(one("Observation", "8867-4"), path, "x" * 100_000)):
            assert len(problem.reason) < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["resourceType", "code", "coding", "system", "value", "valueQuantity", "component", "series", "instance", "uid",
         "identifier", "modality", "numberOfSeries", "category", "name", "text"]), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from(["Observation", "ImagingStudy", "Patient", "Bundle"]))
def test_data_of_any_shape_is_judged_without_a_fault(value: Any, kind: str) -> None:
    check(value)
    if isinstance(value, dict):
        check({**value, "resourceType": kind})
