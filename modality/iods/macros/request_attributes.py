"""PS3.3 Table 10-9 Request Attributes Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.macros.code import copied_codes
from modality.iods.macros.reference import copied_references
from modality.iods.values import set_known
from modality.protocol.worklist import ScheduledStep, text


def request_attributes(request: ScheduledStep) -> Dataset:
    """What the images say of one request (IHE RAD-8: an item for each scheduled step that they answer)."""
    item = Dataset()
    set_known(
        item,
        AccessionNumber=request.accession_number,
        ReferencedStudySequence=copied_references(request.referenced_studies),
        StudyInstanceUID=request.study_uid,
        RequestedProcedureDescription=request.requested_procedure_description,
        RequestedProcedureCodeSequence=copied_codes(request.requested_procedure_codes),
        RequestedProcedureID=request.requested_procedure_id,
        ReasonForTheRequestedProcedure=text(request.item, "ReasonForTheRequestedProcedure"),
        ScheduledProcedureStepID=request.step_id,
        ScheduledProcedureStepDescription=request.description,
        ScheduledProtocolCodeSequence=copied_codes(request.protocol_codes),
    )
    return item
