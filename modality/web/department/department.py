"""The department's peers, started and stopped together, and the faults that are set while they run."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from modality.errors import MissingExtraError, UnknownNameError, UsageError
from modality.registry import unknown
from modality.simulated.archive import SimulatedArchive
from modality.simulated.archive.commitment import Way
from modality.simulated.dicomweb.web import Web
from modality.simulated.faults import Fault
from modality.simulated.fhir import SimulatedFhir
from modality.simulated.peer import SimulatedPeer
from modality.simulated.ris import SimulatedRis

try:
    from modality.simulated.dicomweb.server import WebServer
    from modality.simulated.dicomweb.server import application as web_application
    from modality.simulated.dicomweb.service import PeerService, Transports
    from modality.simulated.upsrs.application import routes
    from modality.web.department.pages import application
except ModuleNotFoundError:
    raise MissingExtraError("the department", "web") from None

if TYPE_CHECKING:
    import ssl

    from starlette.types import ASGIApp

PEERS = ("archive", "ris", "fhir")
"""Whom faults may strike."""


@dataclass(frozen=True, slots=True)
class SetFault:
    """A fault that was set.

    Args:
        number: by which it is cleared.
        peer: whom it strikes: "archive", "ris" or "fhir".
        text: as it was written.
        fault: as the peer keeps it.
    """

    number: int
    peer: str
    text: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the department listens; 0 takes a free port.

    Args:
        archive: DIMSE of the archive.
        ris: DIMSE of the RIS.
        fhir: the FHIR server.
        hl7: HL7 v2 over MLLP of the RIS; None takes none.
    """

    archive: int = 0
    ris: int = 0
    fhir: int = 0
    hl7: int | None = None


