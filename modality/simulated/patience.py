"""HTTP connections that cost little: those that say nothing, drip, or do not read are closed, and those too many."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_LOGGER = logging.getLogger(__name__)
# Our choice: a hospital's slowest line brings a hundred times as much.
_LEAST_BYTES_PER_S = 100


class PatientProtocol(H11Protocol):
    """HTTP/1.1 of uvicorn's, which itself waits for a request, and for the rest of one, without end.

    A connection is looked at again and again. It is closed when no request has come whole in its head since the last
    look, when hardly any of a body has come that is waited for, or when nothing was read of an answer that is sent.
    """

    patience_s: float
    most: int

    def connection_made(self, transport: Any) -> None:
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        self.logger = _LOGGER
        self._came = self._unread = 0
        self._held = False
        self._request: Any = None
        self._looking = self.loop.call_later(self.patience_s, self._look)
        if len(self.connections) > self.most:
            _LOGGER.warning("HTTP: more than %d connections; one is closed", self.most)
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        self._came += len(data)
        super().data_received(data)
        self._held = self._held or self.flow.read_paused

    def handle_websocket_upgrade(self, event: Any) -> None:
        """Leave the connection to another protocol, which pings."""
        self._looking.cancel()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        self._looking.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        if reason := self._stuck():
            _LOGGER.warning("HTTP: a connection is closed: %s", reason)
            self.transport.abort()
            return
        self._came, self._held, self._request = 0, self.flow.read_paused, self.cycle
        self._unread = self.transport.get_write_buffer_size()
        self._looking = self.loop.call_later(self.patience_s, self._look)

    def _stuck(self) -> str:
        """Why a connection is worth no more patience; empty where it is."""
        state = self.conn.their_state
        if state is h11.IDLE and self.cycle is self._request:
            return f"no request came within {self.patience_s:g} s"
        # What we ourselves do not take, since an instance is being written, is not the other side's fault.
        if state is h11.SEND_BODY and not self._held and self._came < _LEAST_BYTES_PER_S * self.patience_s:
            return f"{self._came} bytes of a request came within {self.patience_s:g} s"
        if self._unread and self.transport.get_write_buffer_size() >= self._unread and self.flow.write_paused:
            return f"nothing of an answer was read within {self.patience_s:g} s"
        return ""


def patient(patience_s: float, most: int) -> type[asyncio.Protocol]:
    """The protocol with its limits.

    Args:
        patience_s: seconds between two looks.
        most: connections at a time; those beyond are closed at once.
    """
    return type("Patient", (PatientProtocol,), {"patience_s": patience_s, "most": most})
