"""A prompt peer's answer is taken without going to sleep; a slow one's is slept for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

import pytest

from modality.errors import ResponseTimeout
from modality.network.upper_layer import connection
from modality.network.upper_layer.connection import Connection
from tests.network.scripted import peer

LONG_S = 0.5


@pytest.fixture(autouse=True)
def _nothing_else_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_OPEN", WeakSet())


@contextmanager
def to(
    answers: list[threading.Event], monkeypatch: pytest.MonkeyPatch, lookout_s: float = LONG_S
) -> Iterator[Connection]:
    """A connection to a peer that sends a byte at each event, looked out for as if we had two processors."""
    monkeypatch.setattr(connection, "_LOOKOUT_S", lookout_s)

    def script(its: socket.socket) -> None:
        for number, event in enumerate(answers):
            event.wait(30)
            its.sendall(bytes((number,)))
        its.recv(1)

    with peer(script) as address:
        ours = Connection(address, connect_s=30, answer_s=30, tls=None)
        try:
            yield ours
        finally:
            ours.close()
            for event in answers:
                event.set()


def test_a_prompt_answer_is_taken_without_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    now = threading.Event()
    with to([now], monkeypatch, lookout_s=30) as ours:
        threading.Timer(LONG_S / 50, now.set).start()
        monkeypatch.setattr(connection, "_wait", lambda *_: pytest.fail("went to sleep"))
        assert ours.receive() == b"\0"


def test_after_a_slow_answer_nothing_is_looked_out_for_until_one_is_prompt_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow, soon, again = (threading.Event() for _ in range(3))
    looked: list[float] = []
    look_out = Connection._looked_out

    def watched(self: Connection, until: float) -> bytes | None:
        looked.append(until)
        return look_out(self, until)

    monkeypatch.setattr(Connection, "_looked_out", watched)
    with to([slow, soon, again], monkeypatch) as ours:
        threading.Timer(4 * LONG_S, slow.set).start()
        assert ours.receive() == b"\0"
        assert len(looked) == 1  # in vain
        soon.set()
        assert ours.receive() == b"\1"
        assert len(looked) == 1  # slept for, and it came soon
        again.set()
        assert ours.receive() == b"\2"
        assert len(looked) == 2


def test_beside_another_connection_nothing_is_looked_out_for(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, alone = (threading.Event() for _ in range(3))
    with to([first, second, alone], monkeypatch) as ours:
        with to([threading.Event()], monkeypatch):
            monkeypatch.setattr(Connection, "_looked_out", lambda *_: pytest.fail("looked out"))
            for event, answer in ((first, b"\0"), (second, b"\1")):
                event.set()
                assert ours.receive() == answer
        monkeypatch.setattr(Connection, "_looked_out", lambda *_: b"looked out")
        assert ours.receive() == b"looked out"


def test_a_lookout_in_vain_takes_nothing_from_the_time_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with to([threading.Event()], monkeypatch) as ours:
        ours.expect(2 * LONG_S)
        with pytest.raises(ResponseTimeout):
            ours.receive()
