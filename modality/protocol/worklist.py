"""The modality worklist as the modality sees it: the query, and a scheduled step in its answer (PS3.4 annex K)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydicom.dataset import Dataset

from modality.errors import UsageError
from modality.identity import Patient
from modality.protocol.received_text import decode

MODALITY_WORKLIST_FIND = "1.2.840.10008.5.1.4.31"

# Return keys of PS3.4 Table K.6-1: what a modality puts into its images and its performed step, and what a technologist
# is shown before a scan. Sequences stand with the keys asked for within them.
_STEP_KEYS = (
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "Modality",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
    "ScheduledStationName",
    "ScheduledProcedureStepLocation",
    "PreMedication",
    "RequestedContrastAgent",
    "ScheduledProcedureStepStatus",
)
_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")
_CODE_SCHEME = ("CodingSchemeDesignator", "CodingSchemeVersion")
_CODE_KEYS = ("CodeValue", *_CODE_SCHEME, "CodeMeaning")
_REFERENCE_KEYS = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")
_ITEM_KEYS = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "InstitutionName",
    "AdmissionID",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientSize",
    "PatientWeight",
    "MedicalAlerts",
    "Allergies",
    "PregnancyStatus",
    "SpecialNeeds",
    "PatientState",
    "ConfidentialityConstraintOnPatientDataDescription",
    "CurrentPatientLocation",
    "StudyInstanceUID",
    "RequestingPhysician",
    "RequestedProcedureDescription",
    "RequestedProcedureID",
    "RequestedProcedurePriority",
    "PatientTransportArrangements",
    "ReasonForTheRequestedProcedure",
)

_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}", re.ASCII)


def _item(keywords: Sequence[str]) -> Dataset:
    item = Dataset()
    for keyword in keywords:
        setattr(item, keyword, "" if keyword not in ("PatientSize", "PatientWeight", "PregnancyStatus") else None)
    return item


def unscheduled(patient: Patient, modality: str, *, description: str = "") -> ScheduledStep:
    """What stands for a scheduled step when there was none: the patient as far as known, and no order (RAD-6)."""
    item = Dataset()
    item.SpecificCharacterSet = patient.character_set
    item.PatientName = patient.name
    item.PatientID = patient.patient_id
    item.IssuerOfPatientID = patient.issuer
    item.PatientBirthDate = patient.birth_date
    item.PatientSex = patient.sex
    step = Dataset()
    step.Modality = modality
    step.ScheduledProcedureStepDescription = description
    item.ScheduledProcedureStepSequence = [step]
    return ScheduledStep(item)


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """What to ask a RIS for (IHE RAD TF-2 4.5, RAD-5: the broad and the patient-based query).

    Args:
        date: scheduled start: a date, a range of two, or None for any.
        modality: Modality, or empty for any.
        station_aet: Scheduled Station AE Title, or empty for any.
        patient_id: Patient ID.
        patient_name: Patient's Name, with wildcards.
        accession_number: Accession Number.
        requested_procedure_id: Requested Procedure ID.
        performing_physician: Scheduled Performing Physician's Name.
    """

    date: date | tuple[date | None, date | None] | None = None
    modality: str = ""
    station_aet: str = ""
    patient_id: str = ""
    patient_name: str = ""
    accession_number: str = ""
    requested_procedure_id: str = ""
    performing_physician: str = ""

    def identifier(self) -> Dataset:
        """The C-FIND identifier, with every return key, so that one query suffices."""
        step = _item(_STEP_KEYS)
        step.ScheduledProcedureStepStartDate = self.date_range
        step.Modality = self.modality
        step.ScheduledStationAETitle = self.station_aet
        step.ScheduledPerformingPhysicianName = self.performing_physician
        step.ScheduledProtocolCodeSequence = [_item(_CODE_KEYS)]
        identifier = _item(_ITEM_KEYS)
        identifier.SpecificCharacterSet = "ISO_IR 192"
        identifier.PatientName = self.patient_name
        identifier.PatientID = self.patient_id
        identifier.AccessionNumber = self.accession_number
        identifier.RequestedProcedureID = self.requested_procedure_id
        identifier.RequestedProcedureCodeSequence = [_item(_CODE_KEYS)]
        identifier.ReferencedStudySequence = [_item(_REFERENCE_KEYS)]
        identifier.ReferencedPatientSequence = [_item(_REFERENCE_KEYS)]
        # Its item's keys differ from peer to peer (PS3.4 K.6.1.2.2): asked for whole.
        identifier.ScheduledSpecimenSequence = []
        identifier.ScheduledProcedureStepSequence = [step]
        return identifier

    @property
    def date_range(self) -> str:
        """The date, or range of dates, as DICOM writes it; empty for any."""
        if self.date is None:
            return ""
        if isinstance(self.date, tuple):
            first, last = (f"{day:%Y%m%d}" if day else "" for day in self.date)
            return f"{first}-{last}"
        return f"{self.date:%Y%m%d}"


def parse_date(text: str, today: date) -> date | tuple[date | None, date | None] | None:
    """A date as people give it: `today`, `tomorrow`, `any`, 20261124, 2026-11-24, or a range `A..B` open at an end.

    Raises:
        UsageError: it is none of these.
    """
    if text in ("any", ""):
        return None
    if ".." in text:
        first, last = (_day(part, today) for part in text.split("..", 1))
        if not (first or last) or (first and last and first > last):
            raise UsageError(f"date {text!r}: a range A..B goes from A to B, and one of them may be left out")
        return (first, last)
    return _day(text, today)


def _day(text: str, today: date) -> date | None:
    words = {"": None, "today": today, "yesterday": date.fromordinal(today.toordinal() - 1)}
    words["tomorrow"] = date.fromordinal(today.toordinal() + 1)
    if text in words:
        return words[text]
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)  # strptime takes fewer digits
        return datetime.strptime(text.replace("-", ""), "%Y%m%d").date()  # noqa: DTZ007 - a date has no time zone
    except ValueError:
        raise UsageError(f"date {text!r}: give today, any, YYYY-MM-DD, or a range A..B") from None


class ScheduledStep:
    """One scheduled procedure step of a worklist; what the answer did not hold reads as empty.

    Args:
        item: the worklist item as answered (PS3.4 Table K.6-1).

    Attributes:
        undeclared: keywords of the attributes beyond ASCII for which no character set was declared.
    """

    def __init__(self, item: Dataset) -> None:
        # Its texts go into data sets of another character set; of an item made here, pydicom would spoil the names.
        self.undeclared = decode(item) if item.original_encoding != (None, None) else []
        self.item = item
        sequence = item.get("ScheduledProcedureStepSequence") or []
        self.step: Dataset = sequence[0] if sequence else Dataset()

    def __repr__(self) -> str:
        return f"<ScheduledStep {self.step_id or '(no id)'} {self.modality} {self.description!r}>"

    @property
    def problems(self) -> list[str]:
        """What is doubtful about the item: characters whose set was not declared; a line, which holds no value."""
        if not self.undeclared:
            return []
        names = ", ".join(self.undeclared)
        return [f"{names}: characters beyond ASCII, and the RIS declares no Specific Character Set; read as ISO_IR 100"]

    @property
    def patient(self) -> Patient:
        """Whom the step is for."""
        item = self.item
        size, weight = item.get("PatientSize"), item.get("PatientWeight")
        return Patient(
            patient_id=text(item, "PatientID"),
            name=text(item, "PatientName"),
            birth_date=text(item, "PatientBirthDate"),
            sex=text(item, "PatientSex"),
            character_set=character_set(item),
            issuer=text(item, "IssuerOfPatientID"),
            size_m=float(size) if size not in (None, "") else None,
            weight_kg=float(weight) if weight not in (None, "") else None,
        )

    @property
    def study_uid(self) -> str:
        """Study Instance UID, empty when the RIS left it to the modality."""
        return text(self.item, "StudyInstanceUID")

    @property
    def accession_number(self) -> str:
        """Accession Number."""
        return text(self.item, "AccessionNumber")

    @property
    def requested_procedure_id(self) -> str:
        """Requested Procedure ID."""
        return text(self.item, "RequestedProcedureID")

    @property
    def requested_procedure_description(self) -> str:
        """Requested Procedure Description."""
        return text(self.item, "RequestedProcedureDescription")

    @property
    def referring_physician(self) -> str:
        """Referring Physician's Name."""
        return text(self.item, "ReferringPhysicianName")

    @property
    def step_id(self) -> str:
        """Scheduled Procedure Step ID."""
        return text(self.step, "ScheduledProcedureStepID")

    @property
    def description(self) -> str:
        """Scheduled Procedure Step Description."""
        return text(self.step, "ScheduledProcedureStepDescription")

    @property
    def modality(self) -> str:
        """Modality the step is scheduled for."""
        return text(self.step, "Modality")

    @property
    def station_aet(self) -> str:
        """Scheduled Station AE Title."""
        return text(self.step, "ScheduledStationAETitle")

    @property
    def performing_physician(self) -> str:
        """Scheduled Performing Physician's Name."""
        return text(self.step, "ScheduledPerformingPhysicianName")

    @property
    def start(self) -> str:
        """Scheduled start as YYYY-MM-DD HH:MM, as far as known."""
        day, time = (
            text(self.step, "ScheduledProcedureStepStartDate"),
            text(self.step, "ScheduledProcedureStepStartTime"),
        )
        return f"{day[:4]}-{day[4:6]}-{day[6:8]} {time[:2]}:{time[2:4]}".strip("-: ") if day else ""

    @property
    def protocol_codes(self) -> list[Dataset]:
        """Scheduled Protocol Code Sequence: its proper codes."""
        return coded(self.step, "ScheduledProtocolCodeSequence")

    @property
    def requested_procedure_codes(self) -> list[Dataset]:
        """Requested Procedure Code Sequence: its proper codes."""
        return coded(self.item, "RequestedProcedureCodeSequence")

    @property
    def referenced_studies(self) -> list[Dataset]:
        """Referenced Study Sequence: its proper references."""
        return referenced(self.item, "ReferencedStudySequence")

    @property
    def referenced_patients(self) -> list[Dataset]:
        """Referenced Patient Sequence: its proper references."""
        return referenced(self.item, "ReferencedPatientSequence")


