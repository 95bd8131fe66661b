"""What `modality perform` says of what it did: the JSON document, and lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from modality.cli.network.send import summary
from modality.cli.network.worklist import describe
from modality.cli.verb import PARTIAL, emit, finish, plain, say
from modality.errors import counted

if TYPE_CHECKING:
    from modality.delivery.steps import StepMessage
    from modality.station.pending import Settled
    from modality.station.rounds import Result
    from modality.station.station import Station


def report(results: list[Result], station: Station, *, as_json: bool) -> None:
    """Say what became of the steps, and what is left in the state folder."""
    waiting = len(station.pending.list())
    if as_json:
        rows = [as_document(result) for result in results]
        emit({"steps": rows, "pending": waiting, **left(station), "state": str(station.pending.folder)})
    else:
        for result in results:
            for note in result.notes:
                say(f"{result.step.step_id or 'step'}: note: {note}")
            click.echo(plain(line(result)))
    if waiting:
        kept = f"{counted(waiting, 'image')} kept in {station.pending.folder}"
        say(f"{kept}: finish with `modality perform --resume --archive ...`")


def left(station: Station) -> dict[str, Any]:
    """What is left to tell RISs, and the reports of commitment that nobody knows the request of."""
    queue = station.reports.queue
    unknown = [uid for uid, kind, _, _ in station.pending.reports() if kind == "unknown"]
    return {
        "mpps_waiting": len(queue.waiting()),
        "mpps_refused": [dead_letter(one) for one in queue.dead()],
        "unknown_reports": unknown,
    }


def dead_letter(message: StepMessage) -> dict[str, str]:
    """A message that a RIS refused for good, as JSON has it."""
    return {
        "mpps_uid": message.uid,
        "operation": message.operation,
        "address": message.address,
        "reason": message.problem,
    }


def as_document(result: Result) -> dict[str, Any]:
    """A result as JSON has it."""
    performed, outcome = result.performed, result.outcome
    return {
        **describe(result.step),
        "scheduled_steps": [describe(step) for step in performed.steps],
        "study_uid": performed.study_uid,
        "study_uids": [study.uid for study in performed.studies],
        "mpps_uid": performed.uid,
        "mpps": performed.reported,
        "performed_step_id": performed.step_id,
        "state": performed.state,
        "reason": performed.reason,
        "append": performed.append,
        "rejection_notes": result.rejection_notes,
        "protocol": result.protocol,
        "workitem_uid": result.claim.item.uid if result.claim else "",
        "workitem_transaction_uid": result.claim.transaction_uid if result.claim else "",
        "series": [{"series_uid": one.uid, "instances": len(one.images)} for one in performed.series],
        **summary(performed.receipt),
        "committed": len(outcome.committed) if outcome else 0,
        "commitment_failed": len(outcome.failed) if outcome else 0,
        "commitment_pending": len(outcome.unanswered) if outcome else 0,
        "transaction_uid": outcome.transaction_uid if outcome else "",
        "transaction_uids": result.transactions,
        "problems": result.problems,
        "notes": result.notes,
    }


def line(result: Result) -> str:
    """A result as one line."""
    performed, outcome = result.performed, result.outcome
    said = f"{performed.state or 'NOT BEGUN'}: {result.step.description or result.step.modality}"
    said += f", {counted(len(performed.receipt.stored), 'image')} stored"
    return said + (f", {len(outcome.committed)} committed" if outcome else "")


def exit_code(results: list[Result]) -> int:
    """3 when a peer was not there, 1 when anything else went wrong, else 0."""
    if any(result.unreachable for result in results):
        return 3
    return 0 if all(result.good for result in results) else PARTIAL


def report_resumed(settled: Settled, before: int, station: Station, *, as_json: bool) -> None:
    """Say what was finished of earlier runs, and end the verb."""
    told = settled.told
    dead = station.reports.queue.dead()
    for problem in settled.problems + told.problems:
        say(problem)
    for message in dead:
        say(f"{message.operation} of performed step {message.uid} was refused: {message.problem}")
    committed = sum(len(outcome.committed) for outcome in settled.outcomes)
    if as_json:
        emit(
            {
                **summary(settled.receipt),
                "resumed": before,
                "committed": committed,
                "transaction_uids": [outcome.transaction_uid for outcome in settled.outcomes],
                "pending": settled.waiting,
                "mpps_sent": len(told.delivered),
                **left(station),
            }
        )
    else:
        said = f"{before} pending: {len(settled.receipt.stored)} stored, {committed} committed, {settled.waiting} wait"
        if told.delivered or told.waiting or dead:
            said += f"; {counted(len(told.delivered), 'message')} to the RIS sent, {len(told.waiting)} wait"
        click.echo(said)
    if told.unreachable:
        finish(3)
    finish(PARTIAL if settled.waiting or settled.problems or told.waiting or dead else 0)
