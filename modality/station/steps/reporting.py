"""Performed steps reported to a RIS, now or later: each message on disk before it goes, each step's in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydicom.dataset import Dataset

from modality.delivery.steps import CREATE, SET, UPS_ACTION, UPS_SET, StepMessage, StepQueue, UnfinishedStep
from modality.errors import (
    AssociationRejected,
    ContextRefused,
    HandshakeFailed,
    ModalityError,
    PeerError,
    StatusError,
    UnreachableError,
    UsageError,
)
from modality.identity import uid as uid_of
from modality.network.address import DicomAddress, parse, parse_dicom
from modality.network.local import Local
from modality.network.mpps import create_step, set_step
from modality.network.ups import Worklist, change_state, update
from modality.protocol.performed_step import UNSPECIFIED_REASON, PerformedSeries, finish
from modality.protocol.step_states import DUPLICATE_SOP_INSTANCE
from modality.protocol.ups import states as ups

# Our choice: a refusal that may pass (PS3.7 C.5: processing failure, resource limitation) is taken so often.
_MOST_REFUSALS = 10
# Answers that mean the peer will not hear us as we are set up: nothing was sent, and waiting alone changes nothing.
_MISCONFIGURED = (AssociationRejected, ContextRefused, HandshakeFailed)


@dataclass(slots=True)
class Told:
    """What came of telling a RIS what waited.

    Args:
        delivered: messages that it took.
        refused: messages that it refused for good, each with its reason.
        waiting: messages that still wait.
        problems: why they wait, one line for each reason.
        unreachable: a RIS did not answer at all.
    """

    delivered: list[StepMessage] = field(default_factory=list)
    refused: list[tuple[StepMessage, str]] = field(default_factory=list)
    waiting: list[StepMessage] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unreachable: bool = False


class StepReports:
    """Tells RISs of performed steps, and keeps what they could not be told.

    Args:
        local: who tells.
        queue: where messages wait.
    """

    def __init__(self, local: Local, queue: StepQueue) -> None:
        self.local, self.queue = local, queue

    def begin(self, uid: str, mpps: DicomAddress, attributes: Dataset) -> Told:
        """A step begins (RAD-6): told at once, or later where nobody answers now.

        Raises:
            StepRefused: the RIS refused the step for good; nothing of it is kept.
            PeerError: it will not hear us at all: rejected, or no presentation context.
        """
        self.queue.begin(uid, str(mpps), attributes)
        told = Told()
        (message,) = self.queue.waiting(uid)
        try:
            self._send(message, mpps)
        except ModalityError as error:
            if not error.retryable and isinstance(error, (*_MISCONFIGURED, StatusError)):
                self.queue.forget(uid)
                raise
            self._keep(message, error, told)
        return told

    def end(self, uid: str, changes: Dataset) -> Told:
        """A step has ended (RAD-7): told after whatever of it still waits."""
        self.queue.end(uid, changes)
        return self.flush(uid=uid)

    def flush(self, mpps: Worklist | None = None, *, uid: str = "") -> Told:
        """Send what waits, oldest first; of a step, nothing before what precedes it.

        Args:
            mpps: whom to tell, instead of those whom the messages are for.
            uid: only the messages of this step.
        """
        told = Told()
        away: dict[str, ModalityError] = {}
        for one in dict.fromkeys(message.uid for message in self.queue.waiting(uid)):
            if self.queue.hold(one):  # else another process is telling of it
                try:
                    self._tell(one, mpps, away, told)
                finally:
                    self.queue.release(one)
        told.waiting = self.queue.waiting(uid)
        return told

    def _tell(self, uid: str, mpps: Worklist | None, away: dict[str, ModalityError], told: Told) -> None:
        """Send what waits of one step, up to the first message that does not get through."""
        for message in self.queue.waiting(uid):
            if self.queue.refused_of(uid):
                return
            to = _receiver(message, mpps)
            address = str(to)
            try:
                if address in away:
                    raise away[address]
                self._send(message, to)
            except UsageError:
                raise
            except ModalityError as error:
                if isinstance(error, UnreachableError):
                    away[address] = error
                self._keep(message, error, told)
                return
            told.delivered.append(message)

    def _send(self, message: StepMessage, to: Worklist) -> None:
        self.queue.sending(message.number)
        try:
            if message.operation == UPS_ACTION:
                state, transaction_uid = message.attributes.ProcedureStepState, message.attributes.TransactionUID
                change_state(to, message.uid, state, transaction_uid, self.local)
            elif message.operation == UPS_SET:
                update(to, message.uid, message.attributes, self.local)
            else:
                send = {CREATE: create_step, SET: set_step}[message.operation]
                send(parse_dicom(str(to)), message.uid, message.attributes, self.local)
        except StatusError as error:
            if not (_nothing_to_cancel(message, error) or (message.uncertain and _already_taken(message, error))):
                raise
        self.queue.delivered(message.number)

    def _keep(self, message: StepMessage, error: ModalityError, told: Told) -> None:
        problem = str(error)
        if isinstance(error, StatusError):
            if error.retryable and message.refusals + 1 < _MOST_REFUSALS:
                self.queue.put_off(message.number, problem)
            else:
                self.queue.refused(message.number, problem)
                told.refused.append((message, problem))
                return
        else:
            sent = isinstance(error, PeerError) and not isinstance(error, _MISCONFIGURED)
            self.queue.not_sent(message.number, problem, uncertain=sent or message.uncertain)
        told.unreachable = told.unreachable or isinstance(error, UnreachableError)
        if problem not in told.problems:
            told.problems.append(problem)

    def end_unfinished(self, now: datetime) -> list[str]:
        """End the steps that a killed run left in progress: DISCONTINUED, with all instances created in them.

        Args:
            now: the end of each, since nobody knows when it was.

        Returns:
            SOP Instance UIDs of the steps.
        """
        self.queue.end_claims()
        ended = []
        for step in self.queue.take_unfinished():
            self.queue.end(step.uid, finish(now, _series(step), reason=UNSPECIFIED_REASON))
            ended.append(step.uid)
        return ended


def _receiver(message: StepMessage, instead: Worklist | None) -> Worklist:
    """Whom a message goes to: to another than it was for only where that one speaks the same."""
    kept = parse(message.address)
    assert not isinstance(kept, Path)
    return instead if isinstance(instead, type(kept)) else kept


def _already_taken(message: StepMessage, error: StatusError) -> bool:
    """Whether a refusal only says that the same message has come before, and its answer was lost."""
    if message.operation in (UPS_SET, UPS_ACTION):
        return error.status == ups.NO_LONGER_UPDATED
    if message.operation == CREATE:
        return error.status == DUPLICATE_SOP_INSTANCE
    return error.status == 0x0110 and not error.retryable  # with error id A710H: the step is in its final state


def _nothing_to_cancel(message: StepMessage, error: StatusError) -> bool:
    """Whether a workitem that is to be cancelled is not ours: the claim did not get through, or it is over."""
    cancels = message.operation == UPS_ACTION and message.attributes.ProcedureStepState == ups.CANCELED
    return cancels and error.status in (ups.NOT_YET_IN_PROGRESS, ups.WRONG_TRANSACTION, ups.NO_LONGER_UPDATED)


def _series(step: UnfinishedStep) -> list[PerformedSeries]:
    found = [PerformedSeries(uid, **attributes) for uid, attributes in step.series]
    for series in found:
        series.images = [(class_uid, uid) for series_uid, class_uid, uid in step.created if series_uid == series.uid]
    # Table F.7.2-1, note 2: one series at least, even of a step that was killed before its first.
    return found or [PerformedSeries(uid_of(step.uid, "empty series"), "none")]
