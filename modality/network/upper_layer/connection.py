"""A TCP connection tuned for C-STORE: buffers go out as they are, and answers are acknowledged at once."""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING
from weakref import WeakSet

from modality.errors import AssociationAborted, InputError, PeerError, ResponseTimeout, UnreachableError
from modality.network.address import DicomAddress
from modality.transfer.elements import cut_short

if TYPE_CHECKING:
    import ssl

_BUFFERS_AT_ONCE = 512  # under the kernel's IOV_MAX of 1024
_SEND_BUFFER = 4 << 20
_RECEIVE = 1 << 16
_LAST_WORD_S = 0.5
_CUT_SHORT = "the file was cut short while it was being sent"
# How long an answer is looked out for before we sleep: to be woken takes some 40 us, as long as a fast archive needs
# for a small instance. Not with one processor, where a peer of the same machine could not work meanwhile; and not
# beside other connections, whose threads need the interpreter: several associations were slower by it.
_ONE_PROCESSOR = len(os.sched_getaffinity(0)) == 1 if hasattr(os, "sched_getaffinity") else os.cpu_count() == 1
_LOOKOUT_S = 0.0 if _ONE_PROCESSOR else 60e-6
# Linux only, and it does not stick: set before each wait. A peer whose response is two small writes has its second one
# held by Nagle's algorithm until our delayed acknowledgement, 40 ms later.
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
_OPEN: WeakSet[Connection] = WeakSet()


def open_socket(peer: DicomAddress, *, connect_s: float, tls: ssl.SSLContext | None) -> socket.socket:
    """A connected socket for small and large writes alike.

    Args:
        peer: whom to connect to.
        connect_s: how long the connection may take, and the TLS handshake on it.
        tls: secures the connection; only for `dicoms://` addresses.

    Raises:
        UnreachableError: nobody answers.
        HandshakeFailed: somebody answers, and no TLS connection comes of it.
    """
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
        return tls.wrap_socket(plain, server_hostname=peer.host) if tls else plain
    except OSError as error:
        plain.close()
        from modality.network.upper_layer.tls import handshake_failed

        raise handshake_failed(peer, error) from error


def broken(peer: DicomAddress, error: OSError, *, secured: bool) -> PeerError | UnreachableError:
    """What it means that a connection broke."""
    if secured:
        from modality.network.upper_layer.tls import refused_afterwards

        if refused := refused_afterwards(peer, error):
            return refused
    return AssociationAborted(f"{peer}: the connection broke ({error.strerror or error})")


def last_word(connection: socket.socket, error: OSError, unread: list[bytes] | None = None) -> OSError:
    """Why writing to a TLS peer failed: its alert, where one waits to be read, says more than the broken pipe.

    What waits and is no alert goes to `unread`.
    """
    try:
        connection.settimeout(_LAST_WORD_S)
        data = connection.recv(_RECEIVE)
    except OSError as said:
        return error if isinstance(said, TimeoutError) else said
    if unread is not None:
        unread.append(data)
    return error


