"""A FHIR server to embed: uvicorn in a thread, up when `start` returns and gone when `stop` does."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from modality.errors import MissingExtraError, UsageError
from modality.fhir.datatypes import Resource
from modality.fhir.ucum import is_unit
from modality.simulated.dicomweb.web import Web
from modality.simulated.fault_text import FHIR_MAIN, FHIR_SERVICES
from modality.simulated.faults import Fault, Faults
from modality.simulated.fhir.store import Store, UtcClock, utc_now

_BACKLOG = 128
_GRACE_S = 1
_POLL_S = 0.005


class SimulatedFhir:
    """A FHIR R4 server on a loopback port; a context manager that starts and stops.

    Args:
        storage: folder that keeps what is taken; None for memory alone.
        host: the interface to listen on.
        port: the port; 0 takes a free one.
        tokens: bearer tokens, each of which lets in (RFC 6750); without any, everybody is let in.
        certificate: PEM file of the server's certificate, which makes it https.
        key: PEM file of its private key; by default it stands in the certificate's file.
        users: passcode by user name, each let in by basic authentication (RFC 7617), beside who has a token.
        client_ca: PEM file of the authorities whose client certificates are let in; others are then not.
        patience_s: how long a connection may say nothing, or next to nothing, before it is closed.
        connections: that are open at a time; those beyond are closed at once.
        clock: gives the time of each change, with its zone.
        faults: what goes wrong, each a `Fault` or its text (see `Fault.of_fhir`); also with who would not be let in.

    Raises:
        MissingExtraError: what serves or validates is not installed.
        UsageError: there is a key without a certificate.
    """

    def __init__(
        self,
        storage: Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tokens: Sequence[str] = (),
        certificate: Path | None = None,
        key: Path | None = None,
        users: Mapping[str, str] | None = None,
        client_ca: Path | None = None,
        patience_s: float = 30.0,
        connections: int = 256,
        clock: UtcClock = utc_now,
        faults: Iterable[Fault | str] = (),
    ) -> None:
        try:
            import uvicorn

            from modality.simulated import faulty
            from modality.simulated.dicomweb.access import Access
            from modality.simulated.fhir import application, service
            from modality.simulated.patience import patient
        except ModuleNotFoundError:
            raise MissingExtraError("the FHIR server", "fhir") from None
        if key and not certificate:
            raise UsageError(f"{key}: a private key needs its certificate beside it")
        self._uvicorn, self._application, self._service, self._guarded = uvicorn, application, service, Access
        self._faulty = faulty
        self.host = host
        self._asked_port = port
        self._storage, self._tokens, self._clock = storage, tuple(tokens), clock
        self._certificate, self._key = certificate, key
        self._protocol = patient(patience_s, connections)
        self._access = Web(users=users or {}, tokens=self._tokens, certificate=certificate, client_ca=client_ca)
        self.faults = Faults(
            [Fault.of_fhir(one) if isinstance(one, str) else one for one in faults], FHIR_SERVICES, FHIR_MAIN
        )
        """What goes wrong."""
        self.store: Store | None = None
        self._socket: socket.socket | None = None
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> SimulatedFhir:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on; the one asked for while it does not."""
        return int(self._socket.getsockname()[1]) if self._socket else self._asked_port

    @property
    def address(self) -> str:
        """The service root."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://{shown}:{self.port}{self._application.ROOT}"

    def resources(self, kind: str = "") -> list[Resource]:
        """What is kept, oldest first; of one type if named. Nothing while it is stopped."""
        return [one for one in self.store or () if kind in ("", one["resourceType"])]

    def start(self) -> None:
        """Open what it keeps, and listen; requests are answered when this returns. Harmless when started.

        Raises:
            UsageError: the folder or the certificate cannot be used.
            OSError: the port cannot be had.
        """
        if self._server:
            return
        is_unit("1")  # the grammar takes a second to load: not in the first request
        try:
            self.store = Store(self._storage, self._clock)
            service = self._service.Service(self.store, secured=bool(self._tokens or self._access.users))
            application: Any = self._application.application(service, self._tokens)
            if self._access.users:  # then this asks for a user or a token, and nobody else has to
                application = self._guarded(self._application.application(service), self._access)
            transports: dict[tuple[str, int] | None, Any] = {}
            struck = self._faulty.fhir_service, self._application.ROOT, transports
            application = self._faulty.Faulty(application, self.faults, *struck)
            config = self._config(application, self._faulty.keeping(transports, self._protocol))
            self._socket = _listening(self.host, self._asked_port)
            self._server = self._uvicorn.Server(config)
            run = self._server.run
            self._thread = threading.Thread(target=run, args=([self._socket],), name="fhir", daemon=True)
            self._thread.start()
            while not self._server.started and self._thread.is_alive():
                self._thread.join(_POLL_S)
        except BaseException:
            self.stop()
            raise

    def _config(self, application: Any, protocol: Any) -> Any:
        config = self._uvicorn.Config(
            application,
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # a query holds identifiers of patients
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
            ssl_certfile=self._certificate,
            ssl_keyfile=self._key,
            ssl_ca_certs=str(self._access.client_ca) if self._access.client_ca else None,
            ssl_cert_reqs=ssl.CERT_REQUIRED if self._access.client_ca else ssl.CERT_NONE,
        )
        try:
            config.load()
        except OSError as error:  # ssl.SSLError is one
            raise UsageError(f"{self._certificate}: certificate or key cannot be used: {error}") from error
        if config.ssl is not None:
            config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
        return config

    def stop(self) -> None:
        """End connections and thread, and close what it keeps; harmless when not started."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
        if self._socket:
            self._socket.close()
        if self.store is not None:  # an empty one is falsy
            self.store.close()
        self._server = self._thread = self._socket = self.store = None


def _listening(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
