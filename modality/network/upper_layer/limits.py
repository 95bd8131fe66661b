"""What a peer may cost that opens a connection to us: bytes, connections, and time."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakSet

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket

from modality.protocol.upper_layer.pdu import LARGEST_PDU

HEADER = 6
"""Bytes before the variable field of a PDU (PS3.8 9.3.1)."""
_RECEIVE = 1 << 16
_ABORTED = "Sta13"  # awaiting that the peer closes the connection (PS3.8 Table 9-5)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one listener; the numbers are our choice.

    Args:
        largest_pdu: bytes of the variable field of a PDU, whatever was negotiated.
        largest_message: bytes of a message that is held in memory: of its command set, and of its data set where that
            goes into no file. 100,000 references to instances take 13 MB.
        waiting: requests of an association that have come and are not answered yet.
        connections: that are open at a time; those beyond are closed at once.
        pdu_s: seconds that a PDU may take from its first byte to its last, and that the peer may stop reading.
        idle_s: seconds that an association may go without a PDU.
    """

    largest_pdu: int = LARGEST_PDU
    largest_message: int = 16 << 20
    waiting: int = 16
    connections: int = 200
    pdu_s: float = 30.0
    idle_s: float = 600.0


class Connections:
    """The connections that are open.

    Args:
        most: how many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: WeakSet[socket.socket] = WeakSet()

    def take(self, connection: socket.socket) -> bool:
        """Count one more, unless there are too many."""
        if len(self._open) >= self._most:  # only then is it worth a look at each
            self._open = WeakSet(one for one in self._open if one.fileno() >= 0)
        if len(self._open) >= self._most:
            return False
        self._open.add(connection)
        return True


def too_long(data: bytearray, asked: int, largest: int) -> bool:
    """Whether what was read is the header of a PDU that is too long.

    pynetdicom reads it first, and alone; given zeros in its stead, which are no type of PDU, it answers with A-ABORT.
    """
    return asked == len(data) == HEADER and int.from_bytes(data[2:], "big") > largest


def let_go(connection: socket.socket) -> None:
    """Shut down and close; pynetdicom leaves a socket open whose peer was the first to go."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        connection.close()


def limit(association: Association, limits: Limits) -> None:
    """Have an association's socket wait no longer, and take no more, than the limits say."""
    transport: AssociationSocket = association.dul.socket  # type: ignore[assignment]
    connection: socket.socket = transport.socket  # type: ignore[assignment]
    connection.settimeout(limits.pdu_s)  # of sending too
    until, ignored = 0.0, 0

    def receive(nr_bytes: int) -> bytearray:
        """So many bytes; a PDU is read as its header, and then the rest."""
        nonlocal until, ignored
        if association.dul.state_machine.current_state == _ABORTED:  # what still comes is read, that the abort arrives
            ignored += nr_bytes
            if ignored > limits.largest_pdu:
                raise ConnectionAbortedError("the peer sends on after an abort")
        if nr_bytes == HEADER:
            until = time.monotonic() + limits.pdu_s
        data = bytearray()
        while len(data) < nr_bytes:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"a PDU did not come whole within {limits.pdu_s:g} s")
            connection.settimeout(left)
            more = connection.recv(min(nr_bytes - len(data), _RECEIVE))
            if not more:
                break
            data += more
        connection.settimeout(limits.pdu_s)
        return bytearray(HEADER) if too_long(data, nr_bytes, limits.largest_pdu) else data

    transport.recv = receive  # type: ignore[method-assign]
    transport._shutdown_socket = lambda: let_go(connection)  # type: ignore[method-assign]
    # An association over which we send is not idle: a retrieval may take hours, and hears nothing.
    association.bind(evt.EVT_PDU_SENT, lambda event: event.assoc.dul._idle_timer.restart())
