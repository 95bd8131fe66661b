"""Peers of a few lines, that do to a connection what the test says."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from modality.network.address import DicomAddress

Script = Callable[[socket.socket], None]
ABORT = bytes((0x07, 0, 0, 0, 0, 4, 0, 0, 0, 0))
RELEASE_RP = bytes((0x06, 0, 0, 0, 0, 4, 0, 0, 0, 0))


@contextmanager
def peer(script: Script, *, at_once: bool = False) -> Iterator[DicomAddress]:
    """A listener on loopback that runs the script on each connection, one by one or at once, and then closes it."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def run(connection: socket.socket) -> None:
        try:
            script(connection)
        except OSError:
            pass  # the other side is gone: the test says what should come of it
        finally:
            connection.close()

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            if not at_once:
                run(connection)
                continue
            threads.append(threading.Thread(target=run, args=(connection,)))
            threads[-1].start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield DicomAddress("127.0.0.1", listener.getsockname()[1], "PEER")
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for one in connections:
            with_shutdown(one)
        for one_thread in (thread, *threads):
            one_thread.join(30)
            assert not one_thread.is_alive()


def with_shutdown(connection: socket.socket) -> None:
    """End a connection that a script may still wait on."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


def pdu(connection: socket.socket) -> bytes:
    """The next PDU, whole; empty when the other side has closed."""
    head = _exactly(connection, 6)
    return head + _exactly(connection, struct.unpack(">I", head[2:])[0]) if len(head) == 6 else b""


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            return b""
        data += more
    return data


def item(kind: int, value: bytes) -> bytes:
    """An item of a PDU."""
    return struct.pack(">BBH", kind, 0, len(value)) + value


def accept(connection: socket.socket, *, result: int = 0, user_items: bytes = b"") -> None:
    """Answer A-ASSOCIATE-RQ: each context with this result, in its first transfer syntax (PS3.8 9.3.3)."""
    connection.sendall(acceptance(connection, result=result, user_items=user_items))


def acceptance(connection: socket.socket, *, result: int = 0, user_items: bytes = b"", max_pdu: int = 16384) -> bytes:
    """The answer to the A-ASSOCIATE-RQ that comes, with more items of user information behind the usual ones."""
    request = pdu(connection)
    if request[:1] != b"\x01":
        raise ConnectionError("no A-ASSOCIATE-RQ")
    at, answer = 74, item(0x10, b"1.2.840.10008.3.1.1.1")
    while at < len(request):
        kind, size = request[at], struct.unpack_from(">H", request, at + 2)[0]
        value = request[at + 4 : at + 4 + size]
        if kind == 0x20:
            inner = 4
            while value[inner] != 0x40:
                inner += 4 + struct.unpack_from(">H", value, inner + 2)[0]
            syntax = value[inner + 4 : inner + 4 + struct.unpack_from(">H", value, inner + 2)[0]]
            answer += item(0x21, bytes((value[0], 0, result, 0)) + item(0x40, syntax))
        at += 4 + size
    answer += item(0x50, item(0x51, struct.pack(">I", max_pdu)) + item(0x52, b"1.2.3") + user_items)
    body = request[6:74] + answer
    return struct.pack(">BBI", 2, 0, len(body)) + body


def abort_if(dislikes: Callable[[bytes], bool]) -> Script:
    """Accepts and releases, but aborts at an A-ASSOCIATE-RQ that it dislikes."""

    def script(connection: socket.socket) -> None:
        if dislikes(connection.recv(1 << 16, socket.MSG_PEEK)):
            pdu(connection)
            connection.sendall(ABORT)
            return
        accept(connection)
        if pdu(connection)[:1] == b"\x05":
            connection.sendall(RELEASE_RP)

    return script


def reject(connection: socket.socket, result: int, source: int, reason: int) -> None:
    """Answer A-ASSOCIATE-RQ with A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    pdu(connection)
    connection.sendall(bytes((3, 0, 0, 0, 0, 4, 0, result, source, reason)))
    pdu(connection)


def message(context_id: int, elements: list[tuple[int, bytes]]) -> bytes:
    """A DIMSE message without a data set, as one P-DATA-TF (PS3.7 6.3.1)."""
    body = b"".join(struct.pack("<HHI", 0, element, len(value)) + value for element, value in elements)
    command = struct.pack("<HHII", 0, 0, 4, len(body)) + body
    fragment = struct.pack(">IBB", len(command) + 2, context_id, 0x03) + command
    return struct.pack(">BBI", 4, 0, len(fragment)) + fragment


def response(command: int, message_id: int, status: int | None) -> list[tuple[int, bytes]]:
    """Elements of a response: command field, message ID, no data set, status."""
    elements = [(0x0100, struct.pack("<H", command)), (0x0120, struct.pack("<H", message_id))]
    elements.append((0x0800, struct.pack("<H", 0x0101)))
    return elements if status is None else [*elements, (0x0900, struct.pack("<H", status))]


def whole_message(connection: socket.socket) -> int:
    """Read P-DATA up to the last fragment of the data set; returns the presentation context ID."""
    while True:
        data = pdu(connection)
        if data[:1] != b"\x04":
            raise ConnectionError("no P-DATA-TF")
        at = 6
        while at < len(data):
            size, context_id, flags = struct.unpack_from(">IBB", data, at)
            at += 4 + size
        if flags == 0x02:
            return int(context_id)
