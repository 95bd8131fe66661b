"""The page's endpoints: what they show, what a person decides by them, and whom they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from modality.edge.gateway import Gateway
from modality.edge.page.config import WebConfig
from modality.edge.page.password import hashed
from tests.web.edge.conftest import UIDS, Client

OWN = {"Origin": "http://127.0.0.1:8090"}
HASH = hashed("correct horse", b"0" * 16)


def by_state(shown: dict[str, Any], part: str) -> dict[str, dict[str, Any]]:
    return {one["uid"]: one for one in shown[part]}


def test_each_item_is_said_in_words(client: Client) -> None:
    shown = client().get("/page/state").json()
    held, dead, queue = (by_state(shown, part) for part in ("held", "dead", "queue"))
    assert held[UIDS["held"]]["text"] == "2 entries of the worklist fit"
    assert held[UIDS["held"]]["choices"] == ["SPS2"]
    assert held[UIDS["held"]]["what"] == "<i>1</i>"
    assert dead[UIDS["dead"]]["text"] == "refused with status A700H"
    assert (dead[UIDS["dead"]]["made"], dead[UIDS["bad"]]["made"]) == (True, False)
    assert queue[UIDS["sent"]]["text"] == "delivered and confirmed"
    assert queue[UIDS["ready"]]["text"] == "on its way to archive"
    assert shown["counts"] == {"dead": 2, "delivered": 1, "held": 1, "ready": 1}
    assert shown["destinations"] == [
        {"name": "archive", "tone": "busy", "text": "sending; 1 item, oldest 1 h", "detail": ""}
    ]


def test_the_worklist_has_its_age_and_devices_their_state(client: Client) -> None:
    shown = client().get("/page/state").json()
    assert shown["worklist"]["text"] == "read 2 min ago"
    assert [one["patient_name"] for one in shown["worklist"]["steps"]] == ["Lens Lena", "<script>alert(1)</script>"]
    assert [(one["name"], one["text"]) for one in shown["devices"]] == [
        ("lens", "starting"),
        ("<b>bed</b>", "starting"),
    ]


def test_it_is_looked_up_once_for_many_and_not_sent_again_unchanged(
    client: Client, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modality.web.edge.pages._EVERY_S", 60.0)
    page = client()
    first = page.get("/page/state")
    gateway.outbox.discard(UIDS["bad"], "behind its back")
    again = page.get("/page/state", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_patient_of_the_worklist_is_assigned(client: Client, gateway: Gateway) -> None:
    answer = client().post(f"/page/items/{UIDS['held']}/assign", json={"step": "SPS1"}, headers=OWN)
    assert answer.status_code == 200
    item = gateway.outbox.item(UIDS["held"])
    assert (item.state, item.subject) == ("captured", {"step": "SPS1"})
    told = gateway.events.recent()[-1]
    assert (told.what, told.uid, told.details["user"]) == ("assigned", UIDS["held"], "somebody at the box")
    assert gateway._described.is_set(), "the box looks at once"


def test_a_refused_object_is_repaired_with_another_patient_and_keeps_its_uid(client: Client, gateway: Gateway) -> None:
    form = {"patient_id": " P77 ", "name": "Roe^Richard", "birth_date": "19700102", "sex": "M"}
    assert client().post(f"/page/items/{UIDS['dead']}/assign", json=form, headers=OWN).status_code == 200
    item = gateway.outbox.item(UIDS["dead"])
    assert (item.state, dict(item.subject)) == ("captured", {**form, "patient_id": "P77"})
    assert gateway.deliveries.of(UIDS["dead"]) == []


def test_what_a_destination_has_is_not_given_to_another_patient(client: Client, gateway: Gateway) -> None:
    answer = client().post(f"/page/items/{UIDS['sent']}/assign", json={"patient_id": "P1"}, headers=OWN)
    assert answer.status_code == 422
    assert "is delivered" in answer.text
    assert gateway.outbox.item(UIDS["sent"]).state == "delivered"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({}, "choose a patient"),
        ({"step": "SPS1", "patient_id": "P1"}, "choose a patient"),
        ({"step": "SPS9"}, "not in the worklist any more"),
        ({"patient_id": "P" * 65}, "at most 64 characters"),
        ({"patient_id": "P\\1"}, "no line end"),
        ({"patient_id": "P\n1"}, "no line end"),
        ({"patient_id": "P1", "birth_date": "1970"}, "YYYYMMDD"),
        ({"patient_id": "P1", "sex": "X"}, "M, F or O"),
    ],
)
def test_nobody_is_guessed_and_nothing_unwritable_taken(
    client: Client, gateway: Gateway, form: dict[str, str], reason: str
) -> None:
    answer = client().post(f"/page/items/{UIDS['held']}/assign", json=form, headers=OWN)
    assert (answer.status_code, reason in answer.text) == (422, True), answer.text
    assert gateway.outbox.item(UIDS["held"]).state == "held"


def test_dead_ones_are_sent_again_made_anew_or_discarded_with_a_reason(client: Client, gateway: Gateway) -> None:
    page = client()
    assert page.post(f"/page/items/{UIDS['dead']}/retry", json={}, headers=OWN).status_code == 200
    assert gateway.outbox.item(UIDS["dead"]).state == "ready"
    assert page.post(f"/page/items/{UIDS['bad']}/again", json={}, headers=OWN).status_code == 200
    assert gateway.outbox.item(UIDS["bad"]).state == "captured"
    assert page.post(f"/page/items/{UIDS['held']}/discard", json={"reason": " "}, headers=OWN).status_code == 422
    assert page.post(f"/page/items/{UIDS['held']}/discard", json={"reason": "a test"}, headers=OWN).status_code == 200
    item = gateway.outbox.item(UIDS["held"])
    assert (item.state, item.reason) == ("discarded", "a test")
    assert page.post("/page/items/1.2.3/retry", json={}, headers=OWN).status_code == 422


@pytest.mark.parametrize("origin", [None, "http://evil.example", "http://127.0.0.1:1", "null"])
def test_another_sites_form_changes_nothing(client: Client, gateway: Gateway, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    for action in ("assign", "retry", "again", "discard"):
        answer = client().post(f"/page/items/{UIDS['held']}/{action}", json={"reason": "x"}, headers=headers)
        assert answer.status_code == 403
    assert gateway.outbox.item(UIDS["held"]).state == "held"


def test_a_name_bent_to_the_loopback_is_refused(client: Client) -> None:
    assert client(host="evil.example").get("/page/state").status_code == 421
    assert client(host="localhost:8090").get("/page/state").status_code == 200


def test_garbage_is_refused_and_does_not_break_it(client: Client) -> None:
    page = client()
    for body, status in ((b"{", 400), (b"[]", 400), (b"[" * 3000, 400), (b"x" * 5000, 413)):
        assert page.post("/page/items/1.2/retry", content=body, headers=OWN).status_code == status
    assert page.get("/page/items/1.2/retry").status_code == 405
    assert page.get("/nothing").status_code == 404


def test_the_page_stands_alone(client: Client) -> None:
    answer = client().get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy.split("'nonce-")[1].split("'")[0] in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert "Sign out" not in answer.text


def test_without_a_session_only_the_login_is_shown(client: Client, gateway: Gateway) -> None:
    page = client(WebConfig(users={"ann": HASH}))
    answer = page.get("/")
    assert (answer.status_code, 'type="password"' in answer.text, 'id="devices"' in answer.text) == (401, True, False)
    assert page.get("/page/state").status_code == 401
    assert page.get("/metrics").status_code == 401
    for path in (f"/page/items/{UIDS['held']}/retry", "/logout"):
        assert page.post(path, json={}, headers=OWN).status_code == 401
    page.cookies.set("modality-edge", "guessed")
    assert page.get("/page/state").status_code == 401
    assert gateway.outbox.item(UIDS["held"]).state == "held"


def test_a_session_begins_with_a_password_and_ends(client: Client, gateway: Gateway) -> None:
    page = client(WebConfig(users={"ann": HASH}))
    assert page.post("/login", json={"name": "ann", "password": "wrong one"}, headers=OWN).status_code == 403
    assert page.post("/login", json={"name": "bob", "password": "correct horse"}, headers=OWN).status_code == 403
    assert page.post("/login", json={"name": "ann", "password": "correct horse"}).status_code == 403  # no Origin
    answer = page.post("/login", json={"name": "ann", "password": "correct horse"}, headers=OWN)
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict"))
    assert "Sign out" in page.get("/").text
    assert page.post(f"/page/items/{UIDS['held']}/assign", json={"step": "SPS1"}, headers=OWN).status_code == 200
    assert gateway.events.recent()[-1].details["user"] == "ann"
    token = page.cookies["modality-edge"]
    assert page.post("/logout", json={}, headers=OWN).status_code == 200
    page.cookies.set("modality-edge", token)
    assert page.get("/page/state").status_code == 401
    told = [one.what for one in gateway.events.recent() if one.what != "page"]
    assert told == ["not signed in", "not signed in", "signed in", "assigned", "signed out"]


def test_prometheus_signs_in_by_basic_authentication(client: Client) -> None:
    page = client(WebConfig(users={"ann": HASH}))
    refused = page.get("/metrics", auth=("ann", "wrong one"))
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Basic realm="modality"')
    assert page.get("/metrics", auth=("ann", "correct horse")).status_code == 200
    assert page.get("/page/state", auth=("ann", "correct horse")).status_code == 401, "of the page nothing"
