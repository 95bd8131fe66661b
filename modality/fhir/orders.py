"""ServiceRequest (hl7.org/fhir/R4/servicerequest.html): an imaging order, as the worklist has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from typing import Any

from modality.errors import UsageError
from modality.fhir.datatypes import (
    Resource,
    concept,
    dicom_uid,
    identifier,
    loinc,
    moment,
    named,
    percent_encoded,
    reference,
    without_empty,
)
from modality.fhir.terminology import DICOM, SNOMED_CT
from modality.protocol.worklist import ScheduledStep, text

ACCESSION_SYSTEM = "urn:modality:accession"
# Requested Procedure Priority (PS3.3 C.4.11) and R4's request priority.
_PRIORITIES = {"": "", "STAT": "stat", "HIGH": "urgent", "ROUTINE": "routine", "MEDIUM": "routine", "LOW": "routine"}
# Coding Scheme Designator (PS3.16 Table 8-1) and the URI of the code system.
SCHEMES: Mapping[str, str] = {
    "DCM": DICOM,
    "SCT": SNOMED_CT,
    "LN": "http://loinc.org",
    "RADLEX": "http://radlex.org",
    "UCUM": "http://unitsofmeasure.org",
}


def scheme_uri(designator: str) -> str:
    """The URI of a coding scheme; a URN of our own for one that has none here."""
    return SCHEMES.get(designator) or f"urn:modality:scheme:{percent_encoded(designator)}"


def service_request(
    *,
    subject: Mapping[str, Any] | str,
    accession_number: str,
    accession_system: str = ACCESSION_SYSTEM,
    study_uid: str = "",
    loinc_code: str = "",
    code: tuple[str, str, str] | None = None,
    description: str = "",
    priority: str = "",
    scheduled: datetime | None = None,
    requester: str = "",
    reason: str = "",
    status: str = "active",
    zone: tzinfo = timezone.utc,
) -> Resource:
    """A ServiceRequest: an order for imaging.

    Args:
        subject: the Patient, or a reference to it.
        accession_number: Accession Number, by which the order is known.
        accession_system: the system of that number.
        study_uid: Study Instance UID that the order gives out.
        loinc_code: what is asked for, in LOINC.
        code: what is asked for, as Code Value, Coding Scheme Designator and Code Meaning.
        description: what is asked for, in words.
        priority: Requested Procedure Priority.
        scheduled: when it is to be done.
        requester: who ordered it, a name of DICOM.
        reason: why, in words.
        status: a code of R4's request status.
        zone: the time zone of naive times.

    Raises:
        UsageError: the accession number is empty, the priority is none of DICOM's, or the LOINC code is unknown.
    """
    if not accession_number:
        raise UsageError("a ServiceRequest is known by its accession number: give one")
    if priority not in _PRIORITIES:
        raise UsageError(f"{priority!r} is no Requested Procedure Priority (PS3.3 C.4.11)")
    codings = [loinc(loinc_code)] if loinc_code else []
    if code:
        codings += concept(scheme_uri(code[1]), code[0], code[2])["coding"]
    asked = {**({"coding": codings} if codings else {}), **({"text": description} if description else {})}
    return without_empty(
        {
            "resourceType": "ServiceRequest",
            "identifier": [
                identifier(accession_system, accession_number, "ACSN"),
                *([dicom_uid(study_uid)] if study_uid else []),
            ],
            "status": status,
            "intent": "order",
            "category": [concept(SNOMED_CT, "363679005", "Imaging")],
            "priority": _PRIORITIES[priority],
            "code": asked,
            "subject": reference(subject),
            "occurrenceDateTime": moment(scheduled, zone) if scheduled else None,
            "requester": named(requester),
            "reasonCode": [{"text": reason}] if reason else [],
        }
    )


def service_request_of(step: ScheduledStep, subject: Mapping[str, Any] | str, **options: Any) -> Resource:
    """The ServiceRequest behind a step of the worklist.

    Args:
        step: the scheduled step.
        subject: the Patient, or a reference to it.
        **options: further arguments of `service_request`.

    Raises:
        UsageError: the step has no accession number.
    """
    codes = [
        (text(item, "CodeValue"), text(item, "CodingSchemeDesignator"), text(item, "CodeMeaning"))
        for item in step.requested_procedure_codes
        if text(item, "CodeValue")
    ]
    return service_request(
        subject=subject,
        **{
            "accession_number": step.accession_number,
            "study_uid": step.study_uid,
            "code": codes[0] if codes else None,
            "description": step.requested_procedure_description or step.description,
            "priority": text(step.item, "RequestedProcedurePriority"),
            "requester": step.referring_physician,
            "reason": text(step.item, "ReasonForTheRequestedProcedure"),
            **options,
        },
    )
