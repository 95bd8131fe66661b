"""A workitem of the unified worklist: made from a scheduled step and read as one, and what its performer says of it.

A UPS has no Modality: the scheduled station's class tells it, by the codes of CID 29 (scheme DCM), and its name code
holds the AE title (our choice, of scheme 99MODALITY).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from modality.protocol.performed_step import DISCONTINUATION_REASONS, PerformedSeries, code, reference
from modality.protocol.ups.states import SCHEDULED
from modality.protocol.worklist import ScheduledStep, coded, referenced, text

UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"
UPS_WATCH = "1.2.840.10008.5.1.4.34.6.2"
UPS_PULL = "1.2.840.10008.5.1.4.34.6.3"
UPS_EVENT = "1.2.840.10008.5.1.4.34.6.4"
UPS_QUERY = "1.2.840.10008.5.1.4.34.6.5"
STATION_SCHEME = "99MODALITY"
# CID 9231 has no code for an acquisition; ours, where the order has none.
_ACQUISITION = ("ACQUISITION", STATION_SCHEME, "Image acquisition")

_PATIENT = ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "AdmissionID",
            "MedicalAlerts", "PregnancyStatus", "SpecialNeeds")  # fmt: skip
_REQUEST = ("StudyInstanceUID", "AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription",
            "RequestingPhysician", "ReferringPhysicianName", "ReasonForTheRequestedProcedure")  # fmt: skip

_KEYS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "ProcedureStepLabel", "WorklistLabel",
         "ScheduledProcedureStepPriority", "ScheduledProcedureStepID", "InputReadinessState")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workitem:
    """A workitem as answered.

    Args:
        uid: its SOP Instance UID.
        attributes: what the answer holds.
    """

    uid: str
    attributes: Dataset

    @property
    def state(self) -> str:
        """SCHEDULED, IN PROGRESS, COMPLETED or CANCELED."""
        return text(self.attributes, "ProcedureStepState")

    @property
    def step(self) -> ScheduledStep:
        """The scheduled step that it stands for."""
        found = self.attributes
        item = Dataset()
        item.SpecificCharacterSet = "ISO_IR 192"
        _copy(found, item, _PATIENT)
        requests = found.get("ReferencedRequestSequence") or [Dataset()]
        _copy(requests[0], item, _REQUEST)
        item.StudyInstanceUID = text(requests[0], "StudyInstanceUID") or text(found, "StudyInstanceUID")
        item.RequestedProcedureCodeSequence = coded(requests[0], "RequestedProcedureCodeSequence")
        item.ReferencedStudySequence = referenced(requests[0], "ReferencedStudySequence")
        step = Dataset()
        step.Modality = _first(found, "ScheduledStationClassCodeSequence")
        step.ScheduledStationAETitle = _first(found, "ScheduledStationNameCodeSequence")
        start = text(found, "ScheduledProcedureStepStartDateTime")
        step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = start[:8], start[8:14]
        step.ScheduledProcedureStepDescription = text(found, "ProcedureStepLabel")
        step.ScheduledProcedureStepID = text(found, "ScheduledProcedureStepID")
        step.ScheduledProtocolCodeSequence = coded(found, "ScheduledWorkitemCodeSequence")
        item.ScheduledProcedureStepSequence = [step]
        return ScheduledStep(item)


def query(
    *, station_aet: str = "", modality: str = "", patient_id: str = "", state: str = SCHEDULED, day: str = ""
) -> Dataset:
    """A C-FIND identifier of the UPS Pull SOP Class, with every return key (PS3.4 Table CC.2.5-3).

    Args:
        station_aet: AE title of the scheduled station; any by default.
        modality: of the scheduled station; any by default.
        patient_id: Patient ID; any by default.
        state: Procedure Step State.
        day: scheduled start: a DICOM date or range; any by default.
    """
    identifier = Dataset()
    identifier.SpecificCharacterSet = "ISO_IR 192"
    for keyword in (*_PATIENT, *_KEYS):
        setattr(identifier, keyword, None if keyword == "PregnancyStatus" else "")
    identifier.PatientID = patient_id
    identifier.ProcedureStepState = state
    first, _, last = day.partition("-")
    # A day is a range of date-times (PS3.4 C.2.2.2.5.3).
    span = f"{first}000000-{(last or first)}235959" if first else ""
    identifier.ScheduledProcedureStepStartDateTime = span
    identifier.ScheduledStationNameCodeSequence = [_code_key(station_aet)]
    identifier.ScheduledStationClassCodeSequence = [_code_key(modality)]
    identifier.ScheduledWorkitemCodeSequence = [_code_key("")]
    identifier.ReferencedRequestSequence = []
    return identifier


def workitem(step: ScheduledStep) -> Dataset:
    """The attributes of a UPS for a scheduled step, SCHEDULED and ready (PS3.4 Table CC.2.5-3, N-CREATE)."""
    item = step.item
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    _copy(item, made, _PATIENT)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        if keyword not in made:
            setattr(made, keyword, "")
    made.ProcedureStepState = SCHEDULED
    made.InputReadinessState = "READY"
    made.ScheduledProcedureStepPriority = "HIGH" if text(item, "RequestedProcedurePriority") == "STAT" else "MEDIUM"
    made.ProcedureStepLabel = step.description or step.requested_procedure_description or step.modality
    made.WorklistLabel = "ACQUISITION"
    day, time = text(step.step, "ScheduledProcedureStepStartDate"), text(step.step, "ScheduledProcedureStepStartTime")
    made.ScheduledProcedureStepStartDateTime = f"{day}{time or '000000'}"
    made.ScheduledProcedureStepID = step.step_id
    made.ScheduledStationNameCodeSequence = [code(step.station_aet, STATION_SCHEME, step.station_aet)]
    made.ScheduledStationClassCodeSequence = [code(step.modality, "DCM", step.modality)]
    made.ScheduledWorkitemCodeSequence = step.protocol_codes
    made.StudyInstanceUID = step.study_uid
    request = Dataset()
    _copy(item, request, _REQUEST)
    request.RequestedProcedureCodeSequence = step.requested_procedure_codes
    request.ReferencedStudySequence = step.referenced_studies
    made.ReferencedRequestSequence = [request]
    made.InputInformationSequence = []
    made.ScheduledProcessingParametersSequence = []
    made.UnifiedProcedureStepPerformedProcedureSequence = []
    return made


def state_change(state: str, transaction_uid: str) -> Dataset:
    """The information of an N-ACTION that changes the state (PS3.4 Table CC.2.1-1)."""
    information = Dataset()
    information.ProcedureStepState = state
    information.TransactionUID = transaction_uid
    return information


def progress(transaction_uid: str, percent: int, said: str) -> Dataset:
    """The modification list that tells how far a performer is."""
    changes = Dataset()
    changes.TransactionUID = transaction_uid
    item = Dataset()
    item.ProcedureStepProgress = str(percent)
    item.ProcedureStepProgressDescription = said
    changes.ProcedureStepProgressInformationSequence = [item]
    return changes


def performed(
    transaction_uid: str,
    step: ScheduledStep,
    began: datetime,
    ended: datetime,
    station: tuple[str, str],
    outputs: Sequence[tuple[str, PerformedSeries]],
    *,
    reason: str | None = None,
) -> Dataset:
    """The last modification list before the final state: what was done, and where its images are.

    Args:
        transaction_uid: of the claim.
        step: what was scheduled.
        began: start date and time.
        ended: end date and time.
        station: AE title and name of the station.
        outputs: Study Instance UID and series, with all instances created.
        reason: a code of `DISCONTINUATION_REASONS`, or None for a completed step.
    """
    changes = progress(transaction_uid, 100, "abandoned" if reason else "done")
    changes.SpecificCharacterSet = "ISO_IR 192"
    if reason:
        told = changes.ProcedureStepProgressInformationSequence[0]
        told.ProcedureStepCancellationDateTime = f"{ended:%Y%m%d%H%M%S}"
        told.ProcedureStepDiscontinuationReasonCodeSequence = [code(reason, "DCM", DISCONTINUATION_REASONS[reason])]
    done = Dataset()
    done.PerformedStationNameCodeSequence = [code(station[0], STATION_SCHEME, station[1] or station[0])]
    done.PerformedProcedureStepStartDateTime = f"{began:%Y%m%d%H%M%S}"
    done.PerformedProcedureStepEndDateTime = f"{ended:%Y%m%d%H%M%S}"
    done.PerformedProcedureStepDescription = step.description
    done.PerformedWorkitemCodeSequence = step.protocol_codes or [code(*_ACQUISITION)]
    done.OutputInformationSequence = [_output(study_uid, series) for study_uid, series in outputs if series.images]
    changes.UnifiedProcedureStepPerformedProcedureSequence = [done]
    return changes


def _output(study_uid: str, series: PerformedSeries) -> Dataset:
    """An item of the Referenced Instances and Access Macro (PS3.3 Table 10-3b)."""
    item = Dataset()
    item.TypeOfInstances = "DICOM"
    item.StudyInstanceUID = study_uid
    item.SeriesInstanceUID = series.uid
    item.ReferencedSOPSequence = [reference(*one) for one in series.images]
    access = Dataset()
    access.RetrieveAETitle = series.retrieve_aet or "UNKNOWN"
    item.DICOMRetrievalSequence = [access]
    return item


def _copy(source: Dataset, target: Dataset, keywords: Sequence[str]) -> None:
    for keyword in keywords:
        if keyword in source and not source[keyword].is_empty:
            value = source[keyword].value
            # A name keeps the bytes in which it was written last, whatever data set it is in.
            setattr(target, keyword, str(value) if isinstance(value, PersonName) else value)


def _code_key(value: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "", ""
    return item


def _first(dataset: Dataset, keyword: str) -> str:
    codes = coded(dataset, keyword)
    return text(codes[0], "CodeValue") if codes else ""
