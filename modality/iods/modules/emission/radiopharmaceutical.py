"""What was injected, and how the patient lies (PS3.3 C.8.4.6, C.8.4.10, C.8.9.2): PET and gamma cameras alike."""

from __future__ import annotations

from datetime import datetime

from pydicom.dataset import Dataset

from modality.acquisition.emission.tracers import Tracer
from modality.iods.context import Context
from modality.iods.image import Image, Taken
from modality.iods.macros.code import code
from modality.iods.values import decimal, time

ROUTE = ("47625008", "SCT", "Intravenous route")
"""PS3.16 CID 11 Route of Administration."""
_RECUMBENT = ("102538003", "SCT", "recumbent")  # PS3.16 CID 19
_SUPINE = ("40199007", "SCT", "supine")  # CID 20
_HEAD_FIRST = ("102540008", "SCT", "headfirst")  # CID 21


def injected(tracer: Tracer, at: datetime, total_dose: float) -> Dataset:
    """An item of Radiopharmaceutical Information Sequence.

    Args:
        tracer: what.
        at: when.
        total_dose: activity at that time, in the module's unit: Bq for PET, MBq for gamma cameras.
    """
    item = Dataset()
    item.RadionuclideCodeSequence = [code(*tracer.isotope.code)]
    item.RadiopharmaceuticalRoute = "Intravenous"
    item.AdministrationRouteCodeSequence = [code(*ROUTE)]
    item.RadiopharmaceuticalStartTime = time(at)
    item.RadionuclideTotalDose = decimal(total_dose)
    item.Radiopharmaceutical = tracer.name
    item.RadiopharmaceuticalCodeSequence = [code(*tracer.code)]
    return item


def body_part(dataset: Dataset, image: Image[Taken]) -> None:
    """C.7.3.1: what was scanned; Patient Position is not due beside Patient Orientation Code Sequence."""
    dataset.BodyPartExamined = image.acquisition.body_part


def patient_orientation(dataset: Dataset, context: Context) -> None:  # noqa: ARG001 - phantoms all lie so
    """C.8.4.6: head first and supine."""
    lying = code(*_RECUMBENT)
    lying.PatientOrientationModifierCodeSequence = [code(*_SUPINE)]
    dataset.PatientOrientationCodeSequence = [lying]
    dataset.PatientGantryRelationshipCodeSequence = [code(*_HEAD_FIRST)]
