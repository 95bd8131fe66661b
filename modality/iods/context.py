"""What an image knows besides its pixels: patient, order, machine, moment (PS3.3 A.1.2's upper entities)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from modality.identity import Identity, Patient
from modality.protocol.worklist import ScheduledStep


@dataclass(frozen=True, slots=True)
class Equipment:
    """The machine (PS3.3 C.7.5.1)."""

    manufacturer: str = "modality"
    model_name: str = "Simulator"
    station_name: str = ""
    device_serial_number: str = "0001"
    software_versions: str = ""
    institution_name: str = ""
    department_name: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """The study as ordered (PS3.3 C.7.2.1).

    Args:
        uid: Study Instance UID.
        started: Study Date and Time.
        study_id: Study ID.
        accession_number: Accession Number; empty when the order has none.
        description: Study Description.
        referring_physician: Referring Physician's Name.
        requests: the scheduled steps that this study answers; none when it was not scheduled.
    """

    uid: str
    started: datetime
    study_id: str = ""
    accession_number: str = ""
    description: str = ""
    referring_physician: str = ""
    requests: tuple[ScheduledStep, ...] = ()


@dataclass(frozen=True, slots=True)
class PerformedStep:
    """The performed step that a series is part of (PS3.3 C.7.3.1's performed procedure step attributes).

    Args:
        uid: SOP Instance UID of the MPPS instance; empty when none is reported.
        step_id: Performed Procedure Step ID.
        started: Performed Procedure Step Start Date and Time.
        description: Performed Procedure Step Description.
    """

    uid: str
    step_id: str
    started: datetime
    description: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One series (PS3.3 C.7.3.1).

    Args:
        uid: Series Instance UID.
        number: Series Number.
        started: Series Date and Time.
        frame_of_reference_uid: Frame of Reference UID.
        description: Series Description.
        protocol_name: Protocol Name.
        performed_step: the performed step it belongs to.
        performing_physician: Performing Physician's Name.
        operators_name: Operators' Name.
    """

    uid: str
    number: int
    started: datetime
    frame_of_reference_uid: str
    description: str = ""
    protocol_name: str = ""
    performed_step: PerformedStep | None = None
    performing_physician: str = ""
    operators_name: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """All that a dataset needs beside its frames.

    Args:
        patient: whom.
        study: why.
        series: when and as part of what.
        equipment: with what.
        identity: gives the SOP Instance UIDs (role "instance").
    """

    patient: Patient
    study: Study
    series: Series
    identity: Identity
    equipment: Equipment = field(default_factory=Equipment)
