"""Commitment refused, failed or silent is asked for again, a bounded number of times; reports late, twice, unknown."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.local import Local, Timeouts
from modality.protocol.commitment import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from modality.protocol.negotiation import FALLBACKS
from modality.protocol.performed_step import reference
from modality.simulated.archive import SimulatedArchive
from modality.station import rounds
from modality.station.rounds import Plan, perform_step
from tests.station.conftest import TINY

ARCHIVE = Local("ARCHIVE", Timeouts(30, 30, 30))


@pytest.fixture
def waits(monkeypatch):
    found: list[float] = []
    monkeypatch.setattr(rounds, "sleep", found.append)
    return found


def perform(make_station, archive, step, *, again=2, timeout_s=30.0, **options):
    station = make_station(archive=archive.address, mpps=None, **options)
    plan = Plan(options=TINY, commit_again=again, commit_timeout_s=timeout_s)
    return station, perform_step(station, step, plan)


def test_a_refusal_that_may_pass_is_asked_again_a_while_later(make_station, step, waits):
    with SimulatedArchive(faults=["status=0213,on=action,times=2"]) as archive:
        station, result = perform(make_station, archive, step)
        assert [one.status for one in archive.events.of("N-ACTION")] == [0x0213, 0x0213, 0]
        granted = archive.events.of("N-ACTION")[-1].uid
    assert len(set(result.transactions)) == len(result.transactions) == 3  # those that were refused too
    assert result.transactions[-1] == granted
    assert (result.good, waits) == (True, [1.0, 2.0])
    assert len(result.outcome.committed) == 3
    assert station.pending.list() == []


def test_a_refusal_for_good_is_asked_once(make_station, step, waits):
    with SimulatedArchive(faults=["status=0122,on=action"]) as archive:
        station, result = perform(make_station, archive, step)
        assert len(archive.events.of("N-ACTION")) == 1
    assert len(result.transactions) == 1
    assert "0122H" in result.problems[0]
    assert (waits, len(station.pending.list())) == ([], 3)


def test_silence_is_asked_again_each_time_in_a_new_transaction_and_no_more_than_said(make_station, step, waits):
    with SimulatedArchive(commitment="never") as archive:
        station, result = perform(make_station, archive, step, timeout_s=0.2)
        asked = [one.uid for one in archive.events.of("N-ACTION")]
    assert len(set(asked)) == len(asked) == 3
    assert result.transactions == asked
    assert (waits, len(result.outcome.unanswered)) == ([1.0, 2.0], 3)
    assert all(station.pending.asked_in(uid) for uid in asked)  # a report may still come for any of them


def test_what_failed_is_stored_again_and_only_that_is_asked_again(make_station, step, waits):
    with SimulatedArchive(faults=["lose,times=1"]) as archive:
        _, result = perform(make_station, archive, step)
        stores = [one.uid for one in archive.events.of("C-STORE")]
        assert len(archive.instances()) == 3
    assert (len(stores), stores[3], waits) == (4, stores[0], [1.0])
    assert result.good, result.problems
    assert (len(result.outcome.committed), result.outcome.failed) == (3, {})
    assert len(result.transactions) == 2


def test_nothing_is_asked_again_unless_told(make_station, step, waits):
    with SimulatedArchive(faults=["lose,times=1"]) as archive:
        station, result = perform(make_station, archive, step, again=0)
        assert len(archive.events.of("N-ACTION")) == 1
        (left,) = station.pending.list()
        settled = station.resume()
        assert (settled.receipt.stored, settled.waiting) == ([left.uid], 0)
    assert list(result.outcome.failed.values()) == [0x0112]


def report(port: int, transaction_uid: str, uids, *, event_type: int = 1) -> int:
    information = Dataset()
    information.TransactionUID = transaction_uid
    information.ReferencedSOPSequence = [reference("1.2.840.10008.5.1.4.1.1.2", uid) for uid in uids]
    address = DicomAddress("127.0.0.1", port, "CT01")
    with associate(address, [(STORAGE_COMMITMENT, FALLBACKS)], ARCHIVE, roles=[STORAGE_COMMITMENT]) as association:
        status, _ = association.raw.send_n_event_report(
            information, event_type, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
        )
        return int(status.Status)


def test_reports_late_twice_unknown_and_of_no_such_type_are_answered_and_written_down(make_station, step):
    with SimulatedArchive(commitment="never") as archive:
        before, result = perform(make_station, archive, step, again=0, timeout_s=0.2)
        before.close()
        (transaction,) = result.transactions
        uids = sorted(result.outcome.unanswered)
        after = make_station(archive=archive.address, mpps=None, listen=0)  # the station starts again, and listens
        after.commitments.open()
        port = after.commitments.port
        assert report(port, transaction, uids[:1], event_type=9) == 0x0113
        assert report(port, transaction, uids[:1]) == 0x0000
        assert [one.uid for one in after.pending.list()] == uids[1:] or len(after.pending.list()) == 2
        assert report(port, transaction, uids[1:]) == 0x0000
        assert after.pending.list() == []
        assert report(port, transaction, uids) == 0x0000
        assert report(port, "1.2.3.999", uids) == 0x0110
        told = [(uid, kind, committed) for uid, kind, committed, _ in after.pending.reports()]
        assert told == [
            (transaction, "late", 1), (transaction, "late", 2), (transaction, "again", 3), ("1.2.3.999", "unknown", 3),
        ]  # fmt: skip


def test_the_parts_of_a_report_are_put_together_over_a_restart(make_station, step):
    with SimulatedArchive(commitment="never") as archive:
        before, result = perform(make_station, archive, step, again=0, timeout_s=0.2)
        (transaction,) = result.transactions
        uids = sorted(result.outcome.unanswered)
        for part in uids:
            station = make_station(archive=archive.address, mpps=None, listen=0)
            station.commitments.open()
            assert station.pending.asked_in(transaction)
            assert report(station.commitments.port, transaction, [part]) == 0x0000
            station.close()
        assert before.pending.asked_in(transaction) == set()
        assert before.pending.was_answered(transaction)
