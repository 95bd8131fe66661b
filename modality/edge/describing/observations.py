"""What a device observed as FHIR: one transaction that changes nothing when it is sent again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from modality.edge.config import DeviceConfig
from modality.edge.describing.content import Content, Observed
from modality.edge.matching.matching import Subject
from modality.errors import UsageError
from modality.fhir import observations
from modality.fhir.bundles import if_none_exist
from modality.fhir.datatypes import (
    DICOM_UID,
    URI,
    Resource,
    coding,
    concept,
    full_url,
    hl7,
    identifier,
    moment,
    quantity,
    reference,
    urn,
    without_empty,
)
from modality.fhir.equipment import device as device_resource
from modality.fhir.people import patient as patient_resource
from modality.fhir.terminology import LOINC
from modality.iods.context import Equipment

_REPORT = "11502-2"  # LOINC: Laboratory report
_STATES = ("final", "preliminary", "corrected")
# E1394's letters of a result's status but the final one's: preliminary, partial, pending; corrected; cannot be done.
_LETTERS = {"P": "preliminary", "S": "preliminary", "I": "preliminary", "C": "corrected", "X": "cancelled"}
_FLAGS = {"N", "H", "L", "HH", "LL", "A", "AA", "<", ">"}  # E1394 7.10.1.7's that are HL7's own codes too


def bundle(
    content: Content,
    subject: Subject,
    uid: str,
    config: DeviceConfig,
    equipment: Equipment,
    zone: tzinfo,
    problems: list[str],
) -> Resource | None:
    """The transaction of one patient's values; None where nothing of them has a code.

    Args:
        content: what was observed.
        subject: whose it is.
        uid: SOP Instance UID of the capture, which the Observations name as an identifier, too.
        config: the device's, whose table of LOINC codes holds for names that ours does not have.
        equipment: the device.
        zone: the time zone of the box.
        problems: gets why a value is left out: one that its code does not allow.
    """
    whose = patient_resource(subject.patient)
    source = device_resource(
        manufacturer=equipment.manufacturer,
        model_name=equipment.model_name,
        serial_number=equipment.device_serial_number,
        station_name=equipment.station_name,
        software_versions=equipment.software_versions,
    )
    ours, theirs = [], []
    for one in content.observed:
        if coded := config.loinc.get(one.name) or str(one.details.get("loinc", "")):
            theirs.append(_coded_by_site(one, coded, whose, source, zone))
        elif one.name in _KNOWN and not isinstance(one.value, str):
            try:
                ours.append(
                    observations.observation(
                        _KNOWN[one.name], one.value, one.unit, subject=whose, effective=one.at, device=source, zone=zone
                    )
                )
            except UsageError as error:  # it cannot be, or not in this unit: it stands in the waveform all the same
                problems.append(str(error))
    for resource in (*ours, *theirs):
        resource["identifier"].append(identifier(DICOM_UID, f"urn:oid:{uid}"))
        if subject.step and subject.step.accession_number:
            resource["identifier"].append({**_accession(subject.step.accession_number)})
    if not (ours or theirs):
        return None
    report = [_report(content, [*ours, *theirs], whose, uid, zone)] if content.laboratory else []
    # Codes of the site's own table are the site's to answer for: ours do not hold all of LOINC. `bundles.transaction`
    # would check them, and load a grammar of units, which the memory of a box has no room for.
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": _entries([whose, source, *ours, *theirs, *report]),
    }


# By the names of our drivers: those of the table of observations.
_KNOWN = {
    "spo2": "spo2_by_pulse_oximetry",  # 59408-5, and 2708-6 beside it, as the profile of vital signs requires
    "heart_rate": "heart_rate",
    "respiratory_rate": "respiratory_rate",
    "temperature": "temperature",
    "weight": "weight",
}


def _accession(number: str) -> Resource:
    return {"value": number, "type": hl7("v2-0203", "ACSN"), "system": "urn:modality:accession"}


def _entries(resources: Sequence[Resource]) -> list[Resource]:
    entries = {}
    for resource in resources:
        where = full_url(resource)
        request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": if_none_exist(resource)}
        entries[where] = {"fullUrl": where, "resource": resource, "request": request}
    return list(entries.values())


def site_code(text: str) -> tuple[str, str]:
    """Code of LOINC and unit of UCUM from the configuration's ``2345-7 mg/dL``; the unit may be left out."""
    code, _, unit = text.strip().partition(" ")
    return code, unit.strip()


def _coded_by_site(one: Observed, text: str, whose: Resource, source: Resource, zone: tzinfo) -> Resource:
    code, unit = site_code(text)
    when = moment(one.at, zone)
    value: Mapping[str, Any]
    if isinstance(one.value, str):
        value = {"valueString": one.value} if one.value else observations.absent()
    else:
        whole = quantity(one.value, unit or "1")
        # What the device prints as a unit is UCUM only where the site, or the device, says so.
        printed = without_empty({"value": whole["value"], "unit": one.unit})
        value = {"valueQuantity": whole if unit or not one.unit else printed}
    status = str(one.details.get("status", "final"))
    status = status if status in _STATES else _LETTERS.get(status.upper()[:1], "final")
    flag, range_ = str(one.details.get("abnormal_flag", "")), str(one.details.get("reference_range", ""))
    # With the value: one that was measured twice in a moment, before and after, is two, and sent again the same.
    name = str(one.details.get("text") or one.name)
    what = [code, when, full_url(source), str(one.details.get("sample_id", "")), name, str(one.value)]
    what += [] if status == "final" else [status]  # a correction stands beside what it corrects
    key = urn("Observation", full_url(whose), *what)
    return without_empty(
        {
            "resourceType": "Observation",
            "identifier": [identifier(URI, key)],
            "status": status,
            "category": [hl7("observation-category", "laboratory", "Laboratory")],
            "code": {"coding": [coding(LOINC, code)], "text": name},
            "subject": reference(whose),
            "effectiveDateTime": when,
            **value,
            "interpretation": [hl7("v3-ObservationInterpretation", flag)] if flag in _FLAGS else [],
            "note": [{"text": f"flag of the device: {flag}"}] if flag and flag not in _FLAGS else [],
            "referenceRange": [{"text": range_}] if range_ else [],
            "device": reference(source),
        }
    )


def _report(content: Content, results: Sequence[Resource], whose: Resource, uid: str, zone: tzinfo) -> Resource:
    latest: datetime = max(one.at for one in content.observed)
    when = moment(latest, zone)
    return without_empty(
        {
            "resourceType": "DiagnosticReport",
            "identifier": [
                identifier(URI, urn("DiagnosticReport", full_url(whose), _REPORT, when, uid)),
                identifier(DICOM_UID, f"urn:oid:{uid}"),
            ],
            "status": "preliminary" if any(one["status"] == "preliminary" for one in results) else "final",
            "category": [hl7("v2-0074", "LAB", "Laboratory")],
            "code": concept(LOINC, _REPORT, "Laboratory report"),
            "subject": reference(whose),
            "effectiveDateTime": when,
            "result": [reference(one) for one in results],
        }
    )


def encoded(transaction: Resource) -> bytes:
    """A transaction as it is kept and sent."""
    return json.dumps(transaction, ensure_ascii=False, separators=(",", ":")).encode()
