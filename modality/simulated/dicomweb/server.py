"""The web server of an archive or a RIS: uvicorn in a thread, up when `start` returns and gone when `stop` does."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from modality.errors import MissingExtraError, UsageError
from modality.simulated.dicomweb.web import ROOT, Web

try:
    import uvicorn
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    from modality.simulated.dicomweb.application import application
    from modality.simulated.dicomweb.service import Transports
    from modality.simulated.patience import PatientProtocol
except ModuleNotFoundError:
    raise MissingExtraError("a web server", "web") from None

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from modality.simulated.peer import SimulatedPeer

__all__ = ["WebServer", "application"]

_BACKLOG = 128
_GRACE_S = 1
_POLL_S = 0.005


class WebServer:
    """The web service of a peer, on a port of its own.

    Args:
        peer: whose it is; it listens on the same interface.
        web: where, and who is let in.
        make: makes what is served, given the open connections, which are kept here.
    """

    def __init__(self, peer: SimulatedPeer, web: Web, make: Callable[[Transports], ASGIApp]) -> None:
        self._peer = peer
        self._make = make
        self.web = web
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port listened on; the one asked for while not started."""
        return int(self._socket.getsockname()[1]) if self._socket else self.web.port

    @property
    def address(self) -> str:
        """The service root."""
        host = self._peer.host
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.web.certificate else 'http'}://{shown}:{self.port}{ROOT}"

    def start(self) -> None:
        """Listen; requests are answered when this returns.

        Raises:
            UsageError: the port cannot be had, or the certificate cannot be used.
        """
        transports: Transports = {}
        self._peer.listener.stopping.clear()
        config = uvicorn.Config(
            self._make(transports),
            http=_protocol(transports, self.web),
            ws=WebSocketsSansIOProtocol,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
            ssl_certfile=self.web.certificate,
            ssl_keyfile=self.web.key,
            ssl_ca_certs=str(self.web.client_ca) if self.web.client_ca else None,
            ssl_cert_reqs=ssl.CERT_REQUIRED if self.web.client_ca else ssl.CERT_NONE,
        )
        try:
            config.load()
        except OSError as error:  # ssl.SSLError is one
            where = self.web.certificate
            raise UsageError(f"{where}: certificate, key or authorities cannot be used: {error}") from error
        if config.ssl is not None:
            config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
        self._socket = _listening(self._peer.host, self.web.port)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="dicomweb", daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(_POLL_S)

    def stop(self) -> None:
        """End connections, thread and socket; harmless when not started."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
        if self._socket:
            self._socket.close()
        self._server = self._thread = self._socket = None


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise UsageError(f"cannot listen on {host}:{port} for the web: {error.strerror or error}") from error
    return listening


def _protocol(transports: Transports, web: Web) -> type[asyncio.Protocol]:
    """HTTP/1.1 that keeps each connection's transport, so that a fault can break it off without an answer."""

    class Protocol(PatientProtocol):
        patience_s, most = web.patience_s, web.connections

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transports[self.client] = transport

        def handle_websocket_upgrade(self, event: Any) -> None:
            transports.pop(self.client, None)  # another protocol has it from here on
            super().handle_websocket_upgrade(event)

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.client, None)
            super().connection_lost(exc)

    return Protocol