class Connection:
    """A connection to a peer; `expect` says how long each answer may take.

    Args:
        peer: whom to connect to.
        connect_s: how long the connection may take.
        answer_s: how long the first answer may take.
        tls: secures the connection; only for `dicoms://` addresses.

    Raises:
        UnreachableError: nobody answers, or the TLS handshake fails.
    """

    def __init__(self, peer: DicomAddress, *, connect_s: float, answer_s: float, tls: ssl.SSLContext | None) -> None:
        self.peer = peer
        self._socket = open_socket(peer, connect_s=connect_s, tls=tls)
        _OPEN.add(self)
        self._secured = tls is not None
        self._unread: list[bytes] = []
        self._prompt = True  # the peer's last answer came so soon that it pays to look out for the next
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(self._socket, select.POLLIN)
        self._writable.register(self._socket, select.POLLOUT)
        # We wait ourselves, and only where we must: with a timeout of its own a socket would ask before each call.
        self._socket.setblocking(self._secured)
        self.expect(answer_s)

    def expect(self, answer_s: float) -> None:
        """An answer is due from now on: all of it within so many seconds, however many reads bring it.

        The peer may not stop reading for longer either.
        """
        self.answer_s = answer_s
        self._until = time.monotonic() + answer_s

    def send(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Send buffers in order, without joining them.

        Raises:
            ResponseTimeout: the peer stopped reading.
            AssociationAborted: the connection broke.
            HandshakeFailed: the peer turned our certificate down.
            InputError: a buffer that is a file mapped into memory cannot be read any more.
        """
        try:
            if not self._secured:
                self._send_scattered(buffers)
                return
            self._socket.settimeout(self.answer_s)
            for part in _joined(buffers):
                self._socket.sendall(part)
        except TimeoutError as error:
            raise ResponseTimeout(f"{self.peer}: stopped reading for {self.answer_s:g} s") from error
        except OSError as error:
            if error.errno == errno.EFAULT:  # a page of a mapped file is gone; nothing is wrong with the peer
                raise InputError(_CUT_SHORT) from error
            cause = last_word(self._socket, error, self._unread) if self._secured else error
            raise broken(self.peer, cause, secured=self._secured) from error

    def _send_scattered(self, buffers: Sequence[bytes | memoryview]) -> None:
        for first in range(0, len(buffers), _BUFFERS_AT_ONCE):
            parts = buffers[first : first + _BUFFERS_AT_ONCE]
            left = sum(map(len, parts))
            while left:
                try:
                    sent = self._socket.sendmsg(parts)
                except BlockingIOError:
                    _wait(self._writable, self.answer_s)
                    continue
                left -= sent
                if left:
                    parts = list(_behind(parts, sent))

    def receive(self) -> bytes:
        """What the peer sent; empty at the end of the stream.

        Raises:
            ResponseTimeout: the time for the answer is over.
            AssociationAborted: the connection broke.
            HandshakeFailed: the peer turned our certificate down.
        """
        try:
            if _QUICKACK is not None:
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            began = time.monotonic()
            left = self._until - began
            if self._secured and left > 0:
                self._socket.settimeout(left)
                return self._socket.recv(_RECEIVE)
            if (
                self._prompt
                and left > 0
                and len(_OPEN) == 1
                and (data := self._looked_out(began + _LOOKOUT_S)) is not None
            ):
                return data
            _wait(self._readable, left)
            self._prompt = time.monotonic() - began < 3 * _LOOKOUT_S
            return self._socket.recv(_RECEIVE)
        except TimeoutError as error:
            raise ResponseTimeout(f"{self.peer}: no response within {self.answer_s:g} s") from error
        except OSError as error:
            raise broken(self.peer, error, secured=self._secured) from error

    def _looked_out(self, until: float) -> bytes | None:
        """What the peer sends within a moment, without sleeping; None when nothing came."""
        while time.monotonic() < until:
            try:
                return self._socket.recv(_RECEIVE)
            except BlockingIOError:
                continue
        return None

    def receive_at_once(self) -> bytes | None:
        """What the peer has sent already, as `receive` gives it; None when nothing is there.

        Raises:
            AssociationAborted: the connection broke.
            HandshakeFailed: the peer turned our certificate down.
        """
        if self._unread:
            return self._unread.pop(0)
        try:
            if self._secured:
                self._socket.settimeout(0)
            return self._socket.recv(_RECEIVE)
        except BlockingIOError:
            return None
        except OSError as error:
            if self._secured:
                from ssl import SSLWantReadError

                if isinstance(error, SSLWantReadError):
                    return None
            raise broken(self.peer, error, secured=self._secured) from error

    def close(self) -> None:
        """Close the connection."""
        _OPEN.discard(self)
        self._socket.close()


def _behind(parts: Iterable[bytes | memoryview], sent: int) -> Iterator[memoryview]:
    """What of the buffers has not been sent."""
    for part in parts:
        if sent < len(part):
            yield memoryview(part)[sent:]
        sent = max(sent - len(part), 0)


def _wait(ready: select.poll, most_s: float) -> None:
    """Wait until a socket is ready."""
    if most_s <= 0 or not ready.poll(most_s * 1000.0):
        raise TimeoutError


def _joined(buffers: Iterable[bytes | memoryview]) -> Iterable[bytes]:
    """Small buffers joined up to the size of a TLS record (RFC 8446 5.1): each write becomes a record of its own."""
    pending: list[bytes | memoryview] = []
    size = 0
    for part in chain(buffers, (b"",)):
        if cut_short(part):  # in clear the kernel reads it, and says so
            raise InputError(_CUT_SHORT)
        pending.append(part)
        size += len(part)
        if size >= 1 << 14 or not part:
            yield b"".join(pending)
            pending, size = [], 0
