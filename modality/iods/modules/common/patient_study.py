"""PS3.3 C.7.2.2 Patient Study."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.values import decimal, set_known
from modality.protocol.worklist import text

# What of the worklist's return keys (PS3.4 Table K.6-1) the module has too.
_FROM_REQUEST = ("MedicalAlerts", "Allergies", "PatientState", "AdmissionID")


def patient_study(dataset: Dataset, context: Context) -> None:
    """The patient on the day of the study."""
    who, study = context.patient, context.study
    set_known(
        dataset,
        PatientAge=who.age_on(study.started.date()),
        PatientSize=None if who.size_m is None else decimal(who.size_m),
        PatientWeight=None if who.weight_kg is None else decimal(who.weight_kg),
    )
    if study.requests:
        item = study.requests[0].item
        set_known(dataset, **{keyword: text(item, keyword) for keyword in _FROM_REQUEST})
        set_known(dataset, PregnancyStatus=item.get("PregnancyStatus"))
