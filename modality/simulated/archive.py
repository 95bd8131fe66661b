"""An archive to embed: stores, answers queries, gives back and commits, on a port of its own (PS3.4 B, C, J)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import cast

from pydicom.dataset import Dataset
from pydicom.uid import (
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom import evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext, build_context
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined]

from modality.protocol.upper_layer.command import succeeded
from modality.simulated import header, queries
from modality.simulated.commitment import Commitment, Way
from modality.simulated.events import EventLog, Happening
from modality.simulated.faults import Fault, Faults
from modality.simulated.index import Index, StoredInstance
from modality.simulated.listener import Handler, Listener, answer, calling
from modality.simulated.retrieval import Retrieval
from modality.simulated.storage import InstanceFiles

# pydicom's table lacks these two: PS3.6 Table A-1, and JPEG XL of supplement 232.
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
JPEG_XL = ("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112")
_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
# Real-time video of PS3.22 travels by RTP, not in a C-STORE.
_STREAMED = "1.2.840.10008.1.2.7."


def all_transfer_syntaxes() -> tuple[str, ...]:
    """Every syntax in which an instance can be stored, the plain ones first."""
    others = [str(syntax) for syntax in AllTransferSyntaxes if syntax not in _PLAIN]
    stored = [syntax for syntax in others if not syntax.startswith(_STREAMED)]
    return (*map(str, _PLAIN), *stored, ENCAPSULATED_UNCOMPRESSED, *JPEG_XL)


class SimulatedArchive:
    """An archive on a loopback port, up when `start` returns.

    Args:
        storage: folder that keeps files and index over restarts; None keeps them until `stop`.
        aet: its AE title.
        host: the interface to listen on.
        port: the port; 0 takes a free one.
        faults: what goes wrong, each a `Fault` or its text ("status=A700,every=10").
        destinations: AE title to "host:port", of C-MOVE destinations and of whom commitment is reported to.
        transfer_syntaxes: UIDs of the syntaxes it stores, the preferred one first; None for all.
        commitment: on which association it reports: the "same", an "other", or "never".
        commitment_delay_s: how long it takes to commit.
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
    ) -> None:
        self.aet = aet
        self.host = host
        self.events = EventLog()
        self.destinations = dict(destinations or {})
        self._storage = storage
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: InstanceFiles | None = None
        self._index: Index | None = None
        self._commitment = Commitment(self, commitment, commitment_delay_s)
        self._retrieval = Retrieval(self)
        handlers: list[Handler] = [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_FIND, self._retrieval.find),
            (evt.EVT_C_GET, self._retrieval.get),
            (evt.EVT_C_MOVE, self._retrieval.move),
            *self._commitment.handlers,
        ]
        self.listener = Listener(
            aet,
            host,
            port,
            contexts=_contexts(transfer_syntaxes or all_transfer_syntaxes()),
            handlers=handlers,
            faults=Faults(faults),
            log=self.events,
        )

    def __enter__(self) -> SimulatedArchive:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the storage and listen.

        Raises:
            OSError: the folder cannot be written, or the port cannot be had.
        """
        if self._index:
            return
        if self._storage is None:
            self._folder = tempfile.TemporaryDirectory(prefix="modality-archive-")
        folder = self._storage or Path(self._folder.name if self._folder else "")
        self._files = InstanceFiles(folder)
        self._index = Index(folder / "index.sqlite")
        try:
            self.listener.start()
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """End associations and threads, and close the storage; harmless when not started."""
        self.listener.stop()
        self._commitment.stop()
        if self._index:
            self._index.close()
        self._index = self._files = None
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.listener.port

    @property
    def address(self) -> str:
        """How others reach it: ``dicom://AET@host:port``."""
        return f"dicom://{self.aet}@{self.host}:{self.port}"

    @property
    def index(self) -> Index:
        """What it keeps.

        Raises:
            RuntimeError: the archive is not started.
        """
        if self._index is None:
            raise RuntimeError("the archive is not started")
        return self._index

    @property
    def studies(self) -> list[str]:
        """Study Instance UIDs of what it keeps, in the order in which they came."""
        return self.index.studies()

    def instances(self, study_uid: str | None = None) -> list[StoredInstance]:
        """What it keeps, of one study or of all, in the order in which it came."""
        return self.index.instances({"StudyInstanceUID": [study_uid]} if study_uid else {})

    def keep(self, part_10: bytes, transfer_syntax_uid: str) -> StoredInstance:
        """Keep an instance, as a C-STORE of the same bytes would.

        Args:
            part_10: the instance as a Part 10 file.
            transfer_syntax_uid: the syntax of its data set.

        Raises:
            UnreadableDataset: it is no data set, or lacks the UIDs that it is filed by.
            OSError: it cannot be written.
        """
        return self._keep(part_10, transfer_syntax_uid, header.read(part_10))

    def _keep(self, part_10: bytes, transfer_syntax_uid: str, attributes: dict[str, str]) -> StoredInstance:
        uids = [attributes[key] for key in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
        if self._files is None:
            raise RuntimeError("the archive is not started")
        try:
            path = self._files.path(*uids)
        except ValueError as error:
            raise header.UnreadableDataset(str(error)) from error
        stored = StoredInstance(attributes["SOPClassUID"], uids[2], transfer_syntax_uid, uids[0], uids[1], path)
        self._files.put(path, part_10)
        self.index.put(stored, attributes)
        return stored

    def _store(self, event: Event) -> int | Dataset:
        uid = str(cast(C_STORE, event.request).AffectedSOPInstanceUID)
        fault = self.listener.apply(event, "store")
        status, comment = self._stored(event, fault)
        self.events.write(Happening("C-STORE", calling(event), status, uid, comment))
        return answer(status, comment)

    def _stored(self, event: Event, fault: Fault) -> tuple[int, str]:
        """Status of a C-STORE and why (PS3.4 B.2.3)."""
        if fault.status is not None and not succeeded(fault.status):
            return fault.status, "refused as asked"
        status, comment = fault.status or 0x0000, ""
        if fault.lose:
            return status, comment
        if fault.coerce:
            status = fault.status or 0xB000
            comment = f"coerced {', '.join(keyword for keyword, _ in fault.coerce)}"
        request = cast(C_STORE, event.request)
        part_10 = event.encoded_dataset()
        try:
            attributes = header.read(part_10)
            commanded = (request.AffectedSOPClassUID, request.AffectedSOPInstanceUID)
            if (attributes["SOPClassUID"], attributes["SOPInstanceUID"]) != commanded:
                return 0xA900, "SOP Class or Instance UID differs from the command's"
            if fault.coerce:
                part_10 = header.coerced(part_10, fault.coerce)
                attributes = header.read(part_10)
            self._keep(part_10, str(event.context.transfer_syntax), attributes)
        except header.UnreadableDataset as error:
            return 0xC000, str(error)
        except OSError as error:
            return 0xA700, str(error)
        return status, comment


def _contexts(transfer_syntaxes: Sequence[str]) -> list[PresentationContext]:
    # Each syntax is checked once, not once for each of the 170 classes: that alone would take the time to start.
    template = build_context(StorageCommitmentPushModel, list(transfer_syntaxes))
    # C-GET sends on the requestor's own association, by role selection (PS3.4 C.5.3).
    template.scu_role = template.scp_role = True
    contexts = []
    for storage in AllStoragePresentationContexts:
        context = copy(template)
        context.abstract_syntax = storage.abstract_syntax
        contexts.append(context)
    others = (*queries.FIND, *queries.GET, *queries.MOVE, StorageCommitmentPushModel)
    return [*contexts, *(build_context(sop_class, list(map(str, _PLAIN))) for sop_class in others)]
