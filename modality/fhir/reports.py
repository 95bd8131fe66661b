"""DiagnosticReport (hl7.org/fhir/R4/diagnosticreport.html)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone, tzinfo
from typing import Any

from modality.errors import UsageError
from modality.fhir.datatypes import (
    URI,
    Resource,
    full_url,
    hl7,
    identifier,
    loinc,
    moment,
    named,
    reference,
    urn,
    without_empty,
)

Target = Mapping[str, Any] | str
# HL7 v2 table 0074, the service sections in use here.
_SECTIONS = {"RAD": "Radiology", "LAB": "Laboratory", "CT": "CAT Scan", "OTH": "Other"}


def diagnostic_report(
    *,
    loinc_code: str,
    subject: Target,
    effective: datetime,
    issued: datetime | None = None,
    section: str = "RAD",
    results: Sequence[Target] = (),
    imaging_studies: Sequence[Target] = (),
    based_on: Target | None = None,
    conclusion: str = "",
    interpreter: str = "",
    status: str = "final",
    zone: tzinfo = timezone.utc,
) -> Resource:
    """A DiagnosticReport.

    Args:
        loinc_code: what is reported: ``18748-4`` (diagnostic imaging study), ``24725-4`` (CT of the head), ...
        subject: the Patient.
        effective: when that was observed which is reported.
        issued: when the report was made.
        section: the service that made it (HL7 v2 table 0074): RAD, LAB, CT or OTH.
        results: Observations it is about.
        imaging_studies: ImagingStudies it is about.
        based_on: the ServiceRequest.
        conclusion: what it says, in words.
        interpreter: who says so, a name of DICOM.
        status: a code of R4's diagnostic report status.
        zone: the time zone of naive times.

    Raises:
        UsageError: the LOINC code or the section is unknown.
    """
    if section not in _SECTIONS:
        raise UsageError(f"{section!r} is no service section known here: {', '.join(_SECTIONS)}")
    whose = subject if isinstance(subject, str) else full_url(subject)
    about = [one if isinstance(one, str) else full_url(one) for one in imaging_studies]
    when = moment(effective, zone)
    who = named(interpreter)
    return without_empty(
        {
            "resourceType": "DiagnosticReport",
            "identifier": [identifier(URI, urn("DiagnosticReport", whose, loinc_code, when, *about))],
            "basedOn": [reference(based_on)] if based_on else [],
            "status": status,
            "category": [hl7("v2-0074", section, _SECTIONS[section])],
            "code": {"coding": [loinc(loinc_code)]},
            "subject": reference(subject),
            "effectiveDateTime": when,
            "issued": moment(issued, zone) if issued else None,
            "resultsInterpreter": [who] if who else [],
            "result": [reference(one) for one in results],
            "imagingStudy": [reference(one) for one in imaging_studies],
            "conclusion": conclusion,
        }
    )
