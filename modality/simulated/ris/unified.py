"""The unified worklist of a RIS: workitems found, claimed, told of, ended and watched (PS3.4 annex CC)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom.presentation import PresentationContext, build_context

from modality.identity import Clock, system_clock
from modality.identity import uid as uid_of
from modality.protocol import matching
from modality.protocol.performed_step import DISCONTINUATION_REASONS, code
from modality.protocol.step_states import FINAL_STATES
from modality.protocol.ups import states
from modality.protocol.ups.states import CANCELED, COMPLETED, IN_PROGRESS, SCHEDULED, decided
from modality.protocol.ups.workitem import UPS_EVENT, UPS_PULL, UPS_PUSH, UPS_QUERY, UPS_WATCH, workitem
from modality.protocol.worklist import ScheduledStep, text

if TYPE_CHECKING:
    from modality.protocol.step_states import Decision

UPS_CLASSES = frozenset((UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_QUERY))
# Table CC.2.5-3: the lock of a performer is never given away.
_SECRET = "TransactionUID"  # noqa: S105 - a keyword
_PROGRESS, _REASONS = "ProcedureStepProgressInformationSequence", "ProcedureStepDiscontinuationReasonCodeSequence"
_UNSPECIFIED = "110513"


class UnifiedWorklist:
    """The workitems of a RIS; safe to use from any thread.

    Args:
        items: gives the worklist items, of each of which that is not over by its Scheduled Procedure Step Status a
            workitem is made.
        known: whether an AE title can be told of events over DIMSE.
        tell: sends an event: the AE title, the workitem's UID, the event type and its information.
        clock: gives the time at which a workitem is cancelled for who asks.
    """

    def __init__(
        self,
        items: Callable[[], Iterable[Dataset]],
        known: Callable[[str], bool],
        tell: Callable[[str, str, int, Dataset], None],
        clock: Clock = system_clock,
    ) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._items = items
        self._known, self._tell = known, tell
        self._subscribed: dict[str, set[str]] = {}
        self._to_come: dict[str, Dataset] = {}
        self._ordered: set[str] = set()
        self._changed: dict[str, Dataset] = {}
        self._workitems: dict[str, Dataset] = {}

    @property
    def workitems(self) -> dict[str, Dataset]:
        """The workitems by SOP Instance UID, in step with the orders.

        A new order makes one, a cancelled one ends it, as does a performed step that a modality tells the end of.

        Orders change nothing about a workitem that is claimed, or over, nor what somebody has set in it.
        """
        with self._lock:
            named: set[str] = set()
            due: set[str] = set()
            for item in self._items():
                step = ScheduledStep(item)
                order = (step.study_uid, step.accession_number, step.requested_procedure_id, step.step_id)
                uid = next(uid for number in count() if (uid := uid_of("workitem", number, *order)) not in named)
                named.add(uid)
                known = self._workitems.get(uid)
                waits = known is None or text(known, "ProcedureStepState") == SCHEDULED
                status = text(step.step, "ScheduledProcedureStepStatus")
                if status in FINAL_STATES:
                    if known is not None and status == COMPLETED:
                        due.add(uid)
                        if waits:  # a modality has told so by its performed step
                            self._enter(uid, known, IN_PROGRESS)
                            self._enter(uid, known, COMPLETED)
                    continue
                due.add(uid)
                if waits:
                    self._workitems[uid] = self._named(uid, workitem(step))
                    self._workitems[uid].update(self._changed.get(uid, Dataset()))
                    if known is None:
                        self._appeared(uid)
            for uid in self._ordered - due:
                if text(self._workitems[uid], "ProcedureStepState") == SCHEDULED:
                    self._cancel(uid, self._workitems[uid], Dataset())
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

    def matching(self, query: Dataset) -> Iterator[Dataset]:
        """The workitems that match, oldest first, each whole.

        Raises:
            InvalidIdentifier: the identifier cannot be read.
        """
        with self._lock:
            candidates = [_public(one) for one in self.workitems.values()]
        return (candidate for candidate in candidates if matching.matches(query, candidate))

    def find(self, query: Dataset) -> Iterator[Dataset]:
        """The answers to a C-FIND, likewise.

        Raises:
            InvalidIdentifier: the identifier cannot be read.
        """
        return (matching.answer(query, candidate) for candidate in self.matching(query))

    def create(self, uid: str, attributes: Dataset) -> Decision:
        """Take a new workitem, or say why not."""
        with self._lock:
            decision = states.judge_create(attributes, exists=uid in self.workitems)
            if decision.accepted:
                self.workitems[uid] = self._named(uid, attributes)
                self._appeared(uid)
        return decision

    def set(self, uid: str, changes: Dataset) -> Decision:
        """Take changes of its performer's, or say why not."""
        with self._lock:
            ups = self.workitems.get(uid)
            decision = states.judge_set(ups, changes)
            if decision.accepted and ups is not None:
                if text(ups, "ProcedureStepState") == SCHEDULED:
                    self._changed.setdefault(uid, Dataset()).update(changes)
                ups.update(changes)
                if told := changes.get(_PROGRESS):
                    information = Dataset()
                    information.ProcedureStepProgressInformationSequence = told
                    self._report(uid, states.PROGRESS_REPORT, information)
        return decision

    def get(self, uid: str, wanted: Iterable[int] = ()) -> tuple[Decision, Dataset | None]:
        """A workitem, or those of its attributes that are asked for; never the Transaction UID."""
        with self._lock:
            ups = self.workitems.get(uid)
            if ups is None:
                return decided(states.NO_SUCH_UPS), None
            found = _public(ups)
        tags = [Tag(one) for one in wanted]
        if tags:
            chosen = Dataset()
            chosen.update({tag: found[tag] for tag in (*tags, Tag("SpecificCharacterSet")) if tag in found})
            found = chosen
        return decided(0), found

    def act(self, uid: str, action: int, information: Dataset, asking: str) -> Decision:
        """Take an N-ACTION of an AE title, or say why not (PS3.4 CC.2.1 to CC.2.3)."""
        if action == states.CHANGE_STATE:
            return self.change_state(uid, information)
        if action == states.REQUEST_CANCEL:
            return self.request_cancel(uid, information, asking)
        if action not in (states.SUBSCRIBE, states.UNSUBSCRIBE, states.SUSPEND):
            return decided(0x0123, "no such action type")
        aet = text(information, "ReceivingAE")
        if not self._known(aet):
            return decided(states.UNKNOWN_RECEIVER)
        keys = information.get("MatchingKeysSequence") or [Dataset()]  # PS3.4 Table CC.2.3-1, of a filter
        return self.subscription(uid, aet, action, keys[0])

    def change_state(self, uid: str, information: Dataset) -> Decision:
        """Claim a workitem, or end it (PS3.4 CC.2.1)."""
        requested, transaction = text(information, "ProcedureStepState"), text(information, _SECRET)
        with self._lock:
            ups = self.workitems.get(uid)
            decision = states.judge_change(ups, requested, transaction)
            if decision.accepted and not decision.status and ups is not None:
                if requested == IN_PROGRESS:
                    ups.TransactionUID = transaction
                if requested == CANCELED:
                    self._explain_cancelling(ups, Dataset())
                self._enter(uid, ups, requested)
        return decision

    def request_cancel(self, uid: str, information: Dataset, asking: str) -> Decision:
        """Cancel a workitem for somebody else, or hand the wish on to who watches it (PS3.4 CC.2.2)."""
        with self._lock:
            ups = self.workitems.get(uid)
            decision = states.judge_cancel(ups, watched=bool(self._subscribed.get(uid)))
            if decision.accepted and not decision.status and ups is not None:
                if text(ups, "ProcedureStepState") == IN_PROGRESS:
                    wish = Dataset()
                    wish.update({one.tag: one for one in information})
                    wish.RequestingAE = asking
                    self._report(uid, states.CANCEL_REQUESTED, wish)
                else:
                    self._cancel(uid, ups, information)
        return decision

    def subscription(self, uid: str, aet: str, action: int, keys: Dataset | None = None) -> Decision:
        """Let an AE title watch a workitem, or all of them, those to come included; or no more (PS3.4 CC.2.3).

        Args:
            uid: of the workitem, or the one that stands for all or those of a filter.
            aet: who is told.
            action: SUBSCRIBE, UNSUBSCRIBE, or SUSPEND for those to come only.
            keys: the filter.
        """
        with self._lock:
            if uid in (states.EVERY_WORKITEM, states.FILTERED_WORKITEMS):
                self._to_come.pop(aet, None)
                if action == states.SUBSCRIBE:
                    self._to_come[aet] = keys if keys is not None and uid == states.FILTERED_WORKITEMS else Dataset()
                    for one in list(self.workitems):
                        self._appeared(one, aet)
                elif action == states.UNSUBSCRIBE:
                    for watching in self._subscribed.values():
                        watching.discard(aet)
                return decided(0)
            if uid not in self.workitems:
                return decided(states.NO_SUCH_UPS)
            if action == states.UNSUBSCRIBE:
                self._subscribed.setdefault(uid, set()).discard(aet)
            elif action == states.SUBSCRIBE:
                self._watch(uid, aet)
            else:
                return decided(0x0123, "only what stands for all workitems can be suspended")
        return decided(0)

    def subscribed(self, uid: str, aet: str, action: int) -> bool:
        """Whether an AE title watches what it would unsubscribe from, or suspend."""
        with self._lock:
            if uid not in (states.EVERY_WORKITEM, states.FILTERED_WORKITEMS):
                return aet in self._subscribed.get(uid, ())
            watches = action == states.UNSUBSCRIBE and any(aet in one for one in self._subscribed.values())
            return aet in self._to_come or watches

    def _cancel(self, uid: str, ups: Dataset, asked: Dataset) -> None:
        """Cancel a workitem that nobody performs: first IN PROGRESS, then CANCELED (PS3.4 CC.2.2.3)."""
        self._enter(uid, ups, IN_PROGRESS)
        self._explain_cancelling(ups, asked)
        self._enter(uid, ups, CANCELED)

    def _explain_cancelling(self, ups: Dataset, asked: Dataset) -> None:
        """See to what a cancelled workitem has to tell: when, and why, as asked or unspecified (Table CC.2.5-3)."""
        if not ups.get(_PROGRESS):
            setattr(ups, _PROGRESS, [Dataset()])
        told: Dataset = ups[_PROGRESS].value[0]
        if not text(told, "ProcedureStepCancellationDateTime"):
            told.ProcedureStepCancellationDateTime = f"{self._clock():%Y%m%d%H%M%S}"
        if "ReasonForCancellation" in asked:
            told.ReasonForCancellation = text(asked, "ReasonForCancellation")
        if not told.get(_REASONS):
            unspecified = [code(_UNSPECIFIED, "DCM", DISCONTINUATION_REASONS[_UNSPECIFIED])]
            setattr(told, _REASONS, asked.get(_REASONS) or unspecified)

    def _enter(self, uid: str, ups: Dataset, state: str) -> None:
        ups.ProcedureStepState = state
        self._report(uid, states.STATE_REPORT, _state(ups))

    def _appeared(self, uid: str, only: str = "") -> None:
        """Let those who watch all workitems, or one of them, watch this one."""
        for aet, keys in self._to_come.items():
            if only in ("", aet) and (not keys or matching.matches(keys, _public(self._workitems[uid]))):
                self._watch(uid, aet)

    def _watch(self, uid: str, aet: str) -> None:
        self._subscribed.setdefault(uid, set()).add(aet)
        self._tell(aet, uid, states.STATE_REPORT, _state(self._workitems[uid]))  # CC.2.3.3: the initial state

    def _report(self, uid: str, event: int, information: Dataset) -> None:
        for aet in sorted(self._subscribed.get(uid, ())):
            self._tell(aet, uid, event, information)


def _state(ups: Dataset) -> Dataset:
    """The information of a state report (PS3.4 Table CC.2.4-1)."""
    information = Dataset()
    information.ProcedureStepState = ups.ProcedureStepState
    information.InputReadinessState = ups.InputReadinessState
    return information


def _public(ups: Dataset) -> Dataset:
    shown = Dataset()
    shown.update(ups)
    if _SECRET in shown:
        del shown.TransactionUID
    return shown
