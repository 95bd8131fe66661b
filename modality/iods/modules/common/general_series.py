"""PS3.3 C.7.3.1 General Series."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.macros.performed_step import performed_step_summary
from modality.iods.macros.reference import reference
from modality.iods.macros.request_attributes import request_attributes
from modality.iods.values import day, set_known, time

MODALITY_PERFORMED_PROCEDURE_STEP = "1.2.840.10008.3.1.2.3.3"


def general_series(dataset: Dataset, context: Context, *, modality: str) -> None:
    """The series, the step that it was performed in, and the requests that it answers.

    Args:
        dataset: gets the attributes.
        context: of the series.
        modality: Modality, which the IOD fixes.
    """
    series, requests = context.series, context.study.requests
    dataset.Modality = modality
    dataset.SeriesInstanceUID = series.uid
    dataset.SeriesNumber = str(series.number)
    dataset.SeriesDate = day(series.started)
    dataset.SeriesTime = time(series.started)
    items = [item for item in map(request_attributes, requests) if len(item)]
    set_known(
        dataset,
        SeriesDescription=series.description,
        ProtocolName=series.protocol_name,
        PerformingPhysicianName=series.performing_physician,
        OperatorsName=series.operators_name,
        RequestAttributesSequence=items,
    )
    step = series.performed_step
    if step is None:
        return
    performed_step_summary(dataset, step, requests)
    if step.uid:
        dataset.ReferencedPerformedProcedureStepSequence = [reference(MODALITY_PERFORMED_PROCEDURE_STEP, step.uid)]
