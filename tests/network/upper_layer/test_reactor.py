"""No response is taken by pynetdicom's reactor, no request waits for it in vain, no two messages are mixed.

And what is sent too late ends no thread with a traceback.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, build_context, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)
from pynetdicom.transport import AssociationSocket

from modality.errors import AssociationRejected
from modality.network.address import parse_dicom
from modality.network.association import associate
from modality.network.listening import ListeningEntity, end
from modality.network.local import Local, Timeouts
from modality.network.upper_layer.adopted import CallingEntity
from modality.network.upper_layer.reactor import Checkpoint, Entity, mend
from modality.protocol import commitment
from modality.protocol.negotiation import FALLBACKS
from modality.simulated.archive import SimulatedArchive
from tests.network.acceptor import VERIFICATION
from tests.network.scripted import peer, reject
from tests.peers.process import PATIENCE_S, wait_until
from tests.security.attacks import CT, associated, command, p_data
from tests.simulated.conftest import associate as associate_raw

LOCAL = Local("CT01", Timeouts(PATIENCE_S, PATIENCE_S, PATIENCE_S))


def test_who_was_let_go_and_stopped_again_before_its_turn_has_not_passed() -> None:
    association: Any = SimpleNamespace(_is_paused=True)
    checkpoint = Checkpoint(association)
    checkpoint.clear()
    passed = threading.Event()
    thread = threading.Thread(target=lambda: checkpoint.wait() and passed.set())
    thread.start()
    while not checkpoint._changed._waiters:  # type: ignore[attr-defined]
        pass
    with checkpoint._changed:  # it is woken, and has no turn yet
        checkpoint.set()
        checkpoint.clear()
    assert not passed.wait(0.2)
    assert association._is_paused
    checkpoint.set()
    assert passed.wait(PATIENCE_S)
    assert not association._is_paused, "known before it goes on"
    thread.join()


def test_a_wait_may_have_an_end() -> None:
    association: Any = SimpleNamespace(_is_paused=True)
    checkpoint = Checkpoint(association)
    checkpoint.clear()
    assert (checkpoint.wait(0.01), checkpoint.is_set(), association._is_paused) == (False, False, True)
    checkpoint.set()
    assert (checkpoint.wait(0.01), checkpoint.is_set(), association._is_paused) == (True, True, False)


ASKED = (
    commitment.action("1.2.3", [(CT, "1.2.4")]), 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance,
)  # fmt: skip


@contextmanager
def committing(on_report: Callable[[evt.Event], tuple[int, None]]) -> Iterator[Any]:
    """pynetdicom's side of an association on which an archive reports what it has committed."""
    with (
        SimulatedArchive() as archive,
        associate_raw(
            archive, [build_context(StorageCommitmentPushModel)], evt_handlers=[(evt.EVT_N_EVENT_REPORT, on_report)]
        ) as association,
    ):
        yield association


@contextmanager
def stopped(association: Any) -> Iterator[None]:
    """The reactor waits at its checkpoint."""
    association._reactor_checkpoint.clear()
    wait_until(lambda: association._is_paused, "the reactor stops")
    try:
        yield
    finally:
        association._reactor_checkpoint.set()


