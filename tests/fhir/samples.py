"""A patient with a stroke, as FHIR: one resource of each kind, and a transaction of them all."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

from modality.fhir.bundles import transaction
from modality.fhir.datatypes import Resource
from modality.fhir.equipment import device, wado_endpoint
from modality.fhir.imaging import ImageInstance, ImageSeries, imaging_study
from modality.fhir.observations import nih_stroke_scale, vital_signs
from modality.fhir.orders import service_request
from modality.fhir.people import patient
from modality.fhir.reports import diagnostic_report
from modality.fhir.terminology import stroke_scale
from modality.identity import Patient

NOW = datetime(2026, 11, 25, 10, 15, 30)
STUDY_UID = "2.25.311111111111111111111111111111111111111"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
WHO = Patient("EDGE1", "Okafor^Grace^Ada^Dr.", "19580704", "F", issuer="CLINIC")
# Eight points: what a stroke of the left middle cerebral artery may come to.
SCORES: dict[str, int | None] = {item.name: 0 for item in stroke_scale().item} | {
    "facial_palsy": 2, "right_arm": 3, "right_leg": 1, "language": 2, "dysarthria": None,
}  # fmt: skip
VITALS = {
    "heart_rate": 88.0, "spo2_by_pulse_oximetry": 97.0, "systolic": 182.0, "diastolic": 96.0, "respiratory_rate": 16.0,
    "temperature": 36.8, "weight": 81.5, "height": 178.0, "glucose": 104.0,
}  # fmt: skip


def everything() -> list[Resource]:
    """Patient, Device, Endpoint, ServiceRequest, ImagingStudy, Observations and a DiagnosticReport."""
    who = patient(WHO)
    scanner = device(manufacturer="modality", model_name="Simulator", serial_number="0001", station_name="CT01",
                     software_versions="1", modality="CT")  # fmt: skip
    archive = wado_endpoint("https://centre.example/dicom-web/", name="Centre")
    order = service_request(subject=who, accession_number="A1", loinc_code="24725-4", description="CT head",
                            priority="STAT", scheduled=NOW, requester="Silva^Ana", study_uid=STUDY_UID)  # fmt: skip
    images = tuple(ImageInstance(f"{STUDY_UID}.1.{number}", CT_IMAGE, number) for number in (1, 2))
    series = ImageSeries(f"{STUDY_UID}.1", "CT", images, 1, "Head", "HEAD", NOW)
    study = imaging_study(uid=STUDY_UID, series=[series], subject=who, started=NOW, accession_number="A1",
                          description="CT head", referrer="Silva^Ana", based_on=order, endpoints=[archive])  # fmt: skip
    vitals = vital_signs(VITALS, subject=who, effective=NOW, based_on=order, performer="Nurse")
    score = nih_stroke_scale(SCORES, subject=who, effective=NOW)
    report = diagnostic_report(loinc_code="24725-4", subject=who, effective=NOW, issued=NOW, results=[*vitals, score],
                               imaging_studies=[study], based_on=order, conclusion="No bleeding.",
                               interpreter="Silva^Ana")  # fmt: skip
    return [who, scanner, archive, order, study, *vitals, score, report]


def stroke_bundle() -> Resource:
    """All of it as one transaction."""
    return transaction(everything())


def one(kind: str, code: str = "") -> Resource:
    """A copy of one of the resources: the first of its type, or the Observation of a LOINC code."""
    found = [each for each in everything() if each["resourceType"] == kind and (not code or code in str(each["code"]))]
    return copy.deepcopy(found[0])


def changed(resource: Resource, path: str, value: Any) -> Resource:
    """A copy with another value at a dotted path; None takes the element away."""
    made = copy.deepcopy(resource)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = made
    for part in parents:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return made
