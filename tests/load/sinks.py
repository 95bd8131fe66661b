"""A receiver in a process of its own that does to each request what the test says, on any number of associations."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from modality.network.address import DicomAddress
from tests.network.scripted import ABORT, RELEASE_RP, acceptance, message, response

_IDLE_S = 0.01
Behaviour = Callable[[int], str]
"""What becomes of request 1, 2, ...: "keep", "drop" (answered with success, and not kept), "refuse", or "abort"."""


@dataclass
class Sink:
    """What is known of a running sink."""

    address: DicomAddress
    process: Any
    _pipe: Connection
    _said: dict[str, Any] = field(default_factory=dict)

    def ended(self) -> dict[str, Any]:
        """Ends it; says which UIDs were kept and which dropped, and how many associations and requests there were."""
        if not self._said:
            os.kill(self.process.pid, signal.SIGTERM)
            self._said = self._pipe.recv()
            self.process.join(5)
        return self._said


@contextmanager
def sink(
    behaviour: Behaviour | None = None,
    *,
    stall: tuple[float, float] | None = None,
    takes_s: float = 0.0,
    max_pdu: int = 131072,
    closes_idle: bool = False,
    tls: ssl.SSLContext | None = None,
    port: int = 0,
) -> Iterator[Sink]:
    """Runs one.

    Args:
        behaviour: what becomes of each request; all are kept by default.
        stall: from so many seconds after the first request on, it answers nothing for so many seconds.
        takes_s: one at a time, whatever the association, each request takes so long.
        max_pdu: the largest PDU that it takes.
        closes_idle: it ends an association a moment after every answer.
        tls: what secures its port.
        port: where it listens; any by default.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        works = _Sink(listener, behaviour or (lambda _: "keep"), stall, takes_s, max_pdu, closes_idle, tls)
        process = context.Process(target=works.run, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        made = Sink(DicomAddress("127.0.0.1", listener.getsockname()[1], "SINK", tls=bool(tls)), process, ours)
        try:
            yield made
        finally:
            made.ended()
            ours.close()


@dataclass
class _Sink:
    listener: socket.socket
    behaviour: Behaviour
    stall: tuple[float, float] | None
    takes_s: float
    max_pdu: int
    closes_idle: bool
    tls: ssl.SSLContext | None

    def run(self, pipe: Connection) -> None:
        self.lock, self.one = threading.Lock(), threading.Lock()
        self.requests = self.associations = 0
        self.began = 0.0
        self.kept: list[str] = []
        self.dropped: list[str] = []
        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        threading.Thread(target=self._accept, daemon=True).start()
        while not ended.wait(0.05):
            pass
        said = {"kept": self.kept, "dropped": self.dropped, "requests": self.requests}
        pipe.send({**said, "associations": self.associations})

    def _accept(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
        except OSError:
            return  # no TLS, or not ours
        with connection:
            try:
                connection.sendall(acceptance(connection, max_pdu=self.max_pdu))
                with self.lock:
                    self.associations += 1
                self._answer(connection)
            except OSError:
                pass  # the other side has gone

    def _answer(self, connection: socket.socket) -> None:
        reader = _Reader(connection)
        while (request := reader.request()) is not None:
            context_id, message_id, uid = request
            with self.lock:
                self.requests += 1
                number, self.began = self.requests, self.began or time.monotonic()
            if self.stall:
                since = time.monotonic() - self.began - self.stall[0]
                if 0 <= since < self.stall[1]:
                    time.sleep(self.stall[1] - since)
            if self.takes_s:
                with self.one:
                    time.sleep(self.takes_s)
            what = self.behaviour(number)
            if what == "abort":
                connection.sendall(ABORT)
                return
            status = 0xA700 if what == "refuse" else 0x0000
            with self.lock:
                if what == "keep":
                    self.kept.append(uid)
                elif what == "drop":
                    self.dropped.append(uid)
            connection.sendall(message(context_id, response(0x8001, message_id, status)))
            if self.closes_idle:
                time.sleep(_IDLE_S)
                connection.sendall(ABORT)
                return


class _Reader:
    """Walks over PDUs in a large buffer: of data sets nothing is looked at but their length."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.buffer = bytearray(1 << 20)
        self.view = memoryview(self.buffer)
        self.at = self.end = 0

    def _have(self, count: int) -> bool:
        while self.end - self.at < count:
            if self.at and self.at + count > len(self.buffer):
                self.view[: self.end - self.at] = bytes(self.view[self.at : self.end])
                self.at, self.end = 0, self.end - self.at
            got = self.connection.recv_into(self.view[self.end :])
            if not got:
                return False
            self.end += got
        return True

    def _skip(self, count: int) -> bool:
        while count:
            if self.at == self.end:
                self.at = self.end = 0
                if not self._have(1):
                    return False
            step = min(count, self.end - self.at)
            self.at, count = self.at + step, count - step
        return True

    def request(self) -> tuple[int, int, str] | None:
        """Context, Message ID and SOP Instance UID of the next C-STORE-RQ whose data set has come; None at the end."""
        found: tuple[int, int, str] | None = None
        while True:
            if not self._have(6):
                return None
            kind, length = struct.unpack_from(">BxI", self.buffer, self.at)
            self.at += 6
            if kind == 5:
                self.connection.sendall(RELEASE_RP)
                return None
            if kind != 4:
                return None
            while length:
                if not self._have(6):
                    return None
                size, context_id, flags = struct.unpack_from(">IBB", self.buffer, self.at)
                self.at += 6
                length -= size + 4
                if flags & 1:
                    if not self._have(size - 2):
                        return None
                    found = (context_id, *_command(bytes(self.view[self.at : self.at + size - 2])))
                if not self._skip(size - 2):
                    return None
                if flags == 2 and found is not None:
                    return found


def _command(data: bytes) -> tuple[int, str]:
    values, at = {}, 0
    while at < len(data):
        _, element, length = struct.unpack_from("<HHI", data, at)
        values[element] = data[at + 8 : at + 8 + length]
        at += 8 + length
    return struct.unpack("<H", values[0x0110])[0], values[0x1000].rstrip(b"\0").decode("ascii")
