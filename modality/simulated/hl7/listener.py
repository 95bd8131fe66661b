"""MLLP on a port: a thread for each connection, each message answered on it, all of it ended by stop."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from typing import Protocol

from modality.protocol.hl7.mllp import MESSAGE_LIMIT, BadFraming, Unframer, framed

_LOGGER = logging.getLogger(__name__)
_POLL_S = 0.1
_PATIENCE_S = 0.5
_CHUNK = 64 * 1024


class Desk(Protocol):
    """Who answers messages; may be asked from several threads at once."""

    def answer(self, content: bytes) -> bytes:
        """The acknowledgment of a message, both without a frame."""

    def refuse(self, reason: str) -> bytes:
        """The answer to what is no message at all."""


class MllpListener:
    """Takes connections and hands their messages to a desk.

    Args:
        desk: who answers.
        host: the interface to listen on.
        port: the port; 0 takes a free one.
        limit: the longest message, in bytes.
        connections: how many are served at a time; those beyond are closed at once.
        message_timeout_s: how long a message may take from its first byte to its last, and an answer to be taken.
        idle_timeout_s: how long a connection may stay silent between messages.
        tls: what secures the connections; None for none.
    """

    def __init__(
        self,
        desk: Desk,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        limit: int = MESSAGE_LIMIT,
        connections: int = 32,
        message_timeout_s: float = 30.0,
        idle_timeout_s: float = 600.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.desk = desk
        self.host = host
        self._port = port
        self._limit = limit
        self._connections = connections
        self._message_timeout_s = message_timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._tls = tls
        self._stopping = threading.Event()
        self._listening: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._serving: dict[threading.Thread, socket.socket] = {}

    @property
    def port(self) -> int:
        """The port listened on; the one asked for while not started."""
        return int(self._listening.getsockname()[1]) if self._listening else self._port

    @property
    def address(self) -> str:
        """How others reach it: ``mllp://host:port``, or ``mllps://`` with TLS."""
        return f"mllp{'s' if self._tls else ''}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def start(self) -> None:
        """Listen; connections are taken when this returns.

        Raises:
            OSError: the port cannot be had.
        """
        if self._listening:
            return
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listening = socket.create_server((self.host, self._port), family=family)
        self._listening.settimeout(_POLL_S)
        self._stopping.clear()
        self._accepting = threading.Thread(target=self._accept, args=(self._listening,), name="mllp", daemon=True)
        self._accepting.start()

    def stop(self) -> None:
        """End every connection, every thread and the socket; harmless when not started."""
        self._stopping.set()
        if self._accepting:
            self._accepting.join()
            self._accepting = None
        for thread, connection in self._serving.items():
            thread.join(_PATIENCE_S)
            if thread.is_alive():  # it waits for an answer to be taken
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                thread.join()
        self._serving.clear()
        if self._listening:
            self._listening.close()
            self._listening = None

    def _accept(self, listening: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            except (
                OSError
            ) as error:  # the one who called is gone, or descriptors have run out: the next may fare better
                _LOGGER.warning("MLLP: a connection could not be taken: %s", error.strerror or type(error).__name__)
                self._stopping.wait(_POLL_S)
                continue
            self._serving = {thread: held for thread, held in self._serving.items() if thread.is_alive()}
            if len(self._serving) >= self._connections:
                _LOGGER.warning("MLLP: more than %d connections; one is closed", self._connections)
                connection.close()
                continue
            if self._tls:  # the handshake is for the connection's own thread: it may take its time
                try:
                    connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                except OSError:  # whoever called has gone already
                    connection.close()
                    continue
            thread = threading.Thread(target=self._serve, args=(connection,), name="mllp-connection", daemon=True)
            thread.start()
            self._serving[thread] = connection

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if isinstance(connection, ssl.SSLSocket):
                    connection.settimeout(self._message_timeout_s)
                    connection.do_handshake()
                reason = self._converse(connection)
            except ssl.SSLError as error:
                reason = f"no TLS connection: {(error.reason or type(error).__name__).replace('_', ' ').lower()}"
            except OSError as error:
                reason = f"the connection broke: {error.strerror or type(error).__name__}"
        if reason:
            _LOGGER.warning("MLLP: a connection was closed: %s", reason)

    def _converse(self, connection: socket.socket) -> str:
        """Answer messages until the other side closes; why it ended, if that is worth a word."""
        unframer = Unframer(self._limit)
        deadline = time.monotonic() + self._idle_timeout_s
        while not self._stopping.is_set():
            if time.monotonic() > deadline:
                return "a message did not end in time" if unframer.partial else "nothing came for long"
            connection.settimeout(_POLL_S)
            try:
                data = connection.recv(_CHUNK)
            except TimeoutError:
                continue
            if not data:
                return "it ended within a message" if unframer.partial else ""
            began = unframer.partial
            answered = False
            try:
                for content in unframer.feed(data):
                    self._send(connection, self.desk.answer(content))
                    answered = True
            except BadFraming as error:
                self._send(connection, self.desk.refuse(str(error)))
                return str(error)
            # A message has its time from its first byte, however slowly the others follow.
            if not unframer.partial:
                deadline = time.monotonic() + self._idle_timeout_s
            elif answered or not began:
                deadline = time.monotonic() + self._message_timeout_s
        return ""

    def _send(self, connection: socket.socket, content: bytes) -> None:
        connection.settimeout(self._message_timeout_s)
        connection.sendall(framed(content))
