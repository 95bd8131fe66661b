"""An archive to embed: stores, answers queries, gives back and commits, on a port of its own (PS3.4 B, C, J)."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event

from modality.errors import UsageError
from modality.network.address import DicomAddress, parse_dicom
from modality.network.store import DicomArchive
from modality.protocol.upper_layer.command import succeeded
from modality.simulated.archive.availability import Availability
from modality.simulated.archive.commitment import Commitment, Way
from modality.simulated.archive.contexts import all_transfer_syntaxes, supported_contexts
from modality.simulated.archive.filing import Filing
from modality.simulated.archive.index import Index, StoredInstance
from modality.simulated.archive.lock import FolderLock
from modality.simulated.archive.receiving import ReceivingProvider
from modality.simulated.archive.retrieval import Retrieval
from modality.simulated.archive.storage import InstanceFiles
from modality.simulated.dicomweb.web import Web
from modality.simulated.events import Happening
from modality.simulated.fault_text import ARCHIVE_MAIN, ARCHIVE_SERVICES
from modality.simulated.faults import Fault
from modality.simulated.listener import Handler, answer, calling
from modality.simulated.peer import SimulatedPeer
from modality.transfer.destination import Receipt
from modality.transfer.instance import PreparedInstance

if TYPE_CHECKING:
    from modality.simulated.dicomweb.server import WebServer


class SimulatedArchive(SimulatedPeer):
    """An archive on a loopback port, up when `start` returns.

    Args:
        storage: folder that keeps files and index over restarts, of this archive alone; None keeps them until `stop`.
        aet: its AE title.
        host: the interface to listen on.
        port: the port; 0 takes a free one.
        faults: what goes wrong, each a `Fault` or its text ("status=A700,every=10").
        destinations: AE title to "host:port", of C-MOVE destinations and of whom commitment is reported to.
        transfer_syntaxes: UIDs of the syntaxes it stores, the preferred one first; None for all.
        commitment: on which association it reports: the "same", an "other", or "never".
        commitment_delay_s: how long it takes to commit.
        notify: who is told of what was stored, when its association has ended (Instance Availability Notification).
        web: a DICOMweb service over the same store; None for none.
    """

    def __init__(
        self,
        storage: Path | None = None,
        *,
        aet: str = "ARCHIVE",
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Iterable[Fault | str] = (),
        destinations: Mapping[str, str] | None = None,
        transfer_syntaxes: Sequence[str] | None = None,
        commitment: Way = "same",
        commitment_delay_s: float = 0.0,
        notify: Iterable[str | DicomAddress] = (),
        web: Web | None = None,
    ) -> None:
        self.destinations = dict(destinations or {})
        self._storage = storage
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: InstanceFiles | None = None
        self._index: Index | None = None
        self._lock: FolderLock | None = None
        self._web = web
        self._web_server: WebServer | None = None
        self._commitment = Commitment(self, commitment, commitment_delay_s)
        self._retrieval = Retrieval(self)
        told = [parse_dicom(one) if isinstance(one, str) else one for one in notify]
        self._availability = Availability(self, told)
        handlers: list[Handler] = [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_FIND, self._retrieval.find),
            (evt.EVT_C_GET, self._retrieval.get),
            (evt.EVT_C_MOVE, self._retrieval.move),
            *self._commitment.handlers,
            *self._availability.handlers,
        ]
        super().__init__(
            aet,
            host,
            port,
            contexts=supported_contexts(transfer_syntaxes or all_transfer_syntaxes()),
            handlers=handlers,
            faults=faults,
            services=ARCHIVE_SERVICES,
            main_services=ARCHIVE_MAIN,
            provider=lambda association: ReceivingProvider(association, lambda: self.files),
        )

    def _open(self) -> None:
        if self._storage is None:
            self._folder = tempfile.TemporaryDirectory(prefix="modality-archive-")
        folder = self._storage or Path(self._folder.name if self._folder else "")
        self._lock = FolderLock(folder)
        try:
            self._files = InstanceFiles(folder)
            self._index = Index(folder / "index.sqlite")
        except (OSError, sqlite3.Error) as error:
            raise UsageError(f"the storage folder {folder} cannot be used: {error}") from error
        if self._web:
            # Needs an extra.
            from modality.simulated.dicomweb.server import WebServer, application

            web = self._web
            self._web_server = WebServer(self, web, lambda transports: application(self, web, transports))
            self._web_server.start()

    def _close(self) -> None:
        if self._web_server:
            self._web_server.stop()
            self._web_server = None
        self._commitment.stop()
        self._availability.stop()
        if self._index:
            self._index.close()
        if self._files:
            self._files.clear()
        if self._lock:
            self._lock.release()
        self._index = self._files = self._lock = None
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    @property
    def files(self) -> InstanceFiles:
        """Where it keeps them.

        Raises:
            RuntimeError: the archive is not started.
        """
        if self._files is None:
            raise RuntimeError("the archive is not started")
        return self._files

    @property
    def filing(self) -> Filing:
        """What takes instances in.

        Raises:
            RuntimeError: the archive is not started.
        """
        return Filing(self.files, self.index)

    @property
    def web_address(self) -> str:
        """The root of its DICOMweb service.

        Raises:
            RuntimeError: the archive has none, or is not started.
        """
        if self._web_server is None:
            raise RuntimeError("the archive is not started, or has no web server")
        return self._web_server.address

    @property
    def index(self) -> Index:
        """What it keeps.

        Raises:
            RuntimeError: the archive is not started.
        """
        if self._index is None:
            raise RuntimeError("the archive is not started")
        return self._index

    def notify_of(self, uids: list[str]) -> None:
        """Tell whom it concerns of instances that were stored by another road than C-STORE."""
        self._availability.tell(uids)

    @property
    def studies(self) -> list[str]:
        """Study Instance UIDs of what it keeps, in the order in which they came."""
        return self.index.studies()

    def instances(self, study_uid: str | None = None) -> list[StoredInstance]:
        """What it keeps, of one study or of all, in the order in which it came."""
        return self.index.instances({"StudyInstanceUID": [study_uid]} if study_uid else {})

    def store(self, instances: Iterable[PreparedInstance] | PreparedInstance) -> Receipt:
        """Store in it as a modality does, by C-STORE: a study, or any instances.

        Raises:
            UnreachableError: it is not started.
        """
        sent = [instances] if isinstance(instances, PreparedInstance) else instances
        return DicomArchive(DicomAddress(self.host, self.port, self.aet)).store(sent)

    def assert_stored(self, instances: Iterable[PreparedInstance] | PreparedInstance) -> None:
        """That it keeps a study, or any instances, with every element and pixel as they are here.

        Raises:
            AssertionError: the message names each that is missing, and each difference.
        """
        from modality.simulated.expectations import assert_stored

        __tracebackhide__ = True
        assert_stored(self, [instances] if isinstance(instances, PreparedInstance) else instances)

    def _store(self, event: Event) -> int | Dataset:
        uid = str(cast(C_STORE, event.request).AffectedSOPInstanceUID)
        fault = self.listener.apply(event, "store")
        status, comment = self._stored(event, fault)
        if succeeded(status) and not fault.lose:
            self._availability.stored(event, uid)
        self.events.write(Happening("C-STORE", calling(event), status, uid, comment))
        return answer(status, comment)

    def _stored(self, event: Event, fault: Fault) -> tuple[int, str]:
        """Status of a C-STORE and why (PS3.4 B.2.3)."""
        request = cast(C_STORE, event.request)
        with cast(ReceivingProvider, event.assoc.dimse).take(request) as file:
            if fault.status is not None and not succeeded(fault.status):
                return fault.status, "refused as asked"
            if fault.lose:
                return fault.status or 0x0000, ""
            commanded = {
                "SOPClassUID": str(request.AffectedSOPClassUID),
                "SOPInstanceUID": str(request.AffectedSOPInstanceUID),
            }
            filed = self.filing.take(file, fault, commanded, "the command's")
            return filed.status, filed.comment
