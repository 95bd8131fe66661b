"""What a modality tells of a performed step: the data sets of N-CREATE and N-SET (PS3.4 Table F.7.2-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydicom.dataset import Dataset

from modality.protocol.worklist import ScheduledStep

PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"
PERFORMED_STEP_RETRIEVE = "1.2.840.10008.3.1.2.3.4"
PERFORMED_STEP_NOTIFICATION = "1.2.840.10008.3.1.2.3.5"
# PS3.4 Table F.9.2-1: Event Type ID of a notification, by what happened to the step.
NOTIFICATIONS = {"IN PROGRESS": 1, "COMPLETED": 2, "DISCONTINUED": 3, "updated": 4, "deleted": 5}

# CID 9300 Procedure Discontinuation Reasons (PS3.16), its codes of scheme DCM; those of modalities (CID 9301) first.
DISCONTINUATION_REASONS = {
    "110500": "Doctor canceled procedure",
    "110501": "Equipment failure",
    "110502": "Incorrect procedure ordered",
    "110503": "Patient allergic to media/contrast",
    "110504": "Patient died",
    "110505": "Patient refused to continue procedure",
    "110506": "Patient taken for treatment or surgery",
    "110507": "Patient did not arrive",
    "110508": "Patient pregnant",
    "110509": "Change of procedure for correct charging",
    "110510": "Duplicate order",
    "110511": "Nursing unit cancel",
    "110512": "Incorrect side ordered",
    "110513": "Discontinued for unspecified reason",
    "110514": "Incorrect worklist entry selected",
    "110515": "Patient condition prevented continuing",
    "110516": "Equipment change",
    "110521": "Objects incorrectly formatted",
    "110522": "Object Types not supported",
    "110523": "Object Set incomplete",
    "110524": "Media Failure",
    "110526": "Resource pre-empted",
    "110527": "Resource inadequate",
    "110528": "Discontinued Procedure Step rescheduled",
    "110529": "Discontinued Procedure Step rescheduling recommended",
    "110530": "Workitem assignment rejected by assigned resource",
    "110533": "Workitem expired",
    "113568": "Extravasation visible in image",
}
UNSPECIFIED_REASON = "110513"

# SOP Classes without pixels (PS3.4 B.5): presentation states, waveforms, structured reports and key objects,
# encapsulated documents, structure sets, plans and records of radiotherapy, measurements of eyes.
_NO_IMAGES = tuple(
    f"1.2.840.10008.5.1.4.1.1.{below}"
    for below in (
        "11.", "9.", "88.", "104.", "78.", "79.", "481.3", "481.4", "481.5", "481.6", "481.7", "481.8", "481.9",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepStart:
    """What is known when a step begins.

    Args:
        station_aet: Performed Station AE Title.
        modality: Modality.
        step_id: Performed Procedure Step ID.
        study_uid: Study Instance UID: the worklist's, or one made by the modality.
        study_id: Study ID.
        started: start date and time.
        scheduled: the scheduled step performed; for an unscheduled one, an item with what is known of the patient.
        also: further scheduled steps performed together with it, each with its Study Instance UID (the group case).
        description: Performed Procedure Step Description.
        station_name: Performed Station Name.
        location: Performed Location.
    """

    station_aet: str
    modality: str
    step_id: str
    study_uid: str
    study_id: str
    started: datetime
    scheduled: ScheduledStep
    description: str = ""
    station_name: str = ""
    location: str = ""
    also: tuple[tuple[ScheduledStep, str], ...] = ()


@dataclass(slots=True)
class PerformedSeries:
    """One item of the Performed Series Sequence.

    Args:
        uid: Series Instance UID.
        protocol_name: Protocol Name (Type 1 at the end).
        description: Series Description.
        retrieve_aet: where the images can be had.
        performing_physician: Performing Physician's Name.
        operators_name: Operators' Name.
        images: SOP Class and Instance UID of each instance created; what is no image by its class is listed as such.
        others: the same of further instances that are no images.
    """

    uid: str
    protocol_name: str
    description: str = ""
    retrieve_aet: str = ""
    performing_physician: str = ""
    operators_name: str = ""
    images: list[tuple[str, str]] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)


def create(start: StepStart) -> Dataset:
    """The N-CREATE's attribute list: IN PROGRESS, all that the step will ever set present, empty where unknown."""
    scheduled = start.scheduled
    item, patient = scheduled.item, scheduled.patient
    step = Dataset()
    step.SpecificCharacterSet = "ISO_IR 192"
    together = ((scheduled, start.study_uid), *start.also)
    step.ScheduledStepAttributesSequence = [_scheduled_attributes(one, study_uid) for one, study_uid in together]
    step.PatientName = patient.name
    step.PatientID = patient.patient_id
    if patient.issuer:
        step.IssuerOfPatientID = patient.issuer
    step.PatientBirthDate = patient.birth_date
    step.PatientSex = patient.sex
    step.ReferencedPatientSequence = scheduled.referenced_patients
    step.PerformedProcedureStepID = start.step_id
    step.PerformedStationAETitle = start.station_aet
    step.PerformedStationName = start.station_name
    step.PerformedLocation = start.location
    step.PerformedProcedureStepStartDate = f"{start.started:%Y%m%d}"
    step.PerformedProcedureStepStartTime = _time(start.started)
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    step.PerformedProcedureStepDescription = start.description
    step.PerformedProcedureTypeDescription = ""
    step.ProcedureCodeSequence = [code for one, _ in together for code in one.requested_procedure_codes]
    step.PerformedProcedureStepEndDate = ""
    step.PerformedProcedureStepEndTime = ""
    step.PerformedProcedureStepDiscontinuationReasonCodeSequence = []
    step.CommentsOnThePerformedProcedureStep = ""
    step.Modality = start.modality
    step.StudyID = start.study_id
    step.PerformedProtocolCodeSequence = [code for one, _ in together for code in one.protocol_codes]
    step.PerformedSeriesSequence = []
    if "AdmissionID" in item and item.AdmissionID:
        step.AdmissionID = item.AdmissionID
    return step


