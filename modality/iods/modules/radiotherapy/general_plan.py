"""PS3.3 C.8.8.9 RT General Plan, C.8.8.10 RT Prescription and C.8.8.12 RT Patient Setup."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.radiotherapy.plan import Plan
from modality.acquisition.radiotherapy.structures import PLANNED
from modality.iods.context import Context
from modality.iods.documents.content import Reference
from modality.iods.macros.reference import reference
from modality.iods.values import day, decimal, time

TARGET, SETUP = "1", "1"
"""Dose Reference Number of the target, and Patient Setup Number."""


def general_plan(dataset: Dataset, context: Context, structure_set: Reference) -> None:
    """What the plan is, and whose structures it treats.

    Args:
        dataset: gets the attributes.
        context: of the plan.
        structure_set: what it was made on.
    """
    moment = context.series.started
    dataset.InstanceNumber = "1"
    dataset.RTPlanLabel = "PLAN"
    dataset.RTPlanName = context.series.description
    dataset.RTPlanDate, dataset.RTPlanTime = day(moment), time(moment)
    dataset.RTPlanGeometry = "PATIENT"
    dataset.ReferencedStructureSetSequence = [reference(structure_set.sop_class_uid, structure_set.sop_instance_uid)]


def prescription(dataset: Dataset, plan: Plan) -> None:
    """The dose of the planning target.

    Args:
        dataset: gets the attributes.
        plan: says it.
    """
    item = Dataset()
    item.DoseReferenceNumber = TARGET
    item.DoseReferenceStructureType = "VOLUME"
    item.DoseReferenceDescription = plan.scan.planned_name[:64]
    item.ReferencedROINumber = str(PLANNED)
    item.DoseReferenceType = "TARGET"
    item.TargetPrescriptionDose = decimal(plan.prescription_gy)
    dataset.DoseReferenceSequence = [item]


def patient_setup(dataset: Dataset) -> None:
    """The patient lies as in the scan: on his back, head first."""
    item = Dataset()
    item.PatientPosition = "HFS"
    item.PatientSetupNumber = SETUP
    dataset.PatientSetupSequence = [item]
