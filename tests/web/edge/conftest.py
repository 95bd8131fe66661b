"""A box that is not started, with items in every state, and its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from modality.delivery.outbox.item import Capture, Moment, NewObject
from modality.edge.config import ArchiveConfig, BoxConfig, DeviceConfig, EdgeConfig, WorklistConfig
from modality.edge.gateway import Gateway
from modality.edge.page.config import WebConfig
from modality.protocol.worklist import ScheduledStep
from modality.web.edge.server import PageServer
from tests.peers.process import wait_until
from tests.peers.worklist_items import sparse

NOW = datetime(2026, 11, 25, 14, 7, 0)
UIDS = {state: f"1.2.826.0.1.{number}" for number, state in enumerate(("held", "dead", "sent", "ready", "bad"), 1)}


def _fill(gateway: Gateway) -> None:
    """One item held, one whose bytes nothing understands, one refused by the archive, one delivered, one on its way."""
    outbox = gateway.outbox
    for uid in UIDS.values():
        moment = Moment(NOW.replace(hour=13))
        outbox.capture(Capture("lens", "nidek-lm", moment, uid=uid, details={"file": f"<i>{uid[-1]}</i>"}), [b"raw"])
    outbox.hold(UIDS["held"], "2 entries of the worklist fit", {"choices": [{"step": "SPS2"}]})
    outbox.set_aside(UIDS["bad"], "cannot be described")
    for state in ("dead", "sent", "ready"):
        outbox.describe(UIDS[state], [NewObject(f"{UIDS[state]}.1", "dicom", [b"dcm"], ["archive"], "1.2", "1.3")])
    gateway.deliveries.refused("archive", f"{UIDS['dead']}.1", "refused with status A700H", dead=True)
    gateway.deliveries.stored("archive", [f"{UIDS['sent']}.1"])
    gateway.deliveries.confirmed("archive", [f"{UIDS['sent']}.1"], "query")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    config = EdgeConfig(
        BoxConfig(tmp_path / "state", "EDGE", clock="always"),
        ArchiveConfig("dicom://PACS@127.0.0.1:9"),
        worklist=WorklistConfig("dicom://RIS@127.0.0.1:9"),
        device=(
            DeviceConfig("lens", "nidek-lm", "/dev/nowhere", matching="worklist"),
            DeviceConfig("<b>bed</b>", "nonin-2", "/dev/nowhere", patient_id="P1"),
        ),
    )
    made = Gateway(config)
    made.clock.wall = lambda: NOW
    steps = []
    for number, name in ((1, "Lens^Lena"), (2, "<script>alert(1)</script>")):
        item = sparse(number, name, "LEN")
        steps.append(ScheduledStep(item))
    assert made.worklist is not None
    made.worklist._steps, made.worklist._asked = steps, NOW.replace(minute=5)
    _fill(made)
    yield made
    made.outbox.close()
    made._claim.release()


Client = Callable[..., httpx.Client]


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    """Makes clients of the page, which is served on a free port and called by whatever name."""
    with ExitStack() as stack:

        def made(web: WebConfig | None = None, host: str = "127.0.0.1:8090") -> httpx.Client:
            server = PageServer(gateway, replace(web or WebConfig(), port=0))
            server.start()
            stack.callback(server.stop)
            wait_until(lambda: bool(server.port), "the page is served")
            return stack.enter_context(
                httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers={"Host": host}, timeout=100)
            )

        yield made
