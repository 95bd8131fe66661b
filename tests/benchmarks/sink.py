"""A receiver that counts bytes and answers: as fast as a loopback socket is."""

from __future__ import annotations

import multiprocessing
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from modality.network.address import DicomAddress
from modality.protocol.upper_layer.pdu import fragments
from tests.network.scripted import RELEASE_RP, acceptance

SINK_PDU = 131072
_C_STORE_RSP, _NO_DATA_SET = 0x8001, 0x0101


@contextmanager
def sink(sizes: Sequence[int], *, associates: bool) -> Iterator[DicomAddress]:
    """Runs one, in a process of its own, for one connection.

    Args:
        sizes: so many bytes make up each message; each is answered with C-STORE-RSP, success.
        associates: an association is accepted before, and released after.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = multiprocessing.get_context("fork").Process(target=_swallow, args=(listener, sizes, associates))
        process.start()
        try:
            yield DicomAddress("127.0.0.1", listener.getsockname()[1], "SINK")
        finally:
            process.join(10)
            process.kill()


def _swallow(listener: socket.socket, sizes: Sequence[int], associates: bool) -> None:
    connection, _ = listener.accept()
    buffer = bytearray(1 << 20)
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if associates:
            connection.sendall(acceptance(connection, max_pdu=SINK_PDU))
        for number, size in enumerate(sizes):
            left = size
            while left:
                left -= connection.recv_into(buffer, min(left, len(buffer)))
            connection.sendall(_response(number % 65535 + 1))
        if associates:
            connection.recv(1 << 12)
            connection.sendall(RELEASE_RP)


def _response(message_id: int) -> bytes:
    elements = ((0x0100, _C_STORE_RSP), (0x0120, message_id), (0x0800, _NO_DATA_SET), (0x0900, 0))
    encoded = b"".join(struct.pack("<HHIH", 0, element, 2, value) for element, value in elements)
    return b"".join(fragments(1, encoded, (), 0))
