"""What an HL7 sender may cost the MLLP listener: bytes, fields, connections and time."""

from __future__ import annotations

import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

import pytest

from modality.protocol.hl7.message import Message
from modality.protocol.hl7.mllp import MESSAGE_LIMIT, framed
from modality.protocol.hl7.refusal import Refusal
from modality.simulated.events import EventLog
from modality.simulated.hl7.desk import OrderDesk
from modality.simulated.hl7.listener import MllpListener
from modality.simulated.ris import SimulatedRis
from tests.security.attacks import dial, ended_within, flood
from tests.timing import durations, measured

HEAD = b"MSH|^~\\&|A|B|C|D|20260101120000||ORM^O01|1|P|2.3\r"


@contextmanager
def listening(**options: Any) -> Iterator[MllpListener]:
    with SimulatedRis() as ris:
        desk = OrderDesk(ris._department, clock=lambda: datetime(2026, 1, 1), events=EventLog())
        listener = MllpListener(desk, **options)
        listener.start()
        try:
            yield listener
        finally:
            listener.stop()


def test_a_message_longer_than_4_mib_is_refused_and_memory_stays_bounded() -> None:
    assert MESSAGE_LIMIT == 4 << 20
    with listening() as listener, dial(listener.port) as connection:
        tracemalloc.start()
        try:
            connection.sendall(b"\x0b" + HEAD)
            flood(connection, b"Z" * (256 << 10), 200)
            assert tracemalloc.get_traced_memory()[1] < 4 * MESSAGE_LIMIT
        finally:
            tracemalloc.stop()


def test_what_is_in_no_message_ends_the_connection() -> None:
    with listening() as listener, dial(listener.port) as connection:
        flood(connection, b"GET / HTTP/1.1\r\n" * 4096, 200)


@measured
def test_a_connection_that_says_nothing_is_closed() -> None:
    with listening(idle_timeout_s=0.3) as listener, dial(listener.port) as connection, durations():
        assert ended_within(connection, 30) > 0.2


def test_a_message_that_drips_is_given_up() -> None:
    with listening(message_timeout_s=0.4) as listener, dial(listener.port) as connection:
        connection.sendall(b"\x0b" + HEAD)
        ended_within(connection, 30, drip=b"Z")


def test_too_many_connections_are_closed_at_once() -> None:
    with listening(connections=3) as listener, ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(dial(listener.port))
        ended_within(stack.enter_context(dial(listener.port)), 30)  # of an idle one, the end comes after 10 minutes


def test_the_defaults() -> None:
    with listening() as listener:
        assert (listener._connections, listener._message_timeout_s, listener._idle_timeout_s) == (32, 30.0, 600.0)


@pytest.mark.parametrize("delimiter", [b"|", b"^", b"~", b"&", b"\r"])
def test_fields_without_number_are_refused_before_they_are_parsed(delimiter: bytes) -> None:
    began = time.process_time()
    with pytest.raises(Refusal, match="more than 20000"):
        Message(HEAD + b"PID|" + (delimiter + b"Z") * 1_500_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("escape", [b"\\.sp999999999\\", b"\\X" + b"41" * 1000 + b"\\", b"\\" * 3001, b"\\E\\" * 2000])
def test_escape_sequences_make_nothing_longer(escape: bytes) -> None:
    """`.sp999999999` asks for a gigabyte of line ends."""
    message = Message(HEAD + b"PID|1||" + escape + b"||Doe^J\r")
    assert len(message.first("PID")(3).text) <= len(escape)


def test_an_answer_that_nobody_reads_holds_nobody_for_ever() -> None:
    with listening(message_timeout_s=0.4) as listener, socket.socket() as connection:
        assert listener._listening
        listener._listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", listener.port))
        connection.settimeout(0.5)
        flood(connection, framed(HEAD + b"PID|1\r"), 100_000)
        deadline = time.monotonic() + 30
        while any(thread.is_alive() for thread in listener._serving) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(thread.is_alive() for thread in listener._serving)
