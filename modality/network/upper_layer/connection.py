"""A TCP connection tuned for C-STORE: buffers go out as they are, and answers are acknowledged at once."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from modality.errors import AssociationAborted, ResponseTimeout, UnreachableError
from modality.network.address import DicomAddress

if TYPE_CHECKING:
    import ssl

_BUFFERS_AT_ONCE = 512  # under the kernel's IOV_MAX of 1024
_SEND_BUFFER = 4 << 20
_RECEIVE = 1 << 16
# Linux only, and it does not stick: set before each wait. A peer whose response is two small writes has its second one
# held by Nagle's algorithm until our delayed acknowledgement, 40 ms later.
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class Connection:
    """A connection to a peer.

    Args:
        peer: whom to connect to.
        connect_s: how long the connection may take.
        answer_s: how long an answer may take, and how long the peer may stop reading.
        tls: secures the connection; only for `dicoms://` addresses.

    Raises:
        UnreachableError: nobody answers, or the TLS handshake fails.
    """

    def __init__(self, peer: DicomAddress, *, connect_s: float, answer_s: float, tls: ssl.SSLContext | None) -> None:
        self.peer = peer
        try:
            plain = socket.create_connection((peer.host, peer.port), timeout=connect_s)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise UnreachableError(
                f"{peer}: nobody answers at {peer.host}:{peer.port} ({why}); is it running, and the port right?"
            ) from error
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            self._socket = tls.wrap_socket(plain, server_hostname=peer.host) if tls else plain
        except OSError as error:
            plain.close()
            raise UnreachableError(f"{peer}: no TLS connection: {error}") from error
        self._scattered = tls is None
        self.answer_s = answer_s

    @property
    def answer_s(self) -> float:
        """How long an answer may take, and how long the peer may stop reading."""
        return self._answer_s

    @answer_s.setter
    def answer_s(self, seconds: float) -> None:
        self._answer_s = seconds
        self._socket.settimeout(seconds)

    def send(self, buffers: Iterable[bytes | memoryview]) -> None:
        """Send buffers in order, without joining them.

        Raises:
            ResponseTimeout: the peer stopped reading.
            AssociationAborted: the connection broke.
        """
        try:
            if self._scattered:
                self._send_scattered([memoryview(part) for part in buffers])
            else:
                for part in _joined(buffers):
                    self._socket.sendall(part)
        except TimeoutError as error:
            raise ResponseTimeout(f"{self.peer}: stopped reading for {self.answer_s:g} s") from error
        except OSError as error:
            raise AssociationAborted(f"{self.peer}: the connection broke ({error.strerror or error})") from error

    def _send_scattered(self, parts: list[memoryview]) -> None:
        at = 0
        while at < len(parts):
            sent = self._socket.sendmsg(parts[at : at + _BUFFERS_AT_ONCE])
            while at < len(parts) and sent >= len(parts[at]):
                sent -= len(parts[at])
                at += 1
            if sent:
                parts[at] = parts[at][sent:]

    def receive(self) -> bytes:
        """What the peer sent; empty at the end of the stream.

        Raises:
            ResponseTimeout: nothing came in time.
            AssociationAborted: the connection broke.
        """
        try:
            if _QUICKACK is not None:
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            return self._socket.recv(_RECEIVE)
        except TimeoutError as error:
            raise ResponseTimeout(f"{self.peer}: no response within {self.answer_s:g} s") from error
        except OSError as error:
            raise AssociationAborted(f"{self.peer}: the connection broke ({error.strerror or error})") from error

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def _joined(buffers: Iterable[bytes | memoryview]) -> Iterable[bytes]:
    """Small buffers joined up to the size of a TLS record (RFC 8446 5.1): each write becomes a record of its own."""
    pending: list[bytes | memoryview] = []
    size = 0
    for part in chain(buffers, (b"",)):
        pending.append(part)
        size += len(part)
        if size >= 1 << 14 or not part:
            yield b"".join(pending)
            pending, size = [], 0