def _scheduled_attributes(scheduled: ScheduledStep, study_uid: str) -> Dataset:
    item = Dataset()
    item.StudyInstanceUID = study_uid
    item.ReferencedStudySequence = scheduled.referenced_studies
    item.AccessionNumber = scheduled.accession_number
    item.RequestedProcedureID = scheduled.requested_procedure_id
    item.RequestedProcedureDescription = scheduled.requested_procedure_description
    item.RequestedProcedureCodeSequence = scheduled.requested_procedure_codes
    item.ScheduledProcedureStepID = scheduled.step_id
    # Of a step that was not scheduled it is the performed step's alone (IHE RAD TF-2x A.1, unscheduled case).
    known = scheduled.step_id or scheduled.study_uid or scheduled.accession_number
    item.ScheduledProcedureStepDescription = scheduled.description if known else ""
    item.ScheduledProtocolCodeSequence = scheduled.protocol_codes
    return item


def finish(ended: datetime, series: Sequence[PerformedSeries], *, reason: str | None = None) -> Dataset:
    """The final N-SET's modification list: COMPLETED, or DISCONTINUED for a reason.

    Args:
        ended: end date and time.
        series: every series, with all instances created; at least one, even when it has none (PS3.4 Table F.7.2-1).
        reason: a code of `DISCONTINUATION_REASONS`, or None for a completed step.
    """
    step = Dataset()
    step.SpecificCharacterSet = "ISO_IR 192"
    step.PerformedProcedureStepStatus = "DISCONTINUED" if reason else "COMPLETED"
    step.PerformedProcedureStepEndDate = f"{ended:%Y%m%d}"
    step.PerformedProcedureStepEndTime = _time(ended)
    if reason:
        step.PerformedProcedureStepDiscontinuationReasonCodeSequence = [
            code(reason, "DCM", DISCONTINUATION_REASONS[reason])
        ]
    step.PerformedSeriesSequence = [_series_item(one) for one in series]
    return step


def _series_item(series: PerformedSeries) -> Dataset:
    item = Dataset()
    item.PerformingPhysicianName = series.performing_physician
    item.ProtocolName = series.protocol_name
    item.OperatorsName = series.operators_name
    item.SeriesInstanceUID = series.uid
    item.SeriesDescription = series.description
    item.RetrieveAETitle = series.retrieve_aet
    item.ReferencedImageSequence = [reference(*one) for one in series.images if is_image(one[0])]
    others = [*(one for one in series.images if not is_image(one[0])), *series.others]
    item.ReferencedNonImageCompositeSOPInstanceSequence = [reference(*one) for one in others]
    return item


def is_image(sop_class_uid: str) -> bool:
    """Whether instances of a storage SOP Class have pixels; one that is not known is taken for an image's."""
    return not sop_class_uid.startswith(_NO_IMAGES)


def reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """An item of a reference sequence (PS3.3 Table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence (PS3.3 Table 8.8-1)."""
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return item


def _time(moment: datetime) -> str:
    """As the images write it (IHE RAD-8: equal in both): a fraction only where there is one."""
    return f"{moment:%H%M%S.%f}" if moment.microsecond else f"{moment:%H%M%S}"
