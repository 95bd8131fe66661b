"""Listening for associations, on pynetdicom's server: up when it returns, and gone at once when it is closed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from typing import Any, cast

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import ThreadedAssociationServer

_POLL_S = 0.02
# How long a peer has to close the connection after an abort.
_PATIENCE_S = 0.5


class _Server(ThreadedAssociationServer):
    """pynetdicom's server with TCP_NODELAY: a response can be two small writes, and Nagle would hold the second."""

    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        client, address = super().get_request()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client, address


class ListeningEntity:
    """An application entity that takes associations.

    Args:
        entity: who listens.
        address: host and port; port 0 takes a free one.
        contexts: what it supports.
        handlers: pynetdicom events and what handles them.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(
        self,
        entity: AE,
        address: tuple[str, int],
        contexts: list[PresentationContext],
        handlers: Sequence[tuple[Any, Any]],
    ) -> None:
        self._entity = entity
        self._server = entity.make_server(
            address,
            contexts=contexts,
            evt_handlers=[*handlers],
            server_class=_Server,
        )
        # AE.start_server would poll twice a second, and closing would take as long; shutdown takes it off this list.
        entity._servers.append(self._server)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name=entity.ae_title)
        self._thread.daemon = True
        self._thread.start()

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """End every association, every thread and the socket."""
        self._server.shutdown()
        self._thread.join()
        for association in self._entity.active_associations:
            end(association)


def end(association: Association) -> None:
    """Abort an association and end its threads, whether its peer closes the connection or not."""
    association.abort(block=False)
    deadline = time.monotonic() + _PATIENCE_S
    while association.dul.state_machine.current_state != "Sta1" and time.monotonic() < deadline:
        time.sleep(0.002)
    if association.dul.socket:
        association.dul.socket.close()
    association.kill()
    cast(Any, association.dul).to_user_queue.put(None)  # wakes one that waits for an A-ASSOCIATE-RQ which never comes
    association.join(_PATIENCE_S)
