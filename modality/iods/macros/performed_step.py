"""PS3.3 Table 10-16 Performed Procedure Step Summary Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import PerformedStep
from modality.iods.macros.code import copied_codes
from modality.iods.values import day, set_known, time
from modality.protocol.worklist import ScheduledStep


def performed_step_summary(dataset: Dataset, step: PerformedStep, requests: tuple[ScheduledStep, ...]) -> None:
    """What the images say of the performed step, equal to what its MPPS instance says (IHE RAD-6, RAD-8).

    Args:
        dataset: gets the attributes.
        step: the performed step.
        requests: what it answers; the protocol performed is the one scheduled.
    """
    dataset.PerformedProcedureStepStartDate = day(step.started)
    dataset.PerformedProcedureStepStartTime = time(step.started)
    scheduled = [protocol for request in requests for protocol in request.protocol_codes]
    set_known(
        dataset,
        PerformedProcedureStepID=step.step_id,
        PerformedProcedureStepDescription=step.description,
        PerformedProtocolCodeSequence=copied_codes(scheduled),
    )
