"""Worklist items from files: TOML that a person writes, and data sets such as DCMTK's wlmscpfs keeps (`*.wl`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pydicom
from pydicom.datadict import keyword_dict
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from modality import config
from modality.errors import ConfigurationError, InputError
from modality.identity import uid
from modality.protocol.matching import UNREADABLE
from modality.protocol.performed_step import code
from modality.protocol.repertoire import character_set_for
from modality.registry import unknown

_DATASETS = (".wl", ".dcm")


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """A code: value, coding scheme designator, meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True)
class StepEntry:
    """A ``[[step]]`` table: one scheduled procedure step; what is left out is not in the item.

    Study Instance UID, Requested Procedure ID and Scheduled Procedure Step ID are made here when left out, and are
    empty when given as "": then the modality has to make them. Steps of one accession number share a study.

    Args:
        start: "today 08:30", "tomorrow 08:30", "2026-11-24 08:30" or a TOML date-time.
        character_set: Specific Character Set in which the item is answered.
        extra: further attributes of the item, by keyword.
        step_extra: further attributes of its Scheduled Procedure Step Sequence item, by keyword.
    """

    station_aet: str
    modality: str
    start: str | datetime
    patient_name: str
    patient_id: str
    issuer_of_patient_id: str | None = None
    patient_birth_date: str | None = None
    patient_sex: str | None = None
    patient_size_m: float | None = None
    patient_weight_kg: float | None = None
    medical_alerts: str | None = None
    allergies: str | None = None
    accession_number: str | None = None
    study_instance_uid: str | None = None
    requested_procedure_id: str | None = None
    requested_procedure_description: str | None = None
    requested_procedure_codes: tuple[CodeEntry, ...] = ()
    referring_physician: str | None = None
    requesting_physician: str | None = None
    step_id: str | None = None
    description: str | None = None
    protocol_codes: tuple[CodeEntry, ...] = ()
    performing_physician: str | None = None
    station_name: str | None = None
    location: str | None = None
    character_set: str = "ISO_IR 192"
    extra: dict[str, Any] = field(default_factory=dict)
    step_extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorklistFile:
    """A worklist in TOML.

    Args:
        step: its steps.
        seed: from which UIDs that are left out are made.
    """

    step: tuple[StepEntry, ...] = ()
    seed: int = 0


# Key of an entry to keyword, of the item (PS3.4 Table K.6-1).
_ITEM = {
    "patient_name": "PatientName",
    "patient_id": "PatientID",
    "issuer_of_patient_id": "IssuerOfPatientID",
    "patient_birth_date": "PatientBirthDate",
    "patient_sex": "PatientSex",
    "patient_size_m": "PatientSize",
    "patient_weight_kg": "PatientWeight",
    "medical_alerts": "MedicalAlerts",
    "allergies": "Allergies",
    "accession_number": "AccessionNumber",
    "requested_procedure_description": "RequestedProcedureDescription",
    "referring_physician": "ReferringPhysicianName",
    "requesting_physician": "RequestingPhysician",
}
# The same of its Scheduled Procedure Step Sequence item.
_STEP = {
    "station_aet": "ScheduledStationAETitle",
    "modality": "Modality",
    "description": "ScheduledProcedureStepDescription",
    "performing_physician": "ScheduledPerformingPhysicianName",
    "station_name": "ScheduledStationName",
    "location": "ScheduledProcedureStepLocation",
}


def read(path: Path, today: date) -> list[Dataset]:
    """The worklist items of a TOML file, of a data set, or of a folder of both in the order of their names.

    Args:
        path: the file or folder.
        today: the day that "today" stands for.

    Raises:
        ConfigurationError: a TOML file does not fit, or there is nothing at the path.
        InputError: a data set cannot be read.
    """
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.suffix in (".toml", *_DATASETS))
        return [item for one in files for item in read(one, today)]
    if path.suffix in _DATASETS:
        return [_dataset(path)]
    worklist = config.load(path, WorklistFile)
    return items(worklist, today, source=str(path))


def items(worklist: WorklistFile, today: date, *, source: str = "worklist") -> list[Dataset]:
    """The items of a worklist.

    Raises:
        ConfigurationError: an entry holds what no item can.
    """
    made = []
    for number, entry in enumerate(worklist.step, 1):
        place = f"{source}: step[{number}]"
        try:
            made.append(item(entry, number, worklist.seed, today))
        except ConfigurationError as error:
            raise ConfigurationError(f"{place}: {error}") from error
    return made


