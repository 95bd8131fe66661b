"""No response is taken by pynetdicom's reactor, and what is sent too late ends no thread with a traceback."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from pynetdicom import AE, build_context, evt
from pynetdicom.pdu_primitives import P_DATA

from modality.network.address import parse_dicom
from modality.network.association import associate
from modality.network.listening import ListeningEntity
from modality.network.local import Local, Timeouts
from modality.network.upper_layer.reactor import Checkpoint
from modality.protocol.negotiation import FALLBACKS
from modality.simulated.archive import SimulatedArchive
from tests.network.acceptor import VERIFICATION
from tests.peers.process import PATIENCE_S, wait_until
from tests.security.attacks import associated, command, p_data

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
