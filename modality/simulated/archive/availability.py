"""The archive tells others what can be had from it, when what stored has ended (PS3.4 annex R).

When to notify is left to the archive (PS3.4 R.3.2.1.2); the end of an association, or of a request of STOW-RS, is our
choice.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pydicom
from pynetdicom import evt
from pynetdicom.events import Event

from modality.errors import ModalityError, StatusError
from modality.identity import fresh_uid
from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.local import Local, Timeouts
from modality.protocol.availability import INSTANCE_AVAILABILITY, notification
from modality.protocol.negotiation import FALLBACKS
from modality.simulated.events import Happening
from modality.simulated.listener import Handler

if TYPE_CHECKING:
    from modality.simulated.archive.archive import SimulatedArchive
    from modality.simulated.archive.index import StoredInstance

_PATIENCE = Timeouts(5.0, 5.0, 10.0)


class Availability:
    """Notifies of what was stored, in a thread of its own.

    Args:
        archive: whose instances.
        addresses: who is told; nobody when empty.
    """

    def __init__(self, archive: SimulatedArchive, addresses: Sequence[DicomAddress]) -> None:
        self._archive, self._addresses = archive, addresses
        self._stored: dict[int, list[str]] = {}
        self._lock = threading.Lock()
        self._due: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def handlers(self) -> list[Handler]:
        """What it listens to."""
        return [(evt.EVT_CONN_CLOSE, self._closed)] if self._addresses else []

    def stored(self, event: Event, uid: str) -> None:
        """An instance was stored on an association."""
        if self._addresses:
            with self._lock:
                self._stored.setdefault(id(event.assoc), []).append(uid)

    def stop(self) -> None:
        """Tell what is due, and end; harmless when nothing was."""
        if self._thread:
            self._due.put(None)
            self._thread.join()
            self._thread = None

    def _closed(self, event: Event) -> None:
        with self._lock:
            uids = self._stored.pop(id(event.assoc), [])
        self.tell(uids)

    def tell(self, uids: list[str]) -> None:
        """Instances were stored, and those that stored them are done: tell of them soon."""
        if not (uids and self._addresses):
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="availability", daemon=True)
                self._thread.start()
        self._due.put(uids)

    def _work(self) -> None:
        while (uids := self._due.get()) is not None:
            together: dict[tuple[str, str], dict[str, list[tuple[str, str]]]] = {}
            for one in self._archive.index.instances({"SOPInstanceUID": uids}):
                series = together.setdefault((one.study_uid, _performed_step(one)), {})
                series.setdefault(one.series_uid, []).append((one.sop_class_uid, one.sop_instance_uid))
            for (study_uid, step_uid), series in together.items():
                for address in self._addresses:
                    self._tell(address, study_uid, step_uid, series)

    def _tell(
        self, address: DicomAddress, study_uid: str, step_uid: str, series: dict[str, list[tuple[str, str]]]
    ) -> None:
        attributes = notification(study_uid, series, self._archive.aet, step_uid)
        status: int | None = None
        detail = ""
        try:
            contexts = [(INSTANCE_AVAILABILITY, FALLBACKS)]
            with associate(address, contexts, Local(self._archive.aet, _PATIENCE)) as association:
                what = "availability N-CREATE"
                answer, _ = association.request(
                    what, association.raw.send_n_create, attributes, INSTANCE_AVAILABILITY, fresh_uid()
                )
                status = association.checked(what, answer, StatusError)
        except ModalityError as error:
            status, detail = getattr(error, "status", None), str(error)
        self._archive.events.write(Happening("availability", address.aet, status, study_uid, detail))


def _performed_step(stored: StoredInstance) -> str:
    """The performed step that an instance names; empty where it names none."""
    header = pydicom.dcmread(
        stored.path, stop_before_pixels=True, specific_tags=["ReferencedPerformedProcedureStepSequence"]
    )
    steps = header.get("ReferencedPerformedProcedureStepSequence") or []
    return str(steps[0].get("ReferencedSOPInstanceUID") or "") if steps else ""
