"""Captures come in, people decide, deliveries go on their way: what each call leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.disk import Disk
from modality.delivery.outbox.item import Capture, Item, Moment, NewObject
from modality.delivery.outbox.keeping import Retention, prune, recover
from modality.delivery.outbox.outbox import Outbox
from modality.errors import StorageFailed, UsageError, WorkflowError

NOW = datetime(2026, 11, 25, 12, 0)


@pytest.fixture
def outbox(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Outbox(tmp_path / "state", clock=lambda: NOW) as made:
        yield made


def _capture(outbox: Outbox, data: bytes = b"bytes", origin: str = "") -> Item:
    return outbox.capture(Capture("bedside", "nonin-2", Moment(NOW), origin=origin, details={"a": 1}), [data])


def _describe(outbox: Outbox, item: Item, *destinations: str) -> None:
    made = NewObject(item.uid, "dicom", [b"object"], destinations or ("archive",), "1.2.3", "1.2.4")
    outbox.describe(item.uid, [made])


def test_a_capture_has_its_bytes_its_uid_and_its_details(outbox: Outbox) -> None:
    item = _capture(outbox, b"the bytes")
    again = outbox.item(item.uid)
    assert again == item
    assert (again.state, again.size, again.details, again.raw.read_bytes()) == ("captured", 9, {"a": 1}, b"the bytes")
    assert again.raw.stat().st_mode & 0o077 == 0, "patients' data is nobody else's to read"


def test_the_same_origin_is_the_same_capture_until_the_source_was_told(outbox: Outbox) -> None:
    first = _capture(outbox, origin="1:2:3")
    assert _capture(outbox, origin="1:2:3").uid == first.uid
    outbox.acknowledged(first.uid)
    assert _capture(outbox, origin="1:2:3").uid != first.uid
    assert _capture(outbox).uid != _capture(outbox).uid, "captures without an origin are never the same"


def test_a_disk_with_only_its_reserve_left_takes_no_capture_and_keeps_nothing(tmp_path: Path) -> None:
    with Outbox(tmp_path / "state", Disk(reserve=1 << 62)) as outbox:
        with pytest.raises(StorageFailed, match="reserve"):
            _capture(outbox)
        assert list((tmp_path / "state" / "captures").iterdir()) == []
        assert outbox.items() == []


def test_a_uid_that_leads_out_of_the_folder_is_refused(outbox: Outbox) -> None:
    with pytest.raises(UsageError, match="no UID"):
        outbox.capture(Capture("a", "pdf", Moment(NOW), uid="../../etc"), [b""])


def test_what_a_person_says_leads_from_held_to_captured(outbox: Outbox) -> None:
    item = _capture(outbox)
    outbox.hold(item.uid, "2 entries fit", {"choices": ["x"]})
    held = outbox.item(item.uid)
    assert (held.state, held.reason, held.details) == ("held", "2 entries fit", {"a": 1, "choices": ["x"]})
    outbox.assign(item.uid, {"patient_id": "P1"})
    assert (outbox.item(item.uid).state, outbox.item(item.uid).subject) == ("captured", {"patient_id": "P1"})


@pytest.mark.parametrize("act", ["discard", "again", "retry"])
def test_what_is_captured_cannot_be_decided_otherwise(outbox: Outbox, act: str) -> None:
    item = _capture(outbox)
    with pytest.raises(WorkflowError, match="is captured, not"):
        getattr(outbox, act)(item.uid, *(["no"] if act == "discard" else []))
    with pytest.raises(WorkflowError, match="nothing of that UID"):
        outbox.retry("1.2.3")


def test_destinations_are_independent_and_the_item_follows_the_least_of_them(outbox: Outbox) -> None:
    item, deliveries = _capture(outbox), Deliveries(outbox)
    _describe(outbox, item, "a", "b")
    deliveries.stored("a", [item.uid])
    deliveries.confirmed("a", [item.uid], "commitment")
    assert outbox.item(item.uid).state == "ready"
    assert deliveries.due("a", limit=9) == []
    deliveries.stored("b", [item.uid])
    assert outbox.item(item.uid).state == "stored"
    deliveries.confirmed("b", [item.uid], "query")
    assert outbox.item(item.uid).state == "delivered"
    assert [(one.destination, one.confirmed) for one in deliveries.of(item.uid)] == [
        ("a", "commitment"),
        ("b", "query"),
    ]


def test_what_is_confirmed_is_never_due_again_whatever_is_said_of_it(outbox: Outbox) -> None:
    item, deliveries = _capture(outbox), Deliveries(outbox)
    _describe(outbox, item)
    deliveries.stored("archive", [item.uid])
    deliveries.confirmed("archive", [item.uid], "commitment")
    deliveries.refused("archive", item.uid, "a late report says no", dead=False)
    deliveries.stored("archive", [item.uid])
    assert deliveries.due("archive", limit=9) == deliveries.unconfirmed("archive", limit=9) == []
    assert outbox.item(item.uid).state == "delivered"
    with pytest.raises(WorkflowError):
        outbox.again(item.uid)


def test_deliveries_come_in_the_order_of_description_and_what_steps_aside_is_passed(outbox: Outbox) -> None:
    items = [_capture(outbox) for _ in range(4)]
    for item in items:
        _describe(outbox, item)
    deliveries = Deliveries(outbox)
    uids = [one.uid for one in items]
    assert [one.uid for one in deliveries.due("archive", limit=3)] == uids[:3]
    assert [one.uid for one in deliveries.due("archive", limit=9, without=(uids[1],))] == [uids[0], *uids[2:]]


def test_what_was_set_aside_is_sent_again_under_the_same_uid(outbox: Outbox) -> None:
    item, deliveries = _capture(outbox), Deliveries(outbox)
    _describe(outbox, item)
    deliveries.refused("archive", item.uid, "refused with status C000H", dead=True)
    assert (outbox.item(item.uid).state, outbox.item(item.uid).reason) == ("dead", "refused with status C000H")
    assert deliveries.due("archive", limit=9) == []
    outbox.retry(item.uid)
    assert [(one.uid, one.refusals) for one in deliveries.due("archive", limit=9)] == [(item.uid, 0)]
    deliveries.refused("archive", item.uid, "again", dead=True)
    outbox.again(item.uid)
    assert outbox.item(item.uid).state == "captured"
    _describe(outbox, item)
    assert [one.uid for one in deliveries.due("archive", limit=9)] == [item.uid]


def test_retention_takes_what_is_over_and_old_and_nothing_else(tmp_path: Path) -> None:
    now = [NOW]
    with Outbox(tmp_path / "state", clock=lambda: now[0]) as outbox:
        deliveries = Deliveries(outbox)
        done, waiting, held = _capture(outbox), _capture(outbox), _capture(outbox)
        for item in (done, waiting):
            _describe(outbox, item)
        outbox.hold(held.uid, "whose?")
        deliveries.confirmed("archive", [done.uid], "none")
        now[0] = NOW + timedelta(days=29)
        assert prune(outbox, Retention(days=30)) == 0
        now[0] = NOW + timedelta(days=31)
        assert prune(outbox, Retention(days=30)) == 1
        assert [item.uid for item in outbox.items()] == [waiting.uid, held.uid]
        assert len(list((tmp_path / "state" / "objects").iterdir())) == 1
        assert prune(outbox, Retention(days=0, most_bytes=0)) == 0, "what is not delivered never goes"


def test_the_oldest_that_are_over_make_room_for_the_newest(outbox: Outbox) -> None:
    items = [_capture(outbox, bytes(1000)) for _ in range(5)]
    deliveries = Deliveries(outbox)
    for item in items:
        _describe(outbox, item)
        deliveries.confirmed("archive", [item.uid], "none")
    assert prune(outbox, Retention(days=30, most_bytes=3100)) == 2
    assert [item.uid for item in outbox.items()] == [item.uid for item in items[2:]]


def test_files_without_rows_go_and_rows_without_files_are_said(outbox: Outbox) -> None:
    item = _capture(outbox)
    item.raw.unlink()
    (outbox.folder / "captures" / "1.2.3.raw").write_bytes(b"nobody was told")
    (outbox.folder / "objects" / ".x.part").write_bytes(b"half")
    assert recover(outbox) == 2
    assert (outbox.item(item.uid).state, outbox.item(item.uid).reason) == ("dead", "its bytes are gone from the disk")


def test_a_second_process_sees_what_the_first_has_done(outbox: Outbox) -> None:
    version = outbox.database.version()
    item = _capture(outbox)
    outbox.hold(item.uid, "whose?")
    assert outbox.database.version() == version, "our own changes are no news"
    with Outbox(outbox.folder) as other:
        other.assign(item.uid, {"patient_id": "P"})
    assert outbox.database.version() != version
    assert outbox.item(item.uid).state == "captured"


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(UsageError, match=r"outbox\.sqlite: cannot be used"):
        Outbox(tmp_path)
