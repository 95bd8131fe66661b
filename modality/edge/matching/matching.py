"""Whose a capture is: a subject, or why a person has to say it. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from modality.delivery.outbox.item import Item
from modality.edge.config import DeviceConfig
from modality.edge.matching.worklist import Worklist
from modality.identity import Patient
from modality.protocol.worklist import ScheduledStep

_MOST_CHOICES = 50
_MATCHED = "matched"
_TOO_EARLY = timedelta(minutes=15)  # our choice: by then the next patient may be the only one in the worklist


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose it is.

    Args:
        patient: whom.
        step: the scheduled step it answers, if it was scheduled.
    """

    patient: Patient
    step: ScheduledStep | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nobody knows whose it is.

    Args:
        reason: why, in words, without a patient's data.
        later: what is missing may come by itself; else a person has to decide.
        choices: the steps between which to choose.
    """

    reason: str
    later: bool = False
    choices: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Hints:
    """What the device itself said.

    Args:
        patient_id: its patient's identifier.
        patient_name: the name to it, as DICOM writes it.
        sample_id: the specimen's, which may be the order's accession number.
    """

    patient_id: str = ""
    patient_name: str = ""
    sample_id: str = ""


class Matcher:
    """Finds the subject of a capture.

    Args:
        worklist: who knows the patients, if anybody does.
    """

    def __init__(self, worklist: Worklist | None) -> None:
        self._worklist = worklist

    def match(self, item: Item, device: DeviceConfig, hints: Hints) -> Subject | Undecided:
        """Whose a capture, or the part of it that `hints` are of, is."""
        if item.subject:
            return self._said(item.subject, device)
        how = device.matched
        if how in ("barcode", "device") and self._worklist and not self._worklist.tried:
            return Undecided("the worklist was not asked yet", later=True)  # what is a patient's, and what an order's?
        if how == "fixed":
            return self._patient(Patient(device.patient_id, device.patient_name, issuer=device.issuer), device)
        if how == "worklist":
            return self._by_worklist(item, device)
        if how == "barcode":
            return self._by_code(str(item.details.get("scan", "")), device)
        return self._by_device(hints, device)

    def _said(self, subject: Mapping[str, Any], device: DeviceConfig) -> Subject | Undecided:
        """As a person has said."""
        if wanted := str(subject.get("step", "")):
            found = [step for step in self._steps() if key_of(step) == wanted]
            if len(found) == 1:
                return Subject(found[0].patient, found[0])
            return Undecided(f"the scheduled step {wanted} is not in the worklist any more: assign it again")
        name, born, sex = (str(subject.get(key, "")) for key in ("name", "birth_date", "sex"))
        issuer = str(subject.get("issuer", "")) or device.issuer
        return self._patient(Patient(str(subject.get("patient_id", "")), name, born, sex, issuer=issuer), device)

    def _patient(self, patient: Patient, device: DeviceConfig) -> Subject:
        """A patient known by identifier: what the worklist says of it besides, where it says one thing."""
        ours = [step.patient for step in self._steps() if step.patient.patient_id == patient.patient_id]
        known = {(one.name, one.birth_date, one.sex) for one in ours}
        if not patient.name and len(known) == 1:
            return Subject(replace(ours[0], issuer=ours[0].issuer or device.issuer))
        return Subject(patient)

    def _steps(self, device: DeviceConfig | None = None) -> list[ScheduledStep]:
        steps = self._worklist.steps if self._worklist and self._worklist.usable else []
        return [step for step in steps if not (device and device.modality) or step.modality == device.modality]

    def _by_worklist(self, item: Item, device: DeviceConfig) -> Subject | Undecided:
        """The one step that there is, or that there was when it was described before: by now it may be another's."""
        assert self._worklist is not None  # checked with the configuration
        if not self._worklist.usable:
            return Undecided("the worklist could not be read yet", later=True)
        steps = self._steps(device)
        if before := item.details.get(_MATCHED):
            found = [step for step in steps if _named(step) == before]
            if len(found) == 1:
                return Subject(found[0].patient, found[0])
            reason = "the scheduled step that it was made for is not in the worklist any more"
            return Undecided(reason, choices=tuple(map(choice, steps[:_MOST_CHOICES])))
        since = self._worklist.since
        if since and since - item.moment.wall > _TOO_EARLY:
            reason = "it was captured long before the worklist could be read"
            return Undecided(reason, choices=tuple(map(choice, steps[:_MOST_CHOICES])))
        if not steps:
            return Undecided("the worklist has no step for this device")
        return self._only(steps, "entries of the worklist fit")

    def _only(self, steps: Sequence[ScheduledStep], what: str) -> Subject | Undecided:
        """The one step that there is; of several, none."""
        if len(steps) == 1:
            return Subject(steps[0].patient, steps[0])
        return Undecided(f"{len(steps)} {what}", choices=tuple(map(choice, steps[:_MOST_CHOICES])))

    def _by_code(self, code: str, device: DeviceConfig) -> Subject | Undecided:
        if not code:
            return Undecided("no barcode was scanned before it")
        steps = self._steps(device)
        found = [step for step in steps if code in (step.accession_number, step.step_id)]
        found = found or [step for step in steps if step.patient.patient_id == code]
        if found:
            return self._only(found, "entries of the worklist have the code that was scanned")
        others = [step for step in self._steps() if code in (step.accession_number, step.step_id)]
        if others:  # the number of an order is no patient's identifier
            reason = "the code that was scanned is of an order for another device"
            return Undecided(reason, choices=tuple(map(choice, others[:_MOST_CHOICES])))
        return self._patient(Patient(code, "", issuer=device.issuer), device)

    def _by_device(self, hints: Hints, device: DeviceConfig) -> Subject | Undecided:
        steps = self._steps(device)
        if hints.sample_id:
            found = [step for step in steps if step.accession_number == hints.sample_id]
            fitting = [step for step in found if hints.patient_id in ("", step.patient.patient_id)]
            if found and not fitting:
                reason = "its sample number is another patient's in the worklist than the one whom the device named"
                return Undecided(reason, choices=tuple(map(choice, found[:_MOST_CHOICES])))
            if fitting:
                return self._only(fitting, "entries of the worklist have its sample number")
        if not hints.patient_id:
            return Undecided("the device named no patient")
        found = [step for step in steps if step.patient.patient_id == hints.patient_id]
        if found:
            return self._only(found, "entries of the worklist are of the patient whom the device named")
        return Subject(Patient(hints.patient_id, hints.patient_name, issuer=device.issuer))


def remembered(subject: Subject) -> dict[str, Any]:
    """The step of a subject as details of a capture, by which it is found again when that is made anew."""
    return {_MATCHED: _named(subject.step)} if subject.step else {}


def _named(step: ScheduledStep) -> list[str]:
    return [key_of(step), step.patient.patient_id]


def key_of(step: ScheduledStep) -> str:
    """What names a step among those of a worklist."""
    return step.step_id or step.accession_number or step.study_uid


def choice(step: ScheduledStep) -> dict[str, str]:
    """A step as a person is shown it to choose."""
    return {
        "step": key_of(step),
        "patient_id": step.patient.patient_id,
        "patient_name": step.patient.name,
        "birth_date": step.patient.birth_date,
        "accession_number": step.accession_number,
        "start": step.start,
        "description": step.description or step.requested_procedure_description,
    }
