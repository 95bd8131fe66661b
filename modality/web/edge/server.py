"""The page's web server: uvicorn in a thread beside the box, which never waits for it and never ends because of it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from modality.edge.page.config import WebConfig
from modality.errors import MissingExtraError, UsageError

try:
    import uvicorn

    from modality.simulated.patience import patient
    from modality.web.edge.pages import Pages
except ModuleNotFoundError:
    raise MissingExtraError("the box's page", "web") from None

if TYPE_CHECKING:
    from modality.edge.gateway import Gateway

_BACKLOG = 32
_CONNECTIONS, _PATIENCE_S = 32, 30.0
_GRACE_S = 1
_AGAIN_S = 5.0
_END_S = 3.0


class PageServer:
    """Serves the page of a box.

    Args:
        gateway: the box; not started yet.
        web: where the page is, and who may see it.
        audit: says how the audit trail does, where there is one.

    Raises:
        UsageError: the certificate cannot be used.
    """

    def __init__(self, gateway: Gateway, web: WebConfig, audit: Callable[[], dict[str, Any]] | None = None) -> None:
        self._web, self._events = web, gateway.events
        self.pages = Pages(gateway, web, audit)
        self._config = self._configured()
        self._server: uvicorn.Server | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self.port = 0
        """Where it listens; 0 as long as it does not."""

    def _configured(self) -> uvicorn.Config:
        config = uvicorn.Config(
            self.pages.application(),
            http=patient(_PATIENCE_S, _CONNECTIONS),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
            ssl_certfile=self._web.certificate,
            ssl_keyfile=self._web.key,
        )
        try:
            config.load()
        except OSError as error:  # ssl.SSLError is one
            raise UsageError(f"{self._web.certificate}: certificate or key cannot be used: {error}") from error
        if config.ssl is not None:
            config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
        return config

    def start(self) -> None:
        """Begin to serve; a port that cannot be had is tried again, and the box works meanwhile."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._end.set()
        if self._server:
            self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_END_S)

    def _run(self) -> None:
        told = ""
        while not self._end.is_set():
            try:
                listening = _listening(self._web.host, self._web.port)
            except OSError as error:
                problem = f"{self._web.address}: cannot listen: {error.strerror or error}"
                if problem != told:
                    self._events.tell("fault", "page", problem)
                told = problem
                self._end.wait(_AGAIN_S)
                continue
            told = ""
            with listening:
                self._serve(listening)

    def _serve(self, listening: socket.socket) -> None:
        self.port = int(listening.getsockname()[1])
        shown = self._web.address.rpartition(":")[0]
        self._events.tell("page", "page", f"{shown}:{self.port}/")
        self._server = uvicorn.Server(self._config)
        try:
            if not self._end.is_set():
                self._server.run([listening])
        except Exception as error:  # noqa: BLE001 - the page's fault must not end the box
            self._events.tell("fault", "page", f"{type(error).__name__}: {error}")
            self._end.wait(_AGAIN_S)
        finally:
            self.port = 0


def _listening(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        OSError: the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
