"""What orders and patient messages do to the scheduled steps of a RIS (IHE RAD-4, RAD-12, RAD-13).

Nothing here changes a step: it gives new lists of new steps, so that a message is applied whole or not at all, and a
query that is being answered keeps its items.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from pydicom.dataset import Dataset

from modality.identity import uid
from modality.protocol.hl7 import items
from modality.protocol.hl7.orders import ADD, CANCEL, CHANGE, DISCONTINUE, Order
from modality.protocol.hl7.patients import PatientId
from modality.protocol.hl7.refusal import DUPLICATE_KEY, LOCKED, REQUIRED, UNKNOWN_KEY, Refusal
from modality.protocol.hl7.values import Values
from modality.protocol.worklist import text
from modality.simulated.ris.steps import SCHEDULED, WorklistStep

Steps = list[WorklistStep]
_PLACER, _FILLER = "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest"
_STEP_ID, _PROCEDURE_ID, _ACCESSION, _STUDY = (
    "ScheduledProcedureStepID",
    "RequestedProcedureID",
    "AccessionNumber",
    "StudyInstanceUID",
)


def ordered(steps: Sequence[WorklistStep], orders: Sequence[Order], character_set: Sequence[str]) -> Steps:
    """The steps after all orders of a message.

    Raises:
        Refusal: an order is known already, is not known, or is begun.
    """
    before = list(steps)
    now = list(steps)
    for order in orders:
        # The steps of one new order share its numbers: what is a duplicate is judged by what was there before.
        found = [step for step in (before if order.action == ADD else now) if _is_of(step, order)]
        if order.action == ADD:
            if found:
                raise order.origin.refuse(DUPLICATE_KEY, "this order is known already; change it with XO", 2)
            now.append(WorklistStep(_new(now, order, character_set)))
            continue
        if not found:
            raise order.origin.refuse(UNKNOWN_KEY, "no step of this order and patient is scheduled", 2)
        if order.action == CHANGE:
            now = _changed(now, found, order, character_set)
        elif order.action in (CANCEL, DISCONTINUE):
            if order.action == CANCEL and any(step.state != SCHEDULED for step in found):
                raise order.origin.refuse(LOCKED, "its performance has begun; discontinue it with DC", 2)
            now = [step for step in now if not any(step is one for one in found)]
    return now


def revised(
    steps: Sequence[WorklistStep], whose: Sequence[PatientId], values: Values, character_set: Sequence[str]
) -> tuple[Steps, int]:
    """The steps after what became known of a patient, and how many of them are the patient's."""
    made, touched = [], 0
    for step in steps:
        if any(patient(step).same(one) for one in whose):
            touched += 1
            made.append(replace(step, item=items.changed(step.item, values, {}, character_set)))
        else:
            made.append(step)
    return made, touched


def patient(step: WorklistStep) -> PatientId:
    """Whose step it is."""
    return PatientId(text(step.item, "PatientID"), text(step.item, "IssuerOfPatientID"))


def _changed(now: Steps, found: Steps, order: Order, character_set: Sequence[str]) -> Steps:
    if len(found) > 1:
        raise order.origin.refuse(REQUIRED, "the order has several steps: name one by its step ID (OBR-20, IPC-4)")
    old = found[0]
    new = replace(old, item=items.changed(old.item, order.item, order.step, character_set))
    return [new if step is old else step for step in now]


def _is_of(step: WorklistStep, order: Order) -> bool:
    """Whether an order is about a step: by patient and step ID, or without that by the numbers of the order."""
    # The patient comes last: a long worklist is gone through for each order, and most steps have another number.
    numbers = [key for key in (_PLACER, _FILLER) if order.text(key)]
    if order.text(_STEP_ID):
        if order.text(_STEP_ID) != text(step.step, _STEP_ID):
            return False
        numbers += [_PROCEDURE_ID, _ACCESSION, _STUDY]
    elif not numbers and order.action != ADD:
        numbers = [key for key in (_PROCEDURE_ID, _ACCESSION, _STUDY) if order.text(key)][:1]
    named = any(order.text(key) and order.text(key) == text(step.item, key) for key in numbers)
    return named and patient(step).same(_patient(order))


def _new(now: Steps, order: Order, character_set: Sequence[str]) -> Dataset:
    """The item of a new order, with what the order left to the scheduler."""
    for value, segment, field, what in (
        (order.text("PatientName"), "PID", 5, "the patient has no name"),
        (order.text("Modality"), "OBR", 24, "no modality, here or in IPC-5"),
        (order.text("ScheduledProcedureStepStartDate"), "ORC", 7, "no start, here or in TQ1-7, OBR-27 or OBR-36"),
    ):
        if not value:
            raise Refusal(REQUIRED, what, segment, field)
    item, step = dict(order.item), dict(order.step)
    item[_ACCESSION] = order.text(_ACCESSION) or _accession(now, order)
    kin = [one for one in now if _shares(one, order, item[_ACCESSION])]
    item[_STUDY] = order.text(_STUDY) or next((found for one in kin if (found := text(one.item, _STUDY))), "")
    if not item[_STUDY]:
        whose = _patient(order)
        item[_STUDY] = uid("hl7", item[_ACCESSION], whose.issuer, whose.value, "study")
    item[_PROCEDURE_ID] = order.text(_PROCEDURE_ID) or f"RP-{item[_ACCESSION]}"[:16]
    step[_STEP_ID] = order.text(_STEP_ID) or _fresh("SPS", (text(one.step, _STEP_ID) for one in now))
    step["ScheduledStationAETitle"] = order.text("ScheduledStationAETitle") or _station(now, order.text("Modality"))
    return items.changed(None, item, step, character_set)


def _accession(now: Steps, order: Order) -> str:
    """The accession number of the same order, else a new one."""
    for step in now:
        same = any(order.text(key) and order.text(key) == text(step.item, key) for key in (_PLACER, _FILLER))
        if same and patient(step).same(_patient(order)):
            return text(step.item, _ACCESSION)
    return _fresh("HL", (text(step.item, _ACCESSION) for step in now))


def _shares(step: WorklistStep, order: Order, accession: str) -> bool:
    return text(step.item, _ACCESSION) == accession and patient(step).same(_patient(order))


def _station(now: Steps, modality: str) -> str:
    """Whoever does that modality in the worklist, else its first machine by our own naming: an order may name none."""
    stations = (text(one.step, "ScheduledStationAETitle") for one in now if text(one.step, "Modality") == modality)
    return next((one for one in stations if one), f"{modality[:14]}01")


def _fresh(prefix: str, taken: Iterator[str]) -> str:
    known = set(taken)
    return next(made for number in count(1) if (made := f"{prefix}{number:06d}") not in known)


def _patient(order: Order) -> PatientId:
    return PatientId(order.text("PatientID"), order.text("IssuerOfPatientID"))
