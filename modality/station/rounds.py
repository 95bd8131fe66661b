"""Scheduled steps performed unattended, one after the other: what `modality perform` and the demo do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import sleep
from typing import Any

from pydicom.dataset import Dataset

from modality.errors import ModalityError, UnreachableError, UsageError, counted
from modality.iods.attributes import set_attributes
from modality.iods.kind import Kind
from modality.iods.personas.persona import Persona
from modality.iods.setting.members import notes
from modality.protocol.worklist import ScheduledStep
from modality.registry import KINDS, scanned_of
from modality.station.commit import Outcome
from modality.station.pending import store_again
from modality.station.performed import Performed, check_reason, kind_of
from modality.station.station import Station
from modality.station.steps.protocols import Choice, choose, phantom_for, protocol_table
from modality.station.steps.rejecting import WRONG_ENTRY, reject
from modality.station.steps.requery import asked_again, differences
from modality.station.steps.scanning import SHARED_WITH_THE_PERFORMED_STEP
from modality.station.steps.unified import Claim
from modality.station.steps.words import options_said
from modality.transfer.destination import Progress
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TransferSyntax

__all__ = ["Plan", "Result", "carry_out", "perform_step", "phantom_for"]

# Our choice: the first wait before a commitment is asked for again, which doubles, and the longest.
_AGAIN_S, _LONGEST_AGAIN_S = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How each step is performed.

    Args:
        phantom: what is scanned; chosen by the order's words by default.
        phantom_options: of that phantom's function, such as `nodule_mm`.
        options: the acquisition's own, such as `slices`, of every step.
        kind_options: further ones by the kind that takes them, of the steps that are performed as it; they prevail.
        assignments: attributes set over those of the IOD, by keyword.
        persona: whose habits the images have; it names no patient, since the order does.
        transfer_syntax: what the images are encoded in; the kind's own by default.
        quality: of a lossy syntax, on its codec's own scale.
        discontinue: a reason of CID 9300: the step is abandoned half-way.
        rejection_note: what a step of a wrong worklist entry (110514) made is rejected by a note in the archive.
        commit_timeout_s: how long to wait for its answer.
        commit_again: how often a commitment that was refused, failed or not answered is asked for again; what failed is
            stored again before.
        protocols: the protocol by scheduled protocol code; the shipped table by default.
        requery: the order is asked for again before the scan, and before the step ends.

    Raises:
        UsageError: the phantom, an attribute, the quality or the reason is none, found before any step begins.
    """

    phantom: str | None = None
    phantom_options: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    kind_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    assignments: Mapping[str, str] | None = None
    persona: Persona | None = None
    transfer_syntax: TransferSyntax | None = None
    quality: float | None = None
    discontinue: str | None = None
    rejection_note: bool = False
    commit_timeout_s: float = 30.0
    commit_again: int = 0
    protocols: Mapping[tuple[str, str], str] | None = None
    requery: bool = False

    def __post_init__(self) -> None:
        if self.phantom:
            scanned_of(self.phantom).load(self.phantom)
        elif self.phantom_options:
            raise UsageError("options of a phantom need its name: each order chooses another")
        if self.discontinue:
            check_reason(self.discontinue)
        if self.rejection_note and self.discontinue != WRONG_ENTRY:
            raise UsageError(f"a rejection note is of a wrong worklist entry: discontinue for {WRONG_ENTRY}")
        if self.transfer_syntax is not None or self.quality is not None:
            (self.transfer_syntax or EXPLICIT_LITTLE).check_quality(self.quality)
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
        transactions: Transaction UIDs of the commitments asked for, in their order; those refused among them.
        claim: the workitem that it performs; None where it comes from the modality worklist.
        protocol: the protocol that the order's codes chose; empty where none did.
        rejection_notes: SOP Instance UIDs of the notes that reject what was made.
        problems: what went wrong, one line each.
        notes: what a reader may want to know, and is no problem, one line each.
        unreachable: a peer did not answer at all.
    """

    step: ScheduledStep
    performed: Performed
    outcome: Outcome | None = None
    transactions: list[str] = field(default_factory=list)
    claim: Claim | None = None
    protocol: str = ""
    rejection_notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
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

    A step of a modality that no kind makes images of is not begun: nobody is told of what cannot be done. Nor is one
    that the RIS, asked again, lists no more.
    """
    performed = result.performed
    try:
        if plan.requery and not _still_ordered(result):
            return
        performed = result.performed
        for step in performed.steps:
            result.problems += step.problems
        if result.claim:
            result.claim.take()
        choice = choose(performed.step, protocol_table() if plan.protocols is None else plan.protocols)
        result.protocol, result.notes = choice.protocol, [*result.notes, *choice.notes]
        with performed:
            if plan.discontinue:
                performed.discontinue(plan.discontinue)
            if result.claim:
                result.claim.tell(0, "scanning")
                progress = _watched(result.claim, progress)
            of_kind: Kind = KINDS.load(kind_of(performed.step.modality))
            result.notes += notes(of_kind.sop_class_uid, plan.assignments or ())
            _scan(performed, plan, choice, progress)
            if plan.requery:
                _told_of_changes(result)
    except ModalityError as error:
        result.note(error)
    finally:
        if result.claim and result.claim.taken:
            performed.note(result.claim.end(performed), "workitem")
            if result.claim.unwatched:
                result.notes.append(f"nobody could ask for the workitem to be cancelled: {result.claim.unwatched}")
    if plan.rejection_note and performed.state:
        _reject(result)
    _safe(result, plan)
    result.problems += performed.problems
    result.unreachable = result.unreachable or performed.unreachable
    result.problems += _told(performed, result.outcome)


