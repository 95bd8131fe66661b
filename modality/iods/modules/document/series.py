"""PS3.3 C.17.1 SR Document Series and C.17.6.1 Key Object Document Series."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.macros.reference import reference
from modality.iods.modules.common.general_series import MODALITY_PERFORMED_PROCEDURE_STEP
from modality.iods.values import day, set_known, time


def document_series(dataset: Dataset, context: Context, *, modality: str) -> None:
    """The series of a document, and the step that it was made in.

    Args:
        dataset: gets the attributes.
        context: of the document.
        modality: Modality, which the IOD fixes.
    """
    series = context.series
    dataset.Modality = modality
    dataset.SeriesInstanceUID = series.uid
    dataset.SeriesNumber = str(series.number)
    dataset.SeriesDate = day(series.started)
    dataset.SeriesTime = time(series.started)
    set_known(dataset, SeriesDescription=series.description, ProtocolName=series.protocol_name)
    step = series.performed_step
    steps = [reference(MODALITY_PERFORMED_PROCEDURE_STEP, step.uid)] if step is not None and step.uid else []
    dataset.ReferencedPerformedProcedureStepSequence = steps