def text(dataset: Dataset, keyword: str) -> str:
    """The value as text, values of a multiple one joined by a backslash; empty when absent."""
    value = dataset.get(keyword)
    if value is None:
        return ""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return "\\".join(str(part) for part in value)
    return str(value)


def character_set(dataset: Dataset) -> str:
    """Specific Character Set as text; empty means ISO 646, the default repertoire."""
    return text(dataset, "SpecificCharacterSet")


def coded(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The codes of a sequence, as copies that hold what PS3.3 Table 8.8-1 asks for and nothing else.

    A peer may answer with an item of empty attributes. One that names no coding scheme names no concept (Coding Scheme
    Designator is Type 1C beside Code Value) and is left out; one without its meaning (Type 1) gets its value for one.
    """
    codes = []
    for item in dataset.get(keyword) or []:
        known = {name: value for name in (*_CODE_VALUES, *_CODE_SCHEME) if (value := text(item, name))}
        values = [known[name] for name in _CODE_VALUES if name in known]
        if not values or not ("CodingSchemeDesignator" in known or "URNCodeValue" in known):
            continue
        copy = Dataset()
        for name, value in {**known, "CodeMeaning": text(item, "CodeMeaning") or values[0]}.items():
            setattr(copy, name, value)
        codes.append(copy)
    return codes


def referenced(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The references of a sequence, as copies; one that lacks a UID (both Type 1, PS3.3 Table 10-11) is left out."""
    references = []
    for item in dataset.get(keyword) or []:
        copy = Dataset()
        for name in _REFERENCE_KEYS:
            setattr(copy, name, text(item, name))
        if all(copy[name].value for name in _REFERENCE_KEYS):
            references.append(copy)
    return references
