"""A transaction is done whole or not at all, and changes nothing when it is sent again."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from modality.simulated.fhir.store import Store
from tests.fhir.samples import changed, one, stroke_bundle
from tests.simulated.fhir.conftest import MOMENT, ROOT, Ask, asking, reasons


def entry(resource: dict[str, Any], full_url: str = "", **request: str) -> dict[str, Any]:
    kind = resource["resourceType"]
    made = {"resource": resource, "request": {"method": "POST", "url": kind, **request}}
    return {"fullUrl": full_url, **made} if full_url else made


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def statuses(response: Any) -> list[str]:
    return [one["response"]["status"] for one in response.json()["entry"]]


def test_sending_it_again_changes_nothing(ask: Ask, store: Store) -> None:
    sent = stroke_bundle()
    first = ask("POST", "", json=sent)
    assert statuses(first) == ["201"] * len(sent["entry"])
    before = copy.deepcopy(list(store))
    again = ask("POST", "/", json=sent)
    assert statuses(again) == ["200"] * len(sent["entry"])
    assert list(store) == before
    places = [[each["response"]["location"] for each in answer.json()["entry"]] for answer in (first, again)]
    assert places[0] == places[1]


def test_references_within_it_lead_to_what_is_kept(ask: Ask, store: Store) -> None:
    ask("POST", "", json=stroke_bundle())
    assert "urn:uuid:" not in str([{**one, "identifier": []} for one in store])
    study = next(one for one in store if one["resourceType"] == "ImagingStudy")
    assert study["subject"]["reference"] == "Patient/1"
    assert study["endpoint"][0]["reference"] == "Endpoint/3"
    assert ask("GET", f"/{study['basedOn'][0]['reference']}").json()["identifier"][0]["value"] == "A1"


def test_what_is_there_already_is_referred_to(ask: Ask, store: Store) -> None:
    ask("POST", "/Device", json=one("Device"))
    ask("POST", "/Patient", json=one("Patient"))
    ask("POST", "", json=stroke_bundle())
    assert [each["id"] for each in store if each["resourceType"] == "Patient"] == ["2"]
    assert {each["subject"]["reference"] for each in store if "subject" in each} == {"Patient/2"}


WRONG = [
    ("entry.0.resource.gender", "woman", 422, "code-invalid Bundle.entry[0].resource.gender"),
    ("entry.6.resource.valueQuantity.code", "bpm", 422, "Bundle.entry[6].resource.valueQuantity.code"),
    ("entry.13.resource.code.coding.0.code", "87711-2", 422, "its check digit would be 8"),
    ("entry.4.resource.colour", "green", 400, "structure Bundle.entry[4].resource.colour"),
    ("entry.4.resource.subject.reference", "urn:uuid:00000000-0000-0000-0000-000000000000", 422, "no such resource"),
    ("entry.4.request.method", "DELETE", 400, "Bundle.entry[4].request.method"),
    ("entry.4.request.url", "Patient", 400, "a Patient belongs here"),
    ("entry.4.request.url", "../Patient", 400, "Bundle.entry[4].request.url"),
    ("entry.4.request", None, 400, "an entry has a request"),
    ("entry.4.resource", None, 400, "a resource says its resourceType"),
    ("entry.4.request.ifNoneExist", "colour=green", 400, "unknown search parameter"),
    ("entry.4.request.ifNoneExist", 5, 400, "Bundle.entry[4].request.ifNoneExist"),
]


@pytest.mark.parametrize(("path", "value", "status", "reason"), WRONG)
def test_one_wrong_entry_and_nothing_is_kept(
    ask: Ask, store: Store, path: str, value: Any, status: int, reason: str
) -> None:
    response = ask("POST", "", json=changed(stroke_bundle(), path, value))
    assert reason in reasons(response)
    assert (response.status_code, len(store)) == (status, 0)


def test_two_entries_about_one_resource_are_a_conflict(ask: Ask, store: Store) -> None:
    known = ask("POST", "/Patient", json=one("Patient")).json()
    put = {"resource": known, "request": {"method": "PUT", "url": "Patient/1"}}
    new = entry(changed(one("Patient"), "identifier.0.value", "NEW"), ifNoneExist="identifier=NEW")
    for twice in (put, new):
        response = ask("POST", "", json=bundle(twice, twice))
        assert response.status_code == 409
        assert "conflict Bundle.entry[1]: two entries are about one resource" in reasons(response)
    same = bundle(entry(one("Patient"), "urn:uuid:1"), entry(one("Device"), "urn:uuid:1"))
    assert "two entries have one fullUrl" in reasons(ask("POST", "", json=same))
    assert [each["meta"]["versionId"] for each in store] == ["1"]


def test_updates_and_reads_within_it(ask: Ask, store: Store) -> None:
    known = ask("POST", "/Patient", json=one("Patient")).json()
    put = {"resource": known | {"gender": "male"}, "request": {"method": "PUT", "url": "Patient/1", "ifMatch": 'W/"1"'}}
    new = {"resource": one("Device"), "request": {"method": "PUT", "url": "Device?identifier=x"}}
    gets = [{"request": {"method": "GET", "url": url}} for url in ("Patient/1", "Device?_count=5", "Patient/9")]
    response = ask("POST", "", json=bundle(gets[0], put, new, *gets[1:]))
    assert statuses(response) == ["200", "200", "201", "200", "404"]
    answers = response.json()["entry"]
    assert answers[0]["resource"]["gender"] == "male"  # reads come last
    assert answers[3]["resource"]["total"] == 1
    late = ask("POST", "", json=bundle(put))
    assert late.status_code == 412
    assert len(store) == 2


def test_a_batch_does_what_can_be_done(ask: Ask, store: Store) -> None:
    entries = [
        entry(one("Patient")), entry(one("Patient") | {"gender": "woman"}), {"request": {"method": "DELETE"}},
        {"request": {"method": "GET", "url": "Patient/1"}},
    ]  # fmt: skip
    response = ask("POST", "", json=bundle(*entries, kind="batch"))
    assert response.json()["type"] == "batch-response"
    assert statuses(response) == ["201", "422", "400", "200"]
    assert response.json()["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == ["Patient.gender"]
    assert len(store) == 1


def test_an_empty_transaction_is_answered(ask: Ask) -> None:
    response = ask("POST", "", json={"resourceType": "Bundle", "type": "transaction"})
    assert response.json() == {"resourceType": "Bundle", "type": "transaction-response"}


def test_the_same_requests_give_the_same_state() -> None:
    states = []
    for _ in range(2):
        kept = Store(clock=lambda: MOMENT)
        asking(kept)("POST", "", json=stroke_bundle())
        states.append(list(kept))
    assert states[0] == states[1]
    assert states[0][0]["meta"]["lastUpdated"] == "2026-11-25T12:00:00.000Z"
    assert ROOT not in str(states[0])