def _reject(result: Result) -> None:
    result.rejection_notes, problems = reject(result.performed)
    result.problems += problems


def _safe(result: Result, plan: Plan) -> None:
    """Have committed what is stored, even when the RIS was not told of the end."""
    performed = result.performed
    try:
        if performed.station.commitment and performed.receipt.stored:
            _commit(result, plan)
    except ModalityError as error:
        result.note(error)


def _watched(claim: Claim, progress: Progress | None) -> Progress:
    """A progress that also ends the work when its workitem is to be cancelled."""

    def told(done: int) -> None:
        claim.go_on()
        if progress:
            progress(done)

    return told


def _scan(performed: Performed, plan: Plan, choice: Choice, progress: Progress | None) -> None:
    kind = kind_of(performed.step.modality)
    asked = {**plan.options, **plan.kind_options.get(kind, {})}
    common: dict[str, Any] = {
        "transfer_syntax": plan.transfer_syntax,
        "quality": plan.quality,
        "assignments": plan.assignments,
        "persona": plan.persona,
        "progress": progress,
        "half": plan.discontinue is not None,
        "phantom_options": plan.phantom_options,
        **asked,
    }
    if choice.protocol:
        performed.examine(choice.protocol, plan.phantom, **common)
    else:
        said = options_said(performed.step, kind, asked, plan.phantom)
        performed.acquire(plan.phantom or choice.phantom, **common, **said)


def _still_ordered(result: Result) -> bool:
    """Ask for the order again before the scan: what changed is taken, and told; false where it is gone."""
    performed = result.performed
    station = performed.station
    steps = []
    for before in performed.steps:
        now = asked_again(station, before)
        if now is None:
            result.problems.append("the RIS lists the scheduled step no more: it is not performed")
            return False
        result.notes += [f"changed in the worklist since it was chosen: {line}" for line in differences(before, now)]
        steps.append(now)
    result.step = steps[0]
    result.performed = performed.ordered_anew(steps)
    return True


def _told_of_changes(result: Result) -> None:
    """Ask for the order again before the step ends: the images are made, so a change is a problem to tell of."""
    for before in result.performed.steps:
        try:
            now = asked_again(result.performed.station, before)
        except ModalityError as error:
            result.note(error)
            continue
        if now is None:
            result.problems.append("the RIS lists the scheduled step no more, and the images are made")
            continue
        result.problems += [
            f"changed in the worklist during the scan: {line}; images and performed step keep the former"
            for line in differences(before, now)
        ]


def _commit(result: Result, plan: Plan) -> None:
    """Ask for the commitment, and again where that does not succeed, each time a while later."""
    performed = result.performed
    asked = {uid for series in performed.series for _, uid in series.images}
    wait_s = _AGAIN_S
    for left in range(plan.commit_again, -1, -1):
        try:
            outcome = performed.commit(timeout_s=plan.commit_timeout_s, begun=result.transactions.append)
        except ModalityError as error:
            if not (left and error.retryable):
                raise
        else:
            result.outcome = outcome if result.outcome is None else result.outcome.followed_by(outcome)
            if result.outcome.complete or not left:
                return
        sleep(wait_s)
        wait_s = min(2 * wait_s, _LONGEST_AGAIN_S)
        performed.receipt.add(store_again(performed.station, asked))


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
