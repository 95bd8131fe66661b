"""A workitem of the unified worklist performed: claimed, told of, and ended, with whatever MPPS says beside it.

At an address of the web it is watched too, so that somebody who wants it cancelled can reach its performer.
"""

from __future__ import annotations

import threading
from datetime import date
from typing import TYPE_CHECKING

from modality.delivery.steps import UPS_ACTION, UPS_SET
from modality.errors import ModalityError, WorkflowError
from modality.identity import fresh_uid
from modality.network.address import WebAddress
from modality.network.unified.channel import Channel, reason_for_cancellation
from modality.network.ups import Worklist, change_state, find_workitems, subscribe, update
from modality.protocol.ups.states import CANCEL_REQUESTED, CANCELED, COMPLETED, IN_PROGRESS
from modality.protocol.ups.workitem import Workitem, performed, progress, query, state_change
from modality.protocol.worklist import WorklistQuery, parse_date

if TYPE_CHECKING:
    from modality.station.performed import Performed
    from modality.station.station import Station
    from modality.station.steps.reporting import Told


def workitems(
    station: Station, ris: Worklist, *, day: str = "today", modality: str = "", station_aet: str | None = None,
    patient_id: str = "",
) -> list[Workitem]:  # fmt: skip
    """The workitems that wait to be claimed, oldest first.

    Args:
        station: who asks.
        ris: whom to ask.
        day: scheduled start: `today`, `any`, YYYY-MM-DD, or a range A..B.
        modality: of the scheduled station; any by default.
        station_aet: AE title of the scheduled station; this station's own by default, empty for any.
        patient_id: Patient ID; any by default.

    Raises:
        UsageError: the date is none.
        UnreachableError: the RIS does not answer.
        PeerError: it refused, or did not answer properly.
    """
    today: date = station.clock().date()
    span = WorklistQuery(date=parse_date(day, today)).date_range
    aet = station.aet if station_aet is None else station_aet
    asked = query(station_aet=aet, modality=modality, patient_id=patient_id, day=span)
    return find_workitems(ris, asked, station.local)


class Claim:
    """A claimed workitem: nobody else performs it until it is ended.

    Args:
        station: who performs it.
        ris: whose workitem it is.
        item: the workitem.

    Attributes:
        transaction_uid: the lock, which only its performer knows; on disk until the workitem is ended.
        taken: the RIS has granted it.
        unwatched: why nobody can reach us to have it cancelled, where that was tried.
    """

    def __init__(self, station: Station, ris: Worklist, item: Workitem) -> None:
        self.station, self.ris, self.item = station, ris, item
        self.transaction_uid = fresh_uid()
        self.taken = False
        self.unwatched = ""
        self._channel: Channel | None = None
        self._wish = ""

    def take(self) -> None:
        """Claim the workitem.

        Raises:
            StepRefused: the RIS refused, such as with C301H when another has claimed it.
            UnreachableError: the RIS does not answer.
            PeerError: it did not answer properly.
        """
        queue = self.station.reports.queue
        ending = state_change(CANCELED, self.transaction_uid)
        queue.claimed(self.item.uid, str(self.ris), ending)
        try:
            change_state(self.ris, self.item.uid, IN_PROGRESS, self.transaction_uid, self.station.local)
        except ModalityError:
            queue.forget(self.item.uid)
            raise
        self.taken = True
        if isinstance(self.ris, WebAddress):
            self._watch(self.ris)

    def _watch(self, ris: WebAddress) -> None:
        """Listen for what is told of the workitem; without it the work goes on all the same."""
        try:
            self._channel = Channel(ris, self.station.local)
            subscribe(ris, self.item.uid, self.station.local)
        except ModalityError as error:
            self.unwatched = str(error)
            self._leave()
            return
        threading.Thread(target=self._listen, args=(self._channel,), name="workitem events", daemon=True).start()

    def _listen(self, channel: Channel) -> None:
        try:
            for event in channel.events():
                if event.uid == self.item.uid and event.kind == CANCEL_REQUESTED:
                    self._wish = reason_for_cancellation(event)
        except ModalityError as error:
            self.unwatched = str(error)

    def _leave(self) -> None:
        if self._channel:
            self._channel.close()
            self._channel = None

    def go_on(self) -> None:
        """Whether the work goes on.

        Raises:
            WorkflowError: somebody wants the workitem cancelled.
        """
        if self._wish:
            raise WorkflowError(f"the workitem is abandoned: {self._wish}")

    def tell(self, percent: int, said: str) -> None:
        """Tell how far the work is.

        Raises:
            StepRefused: the RIS refused.
            UnreachableError: the RIS does not answer.
            PeerError: it did not answer properly.
        """
        update(self.ris, self.item.uid, progress(self.transaction_uid, percent, said), self.station.local)

    def end(self, done: Performed) -> Told:
        """Say what was done, and complete or cancel the workitem; later, where the RIS does not answer now."""
        self._leave()
        queue = self.station.reports.queue
        if not done.state or done.started is None:  # never begun: there is nothing to tell but that
            queue.end_claim(self.item.uid, [(UPS_ACTION, state_change(CANCELED, self.transaction_uid))])
            return self.station.reports.flush(uid=self.item.uid)
        uids = {series.uid: scan.context.study.uid for series, scan in zip(done.series, done.scans, strict=True)}
        changes = performed(
            self.transaction_uid,
            done.step,
            done.started,
            self.station.clock(),
            (self.station.aet, self.station.equipment.station_name),
            [(uids[series.uid], series) for series in done.series],
            reason=done.reason or None,
        )
        final = state_change(CANCELED if done.reason else COMPLETED, self.transaction_uid)
        queue.end_claim(self.item.uid, [(UPS_SET, changes), (UPS_ACTION, final)])
        return self.station.reports.flush(uid=self.item.uid)
