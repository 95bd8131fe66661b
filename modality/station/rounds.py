"""Scheduled steps performed unattended, one after the other: what `modality perform` and the demo do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset

from modality.errors import ModalityError, UnreachableError, UsageError, counted
from modality.iods.attributes import set_attributes
from modality.protocol.worklist import ScheduledStep
from modality.registry import KINDS, PHANTOMS
from modality.station.commit import Outcome
from modality.station.performed import Performed, check_reason, kind_of
from modality.station.station import Station
from modality.transfer.destination import Progress
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TransferSyntax

# What the words of an order say of the body part, for want of a protocol code; the first that fits decides.
_PHANTOM_BY_WORD = (
    (re.compile(r"head|brain|skull|neuro|cerebr|crani|sch[äa]del|kopf|hirn", re.IGNORECASE), "head"),
    (re.compile(r"chest|thora|lung|pulmon", re.IGNORECASE), "thorax"),
)


def phantom_for(step: ScheduledStep) -> str:
    """The phantom that an order asks for by its words and codes' meanings; the kind's own when they say nothing."""
    words = [step.description, step.requested_procedure_description]
    words += [str(code.get("CodeMeaning", "")) for code in (*step.protocol_codes, *step.requested_procedure_codes)]
    said = " ".join(words)
    found = next((phantom for pattern, phantom in _PHANTOM_BY_WORD if pattern.search(said)), None)
    return found or str(KINDS.load(kind_of(step.modality)).default_phantom)


# What the images take from the worklist or share with the performed step (IHE RAD-8; workflow of RAD-5 to RAD-7).
SHARED_WITH_THE_PERFORMED_STEP = frozenset(
    (
        "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID",
        "Modality", "ProtocolName", "SeriesDescription", "PerformedProcedureStepID", "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime", "PerformedProcedureStepDescription", "PerformingPhysicianName",
        "OperatorsName",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How each step is performed.

    Args:
        phantom: what is scanned; chosen by the order's words by default.
        options: the acquisition's own, such as `slices`.
        assignments: attributes set over those of the IOD, by keyword.
        transfer_syntax: what the images are encoded in.
        quality: of a lossy syntax, on its codec's own scale.
        discontinue: a reason of CID 9300: the step is abandoned half-way.
        commit_timeout_s: how long to wait for its answer.

    Raises:
        UsageError: the phantom, an attribute, the quality or the reason is none, found before any step begins.
    """

    phantom: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    assignments: Mapping[str, str] | None = None
    transfer_syntax: TransferSyntax = EXPLICIT_LITTLE
    quality: float | None = None
    discontinue: str | None = None
    commit_timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if self.phantom:
            PHANTOMS.load(self.phantom)
        if self.discontinue:
            check_reason(self.discontinue)
        self.transfer_syntax.check_quality(self.quality)
        shared = SHARED_WITH_THE_PERFORMED_STEP & set(self.assignments or {})
        if shared:
            names = ", ".join(sorted(shared))
            raise UsageError(
                f"--set {names}: it has to be equal in images and performed step, and comes from the order"
            )
        set_attributes(Dataset(), self.assignments or {})


@dataclass(slots=True)
class Result:
    """How one step went.

    Args:
        step: what was scheduled.
        performed: what became of it.
        outcome: the commitment's; None when none was asked for, or the request failed.
        problems: what went wrong, one line each.
        unreachable: a peer did not answer at all.
    """

    step: ScheduledStep
    performed: Performed
    outcome: Outcome | None = None
    problems: list[str] = field(default_factory=list)
    unreachable: bool = False

    @property
    def good(self) -> bool:
        """Nothing went wrong."""
        return not self.problems and (self.outcome is None or self.outcome.complete)

    def note(self, error: ModalityError) -> None:
        """Note what went wrong."""
        self.problems.append(str(error))
        self.unreachable = self.unreachable or isinstance(error, UnreachableError)


def perform_step(station: Station, step: ScheduledStep, plan: Plan, *, progress: Progress | None = None) -> Result:
    """Perform one step: begin, scan, store, end, and have it committed."""
    result = Result(step, station.perform(step))
    carry_out(result, plan, progress=progress)
    return result


def carry_out(result: Result, plan: Plan, *, progress: Progress | None = None) -> None:
    """As `perform_step`, into a result that the caller keeps when an interruption ends the step.

    A step of a modality that no kind makes images of is not begun: nobody is told of what cannot be done.
    """
    step, performed = result.step, result.performed
    result.problems += step.problems
    try:
        phantom = plan.phantom or phantom_for(step)
        kind = kind_of(step.modality)
        with performed:
            if plan.discontinue:
                performed.discontinue(plan.discontinue)
            performed.acquire(
                phantom,
                kind=kind,
                transfer_syntax=plan.transfer_syntax,
                quality=plan.quality,
                assignments=plan.assignments,
                progress=progress,
                half=plan.discontinue is not None,
                **plan.options,
            )
    except ModalityError as error:
        result.note(error)
    try:  # even when the RIS was not told of the end: what is stored has to be safe
        if performed.station.commitment and performed.receipt.stored:
            result.outcome = performed.commit(timeout_s=plan.commit_timeout_s)
    except ModalityError as error:
        result.note(error)
    result.problems += performed.problems
    result.unreachable = result.unreachable or performed.unreachable
    result.problems += _told(performed, result.outcome)


def _told(performed: Performed, outcome: Outcome | None) -> list[str]:
    """What the receipt and the commitment say that is not success, a line for each reason."""
    lines = [
        f"{counted(len(uids), 'image')} refused with status {status:04X}H"
        for status, uids in performed.receipt.refused.items()
    ]
    reasons = set(performed.receipt.failed.values()) - set(performed.problems)
    failed = list(performed.receipt.failed.values())
    lines += [f"{counted(failed.count(reason), 'image')}: {reason}" for reason in sorted(reasons)]
    return lines + (outcome.problems if outcome else [])
