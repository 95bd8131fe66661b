"""MLLP on a port: several connections, half messages, slow and rude senders, and an end that is one."""

from __future__ import annotations

import itertools
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hl7.client import MLLPClient
from hypothesis import given, settings
from hypothesis import strategies as st

from modality.protocol.hl7.mllp import framed
from modality.simulated.hl7.desk import OrderDesk
from modality.simulated.hl7.listener import MllpListener
from modality.simulated.ris.steps import Department
from tests.protocol.hl7.messages import ORM, text
from tests.simulated.hl7.conftest import outcome
from tests.timing import durations, measured

LOGGER = "modality.simulated.hl7.listener"


@contextmanager
def listening(desk: OrderDesk, **options: float) -> Iterator[MllpListener]:
    listener = MllpListener(desk, **options)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()


@contextmanager
def connected(listener: MllpListener) -> Iterator[socket.socket]:
    with socket.create_connection((listener.host, listener.port), timeout=30) as connection:
        yield connection


def answer(connection: socket.socket) -> str:
    """The next answer; empty when the connection is closed."""
    received = b""
    while not received.endswith(b"\x1c\r"):
        data = connection.recv(4096)
        if not data:
            return ""
        received += data
    return outcome(received.strip(b"\x0b\x1c\r"))


def order(number: int) -> bytes:
    changes = {"MSH_10": f"M{number}", "OBR_20": f"SPS{number}", "ORC_2": f"PL{number}", "ORC_3": f"FL{number}"}
    return framed(text(ORM, **changes).encode())


def test_it_listens_on_the_loopback_unless_told_otherwise(desk: OrderDesk) -> None:
    with listening(desk) as listener:
        assert listener.address == f"mllp://127.0.0.1:{listener.port}"
        assert listener._listening is not None
        assert listener._listening.getsockname()[0] == "127.0.0.1"


def test_python_hl7s_client_is_answered(desk: OrderDesk, department: Department) -> None:
    with listening(desk) as listener, MLLPClient(listener.host, listener.port) as client:
        assert outcome(client.send_message(text(ORM)).strip(b"\x0b\x1c\r")) == "AA"
        assert outcome(client.send_message(text(ORM, MSH_10="M2")).strip(b"\x0b\x1c\r")) == "AE 205 ORC-2"
    assert len(department.steps) == 1


def test_messages_in_one_packet_and_one_in_many_are_answered_in_order(desk: OrderDesk, department: Department) -> None:
    with listening(desk) as listener, connected(listener) as connection:
        connection.sendall(order(1) + order(2) + order(3)[:20])
        assert [answer(connection)] == ["AA"]
        for byte in order(3)[20:]:
            connection.sendall(bytes([byte]))
        connection.shutdown(socket.SHUT_WR)
        rest = b""
        while data := connection.recv(4096):
            rest += data
        assert rest.count(b"MSA|AA|") >= 1
    assert [str(one.step.ScheduledProcedureStepID) for one in department.steps] == ["SPS1", "SPS2", "SPS3"]


def test_many_senders_at_once_lose_nothing(desk: OrderDesk, department: Department) -> None:
    said: list[str] = []

    def send(first: int) -> None:
        with connected(listener) as connection:
            for number in range(first, first + 10):
                connection.sendall(order(number))
                said.append(answer(connection))

    with listening(desk) as listener:
        threads = [threading.Thread(target=send, args=(100 * at,)) for at in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert said == ["AA"] * 60
    assert len({one.step.ScheduledProcedureStepID for one in department.steps}) == 60


def test_a_message_beyond_the_limit_is_rejected_and_the_connection_closed(desk: OrderDesk) -> None:
    with listening(desk, limit=1000) as listener:
        with connected(listener) as connection:
            connection.sendall(b"\x0b" + b"x" * 1001)
            assert answer(connection) == "AR 100"
            assert answer(connection) == ""
        with connected(listener) as connection:
            connection.sendall(order(1))
            assert answer(connection) == "AA"


def test_a_web_browser_is_shown_out(desk: OrderDesk) -> None:
    with listening(desk) as listener, connected(listener) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 4000)
        assert answer(connection) == "AR 100"


def test_half_a_message_is_dropped_with_its_connection(
    desk: OrderDesk, department: Department, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, LOGGER), listening(desk) as listener, connected(listener) as connection:
        connection.sendall(order(1)[:-2])
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert department.steps == []
    assert [one.getMessage() for one in caplog.records] == ["MLLP: a connection was closed: it ended within a message"]


def test_a_sender_that_dribbles_is_cut_off_however_busy_it_looks(
    desk: OrderDesk, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, LOGGER),
        listening(desk, message_timeout_s=0.4) as listener,
        connected(listener) as connection,
    ):
        began = time.monotonic()
        connection.settimeout(0.02)
        connection.sendall(b"\x0b")
        closed = False
        while not closed and time.monotonic() - began < 30:
            try:
                connection.sendall(b"M")
                closed = connection.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True
        assert closed
    assert "a message did not end in time" in caplog.text


@measured
def test_a_connection_on_which_nothing_comes_is_closed_and_one_that_works_is_not(desk: OrderDesk) -> None:
    with listening(desk, idle_timeout_s=0.5) as listener, connected(listener) as idle, connected(listener) as busy:
        with durations(OSError):  # one that rests for too long would be closed too
            for number in range(4):
                time.sleep(0.2)
                busy.sendall(order(number))
                assert answer(busy) == "AA"
        assert idle.recv(10) == b""


def test_connections_beyond_the_limit_are_closed_and_room_is_made_again(desk: OrderDesk) -> None:
    with listening(desk, connections=1) as listener:
        with connected(listener) as first:
            first.sendall(order(1))
            assert answer(first) == "AA"
            with connected(listener) as second:
                assert second.recv(10) == b""
        deadline = time.monotonic() + 30
        said = ""
        while not said and time.monotonic() < deadline:
            with connected(listener) as third:
                try:
                    third.sendall(order(2))
                    said = answer(third)
                except OSError:
                    continue
        assert said == "AA"


def test_stop_ends_open_connections_and_threads_and_frees_the_port(desk: OrderDesk) -> None:
    before = threading.active_count()
    listener = MllpListener(desk)
    listener.start()
    port = listener.port
    with connected(listener) as one, connected(listener) as two:
        one.sendall(order(1)[:30])
        two.sendall(order(2))
        assert answer(two) == "AA"
        began = time.monotonic()
        listener.stop()
        listener.stop()
        assert time.monotonic() - began < 30
    assert threading.active_count() <= before
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_whatever_comes_in_a_frame_is_answered_and_the_next_order_is_taken(
    desk: OrderDesk, department: Department
) -> None:
    number = itertools.count()

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=80).map(lambda content: content.replace(b"\x0b", b"").replace(b"\x1c", b"")))
    def send(content: bytes) -> None:
        with connected(listener) as connection:
            connection.sendall(framed(content))
            assert answer(connection).split()[0] in ("AE", "AR")
            connection.sendall(order(next(number)))
            assert answer(connection) == "AA"

    with listening(desk) as listener:
        send()
    assert len(department.steps) == next(number)
