"""What a RIS knows: the steps that are scheduled, those that are performed, and which belong together."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydicom.dataset import Dataset

from modality.protocol import step_states
from modality.protocol.step_states import COMPLETED, DISCONTINUED, IN_PROGRESS, Decision
from modality.protocol.worklist import coded, text

SCHEDULED = "SCHEDULED"
# CID 9300 (PS3.16): the step that was begun was the wrong one, and is still to be done.
_WRONG_ENTRY = "110514"
# PS3.3 C.4.10: Scheduled Procedure Step Status, for the states of a step here.
_WORKLIST_STATUS = {
    SCHEDULED: "SCHEDULED",
    IN_PROGRESS: "STARTED",
    COMPLETED: "COMPLETED",
    DISCONTINUED: "DISCONTINUED",
}


@dataclass(slots=True)
class PerformedStep:
    """A performed step as the modality has told of it.

    Args:
        uid: its SOP Instance UID.
        dataset: its attributes as they stand.
    """

    uid: str
    dataset: Dataset

    @property
    def state(self) -> str:
        """IN PROGRESS, COMPLETED or DISCONTINUED."""
        return text(self.dataset, "PerformedProcedureStepStatus")

    @property
    def instances(self) -> list[str]:
        """SOP Instance UIDs of all that it names, in the order of its series."""
        series = self.dataset.get("PerformedSeriesSequence") or []
        names = ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence")
        return [
            text(one, "ReferencedSOPInstanceUID") for item in series for name in names for one in item.get(name) or []
        ]

    @property
    def wrong_entry(self) -> bool:
        """It was discontinued because the wrong worklist entry had been chosen."""
        reasons = coded(self.dataset, "PerformedProcedureStepDiscontinuationReasonCodeSequence")
        return self.state == DISCONTINUED and any(text(one, "CodeValue") == _WRONG_ENTRY for one in reasons)


@dataclass(slots=True)
class WorklistStep:
    """A scheduled step and what has been performed of it.

    Args:
        item: the worklist item.
        performed: the performed steps that name it.
    """

    item: Dataset
    performed: list[PerformedStep] = field(default_factory=list)

    @property
    def step(self) -> Dataset:
        """The item of its Scheduled Procedure Step Sequence."""
        sequence = self.item.get("ScheduledProcedureStepSequence") or [Dataset()]
        return cast(Dataset, sequence[0])

    @property
    def state(self) -> str:
        """SCHEDULED, IN PROGRESS, COMPLETED or DISCONTINUED; scheduled again when begun by mistake."""
        states = [step.state for step in self.performed if not step.wrong_entry]
        for state in (IN_PROGRESS, COMPLETED, DISCONTINUED):
            if state in states:
                return state
        return SCHEDULED

    def answer(self) -> Dataset:
        """The item with its state as Scheduled Procedure Step Status."""
        item = Dataset()
        item.update(self.item)
        step = Dataset()
        step.update(self.step)
        step.ScheduledProcedureStepStatus = _WORKLIST_STATUS[self.state]
        item.ScheduledProcedureStepSequence = [step]
        return item


class Department:
    """The scheduled and the performed steps of a RIS; safe to use from any thread.

    Args:
        items: worklist items.
        storage: folder where each performed step is written as DICOM JSON (PS3.18 F) for people to look at.
    """

    def __init__(self, items: Iterable[Dataset], storage: Path | None = None) -> None:
        self.steps = [WorklistStep(item) for item in items]
        self.performed: dict[str, PerformedStep] = {}
        self._storage = storage
        self._lock = threading.Lock()

    def worklist(self, *, finished: bool) -> list[Dataset]:
        """The items to answer from.

        Args:
            finished: those COMPLETED or DISCONTINUED are among them.
        """
        with self._lock:
            open_states = (SCHEDULED, IN_PROGRESS)
            return [step.answer() for step in self.steps if finished or step.state in open_states]

    def reschedule(self, change: Callable[[list[WorklistStep]], list[WorklistStep]]) -> None:
        """Put other scheduled steps in the place of those there are, all at once; an error leaves them as they were."""
        with self._lock:
            self.steps = change(self.steps)

    def create(self, uid: str, attributes: Dataset) -> Decision:
        """Take an N-CREATE, or say why not."""
        with self._lock:
            decision = step_states.judge_create(attributes, exists=uid in self.performed)
            if decision.accepted:
                performed = self.performed[uid] = PerformedStep(uid, attributes)
                for step in self.steps:
                    if any(_names(item, step) for item in attributes.ScheduledStepAttributesSequence):
                        step.performed.append(performed)
                self._write(performed)
            return decision

    def set(self, uid: str, modifications: Dataset) -> Decision:
        """Take an N-SET, or say why not."""
        with self._lock:
            performed = self.performed.get(uid)
            decision = step_states.judge_set(performed.dataset if performed else None, modifications)
            if decision.accepted and performed:
                performed.dataset = step_states.changed(performed.dataset, modifications)
                self._write(performed)
            return decision

    def _write(self, step: PerformedStep) -> None:
        if self._storage is None:
            return
        self._storage.mkdir(mode=0o700, parents=True, exist_ok=True)  # patients' data: nobody else's to read
        aside = self._storage / f"{step.uid}.part"
        aside.write_text(json.dumps(step.dataset.to_json_dict(), indent=1, ensure_ascii=False), encoding="utf-8")
        aside.replace(self._storage / f"{step.uid}.json")


def _names(item: Dataset, step: WorklistStep) -> bool:
    """Whether an item of Scheduled Step Attributes Sequence is about a scheduled step (PS3.4 F.7.2.1: by its IDs)."""
    step_id = text(item, "ScheduledProcedureStepID")
    if not step_id or step_id != text(step.step, "ScheduledProcedureStepID"):
        return False
    # Step IDs are unique within a requested procedure; the study UID may be the modality's own, the others empty.
    within = ("StudyInstanceUID", "RequestedProcedureID", "AccessionNumber")
    return any(text(item, key) and text(item, key) == text(step.item, key) for key in within)
