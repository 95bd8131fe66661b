"""PS3.3 C.7.1.1 Patient."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.macros.reference import copied_references
from modality.iods.values import set_known


def patient(dataset: Dataset, context: Context) -> None:
    """Whom the images are of."""
    who = context.patient
    dataset.PatientName = who.name
    dataset.PatientID = who.patient_id
    dataset.PatientBirthDate = who.birth_date
    dataset.PatientSex = who.sex
    set_known(dataset, IssuerOfPatientID=who.issuer if who.patient_id else "")
    requests = context.study.requests
    references = copied_references(requests[0].referenced_patients) if requests else []
    set_known(dataset, ReferencedPatientSequence=references)
