"""Storage commitment: what is committed, and on which association it is said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from modality.network.listening import ListeningEntity
from modality.protocol import commitment
from modality.simulated.archive import SimulatedArchive
from modality.simulated.archive import commitment as service
from tests.peers.process import PATIENCE_S, wait_until
from tests.simulated.conftest import associate, example

CT = (str(example("CT_small.dcm").SOPClassUID), str(example("CT_small.dcm").SOPInstanceUID))
CONTEXTS = [build_context(StorageCommitmentPushModel)]


class Reports:
    """N-EVENT-REPORTs as they come."""

    def __init__(self, status: int = 0x0000) -> None:
        self.received: list[tuple[int, Dataset]] = []
        self.arrived = threading.Event()
        self._status = status

    def __call__(self, event: evt.Event) -> tuple[int, None]:
        self.received.append((event.event_type, event.event_information))
        self.arrived.set()
        return self._status, None

    @property
    def handlers(self) -> list[tuple[evt.EventType, Callable]]:
        return [(evt.EVT_N_EVENT_REPORT, self)]


def ask(association, uid: str, *instances: tuple[str, str], action: int = 1) -> int:
    status, _ = association.send_n_action(
        commitment.action(uid, instances), action, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    return status.Status


@pytest.fixture
def archive(store) -> Iterator[SimulatedArchive]:
    with SimulatedArchive() as running:
        store(running, example("CT_small.dcm"))
        yield running


def report_on_same(archive: SimulatedArchive, uid: str, *instances: tuple[str, str]) -> tuple[int, Dataset]:
    reports = Reports()
    before = len(archive.events.of("N-EVENT-REPORT"))
    with associate(archive, CONTEXTS, evt_handlers=reports.handlers) as association:
        assert ask(association, uid, *instances) == 0x0000
        assert reports.arrived.wait(30)
        archive.events.wait_for("N-EVENT-REPORT", before + 1)  # the answer has come: a release now cuts nothing off
    return reports.received[0]


def test_what_is_kept_is_committed(archive):
    event_type, information = report_on_same(archive, "1.2.3", CT)
    report = commitment.read_report(information)
    assert (event_type, report.transaction_uid, report.committed) == (1, "1.2.3", {CT[1]})
    assert "FailedSOPSequence" not in information
    assert archive.events.wait_for("N-EVENT-REPORT")[0].status == 0x0000


def test_what_is_not_kept_fails_with_its_reason_and_the_rest_is_committed(archive):
    event_type, information = report_on_same(archive, "1.2.3", CT, (CT[0], "1.2.9"))
    report = commitment.read_report(information)
    assert (event_type, report.committed, dict(report.failed)) == (2, {CT[1]}, {"1.2.9": 0x0112})


def test_another_class_than_the_stored_one_is_a_conflict(archive):
    event_type, information = report_on_same(archive, "1.2.3", ("1.2.840.10008.5.1.4.1.1.4", CT[1]))
    assert (event_type, dict(commitment.read_report(information).failed)) == (2, {CT[1]: 0x0119})


def test_a_transaction_uid_is_used_once(archive):
    report_on_same(archive, "1.2.3", CT)
    event_type, information = report_on_same(archive, "1.2.3", CT)
    assert (event_type, dict(commitment.read_report(information).failed)) == (2, {CT[1]: 0x0131})


def test_a_request_that_is_none_is_refused(archive):
    with associate(archive, CONTEXTS) as association:
        assert ask(association, "1.2.3", CT, action=2) == 0x0123
        assert ask(association, "1.2.3") == 0x0114


@contextmanager
def modality(reports: Reports) -> Iterator[int]:
    """A modality that listens for reports; gives its port."""
    context = build_context(StorageCommitmentPushModel)
    context.scu_role, context.scp_role = False, True
    listening = ListeningEntity(AE(ae_title="CT01"), ("127.0.0.1", 0), [context], reports.handlers)
    try:
        yield listening.port
    finally:
        listening.close()


def test_the_report_comes_on_another_association_with_the_roles_reversed(store):
    reports = Reports()
    with modality(reports) as port:
        destinations = {"CT01": f"127.0.0.1:{port}"}
        with SimulatedArchive(commitment="other", destinations=destinations) as archive:
            store(archive, example("CT_small.dcm"))
            with associate(archive, CONTEXTS) as association:
                assert ask(association, "1.2.3", CT) == 0x0000
            assert reports.arrived.wait(30)
            assert archive.events.wait_for("N-EVENT-REPORT")[0].detail == "other association"
    assert reports.received[0][0] == 1


def test_a_modality_that_has_released_is_called_back(monkeypatch):
    reports = Reports()
    with modality(reports) as port, SimulatedArchive(destinations={"CT01": f"127.0.0.1:{port}"}) as archive:
        outcome = archive._commitment._outcome

        def later(transaction):
            wait_until(lambda: not transaction.association.is_established, "the modality has released")
            return outcome(transaction)

        monkeypatch.setattr(archive._commitment, "_outcome", later)
        with associate(archive, CONTEXTS) as association:
            assert ask(association, "1.2.3", CT) == 0x0000
        assert reports.arrived.wait(30)
        archive.events.wait_for("N-EVENT-REPORT")
    assert reports.received[0][0] == 2


def test_a_modality_whose_address_is_unknown_is_told_so():
    with SimulatedArchive(commitment="other") as archive, associate(archive, CONTEXTS) as association:
        assert ask(association, "1.2.3", CT) == 0x0110
        assert "CT01" in archive.events.of("N-ACTION")[0].detail


def test_an_archive_may_never_report():
    reports = Reports()
    with (
        SimulatedArchive(commitment="never") as archive,
        associate(archive, CONTEXTS, evt_handlers=reports.handlers) as association,
    ):
        assert ask(association, "1.2.3", CT) == 0x0000
        assert association.send_c_echo().Status == 0x0000
    assert not reports.received


def test_stopping_does_not_wait_for_a_commitment_that_takes_long():
    archive = SimulatedArchive(commitment_delay_s=60)
    archive.start()
    with associate(archive, CONTEXTS) as association:
        assert ask(association, "1.2.3", CT) == 0x0000
    wait_until(lambda: bool(archive._commitment._threads), "the report is under way")
    (waits,) = archive._commitment._threads
    archive.stop()
    assert not waits.is_alive()


def test_a_modality_that_is_not_there_is_noted():
    with SimulatedArchive(commitment="other", destinations={"CT01": "127.0.0.1:1"}) as archive:
        with associate(archive, CONTEXTS) as association:
            assert ask(association, "1.2.3", CT) == 0x0000
        (noted,) = archive.events.wait_for("N-EVENT-REPORT")
    assert noted.status is None
    assert "nobody answers" in noted.detail


def test_commitments_that_wait_are_bounded(monkeypatch):
    monkeypatch.setattr(service, "_MOST_WAITING", 2)
    with (
        SimulatedArchive(commitment_delay_s=60) as archive,
        associate(archive, CONTEXTS) as association,
    ):
        assert [ask(association, f"1.2.{number}", CT) for number in range(3)] == [0x0000, 0x0000, 0x0213]
        assert archive.events.of("N-ACTION")[2].detail == "2 commitments are waiting"


def test_a_report_that_is_never_answered_is_forgotten(monkeypatch):
    monkeypatch.setattr(service, "_REPORT_TIMEOUT_S", 0.1)
    held = threading.Event()

    def never_in_time(event: evt.Event) -> tuple[int, None]:
        held.wait(30)
        return 0x0000, None

    with (
        SimulatedArchive() as archive,
        associate(archive, CONTEXTS, evt_handlers=[(evt.EVT_N_EVENT_REPORT, never_in_time)]) as association,
    ):
        assert ask(association, "1.2.3", CT) == 0x0000
        (noted,) = archive.events.wait_for("N-EVENT-REPORT")
        assert noted.status is None
        assert archive._commitment._reported == []
        held.set()
        assert association.send_c_echo().Status == 0x0000  # waits until the late answer has gone


def test_old_transaction_uids_are_forgotten(archive, monkeypatch):
    monkeypatch.setattr(service, "_MOST_REMEMBERED", 1)
    for uid, event_type in (("1.2.3", 1), ("1.2.3", 2), ("1.2.4", 1), ("1.2.3", 1)):
        assert report_on_same(archive, uid, CT)[0] == event_type


@contextmanager
def asking(archive: SimulatedArchive, reports: Reports) -> Iterator[tuple]:
    """A modality's association, the archive's side of it, and the ID of its context for commitment."""
    with associate(archive, CONTEXTS, evt_handlers=reports.handlers) as association:
        wait_until(lambda: len(archive.listener.ae.active_associations) == 1, "those before it are over")
        (its,) = archive.listener.ae.active_associations
        yield association, its, association.accepted_contexts[1].context_id


def test_what_goes_between_a_request_and_its_response_is_not_the_response(archive):
    """The report of an earlier transaction lets none out whose N-ACTION is still to be answered."""
    reports = Reports()
    with asking(archive, reports) as (_, its, context):
        waits, goes = (service._Transaction(uid, "CT01", [CT], context, its) for uid in ("1.2.3", "1.2.4"))
        assert archive._commitment._wait(waits)
        archive._commitment._report(goes)
        assert [information.TransactionUID for _, information in reports.received] == ["1.2.4"]
        assert archive._commitment._asked == [waits]


def test_a_report_that_was_answered_before_the_release_is_not_repeated(archive):
    with asking(archive, Reports()) as (association, its, context):

        class HeldUp(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                assert super().wait(PATIENCE_S), "the answer has come"
                association.release()
                wait_until(lambda: not its.is_established, "the association is over")
                return False

        transaction = service._Transaction("1.2.3", "CT01", [CT], context, its, HeldUp())
        assert archive._commitment._on_same(transaction, *archive._commitment._outcome(transaction))


def test_an_association_that_ends_before_the_report_goes_over_it_ends_no_thread(archive, monkeypatch):
    class Ended:
        is_established = True

        def send_n_event_report(self, *_: object) -> None:
            raise RuntimeError("the association must be established")

        def release(self) -> None:
            pass

    monkeypatch.setattr(archive.listener.ae, "associate", lambda *_, **__: Ended())
    with asking(archive, Reports()) as (_, its, context):
        transaction = service._Transaction("1.2.3", "CT01", [CT], context, its)
        archive._commitment._on_other(transaction, f"127.0.0.1:{archive.port}", 1, Dataset())
    (noted,) = archive.events.of("N-EVENT-REPORT")
    assert (noted.status, noted.detail) == (None, "not reported: the association must be established")