@dataclass(frozen=True, slots=True)
class Titles:
    """The AE titles.

    Args:
        archive: the archive's.
        ris: the RIS's.
    """

    archive: str = "ARCHIVE"
    ris: str = "RIS"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept, and what is scheduled.

    Args:
        storage: folder for `archive/`, `performed-steps/` and `fhir/`; None keeps them until `stop`.
        worklist: a TOML file, a data set or a folder of both; None for the shipped department's.
        destinations: AE title to "host:port", of C-MOVE destinations and of whom commitment is reported to.
        commitment: on which association the archive reports: the "same", an "other", or "never".
    """

    storage: Path | None = None
    worklist: Path | None = None
    destinations: Mapping[str, str] = field(default_factory=dict)
    commitment: Way = "same"


class Department:
    """An archive (DIMSE and DICOMweb), a RIS (DIMSE and UPS-RS), a FHIR server, and the page; up when `start` returns.

    Args:
        host: the interface that all listen on.
        ports: where.
        titles: under which AE titles.
        keeping: what is kept and scheduled.
        web: where DICOMweb and the page are, who is let in, and what secures it; the FHIR server lets in the same.
        page: there is a page.
        hl7_tls: what secures HL7 (`modality.network.upper_layer.tls.server_context`); None for nothing.
        faults: what goes wrong from the start: peer ("archive", "ris" or "fhir") and text.

    Raises:
        UsageError: a fault, a port or a file cannot be.
        MissingExtraError: what serves the web or FHIR is not installed.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        ports: Ports | None = None,
        titles: Titles | None = None,
        keeping: Keeping | None = None,
        web: Web | None = None,
        page: bool = True,
        hl7_tls: ssl.SSLContext | None = None,
        faults: Iterable[tuple[str, str]] = (),
    ) -> None:
        ports, titles, keeping = ports or Ports(), titles or Titles(), keeping or Keeping()
        self.host, self.web, self.page = host, web or Web(), page
        below = {
            name: keeping.storage / name if keeping.storage else None for name in ("archive", "performed-steps", "fhir")
        }
        self.archive = SimulatedArchive(
            below["archive"], aet=titles.archive, host=host, port=ports.archive, destinations=keeping.destinations,
            commitment=keeping.commitment,
        )  # fmt: skip
        self.ris = SimulatedRis(
            keeping.worklist, aet=titles.ris, host=host, port=ports.ris, storage=below["performed-steps"],
            hl7_port=ports.hl7, hl7_tls=hl7_tls,
        )  # fmt: skip
        self.fhir = SimulatedFhir(
            below["fhir"], host=host, port=ports.fhir, tokens=self.web.tokens, users=self.web.users,
            certificate=self.web.certificate, key=self.web.key, client_ca=self.web.client_ca,
        )  # fmt: skip
        self.server = WebServer(self.archive, self.web, self._served)
        self._numbers = itertools.count(1)
        self._faults: dict[int, SetFault] = {}
        self._lock = threading.Lock()
        self._running = ExitStack()
        for peer, text in faults:
            self.set_fault(peer, text)

    def __enter__(self) -> Department:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all of them, or none.

        Raises:
            UsageError: what is kept or the certificate cannot be used, or a port cannot be had.
        """
        with ExitStack() as started:
            for one in (self.archive, self.ris, self.fhir, self.server):
                started.callback(one.stop)  # what did not start is harmless to stop
                try:
                    one.start()
                except OSError as error:
                    where = f"{self.host}:{one.port}"
                    raise UsageError(f"cannot listen on {where}: {error.strerror or error}") from error
            self._running = started.pop_all()

    def stop(self) -> None:
        """Stop all of them; harmless when not started."""
        self._running.close()

    def _served(self, transports: Transports) -> ASGIApp:
        """DICOMweb of the archive, UPS-RS of the RIS, and the page, all on one port."""
        workitems = routes(self.ris, PeerService(self.ris, self.web, transports))
        page = application(self) if self.page else None
        return web_application(self.archive, self.web, transports, page, workitems)

    @property
    def port(self) -> int:
        """The port of the archive's DIMSE."""
        return self.archive.port

    @property
    def address(self) -> str:
        """The archive's address over DIMSE."""
        return self.archive.address

    @property
    def web_address(self) -> str:
        """The root of DICOMweb."""
        return self.server.address

    @property
    def page_address(self) -> str:
        """Where the page is; empty when there is none."""
        return self.web_address.rpartition("/")[0] + "/" if self.page else ""

    @property
    def faults(self) -> list[SetFault]:
        """The faults that are set, the oldest first."""
        with self._lock:
            return list(self._faults.values())

    def struck(self, one: SetFault) -> int:
        """How often a fault has struck."""
        faults = self.fhir.faults if one.peer == "fhir" else self._peer(one.peer).listener.faults
        return faults.struck(one.fault)

    def set_fault(self, peer: str, text: str) -> SetFault:
        """Let something go wrong from now on.

        Args:
            peer: "archive", "ris" or "fhir".
            text: the fault, as `modality serve --fault` of that peer takes it.

        Raises:
            UnknownNameError: there is no such peer, or a name in the text is unknown.
            UsageError: the text is no fault of this peer.
        """
        if peer == "fhir":
            fault = self.fhir.faults.add(Fault.of_fhir(text))
        else:
            fault = self._peer(peer).listener.add_fault(text)
        with self._lock:
            made = SetFault(next(self._numbers), peer, text, fault)
            self._faults[made.number] = made
        return made

    def clear_fault(self, number: int) -> bool:
        """Let a fault strike no more; false when it is not set."""
        with self._lock:
            gone = self._faults.pop(number, None)
        if gone and gone.peer == "fhir":
            self.fhir.faults.remove(gone.fault)
        elif gone:
            self._peer(gone.peer).listener.remove_fault(gone.fault)
        return gone is not None

    def _peer(self, name: str) -> SimulatedPeer:
        peers: dict[str, SimulatedPeer] = {"archive": self.archive, "ris": self.ris}
        if name not in peers:
            raise UnknownNameError(unknown("peer", name, list(PEERS)))
        return peers[name]
