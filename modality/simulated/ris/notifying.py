"""What a RIS sends unasked about performed steps and workitems: in order, each on an association of its own."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pynetdicom import build_role

from modality.network.address import DicomAddress
from modality.simulated.events import EventLog, Happening
from modality.simulated.listener import reachable

if TYPE_CHECKING:
    from modality.simulated.listener import Listener

_SETTLE_S = 3.0  # our choice


@dataclass(frozen=True, slots=True)
class Notice:
    """One N-EVENT-REPORT to send.

    Args:
        to: who is told.
        context_uid: the SOP Class of the presentation context.
        class_uid: the SOP Class that the event names.
        instance_uid: what it is about.
        event_type: Event Type ID.
        information: the event's information; None for none.
    """

    to: DicomAddress
    context_uid: str
    class_uid: str
    instance_uid: str
    event_type: int
    information: Dataset | None = None


class Notifier:
    """Sends notices in a thread of its own, so that no request waits for whom it notifies.

    Args:
        listener: whose AE title and contexts it uses.
        log: where what was sent is written.
    """

    def __init__(self, listener: Listener, log: EventLog) -> None:
        self._listener, self._log = listener, log
        self._notices: queue.SimpleQueue[Notice | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._told = threading.Condition()
        self._due = 0

    def send(self, notice: Notice) -> None:
        """Send a notice soon."""
        with self._lock:  # two associations at a time may have something to tell: the order is that of one thread
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="notifier", daemon=True)
                self._thread.start()
        with self._told:
            self._due += 1
        self._notices.put(notice)

    def settle(self) -> None:
        """Wait a while until what is due has been told: where the listener stops, our associations end too."""
        with self._told:
            self._told.wait_for(lambda: not self._due, _SETTLE_S)

    def stop(self) -> None:
        """Send what is due, and end; harmless when nothing was sent."""
        if self._thread:
            self._notices.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (notice := self._notices.get()) is not None:
            status, detail = self._sent(notice)
            self._log.write(Happening("N-EVENT-REPORT", notice.to.aet, status, notice.instance_uid, detail))
            with self._told:
                self._due -= 1
                self._told.notify_all()

    def _sent(self, notice: Notice) -> tuple[int | None, str]:
        where = f"{notice.to.host}:{notice.to.port}"
        if not reachable(where):
            return None, f"nobody answers at {where}: not told"
        # The requestor proposes itself as SCP (PS3.7 D.3.3.4).
        role = build_role(notice.context_uid, scu_role=False, scp_role=True)
        contexts = [cx for cx in self._listener.contexts if cx.abstract_syntax == notice.context_uid]
        association = self._listener.ae.associate(
            notice.to.host, notice.to.port, contexts=contexts, ae_title=notice.to.aet, ext_neg=[role]
        )
        if not association.is_established:
            return None, f"{where} refuses the association: not told"
        try:
            status, _ = association.send_n_event_report(
                notice.information, notice.event_type, notice.class_uid, notice.instance_uid,
                meta_uid=notice.context_uid,
            )  # fmt: skip
        except (ValueError, RuntimeError) as error:  # the latter: the association has ended since we looked
            return None, f"not told: {error}"
        finally:
            association.release()
        answered = int(status.Status) if "Status" in status else None
        return answered, f"event {notice.event_type}"
