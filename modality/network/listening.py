"""Listening for associations, on pynetdicom's server: up when it returns, and gone at once when it is closed.

What a peer sends that is not allowed ends its association with A-ABORT. pynetdicom alone would let some of it end the
thread that reads the connection, with a traceback on stderr and a peer that waits.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import ThreadedAssociationServer

from modality.network.upper_layer.adopted import keep_out_of_the_log
from modality.network.upper_layer.limits import Connections, Limits, limit
from modality.network.upper_layer.reactor import mend

Provider = Callable[[Association], DIMSEServiceProvider]
OnAbort = Callable[[Association, str], None]
"""Told of an association that is aborted for what its peer sent, and why."""

_POLL_S = 0.02
# "Unrecognized or invalid PDU" of the state machine (PS3.8 Table 9-10).
_INVALID_PDU = "Evt19"
# States without an association: idle, no request yet, and aborted (PS3.8 9.2.1, Table 9-10).
_NOTHING_TO_ABORT = frozenset(("Sta1", "Sta2", "Sta13"))
# How long a peer has to close the connection after an abort.
_PATIENCE_S = 0.5


class _Server(ThreadedAssociationServer):
    """pynetdicom's server with TCP_NODELAY: a response can be two small writes, and Nagle would hold the second."""

    daemon_threads = True
    connections: Connections

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        client, address = super().get_request()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client, address

    def verify_request(self, request: Any, _: Any) -> bool:
        """Close a connection at once that is one too many: each costs two threads."""
        return self.connections.take(request)


class CarefulProvider(DIMSEServiceProvider):
    """pynetdicom's DIMSE provider; a message that cannot be understood, or is too long, aborts the association.

    Args:
        association: whose messages they are.
    """

    limits = Limits()

    def __init__(self, association: Association) -> None:
        super().__init__(association)
        self._held = 0

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take the fragments of one P-DATA, one by one: a command and its data set may come in the same."""
        try:
            for context_id, data in primitive.presentation_data_value_list:
                alone: Any = P_DATA()  # whose annotation says tuples, and whose setter wants lists
                alone.presentation_data_value_list = [[context_id, data]]
                self._count(data)
                super().receive_primitive(alone)
                self.fragment_received()
        except Exception:  # noqa: BLE001 - whatever the peer's bytes make pynetdicom raise
            self.dul.event_queue.put(_INVALID_PDU)

    def _count(self, data: bytes) -> None:
        """Raise ValueError where a peer sends more than is held for it."""
        if self.message is None:
            self._held = 0
            if self.msg_queue.qsize() >= self.limits.waiting:
                raise ValueError(f"more than {self.limits.waiting} requests wait")
        if self.message is None or self.message._data_set_file is None or data[0] & 1:
            self._held += len(data)
        if self._held > self.limits.largest_message:
            raise ValueError(f"a message is longer than {self.limits.largest_message} bytes")

    def fragment_received(self) -> None:
        """Called after each fragment; nothing here."""


class ListeningEntity:
    """An application entity that takes associations.

    Args:
        entity: who listens.
        address: host and port; port 0 takes a free one.
        contexts: what it supports.
        handlers: pynetdicom events and what handles them.
        provider: makes the DIMSE provider of each association.
        on_abort: told of each association request that is answered with A-ABORT.
        limits: what a peer may cost.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(
        self,
        entity: AE,
        address: tuple[str, int],
        contexts: list[PresentationContext],
        handlers: Sequence[tuple[Any, Any]],
        *,
        provider: Provider = CarefulProvider,
        on_abort: OnAbort | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        self._entity = entity
        entity.network_timeout = limits.idle_s

        def opened(event: evt.Event) -> None:
            keep_out_of_the_log(event.assoc)
            limit(event.assoc, limits)
            made = provider(event.assoc)
            if isinstance(made, CarefulProvider):
                made.limits = limits
            event.assoc.dimse = made
            mend(event.assoc)
            _check_requests(event.assoc, on_abort)

        self._server = entity.make_server(
            address,
            contexts=contexts,
            evt_handlers=[(evt.EVT_CONN_OPEN, opened), *handlers],
            server_class=_Server,
        )
        cast(_Server, self._server).connections = Connections(limits.connections)
        # AE.start_server would poll twice a second, and closing would take as long; shutdown takes it off this list.
        entity._servers.append(self._server)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name=entity.ae_title)
        self._thread.daemon = True
        self._thread.start()

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._server.server_address[1])

    def on_data(self, handler: Callable[[evt.Event], None], *, wanted: bool) -> None:
        """Call a handler for each piece that comes on associations, those open now included; or call it no more."""
        if wanted:
            self._server.bind(evt.EVT_DATA_RECV, handler)
        else:
            self._server.unbind(evt.EVT_DATA_RECV, handler)

    def close(self) -> None:
        """End every association, every thread and the socket."""
        self._server.shutdown()
        self._thread.join()
        for association in self._entity.active_associations:
            end(association)


def _check_requests(association: Association, on_abort: OnAbort | None) -> None:
    """Have each A-ASSOCIATE-RQ checked where it is decoded: what is raised there, pynetdicom answers with A-ABORT."""
    provider: Any = association.dul
    decode = provider._decode_pdu

    def checked(data: bytearray) -> tuple[Any, str]:
        try:
            pdu, event = decode(data)
            if isinstance(pdu, A_ASSOCIATE_RQ):
                _check(pdu)
        except Exception as error:
            if on_abort:
                on_abort(association, str(error))
            if not association.is_established:
                # Its thread waits for a request, which never comes now; woken any sooner, it would close the connection
                # before the abort goes.
                association.bind(evt.EVT_PDU_SENT, lambda _: provider.to_user_queue.put(None))
            raise
        return pdu, event

    provider._decode_pdu = checked


def _check(request: A_ASSOCIATE_RQ) -> None:
    """Raise ValueError for a request that PS3.8 does not allow (9.3.2.2; 7.1.1.13), or that pynetdicom cannot take."""
    seen: set[int] = set()
    for context in request.presentation_context:
        number = cast(int, context.context_id)
        if number % 2 == 0:
            raise ValueError(f"presentation context ID {number} is even")
        if number in seen:
            raise ValueError(f"presentation context ID {number} stands there twice")
        if not context.transfer_syntax:
            raise ValueError(f"presentation context {number} has no transfer syntax")
        seen.add(number)
    if not seen:
        raise ValueError("no presentation context")
    request.to_primitive()


def abort(association: Association) -> bool:
    """Abort an association without waiting for its end; false where there is nothing to abort, or it was aborted."""
    if association.dul.state_machine.current_state in _NOTHING_TO_ABORT:
        return False
    association.abort(block=False)
    return True


def end(association: Association) -> None:
    """Abort an association and end its threads, whether its peer closes the connection or not."""
    if abort(association):
        deadline = time.monotonic() + _PATIENCE_S
        while association.dul.state_machine.current_state != "Sta1" and time.monotonic() < deadline:
            time.sleep(0.002)
    if association.dul.socket:
        association.dul.socket.close()
    association.kill()
    cast(Any, association.dul).to_user_queue.put(None)  # wakes one that waits for an A-ASSOCIATE-RQ which never comes
    for _ in range(round(_PATIENCE_S / _POLL_S)):
        try:
            association.join(_POLL_S)  # not at one go: a process that was held up so long has given it no turn
        except RuntimeError:  # its connection was taken only now, and its thread is about to begin
            time.sleep(_POLL_S)
    association.dimse.msg_queue.put((None, None))  # wakes who waits for a response over it
