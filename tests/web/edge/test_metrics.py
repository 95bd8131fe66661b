"""What Prometheus reads is in its format, and agrees with the box."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from modality.edge.gateway import Gateway
from modality.web.edge.metrics import Tally, exposition
from tests.web.edge.conftest import UIDS, Client


def samples(text: str) -> dict[tuple[str, str], float]:
    return {
        (one.name.removeprefix("modality_edge_"), next(iter(one.labels.values()), "")): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_the_state_of_the_box_is_told(client: Client, gateway: Gateway) -> None:
    page = client()
    gateway.events.tell("delivered", "archive", "", uid=UIDS["sent"])
    gateway.events.tell("refused", "archive", "", uid=UIDS["dead"])
    gateway.events.tell("refused", "lens", "the disk is full")
    answer = page.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = samples(answer.text)
    assert found["items", "held"] == 1
    assert found["items", "dead"] == 2
    assert found["items", "captured"] == 0
    assert found["destination_waiting", "archive"] == 1
    assert found["destination_oldest_undelivered_seconds", "archive"] == 3600
    assert found["oldest_undelivered_seconds", ""] == 3600
    assert (found["deliveries_total", "archive"], found["refusals_total", "archive"]) == (1, 1)
    assert found["frames_total", "<b>bed</b>"] == 0
    assert found["rejected_frames_total", "lens"] == 0
    assert found["skipped_bytes_total", "lens"] == 0
    assert found["device_connected", "lens"] == 0
    assert found["last_good_frame_age_seconds", "lens"] == found["uptime_seconds", ""]
    assert found["disk_free_bytes", ""] > 0
    assert found["worklist_age_seconds", ""] == 120


def test_nothing_of_a_patient_is_in_it_and_audit_messages_are_counted(gateway: Gateway) -> None:
    audit = {"sent": 7, "waiting": 2, "lost": 1, "problem": ""}
    body, _ = exposition(gateway, Tally(), audit)
    found = samples(body.decode())
    assert (found["audit_messages_total", "sent"], found["audit_messages_total", "lost"]) == (7, 1)
    assert found["audit_waiting", ""] == 2
    assert b"Lena" not in body
