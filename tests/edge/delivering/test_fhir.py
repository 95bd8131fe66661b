"""Transactions to a FHIR server: the answer confirms; faults of the server wait, those of the content are set aside."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.item import Capture, Item, Moment, NewObject
from modality.delivery.outbox.outbox import Outbox
from modality.edge.config import BoxConfig, FhirConfig
from modality.edge.delivering.fhir import FhirWorker
from modality.edge.events import Events
from modality.errors import ModalityError, WebRefused

BUNDLE = {"resourceType": "Bundle", "type": "transaction", "entry": [{"fullUrl": "urn:uuid:1", "resource": {}}]}


class Rig:
    """A worker whose server answers as a test says."""

    def __init__(self, folder: Path) -> None:
        self.outbox = Outbox(folder)
        self.deliveries = Deliveries(self.outbox)
        box = BoxConfig(folder, retry_s=1e-6, retry_max_s=1e-6, attempts=2)
        self.worker = FhirWorker(FhirConfig("http://fhir"), box, self.deliveries, Events())
        self.status, self.sent = 200, list[dict[str, object]]()
        transport = httpx.MockTransport(self._answer)
        self.worker._client._client.close()
        self.worker._client._client = httpx.Client(transport=transport)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(json.loads(request.content))
        entry = {"response": {"status": "201 Created", "location": "Observation/1"}}
        return httpx.Response(self.status, json={"resourceType": "Bundle", "entry": [entry]})

    def item(self, data: bytes = json.dumps(BUNDLE).encode()) -> Item:
        made = self.outbox.capture(Capture("d", "astm", Moment(datetime(2026, 11, 25))), [b"x"])
        self.outbox.describe(made.uid, [NewObject(f"{made.uid}.1", "fhir", [data], ["fhir"])])
        return made

    def state(self, item: Item) -> str:
        return self.outbox.item(item.uid).state


@pytest.fixture
def rig(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = Rig(tmp_path)
    yield made
    made.worker._client.close()
    made.outbox.close()


def test_the_answer_is_the_confirmation_and_nothing_is_sent_again(rig: Rig) -> None:
    item = rig.item()
    rig.worker.deliver()
    rig.worker.deliver()
    assert (rig.state(item), rig.sent) == ("delivered", [BUNDLE])
    assert rig.deliveries.of(item.uid)[0].confirmed == "answer"


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_what_is_the_servers_fault_waits(rig: Rig, status: int) -> None:
    item = rig.item()
    rig.status = status
    for _ in range(5):
        with pytest.raises(WebRefused):
            rig.worker.deliver()
    assert rig.state(item) == "ready"
    rig.status = 200
    rig.worker.deliver()
    assert rig.state(item) == "delivered"


@pytest.mark.parametrize("status", [400, 412, 422])
def test_what_is_the_contents_fault_is_set_aside_and_the_rest_goes_on(rig: Rig, status: int) -> None:
    bad = rig.item()
    rig.status = status
    for _ in range(3):
        rig.worker.deliver()
    rig.status = 200
    good = rig.item()
    rig.worker.deliver()
    assert (rig.state(bad), rig.state(good)) == ("dead", "delivered")
    assert f"{status}" in rig.outbox.item(bad.uid).reason


def test_a_damaged_file_is_set_aside(rig: Rig) -> None:
    item = rig.item(b"{ half")
    rig.worker.deliver()
    assert (rig.state(item), rig.sent) == ("dead", [])


def test_an_answer_that_is_none_is_no_confirmation(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    item = rig.item()
    monkeypatch.setattr(rig.worker._client, "_client", httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, text="<html>login</html>"))
    ))  # fmt: skip
    with pytest.raises(ModalityError):
        rig.worker.deliver()
    assert rig.state(item) == "ready"
