"""The order asked for again: what changed in the worklist since a step was chosen from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modality.protocol.worklist import ScheduledStep

if TYPE_CHECKING:
    from modality.station.station import Station

# What a change of the order would make wrong in images and performed step, by the name that people know.
_WATCHED = {
    "Patient's Name": lambda step: step.patient.name,
    "Patient ID": lambda step: step.patient.patient_id,
    "Patient's Birth Date": lambda step: step.patient.birth_date,
    "Patient's Sex": lambda step: step.patient.sex,
    "Accession Number": lambda step: step.accession_number,
    "Study Instance UID": lambda step: step.study_uid,
}


def asked_again(station: Station, step: ScheduledStep) -> ScheduledStep | None:
    """The scheduled step as the RIS has it now, or None when it lists it no more.

    Asked for by what a rename leaves as it is: the order's identifiers, not the patient's.

    Args:
        station: whose RIS is asked.
        step: the step as it was.

    Raises:
        UnreachableError: the RIS does not answer.
        PeerError: it refused, or did not answer properly.
    """
    found = station.worklist(
        date="any",
        modality=step.modality,
        station_aet=step.station_aet,
        accession_number=step.accession_number,
        requested_procedure_id=step.requested_procedure_id,
    )
    same = [one for one in found if one.step_id == step.step_id]
    if step.accession_number or step.requested_procedure_id or step.step_id:
        return same[0] if same else None
    return next((one for one in same if step.study_uid and one.study_uid == step.study_uid), None)


def differences(before: ScheduledStep, now: ScheduledStep) -> list[str]:
    """What changed in an order, a line for each attribute."""
    return [
        f"{name} was {value(before)!r} and is {value(now)!r}"
        for name, value in _WATCHED.items()
        if value(before) != value(now)
    ]
