"""The unified worklist of a RIS: workitems found, claimed, told of, ended and watched (PS3.4 annex CC)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, cast

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom.dimse_primitives import N_ACTION, N_CREATE, N_GET, N_SET
from pynetdicom.events import Event
from pynetdicom.presentation import PresentationContext, build_context

from modality.identity import uid as uid_of
from modality.network.address import DicomAddress
from modality.protocol import matching
from modality.protocol.ups import states
from modality.protocol.ups.states import CANCELED, IN_PROGRESS, SCHEDULED, decided
from modality.protocol.ups.workitem import UPS_EVENT, UPS_PULL, UPS_PUSH, UPS_QUERY, UPS_WATCH, workitem
from modality.protocol.worklist import ScheduledStep, text
from modality.simulated.ris.notifying import Notice

if TYPE_CHECKING:
    from modality.protocol.step_states import Decision

UPS_CLASSES = frozenset((UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_QUERY))
# Table CC.2.5-3: the lock of a performer is never given away.
_SECRET = "TransactionUID"  # noqa: S105 - a keyword


class UnifiedWorklist:
    """The workitems of a RIS; safe to use from any thread.

    Args:
        items: gives the worklist items that are to be performed, of each of which a workitem is made.
        watchers: where the AE titles are that may subscribe.
        tell: sends a notice.
    """

    def __init__(
        self,
        items: Callable[[], Iterable[Dataset]],
        watchers: Iterable[DicomAddress],
        tell: Callable[[Notice], None],
    ) -> None:
        self._lock = threading.RLock()
        self._items = items
        self._watchers = {one.aet: one for one in watchers}
        self._tell = tell
        self._subscribed: dict[str, set[str]] = {}
        self._ordered: set[str] = set()
        self._workitems: dict[str, Dataset] = {}

    @property
    def workitems(self) -> dict[str, Dataset]:
        """The workitems by SOP Instance UID, in step with the orders: a new order makes one, a cancelled one ends it.

        Orders change nothing about a workitem that is claimed, or over.
        """
        with self._lock:
            due: set[str] = set()
            for item in self._items():
                step = ScheduledStep(item)
                order = (step.study_uid, step.accession_number, step.requested_procedure_id, step.step_id)
                uid = next(uid for number in count() if (uid := uid_of("workitem", number, *order)) not in due)
                due.add(uid)
                known = self._workitems.get(uid)
                if known is None or text(known, "ProcedureStepState") == SCHEDULED:
                    self._workitems[uid] = self._named(uid, workitem(step))
            for uid in self._ordered - due:
                if text(self._workitems[uid], "ProcedureStepState") == SCHEDULED:
                    self._enter(uid, self._workitems[uid], CANCELED)
            self._ordered |= due
            return self._workitems

    @staticmethod
    def contexts(syntaxes: list[str]) -> list[PresentationContext]:
        """What it supports."""
        return [build_context(one, [*syntaxes]) for one in (*sorted(UPS_CLASSES), UPS_EVENT)]

    @staticmethod
    def _named(uid: str, attributes: Dataset) -> Dataset:
        attributes.SOPClassUID, attributes.SOPInstanceUID = UPS_PUSH, uid
        return attributes

    def find(self, query: Dataset) -> Iterator[Dataset]:
        """The answers to a C-FIND, oldest first.

        Raises:
            InvalidIdentifier: the identifier cannot be read.
        """
        with self._lock:
            candidates = [_public(one) for one in self.workitems.values()]
        for candidate in candidates:
            if matching.matches(query, candidate):
                yield matching.answer(query, candidate)

    def create(self, event: Event) -> tuple[Decision, str]:
        """Take an N-CREATE, or say why not; and the UID that the workitem has."""
        uid = str(cast(N_CREATE, event.request).AffectedSOPInstanceUID or "")
        attributes = event.attribute_list
        with self._lock:
            decision = states.judge_create(attributes, exists=uid in self.workitems)
            if decision.accepted:
                self.workitems[uid] = self._named(uid, attributes)
        return decision, uid

    def set(self, event: Event) -> tuple[Decision, str]:
        """Take an N-SET, or say why not."""
        uid = str(cast(N_SET, event.request).RequestedSOPInstanceUID)
        changes = event.modification_list
        with self._lock:
            ups = self.workitems.get(uid)
            decision = states.judge_set(ups, changes)
            if decision.accepted and ups is not None:
                ups.update(changes)
        return decision, uid

    def get(self, event: Event) -> tuple[Decision, str, Dataset | None]:
        """Answer an N-GET, without the Transaction UID."""
        request = cast(N_GET, event.request)
        uid = str(request.RequestedSOPInstanceUID)
        with self._lock:
            ups = self.workitems.get(uid)
            if ups is None:
                return decided(states.NO_SUCH_UPS), uid, None
            found = _public(ups)
        wanted = event.attribute_identifiers
        if wanted:
            chosen = Dataset()
            chosen.update({tag: found[tag] for tag in (*wanted, Tag("SpecificCharacterSet")) if tag in found})
            found = chosen
        return decided(0), uid, found

    def act(self, event: Event) -> tuple[Decision, str]:
        """Take an N-ACTION, or say why not (PS3.4 CC.2.1 to CC.2.3)."""
        request = cast(N_ACTION, event.request)
        uid = str(request.RequestedSOPInstanceUID)
        information = event.action_information
        with self._lock:
            ups = self.workitems.get(uid)
            if request.ActionTypeID == states.CHANGE_STATE:
                requested, transaction = text(information, "ProcedureStepState"), text(information, _SECRET)
                decision = states.judge_change(ups, requested, transaction)
                if decision.accepted and ups is not None:
                    if requested == IN_PROGRESS:
                        ups.TransactionUID = transaction
                    self._enter(uid, ups, requested)
            elif request.ActionTypeID == states.REQUEST_CANCEL:
                decision = states.judge_cancel(ups)
                if decision.accepted and ups is not None:
                    self._enter(uid, ups, CANCELED)
            elif request.ActionTypeID in (states.SUBSCRIBE, states.UNSUBSCRIBE):
                decision = self._subscription(uid, ups, text(information, "ReceivingAE"), request.ActionTypeID)
            else:
                decision = decided(0x0123, "no such action type")
        return decision, uid

    def _enter(self, uid: str, ups: Dataset, state: str) -> None:
        ups.ProcedureStepState = state
        for aet in sorted(self._subscribed.get(uid, ())):
            self._report(uid, ups, aet)

    def _subscription(self, uid: str, ups: Dataset | None, aet: str, action: int) -> Decision:
        if ups is None:
            return decided(states.NO_SUCH_UPS)
        if aet not in self._watchers:
            return decided(states.UNKNOWN_RECEIVER)
        watching = self._subscribed.setdefault(uid, set())
        if action == states.UNSUBSCRIBE:
            watching.discard(aet)
        else:
            watching.add(aet)
            self._report(uid, ups, aet)  # CC.2.3.3: the initial state is reported to a new subscriber
        return decided(0)

    def _report(self, uid: str, ups: Dataset, aet: str) -> None:
        information = Dataset()
        information.ProcedureStepState = ups.ProcedureStepState
        information.InputReadinessState = ups.InputReadinessState
        self._tell(Notice(self._watchers[aet], UPS_EVENT, UPS_PUSH, uid, states.STATE_REPORT, information))


def _public(ups: Dataset) -> Dataset:
    shown = Dataset()
    shown.update(ups)
    if _SECRET in shown:
        del shown.TransactionUID
    return shown