def item(entry: StepEntry, number: int, seed: int, today: date) -> Dataset:
    """A worklist item (PS3.4 Table K.6-1).

    Args:
        entry: what is scheduled.
        number: its place in the worklist, from 1; identifiers that are left out are made from it.
        seed: from which the Study Instance UID is made.
        today: the day that "today" stands for.

    Raises:
        ConfigurationError: a value fits no attribute.
    """
    begins = start(entry.start, today)
    step = Dataset()
    step.ScheduledProcedureStepStartDate = f"{begins:%Y%m%d}"
    step.ScheduledProcedureStepStartTime = f"{begins:%H%M%S}"
    step.ScheduledProcedureStepID = f"SPS{number:04d}" if entry.step_id is None else entry.step_id
    _fill(step, entry, _STEP)
    if entry.protocol_codes:
        step.ScheduledProtocolCodeSequence = _codes(entry.protocol_codes)
    _extend(step, entry.step_extra)

    made = Dataset()
    order = entry.accession_number or f"step {number}"
    made.StudyInstanceUID = entry.study_instance_uid
    if entry.study_instance_uid is None:
        made.StudyInstanceUID = uid(seed, "worklist", order, "study")
    made.RequestedProcedureID = entry.requested_procedure_id
    if entry.requested_procedure_id is None:
        made.RequestedProcedureID = f"RP-{entry.accession_number}"[:16] if entry.accession_number else f"RP{number:04d}"
    _fill(made, entry, _ITEM)
    if entry.requested_procedure_codes:
        made.RequestedProcedureCodeSequence = _codes(entry.requested_procedure_codes)
    _extend(made, entry.extra)
    made.ScheduledProcedureStepSequence = [step]
    if character_set_for(made, entry.character_set) != entry.character_set:
        raise ConfigurationError(f"character_set: {entry.character_set!r} cannot write every text of this step")
    made.SpecificCharacterSet = entry.character_set
    return made


def start(text: str | datetime, today: date) -> datetime:
    """When a step starts.

    Raises:
        ConfigurationError: the text is no time.
    """
    if isinstance(text, datetime):
        return text
    day, _, time = text.replace("T", " ").partition(" ")
    words = {"today": today, "tomorrow": today + timedelta(days=1), "yesterday": today - timedelta(days=1)}
    try:
        return datetime.fromisoformat(f"{words.get(day, day)} {time or '00:00'}")
    except ValueError:
        raise ConfigurationError(f'start: {text!r}: give "today 08:30" or "2026-11-24 08:30"') from None


def _dataset(path: Path) -> Dataset:
    try:
        dataset = pydicom.dcmread(path, force=True)
        found = dataset.get("ScheduledProcedureStepSequence")
    except (InvalidDicomError, *UNREADABLE) as error:
        raise InputError(f"{path}: cannot be read as a worklist item: {error}") from error
    if not found:
        raise InputError(f"{path}: no worklist item: it has no Scheduled Procedure Step Sequence")
    return dataset


def _fill(dataset: Dataset, entry: StepEntry, keywords: dict[str, str]) -> None:
    _extend(dataset, {keyword: getattr(entry, key) for key, keyword in keywords.items()})


def _extend(dataset: Dataset, values: dict[str, Any]) -> None:
    for keyword, value in values.items():
        if keyword not in keyword_dict:
            near = unknown("attribute", keyword, list(keyword_dict))
            raise ConfigurationError(near if "did you mean" in near else f"unknown attribute {keyword!r}")
        if value is None:
            continue
        try:
            setattr(dataset, keyword, _sequence(value) if isinstance(value, list) else value)
        except UNREADABLE as error:
            raise ConfigurationError(f"{keyword}: {value!r} does not fit: {error}") from error


def _sequence(values: list[Any]) -> list[Any]:
    """A list of tables is a sequence, a list of anything else a multiple value."""
    made: list[Any] = []
    for value in values:
        if isinstance(value, dict):
            nested = Dataset()
            _extend(nested, value)
            made.append(nested)
        else:
            made.append(value)
    return made


def _codes(entries: Iterable[CodeEntry]) -> list[Dataset]:
    return [code(entry.value, entry.scheme, entry.meaning) for entry in entries]
