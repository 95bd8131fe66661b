"""Storage commitment asked for, and its report on the same association, on another, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest
from pydicom import Dataset

from modality.errors import CommitmentRefused, UsageError
from modality.network.address import DicomAddress, parse_dicom
from modality.network.association import associate
from modality.network.commitment import CommitmentListener, request_commitment
from modality.network.store import DicomArchive
from modality.protocol.commitment import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE, CommitmentReport
from modality.protocol.negotiation import FALLBACKS
from modality.simulated.archive import SimulatedArchive
from tests.network.conftest import LOCAL, series
from tests.transfer.datasets import CT_IMAGE

Start = Callable[..., SimulatedArchive]


class Reports:
    """Keeps what is reported."""

    def __init__(self, known: str = "1.2.777") -> None:
        self.known = known
        self.came = threading.Event()
        self.reports: list[CommitmentReport] = []

    def __call__(self, report: CommitmentReport) -> bool:
        self.reports.append(report)
        self.came.set()
        return report.transaction_uid == self.known


def ask(archive: SimulatedArchive, uids: list[str], reports: Reports, wait_s: float = 30) -> None:
    request_commitment(
        parse_dicom(archive.address),
        "1.2.777",
        [(CT_IMAGE, uid) for uid in uids],
        LOCAL,
        reports,
        wait_s=wait_s,
        answered=reports.came.is_set,
    )


def test_a_report_on_the_same_association(archive: Start) -> None:
    peer = archive()
    DicomArchive(peer.address, local=LOCAL).store(series(2))
    reports = Reports()
    ask(peer, ["1.2.3.1.0", "1.2.3.1.1", "9.9"], reports)
    (report,) = reports.reports
    assert (report.transaction_uid, report.committed) == ("1.2.777", {"1.2.3.1.0", "1.2.3.1.1"})
    assert report.failed == {"9.9": 0x0112}


def test_a_report_on_another_association(archive: Start) -> None:
    reports = Reports()
    with CommitmentListener(LOCAL, 0, reports) as listener:
        peer = archive(commitment="other", destinations={LOCAL.aet: f"127.0.0.1:{listener.port}"})
        DicomArchive(peer.address, local=LOCAL).store(series(1))
        ask(peer, ["1.2.3.1.0"], reports, wait_s=0)
        assert reports.came.wait(30)
    assert reports.reports[0].committed == {"1.2.3.1.0"}


def test_no_report_is_waited_for_no_longer_than_asked(archive: Start) -> None:
    reports = Reports()
    ask(archive(commitment="never"), ["1.2.3.1.0"], reports, wait_s=0.05)
    assert reports.reports == []


def test_a_refused_request_is_an_error_of_its_own(archive: Start) -> None:
    with pytest.raises(CommitmentRefused) as raised:
        ask(archive("status=0213,on=action"), ["1.2"], Reports())
    assert (raised.value.status, raised.value.retryable) == (0x0213, True)


def report_to(listener: CommitmentListener, information: Dataset) -> int:
    """Send an N-EVENT-REPORT as an archive does, and give the status answered."""
    address = DicomAddress("127.0.0.1", listener.port, LOCAL.aet)
    with associate(address, [(STORAGE_COMMITMENT, FALLBACKS)], LOCAL, roles=[STORAGE_COMMITMENT]) as association:
        status, _ = association.raw.send_n_event_report(information, 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
        return int(status.Status)


def test_a_report_is_answered_by_what_is_known_of_its_transaction() -> None:
    with CommitmentListener(LOCAL, 0, Reports()) as listener:
        known, unknown, none = Dataset(), Dataset(), Dataset()
        known.TransactionUID, unknown.TransactionUID = "1.2.777", "1.2.778"
        none.RetrieveAETitle = "X"
        assert [report_to(listener, one) for one in (known, unknown, none)] == [0x0000, 0x0110, 0x0115]


def test_the_listener_answers_echo_and_leaves_no_port_open() -> None:
    with CommitmentListener(LOCAL, 0, Reports()) as listener:
        DicomArchive(DicomAddress("127.0.0.1", listener.port, LOCAL.aet), local=LOCAL).echo()
    with socket.create_server(("127.0.0.1", listener.port)):
        pass


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            CommitmentListener(LOCAL, port, Reports())
