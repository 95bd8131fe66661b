"""Worklist items to scan: codes, three character sets, and one with nothing but what wlmscpfs demands."""

from __future__ import annotations

import datetime as dt

from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

STATION_AET = "SIM"
HEAD_CT = Code("CTHEAD", "99PEER", "CT of the head")
THORAX_CT = Code("CTTHORAX", "99PEER", "CT of the thorax")
HEAD_MR = Code("MRHEAD", "99PEER", "MR of the head")


def today() -> str:
    """Today as a DICOM date."""
    return dt.datetime.now(tz=dt.timezone.utc).astimezone().strftime("%Y%m%d")


def coded(code: Code) -> Dataset:
    """An item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue = code.value
    item.CodingSchemeDesignator = code.scheme_designator
    item.CodeMeaning = code.meaning
    return item


def sparse(number: int, name: str, modality: str, start_date: str | None = None) -> Dataset:
    """An item with the attributes that wlmscpfs 3.6.7 demands (found by leaving each one out), and no others.

    Args:
        number: tells the items' identifiers apart.
        name: Patient's Name, in the default repertoire unless a Specific Character Set is added.
        modality: Modality of the scheduled step.
        start_date: Scheduled Procedure Step Start Date; today unless given.
    """
    step = Dataset()
    step.Modality = modality
    step.ScheduledStationAETitle = STATION_AET
    step.ScheduledProcedureStepStartDate = start_date or today()
    step.ScheduledProcedureStepStartTime = f"{8 + number:02}3000"
    step.ScheduledProcedureStepDescription = f"{modality} step {number}"
    step.ScheduledProcedureStepID = f"SPS{number}"
    item = Dataset()
    item.PatientName = name
    item.PatientID = f"PEER{number}"
    item.StudyInstanceUID = generate_uid(entropy_srcs=["study", str(number)])
    item.RequestedProcedureID = f"RP{number}"
    item.RequestedProcedureDescription = f"{modality} procedure {number}"
    item.ScheduledProcedureStepSequence = [step]
    return item


def ordered(number: int, name: str, modality: str, protocol: Code, character_set: str | None = None) -> Dataset:
    """An item as a RIS fills it: accession, demographics, referenced study and patient, a protocol code."""
    item = sparse(number, name, modality)
    if character_set is not None:
        item.SpecificCharacterSet = character_set
    item.AccessionNumber = f"ACC{number}"
    item.ReferringPhysicianName = "Referrer^Rita"
    item.PatientBirthDate = "19610412"
    item.PatientSex = "F"
    item.PatientWeight = "71.5"
    item.MedicalAlerts = "Pacemaker"
    item.Allergies = "Latex"
    item.RequestedProcedureCodeSequence = [coded(protocol)]
    item.ScheduledProcedureStepSequence[0].ScheduledProtocolCodeSequence = [coded(protocol)]
    item.ScheduledProcedureStepSequence[0].ScheduledPerformingPhysicianName = "Operator^Olga"
    study = Dataset()
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"  # Detached Study Management (retired), as RIS send it
    study.ReferencedSOPInstanceUID = generate_uid(entropy_srcs=["referenced study", str(number)])
    item.ReferencedStudySequence = [study]
    return item


def default_items() -> list[Dataset]:
    """Four steps for station SIM today: plain with codes, UTF-8, Latin-1, sparse; CT and MR."""
    return [
        ordered(1, "Water^Cylinder", "CT", HEAD_CT),
        ordered(2, "Łukasiewicz^Żaneta=山田^太郎=やまだ^たろう", "CT", THORAX_CT, "ISO_IR 192"),
        ordered(3, "Müller^Jörg", "MR", HEAD_MR, "ISO_IR 100"),
        sparse(4, "Sparse^Item", "MR"),
    ]
