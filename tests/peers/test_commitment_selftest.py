"""The dcmjs peer commits as told: all, some, never; on the same association or on one of its own."""

from __future__ import annotations

import pytest
from pydicom.uid import CTImageStorage

from modality.network.upper_layer.reactor import Entity
from tests.peers.dcmjs import Dcmjs
from tests.peers.fixtures import Factory
from tests.peers.messages import COMMITMENT, Reports, ask_commitment, associate, commitment_of
from tests.peers.process import HOST, wait_until
from tests.timing import durations, measured

pytestmark = pytest.mark.peer


def ask_once(peer: Dcmjs, *uids: str) -> int:
    association = associate(peer, COMMITMENT)
    status = ask_commitment(association, commitment_of(list(uids)))
    association.release()
    return status


@pytest.mark.parametrize(("answer", "event_type"), [("all", 1), ("failed", 2)])
@pytest.mark.parametrize("way", ["same", "other"])
def test_a_commitment_is_reported_on_the_association_asked_for(
    dcmjs_mpps: Factory, answer: str, event_type: int, way: str
) -> None:
    reports = Reports()
    request = commitment_of(["1.2.3.1", "1.2.3.2"])
    with reports.listening() as where, dcmjs_mpps(commitment=answer, association=way, modalities=where) as peer:
        association = associate(peer, COMMITMENT, evt_handlers=reports.handlers)
        assert ask_commitment(association, request) == 0x0000
        if way == "other":
            association.release()
        assert reports.arrived.wait(30)
        wait_until(lambda: len(peer.messages("N-EVENT-REPORT")) == 1, "the report is acknowledged")
        assert peer.messages("N-EVENT-REPORT")[0].status == 0x0000
        association.release()
    ((told, report),) = reports.received
    assert told == event_type
    assert reports.ways == [way]
    assert report.TransactionUID == request.TransactionUID
    committed = [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence]
    failed = [item.ReferencedSOPInstanceUID for item in report.get("FailedSOPSequence", [])]
    assert sorted(committed + failed) == ["1.2.3.1", "1.2.3.2"]
    assert failed == ([] if answer == "all" else ["1.2.3.1"])
    assert report.ReferencedSOPSequence[0].ReferencedSOPClassUID == CTImageStorage


def test_two_requests_follow_each_other_on_one_association(dcmjs_mpps: Factory) -> None:
    reports = Reports()
    with dcmjs_mpps(association="same") as peer:
        association = associate(peer, COMMITMENT, evt_handlers=reports.handlers)
        for uid in ("1.2.3.1", "1.2.3.2"):
            reports.arrived.clear()
            assert ask_commitment(association, commitment_of([uid])) == 0x0000
            assert reports.arrived.wait(30)
            wait_until(lambda: len(peer.messages()) % 2 == 0, "the report is acknowledged")
        association.release()
        first, second = peer.messages("N-ACTION")
    committed = [report.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for _, report in reports.received]
    assert committed == ["1.2.3.1", "1.2.3.2"]
    assert first.command.keys() == second.command.keys()


def test_a_commitment_can_stay_unanswered_or_be_refused(dcmjs_mpps: Factory) -> None:
    with dcmjs_mpps(commitment="never") as peer:
        assert ask_once(peer, "1.2.3.1") == 0x0000
        assert [message.service for message in peer.messages()] == ["N-ACTION"]
    with dcmjs_mpps(commitment="refused") as peer:
        assert ask_once(peer, "1.2.3.1") == 0x0213


@pytest.mark.parametrize(("way", "problem"), [("other", "SIM"), ("same", "gone")])
@measured
def test_a_report_that_cannot_be_delivered_is_on_record(dcmjs_mpps: Factory, way: str, problem: str) -> None:
    with dcmjs_mpps(association=way, delay_ms=100) as peer:
        ask_once(peer, "1.2.3.1")
        wait_until(lambda: bool(peer.messages("N-EVENT-REPORT")), "the failure is recorded")
        (message,) = peer.messages("N-EVENT-REPORT")
    with durations():  # the association is released before the report is due
        assert message.status is None
    assert problem in message.problems[0]


def test_a_peer_knows_its_own_ae_title_only(dcmjs_mpps: Factory) -> None:
    with dcmjs_mpps() as peer:
        modality = Entity("SIM")
        modality.add_requested_context(COMMITMENT)
        assert modality.associate(HOST, peer.port, ae_title="OTHER").is_rejected
