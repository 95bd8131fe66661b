"""A connection opened by us under an association of pynetdicom's: errors keep their cause, and waits their end."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable

from pynetdicom import evt
from pynetdicom._handlers import standard_pdu_recv_handler, standard_pdu_sent_handler
from pynetdicom.association import Association
from pynetdicom.transport import T_CONNECT, AddressInformation

from modality.network.upper_layer.connection import last_word
from modality.network.upper_layer.limits import HEADER, let_go, too_long
from modality.network.upper_layer.reactor import Entity, Reached, mend
from modality.protocol.upper_layer.pdu import LARGEST_PDU


def keep_out_of_the_log(association: Association) -> None:
    """Take away pynetdicom's handlers that write each PDU to the log.

    They write A-ASSOCIATE with passcodes and tickets in clear, and fall over some that are odd.
    """
    association.unbind(evt.EVT_PDU_SENT, standard_pdu_sent_handler)
    association.unbind(evt.EVT_PDU_RECV, standard_pdu_recv_handler)


class AdoptedSocket(Reached):
    """A connected socket as pynetdicom wants it.

    Args:
        association: whose socket it is.
        address: what pynetdicom would bind; not used, since the socket is connected.
        connected: the connected socket.
        patience_s: how long half a PDU may take, and how long the peer may stop reading.
        on_broken: takes the error that ends the connection.
    """

    def __init__(
        self,
        association: Association,
        address: AddressInformation,
        connected: socket.socket,
        patience_s: float,
        on_broken: Callable[[OSError], None],
    ) -> None:
        self._connected, self._patience_s, self._on_broken = connected, patience_s, on_broken
        connected.settimeout(patience_s)
        super().__init__(association, address=address)

    def _create_socket(self, _: AddressInformation) -> socket.socket:
        return self._connected

    def connect(self, primitive: T_CONNECT) -> None:
        """Say that the connection stands."""
        self._is_connected = True
        primitive.result = "Evt2"  # transport connection confirmation (PS3.8 Table 9-10)
        self.provider_queue.put(primitive)
        self._ready.set()

    def _shutdown_socket(self) -> None:
        let_go(self._connected)

    def recv(self, nr_bytes: int) -> bytearray:
        """So many bytes, or fewer at the end of the stream.

        Raises:
            OSError: the connection broke, or the bytes did not come in time.
        """
        data = bytearray()
        until = time.monotonic() + self._patience_s
        try:
            while len(data) < nr_bytes:
                self._connected.settimeout(max(until - time.monotonic(), 0.001))
                more = self._connected.recv(min(nr_bytes - len(data), 1 << 16))
                if not more:
                    break
                data += more
            self._connected.settimeout(self._patience_s)
        except OSError as error:
            self._on_broken(error)
            raise
        return bytearray(HEADER) if too_long(data, nr_bytes, LARGEST_PDU) else data

    def send(self, bytestream: bytes) -> None:
        """Send all of it; a connection that breaks ends the association."""
        try:
            self._connected.sendall(bytestream)
        except OSError as error:
            secured = isinstance(self._connected, ssl.SSLSocket)
            self._on_broken(last_word(self._connected, error) if secured else error)
            self.event_queue.put("Evt17")  # transport connection closed
        else:
            evt.trigger(self.assoc, evt.EVT_DATA_SENT, {"data": bytestream})


class CallingEntity(Entity):
    """An application entity whose association runs over a connection that stands already.

    Args:
        aet: our AE title.
        connected: the connected socket.
        patience_s: how long half a PDU may take, and how long the peer may stop reading.
        on_broken: takes the error that ends the connection.
    """

    def __init__(
        self, aet: str, connected: socket.socket, patience_s: float, on_broken: Callable[[OSError], None]
    ) -> None:
        super().__init__(aet)
        self._connected, self._patience_s, self._on_broken = connected, patience_s, on_broken

    def _create_socket(self, association: Association, address: AddressInformation, _: object) -> AdoptedSocket:
        keep_out_of_the_log(association)
        mend(association)
        return AdoptedSocket(association, address, self._connected, self._patience_s, self._on_broken)
