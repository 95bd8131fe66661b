"""Storage commitment as dcmjs answers it: on which association, in part, never, not at all, late; and what follows."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.peers.commandline import SMALL, Finished, end, modality, start
from tests.peers.dcmjs import Dcmjs
from tests.peers.dcmtk import StoreSCP
from tests.peers.fixtures import Factory
from tests.peers.process import HOST, free_port, wait_until
from tests.peers.worklist_items import STATION_AET

pytestmark = pytest.mark.peer

WELL_KNOWN = "1.2.840.10008.1.20.1.1"


class Station:
    """A station that performs an unscheduled CT, and later finishes what was left."""

    def __init__(self, archive: StoreSCP, folder: Path) -> None:
        self.archive, self.state, self.listen = archive, folder / "state", free_port()

    def where(self) -> dict[str, tuple[str, int]]:
        """Where it takes reports."""
        return {STATION_AET: (HOST, self.listen)}

    def arguments(self, peer: Dcmjs, *options: str) -> tuple[Any, ...]:
        return (
            "perform", "--archive", self.archive.address, "--commitment", peer.address, "--aet", STATION_AET,
            "--state", self.state, "--json", *options,
        )  # fmt: skip

    def perform(self, peer: Dcmjs, *options: str) -> Finished:
        return modality(*self.arguments(peer, "--unscheduled", "CT", *SMALL, *options))

    def resume(self, peer: Dcmjs, *options: str) -> Finished:
        return modality(*self.arguments(peer, "--resume", *options))

    def stored(self) -> set[str]:
        return {str(pydicom.dcmread(path).SOPInstanceUID) for path in self.archive.files()}

    def waiting(self) -> set[str]:
        return {path.stem for path in (self.state / "instances").iterdir()}

    def stores(self) -> int:
        """How many C-STORE requests the archive has had."""
        return self.archive.log.read_text(encoding="utf-8", errors="replace").count("Received Store Request")


@pytest.fixture
def station(storescp: Factory, tmp_path: Path) -> Iterator[Station]:
    with storescp() as archive:
        yield Station(archive, tmp_path)


def asked(peer: Dcmjs) -> list[set[str]]:
    """The instances of each N-ACTION."""
    actions = [message.dataset.ReferencedSOPSequence for message in peer.messages("N-ACTION")]
    return [{str(item.ReferencedSOPInstanceUID) for item in items} for items in actions]


def transactions(*peers: Dcmjs) -> list[str]:
    return [str(one.dataset.TransactionUID) for peer in peers for one in peer.messages("N-ACTION")]


@pytest.mark.parametrize("way", ["same", "other"])
def test_a_commitment_is_taken_on_the_same_association_and_on_another(
    station: Station, dcmjs_mpps: Factory, way: str
) -> None:
    listen = ("--listen", str(station.listen)) if way == "other" else ()
    with dcmjs_mpps(association=way, modalities=station.where()) as peer:
        finished = station.perform(peer, *listen)
        (action,) = peer.messages("N-ACTION")
        wait_until(lambda: bool(peer.messages("N-EVENT-REPORT")), "the report's answer is written down")
        (answer,) = peer.messages("N-EVENT-REPORT")
        names = asked(peer)
    (step,) = finished.document["steps"]
    assert (finished.code, finished.lines) == (0, [])
    assert (step["stored"], step["committed"]) == (4, 4)
    assert (action.sop_instance_uid, action.command["ActionTypeID"]) == (WELL_KNOWN, 1)
    assert action.dataset.TransactionUID == step["transaction_uid"]
    assert names == [station.stored()]
    assert (answer.status, answer.problems) == (0x0000, [])
    assert station.waiting() == set()


def test_what_was_not_committed_waits_is_stored_again_and_asked_for_again(
    station: Station, dcmjs_mpps: Factory
) -> None:
    with dcmjs_mpps(commitment="failed", association="same") as failing:
        finished = station.perform(failing)
        first = failing.messages("N-ACTION")[0].dataset.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        with dcmjs_mpps(association="same") as behaving:
            waiting, stores = station.waiting(), station.stores()
            resumed = station.resume(behaving)
            assert len(set(transactions(failing, behaving))) == 2
            assert asked(behaving) == [{first}]
    (step,) = finished.document["steps"]
    assert finished.code == 1
    assert finished.lines[0] == "step: commitment of 1 image failed: no such object instance"
    assert (step["committed"], step["commitment_failed"], step["commitment_pending"]) == (3, 1, 0)
    assert (waiting, stores) == ({first}, 4)
    assert (resumed.code, resumed.document["stored"], resumed.document["committed"]) == (0, 1, 1)
    assert station.stores() == 5
    assert station.waiting() == set()


@pytest.mark.parametrize(
    ("answer", "line"),
    [("never", "no commitment of 4 images within the time"), ("refused", "N-ACTION refused with status 0213H")],
)
def test_a_commitment_without_an_answer_leaves_all_pending_until_resumed(
    station: Station, dcmjs_mpps: Factory, answer: str, line: str
) -> None:
    with dcmjs_mpps(commitment=answer) as failing:
        finished = station.perform(failing, "--timeout", "5")
        waiting = station.waiting()
        again = station.resume(failing, "--timeout", "5")
        assert station.waiting() == waiting == station.stored()
        with dcmjs_mpps(association="same") as behaving:
            resumed = station.resume(behaving)
            assert len(set(transactions(failing, behaving))) == 3
            assert asked(behaving) == [waiting]
    (step,) = finished.document["steps"]
    assert finished.code == again.code == 1
    assert len(finished.lines) == 2
    assert line in finished.lines[0]
    assert finished.document["pending"] == again.document["pending"] == 4
    assert (step["stored"], step["committed"], step["state"]) == (4, 0, "COMPLETED")
    assert len(again.lines) == 1
    assert line in again.lines[0]
    assert (resumed.code, resumed.document["committed"], resumed.document["pending"]) == (0, 4, 0)
    assert station.waiting() == set()
    assert station.stores() == 4


def test_a_report_that_comes_after_the_run_is_taken_by_the_next_one(station: Station, dcmjs_mpps: Factory) -> None:
    with dcmjs_mpps(association="other", delay_ms=10000, modalities=station.where()) as peer:
        finished = station.perform(peer, "--timeout", "3", "--listen", str(station.listen))
        resumed = station.resume(peer, "--listen", str(station.listen))
        wait_until(lambda: bool(peer.messages("N-EVENT-REPORT")), "the report's answer is written down")
        reports = peer.messages("N-EVENT-REPORT")
    assert finished.code == 1
    assert finished.document["pending"] == 4
    assert (resumed.code, resumed.document["pending"]) == (0, 0)
    assert reports[0].status == 0x0000
    assert station.waiting() == set()


def test_a_run_killed_between_store_and_commitment_is_finished_by_resume(station: Station, dcmjs_mpps: Factory) -> None:
    with dcmjs_mpps(commitment="never") as silent, dcmjs_mpps(association="same") as behaving:
        run = start(*station.arguments(silent, "--unscheduled", "CT", *SMALL))
        wait_until(lambda: len(silent.messages("N-ACTION")) == 1, "the commitment is asked for")
        run.send_signal(signal.SIGKILL)
        assert end(run).code == -signal.SIGKILL
        waiting = station.waiting()
        nobody_asked = modality(
            "perform", "--resume", "--archive", station.archive.address, "--aet", STATION_AET, "--state", station.state
        )
        resumed = station.resume(behaving)
        assert asked(behaving) == [waiting] == [station.stored()]
    assert nobody_asked.code == 1
    assert nobody_asked.lines == ["4 images stored, and kept for a commitment that nobody is asked for"]
    assert (resumed.code, resumed.lines) == (0, [])
    assert (resumed.document["resumed"], resumed.document["committed"]) == (4, 4)
    assert station.waiting() == set()


def test_a_commitment_peer_that_is_not_there_is_one_line_and_leaves_all_pending(
    station: Station, dcmjs_mpps: Factory
) -> None:
    with contextlib.ExitStack() as stack:
        peer = stack.enter_context(dcmjs_mpps())
        stack.close()
        finished = station.perform(peer)
        resumed = station.resume(peer)
    assert finished.code == resumed.code == 3
    assert len(finished.lines) == 2
    assert "nobody answers" in finished.lines[0]
    assert len(resumed.lines) == 1
    assert station.waiting() == station.stored()


def test_a_port_that_is_taken_is_one_line_before_anything_is_asked_or_stored(
    station: Station, dcmjs_mpps: Factory
) -> None:
    with dcmjs_mpps() as peer:
        finished = station.perform(peer, "--listen", str(peer.port))
        assert peer.messages() == []
    assert finished.code == 2
    assert len(finished.lines) == 1
    assert str(peer.port) in finished.lines[0]
    assert station.stored() == set()
