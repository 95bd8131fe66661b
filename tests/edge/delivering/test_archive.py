"""Deliveries to an archive: stored, confirmed, refused, looked for; what an archive may answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.item import Capture, Item, Moment, NewObject
from modality.delivery.outbox.outbox import Outbox
from modality.edge.config import ArchiveConfig, BoxConfig
from modality.edge.delivering.archive import ArchiveWorker
from modality.edge.events import Events
from modality.errors import PeerError, StoreRefused, UnreachableError
from modality.protocol.commitment import CommitmentReport
from modality.transfer.destination import Receipt
from modality.transfer.encode import prepare
from tests.edge.samples import dataset

NOW = datetime(2026, 11, 25, 12, 0)


class Rig:
    """A worker on an archive that answers as a test says."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, confirm: str = "none", attempts: int = 3) -> None:
        self.outbox, self.events = Outbox(folder), Events()
        self.deliveries = Deliveries(self.outbox)
        config = ArchiveConfig("dicom://A@127.0.0.1:1", confirm=confirm, confirm_s=5.0)  # type: ignore[arg-type]
        box = BoxConfig(folder, retry_s=1e-6, retry_max_s=1e-6, attempts=attempts)
        self.worker = ArchiveWorker(config, box, self.deliveries, self.events, listens=False)
        self.sent: list[str] = []
        self.answers: dict[str, Callable[[Receipt, str], None]] = {}
        self.listed: set[str] = set()
        self.asked: list[str] = []
        self.commit: Callable[[str, list[str]], None] = lambda _, __: None
        monkeypatch.setattr(self.worker._archive, "store", self._store)
        monkeypatch.setattr(self.worker, "_listed", lambda _: self.listed)
        monkeypatch.setattr("modality.network.commitment.request_commitment", self._request)

    def _store(self, instances: Any, *, progress: Any, receipt: Receipt) -> Receipt:
        for instance in instances:
            uid = instance.sop_instance_uid
            self.sent.append(uid)
            self.answers.get(uid, lambda receipt, uid: receipt.stored.append(uid))(receipt, uid)
            progress(0)
        return receipt

    def _request(self, _: Any, transaction: str, instances: Any, *__: Any, **___: Any) -> None:
        uids = [uid for _, uid in instances]
        self.asked += uids
        self.commit(transaction, uids)

    def item(self) -> Item:
        made = self.outbox.capture(Capture("d", "pdf", Moment(NOW)), [b"x"])
        instance = prepare(dataset(made.uid))
        parts = instance.part10()
        new = NewObject(made.uid, "dicom", parts, ["archive"], instance.sop_class_uid, instance.study_uid)
        self.outbox.describe(made.uid, [new])
        return made

    def state(self, item: Item) -> tuple[str, str]:
        found = self.outbox.item(item.uid)
        return found.state, found.reason


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    made = []

    def make(**options: object) -> Rig:
        made.append(Rig(tmp_path, monkeypatch, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.outbox.close()


def _refuse(status: int) -> Callable[[Receipt, str], None]:
    return lambda receipt, uid: receipt.refuse(uid, StoreRefused("no", status=status, comment="because"))


def test_without_confirmation_stored_is_delivered_and_never_sent_again(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig()
    items = [made.item(), made.item()]
    made.worker.deliver()
    made.worker.deliver()
    assert made.sent == [one.uid for one in items]
    assert [made.state(one)[0] for one in items] == ["delivered"] * 2


def test_what_is_refused_for_ever_is_set_aside_and_does_not_hold_up_the_rest(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig()
    bad, good = made.item(), made.item()
    made.answers[bad.uid] = _refuse(0xC000)
    for _ in range(5):
        made.worker.deliver()
    assert made.state(bad) == ("dead", "refused with status C000H (because)")
    assert made.state(good)[0] == "delivered"
    assert made.sent.count(bad.uid) == 3
    del made.answers[bad.uid]
    made.outbox.retry(bad.uid)
    made.worker.deliver()
    assert made.state(bad)[0] == "delivered"


def test_an_archive_out_of_resources_holds_up_all_and_sets_nothing_aside(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig()
    item = made.item()
    made.answers[item.uid] = _refuse(0xA700)
    for _ in range(20):
        with pytest.raises(PeerError, match="A700H"):
            made.worker.deliver()
    assert made.state(item)[0] == "ready"


def test_an_archive_that_is_away_costs_no_attempt(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig()
    item = made.item()

    def away(*_: object) -> None:
        raise UnreachableError("nobody there")

    made.answers[item.uid] = away
    for _ in range(20):
        with pytest.raises(UnreachableError):
            made.worker.deliver()
    assert made.deliveries.of(item.uid)[0].refusals == 0


def test_a_damaged_object_is_set_aside_at_once(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig()
    bad, good = made.item(), made.item()
    made.deliveries.of(bad.uid)[0].path.write_bytes(b"no DICOM")
    made.worker.deliver()
    assert made.state(bad)[0] == "dead"
    assert made.state(good)[0] == "delivered"
    assert made.sent == [good.uid]


def test_a_commitment_confirms_and_only_then(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig(confirm="commitment")
    item = made.item()
    made.worker._listens = True  # the report will come on an association of the archive's
    transactions = []
    made.commit = lambda transaction, _: transactions.append(transaction)
    made.worker.deliver()
    assert made.state(item)[0] == "stored"
    made.worker.deliver()
    assert made.asked == [item.uid], "asked once, and then waited for"
    assert not made.worker.take(CommitmentReport("1.2.3", frozenset({item.uid}))), "of no transaction of ours"
    assert made.worker.take(CommitmentReport(transactions[0], frozenset({item.uid})))
    assert made.state(item)[0] == "delivered"
    assert made.deliveries.of(item.uid)[0].confirmed == "commitment"
    assert made.worker.take(CommitmentReport(transactions[0], failed={item.uid: 0x0112})), "a late one changes nothing"
    assert (made.state(item)[0], made.sent) == ("delivered", [item.uid])


def test_what_is_not_committed_is_stored_again_and_at_last_set_aside(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig(confirm="commitment")
    item = made.item()
    made.commit = lambda transaction, uids: made.worker.take(CommitmentReport(transaction, failed={uids[0]: 0x0112}))
    for _ in range(6):
        made.worker.deliver()
    assert made.sent == [item.uid] * 3
    assert made.state(item) == ("dead", "not committed: no such object instance")


def test_without_a_report_the_archive_is_asked_by_query(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig(confirm="commitment")
    item = made.item()
    made.listed = {item.uid}
    made.worker.deliver()
    assert made.state(item)[0] == "stored"
    made.worker.deliver()
    assert made.deliveries.of(item.uid)[0].confirmed == "query"


def test_an_archive_that_refuses_to_commit_is_asked_by_query(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig(confirm="commitment")
    item = made.item()

    def refuses(*_: object) -> None:
        raise PeerError("no presentation context for storage commitment")

    made.commit, made.listed = refuses, {item.uid}
    made.worker.deliver()
    made.worker.deliver()
    assert made.state(item)[0] == "delivered"
    assert "uncommitted" in [event.what for event in made.events.recent()]


def test_what_is_stored_and_never_listed_is_stored_again(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig(confirm="query")
    item = made.item()
    for _ in range(5):
        made.worker.deliver()
    assert made.sent == [item.uid]
    made.listed = {item.uid}
    made.worker.deliver()
    made.worker.deliver()
    assert made.sent == [item.uid] * 2, "looked for five times, stored again, and found"
    assert made.state(item)[0] == "delivered"


def test_who_is_stopped_at_the_begin_of_a_turn_does_not_wait_behind_it(rig, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """It was woken, and takes that for something that came before the turn."""
    worker, stop = rig().worker, threading.Event()
    clear = worker._wake.clear

    def held_up() -> None:
        stop.set()
        worker.wake()
        clear()

    monkeypatch.setattr(worker._wake, "clear", held_up)
    monkeypatch.setattr(worker._wake, "wait", lambda _: pytest.fail("it waits"))
    worker.run(stop)