@contextmanager
def busy(threads: int = 3) -> Iterator[None]:
    """A process whose other threads leave the reactor few turns."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            sum(range(200))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for one in workers:
        one.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.002)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        over.set()
        for one in workers:
            one.join()


def test_each_request_on_end_in_a_busy_process_gets_its_response(caplog: pytest.LogCaptureFixture) -> None:
    with (
        SimulatedArchive() as archive,
        associate(parse_dicom(archive.address), [(VERIFICATION, FALLBACKS)], LOCAL) as association,
        busy(),
    ):
        for _ in range(60):
            association.echo()
    assert "unexpected" not in caplog.text


def test_a_report_that_is_handled_meanwhile_neither_stops_the_reactor_nor_lets_it_go_on() -> None:
    began, may_end = threading.Event(), threading.Event()
    handled: list[threading.Thread] = []

    def handler(_: evt.Event) -> tuple[int, None]:
        handled.append(threading.current_thread())
        began.set()
        assert may_end.wait(PATIENCE_S)
        return 0x0000, None

    with committing(handler) as association:
        assert association.send_n_action(*ASKED)[0].Status == 0x0000
        assert began.wait(PATIENCE_S)
        with stopped(association):
            may_end.set()
            handled[0].join(PATIENCE_S)
            assert association._is_paused, "as it was before the report had been handled"
        wait_until(lambda: not association._is_paused, "the reactor goes on")
        assert association.send_c_echo().Status == 0x0000


def test_who_is_not_the_reactor_does_not_say_that_it_stopped() -> None:
    with committing(lambda _: (0x0000, None)) as association, stopped(association):
        association._is_paused = False
        assert association._is_paused


def test_who_waits_for_the_reactor_of_an_association_that_another_ends_goes_on() -> None:
    answered: list[Any] = []
    with SimulatedArchive() as archive, associate_raw(archive) as association:
        clear = association._reactor_checkpoint.clear

        def held_up() -> None:
            clear()
            end(association)

        association._reactor_checkpoint.clear = held_up
        asking = threading.Thread(target=lambda: answered.append(association.send_c_echo()), daemon=True)
        asking.start()
        asking.join(PATIENCE_S / 2)  # long before the time for a response is over
        assert answered == [Dataset()]


def test_two_threads_that_send_at_a_time_mix_no_fragments() -> None:
    """PS3.8 Annex E.1: each message whole before the next begins."""
    association = Association(AE("CT01"), "requestor")
    mend(association)
    sent: list[tuple[int, int]] = []

    def slowly(fragment: Any) -> None:
        (context, data) = fragment.presentation_data_value_list[0]
        sent.append((context, data[0] & 1))  # the bit of a command (PS3.8 E.2)
        time.sleep(0.01)

    association.dul.send_pdu = slowly  # type: ignore[method-assign]

    def send(context: int) -> None:
        report = N_EVENT_REPORT()
        report.MessageID, report.EventTypeID = 1, 1
        report.AffectedSOPClassUID = StorageCommitmentPushModel
        report.AffectedSOPInstanceUID = StorageCommitmentPushModelInstance
        report.EventInformation = BytesIO(bytes(10))
        association.dimse.send_msg(report, context)

    threads = [threading.Thread(target=send, args=(2 * number + 1,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [command for _, command in sent] == [1, 0] * 6
    assert all(first[0] == second[0] for first, second in zip(sent[::2], sent[1::2], strict=True))


@pytest.mark.parametrize("kind", [Entity, CallingEntity])
def test_a_peer_that_rejects_and_closes_while_we_have_no_turn_has_rejected(
    kind: type[Entity], monkeypatch: pytest.MonkeyPatch
) -> None:
    create = kind._create_socket

    def created(*arguments: Any) -> AssociationSocket:
        made = create(*arguments)
        wait = made._ready.wait

        def held_up() -> bool:
            connected = wait()
            wait_until(lambda: made.socket is None, "the association is rejected, and the connection closed")
            return connected

        made._ready.wait = held_up  # type: ignore[method-assign,assignment]
        return made

    monkeypatch.setattr(kind, "_create_socket", created)
    with peer(lambda connection: reject(connection, 1, 1, 7)) as address:
        if kind is Entity:
            entity = Entity("CT01")
            entity.add_requested_context(VERIFICATION)
            assert entity.associate(address.host, address.port).is_rejected
            return
        with (
            pytest.raises(AssociationRejected, match="Called AE title"),
            associate(address, [(VERIFICATION, FALLBACKS)], LOCAL),
        ):
            pass


def test_an_answer_that_comes_behind_our_own_abort_is_dropped_and_the_connection_closed() -> None:
    """As where a listener is closed while a handler is at work. A thread that ends with a traceback fails the test."""
    seen: list[Any] = []

    def aborts(event: evt.Event) -> int:
        late = P_DATA()
        late.presentation_data_value_list = [[1, b"\3late"]]
        event.assoc.abort(block=False)
        event.assoc.dul.send_pdu(late)
        seen.append(event.assoc.dul)
        return 0x0000

    context = [build_context(VERIFICATION)]
    listening = ListeningEntity(AE("LATE"), ("127.0.0.1", 0), context, [(evt.EVT_C_ECHO, aborts)])
    try:
        with associated(listening.port) as connection:
            connection.sendall(p_data(command(0x0030, VERIFICATION, data_set=False), command=True, last=True))
            assert connection.recv(10, socket.MSG_WAITALL)[:1] == b"\7"
            assert connection.recv(1) == b""
        wait_until(lambda: not seen[0].is_alive(), "its thread ends")
    finally:
        listening.close()
    assert seen[0].state_machine.current_state == "Sta1"
    assert seen[0].to_provider_queue.empty()
