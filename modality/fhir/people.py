"""Patient (hl7.org/fhir/R4/patient.html)."""

from __future__ import annotations

from modality.fhir.datatypes import Resource, date, human_names, identifier, percent_encoded, without_empty
from modality.identity import Patient

# PS3.3 C.7.1.1's Patient's Sex and R4's administrative gender.
_GENDERS = {"M": "male", "F": "female", "O": "other"}


def issuer_system(issuer: str) -> str:
    """The identifier system of an Issuer of Patient ID: a URI as it is, an OID as URN, a name in a URN of our own."""
    if issuer.startswith(("http://", "https://", "urn:")):
        return issuer
    if issuer.replace(".", "").isdigit():
        return f"urn:oid:{issuer}"
    return f"urn:modality:issuer:{percent_encoded(issuer or 'unknown')}"


def patient(who: Patient, *, system: str = "") -> Resource:
    """A Patient.

    Args:
        who: the patient as DICOM knows it.
        system: the system of the patient's identifier; made of Issuer of Patient ID by default.
    """
    return without_empty(
        {
            "resourceType": "Patient",
            "identifier": [identifier(system or issuer_system(who.issuer), who.patient_id, "MR")],
            "name": human_names(who.name),
            "gender": _GENDERS.get(who.sex, "unknown" if not who.sex else "other"),
            "birthDate": date(who.birth_date),
        }
    )
