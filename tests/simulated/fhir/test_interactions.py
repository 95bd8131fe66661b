"""Create, read and update over HTTP, and the answer to whatever is wrong with a request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modality.simulated.fhir.store import Store
from tests.fhir.samples import changed, one
from tests.simulated.fhir.conftest import ROOT, Ask, asking, reasons

PATIENT = one("Patient")


def test_what_is_created_is_read_back_with_its_version(ask: Ask) -> None:
    made = ask("POST", "/Patient", json=PATIENT | {"id": "mine", "meta": {"versionId": "9", "tag": [{"code": "x"}]}})
    assert made.status_code == 201
    assert made.headers["location"] == f"{ROOT}/Patient/1"
    assert made.headers["etag"] == 'W/"1"'
    read = ask("GET", "/Patient/1")
    assert read.json() == made.json()
    meta = {"tag": [{"code": "x"}], "versionId": "1", "lastUpdated": "2026-11-25T12:00:00.000Z"}
    assert read.json() == {**PATIENT, "id": "1", "meta": meta}
    assert ask("GET", "/Patient/1", headers={"If-None-Match": 'W/"1"'}).status_code == 304
    assert ask("HEAD", "/Patient/1").status_code == 200


def test_a_conditional_create_makes_one_resource(ask: Ask, store: Store) -> None:
    headers = {"If-None-Exist": "identifier=urn:modality:issuer:CLINIC|EDGE1"}
    assert [ask("POST", "/Patient", json=PATIENT, headers=headers).status_code for _ in range(3)] == [201, 200, 200]
    assert len(store) == 1
    ask("POST", "/Patient", json=PATIENT)
    several = ask("POST", "/Patient", json=PATIENT, headers=headers)
    assert several.status_code == 412
    assert "multiple-matches : 2 resources" in reasons(several)
    none = ask("POST", "/Patient", json=PATIENT, headers={"If-None-Exist": ""})
    assert (none.status_code, len(store)) == (412, 2)


def test_an_update_makes_a_version_and_knows_which_it_was_meant_for(ask: Ask) -> None:
    ask("POST", "/Patient", json=PATIENT)
    newer = PATIENT | {"id": "1", "gender": "male"}
    updated = ask("PUT", "/Patient/1", json=newer, headers={"If-Match": 'W/"1"'})
    assert (updated.status_code, updated.json()["meta"]["versionId"]) == (200, "2")
    assert ask("GET", "/Patient/1").json()["gender"] == "male"
    late = ask("PUT", "/Patient/1", json=newer, headers={"If-Match": 'W/"1"'})
    assert late.status_code == 412
    assert "not of the version that If-Match names" in reasons(late)
    assert ask("PUT", "/Patient/2", json=newer).status_code == 400
    assert ask("PUT", "/Patient/chosen.id-1", json=PATIENT | {"id": "chosen.id-1"}).status_code == 201
    assert ask("PUT", "/Patient/a_b", json=PATIENT | {"id": "a_b"}).status_code == 400


def test_a_conditional_update(ask: Ask, store: Store) -> None:
    place = "/Patient?identifier=EDGE1"
    assert [ask("PUT", place, json=PATIENT).status_code for _ in range(2)] == [201, 200]
    assert [one["meta"]["versionId"] for one in store] == ["2"]
    assert ask("PUT", place, json=PATIENT | {"id": "77"}).status_code == 400
    assert ask("PUT", "/Patient", json=PATIENT).status_code == 412


REFUSED: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/Patient/99", {}, 404, "there is no Patient of that id"),
    ("GET", "/Practitioner", {}, 404, "no 'Practitioner' is kept here: Patient"),
    ("GET", "/Patient/1/_history/1", {}, 404, "Not Found"),
    ("GET", "", {}, 405, "GET cannot be done here: POST"),
    ("DELETE", "/Patient/1", {}, 405, "DELETE cannot be done here: GET, PUT"),
    ("PATCH", "/Patient/1", {}, 405, "PATCH cannot be done here"),
    ("POST", "/Patient", {"content": b"{"}, 400, "no JSON that FHIR allows"),
    ("POST", "/Patient", {"content": b"[]"}, 400, "no JSON object"),
    ("POST", "/Patient", {"content": b""}, 400, "no JSON that FHIR allows"),
    ("POST", "/Patient", {"content": b"\xff{}"}, 400, "not UTF-8"),
    ("POST", "/Patient", {"content": b'{"a": NaN}'}, 400, "NaN is no number"),
    ("POST", "/Patient", {"content": b'{"a": 1e999}'}, 400, "a number is too large"),
    ("POST", "/Patient", {"content": b'{"a": 1, "a": 2}'}, 400, "a property comes twice"),
    ("POST", "/Patient", {"content": b'{"resourceType": "Patient", "name": []}'}, 400, "nothing may be empty"),
    ("POST", "/Patient", {"content": b'{"resourceType": "Patient", "gender": null}'}, 400, "null stands only in"),
    ("POST", "/Patient", {"content": b'{"a": "\\ud800"}'}, 400, "surrogate"),
    ("POST", "/Patient", {"content": b"[" * 100_000}, 400, "nested too deeply"),
    ("POST", "/Patient", {"content": b'{"a":' * 100 + b"1" + b"}" * 100}, 400, "nested more than 64 levels deep"),
    ("POST", "/Patient", {"content": b"1" * 5000}, 400, "no JSON that FHIR allows"),
    ("POST", "/Patient", {"json": {"id": "1"}}, 400, "a resource says its resourceType"),
    ("POST", "/Patient", {"json": one("Device")}, 400, "a Patient belongs here"),
    ("POST", "/Patient", {"json": PATIENT | {"colour": "green"}}, 400, "Patient.colour"),
    ("POST", "/Patient", {"json": PATIENT | {"name": 5}}, 400, "Patient.name"),
    ("POST", "/Patient", {"json": PATIENT | {"birthDate": "yesterday"}}, 400, "Patient.birthDate"),
    ("POST", "/Patient", {"json": PATIENT | {"active": "yes"}}, 400, "Patient.active: true or false belongs here"),
    ("POST", "/Patient", {"json": PATIENT | {"multipleBirthInteger": "2"}}, 400, "a number belongs here, not a string"),
    ("POST", "/ImagingStudy", {"json": one("ImagingStudy") | {"numberOfSeries": "1"}}, 400, "not a string"),
    ("POST", "/Patient", {"json": PATIENT | {"gender": "woman"}}, 422, "code-invalid Patient.gender: 'woman'"),
    ("POST", "/Patient", {"content": b"<a/>", "headers": {"content-type": "text/xml"}}, 415, "no other type is read"),
    ("GET", "/Patient", {"headers": {"accept": "application/fhir+xml"}}, 406, "only application/fhir+json"),
    ("GET", "/Patient?_format=xml", {}, 406, "only application/fhir+json"),
    ("POST", "/Patient/_search", {"json": {}}, 415, "application/x-www-form-urlencoded"),
    ("POST", "/Observation", {"json": changed(one("Observation", "8867-4"), "subject.reference", "Patient/9")}, 422,
     "not-found Observation.subject.reference: 'Patient/9': there is no such resource"),
    ("POST", "/Observation", {"json": changed(one("Observation", "8867-4"), "subject.reference", "#p")}, 422,
     "it is not contained here"),
    ("POST", "", {"json": {"resourceType": "Bundle", "type": "collection"}}, 400, "batch or transaction"),
    ("POST", "", {"json": {"resourceType": "Bundle", "type": "batch", "entry": {}}}, 400, "nothing may be empty"),
    ("POST", "", {"json": {"resourceType": "Bundle", "type": "batch", "entry": 5}}, 400, "the entries are a list"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "request_", "status", "reason"), REFUSED)
def test_what_is_wrong_is_said(
    ask: Ask, store: Store, method: str, path: str, request_: dict[str, Any], status: int, reason: str
) -> None:
    response = ask(method, path, **request_)
    assert reason in reasons(response)
    assert response.status_code == status
    assert len(store) == 0


def test_a_refusal_does_not_repeat_what_it_was_given(ask: Ask) -> None:
    for field, value in (("name", "Okafor"), ("birthDate", "Okafor"), ("active", "Okafor"), ("gender", ["Okafor"])):
        response = ask("POST", "/Patient", json=PATIENT | {field: value})
        assert response.status_code == 400
        assert "Okafor" not in response.text


def test_media_types(ask: Ask) -> None:
    for kind in ("application/fhir+json; charset=utf-8", "application/json"):
        assert ask("POST", "/Patient", content=json.dumps(PATIENT), headers={"content-type": kind}).status_code == 201
    for accepted in ("application/fhir+json", "application/xml, */*;q=0.1", "application/json;q=0.5"):
        assert ask("GET", "/Patient/1", headers={"accept": accepted}).status_code == 200
    assert ask("GET", "/Patient?_format=application/fhir+json").status_code == 200


def test_a_minimal_answer_is_empty(ask: Ask) -> None:
    response = ask("POST", "/Patient", json=PATIENT, headers={"Prefer": "return=minimal"})
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["location"] == f"{ROOT}/Patient/1"


def test_only_a_known_token_lets_in(store: Store) -> None:
    ask = asking(store, "first", "second")
    for header, error in (("", False), ("Basic Zmlyc3Q6", False), ("Bearer wrong", True), ("Bearer", True)):
        response = ask("GET", "/Patient", headers={"Authorization": header} if header else {})
        assert (response.status_code, response.json()["issue"][0]["code"]) == (401, "login")
        assert ("invalid_token" in response.headers["www-authenticate"]) is error
    assert ask("GET", "/Patient", headers={"Authorization": "Bearer second"}).status_code == 200
    statement = ask("GET", "/metadata")
    assert (statement.status_code, "security" in statement.json()["rest"][0]) == (200, True)


def test_a_disk_that_is_full_is_an_outcome(ask: Ask, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from modality.errors import UsageError

    def fail(*_: object) -> None:
        raise UsageError("/data: cannot be written: No space left on device")

    monkeypatch.setattr(store, "commit", fail)
    response = ask("POST", "/Patient", json=PATIENT)
    assert response.status_code == 507
    assert "No space left on device" in reasons(response)
