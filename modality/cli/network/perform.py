"""`modality perform`: scheduled steps, unattended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.connection import connection_options
from modality.cli.network.send import summary
from modality.cli.network.worklist import describe
from modality.cli.options import given, parse_assignments, scan_options
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, interrupted_by_sigterm, progress, refuse, say
from modality.errors import counted

if TYPE_CHECKING:
    from modality.network.local import Local
    from modality.protocol.worklist import ScheduledStep
    from modality.station.rounds import Plan, Result
    from modality.station.station import Station

_OF_A_QUERY = ("worklist", "date", "modality", "station_aet", "accession", "limit")
_OF_A_STEP = (
    "mpps", "discontinue", "unscheduled", "phantom", "slices", "rows", "columns", "seed", "transfer_syntax",
    "quality", "assignments",
)  # fmt: skip


@click.command(cls=Verb)
@click.option("--worklist", metavar="ADDRESS", help="The RIS to ask for scheduled steps.")
@click.option("--archive", required=True, metavar="ADDRESS", help="Where the images go: a DICOM address or a folder.")
@click.option("--mpps", metavar="ADDRESS", help="Who is told of performed steps; nobody by default.")
@click.option("--commitment", metavar="ADDRESS", help="Who is asked for storage commitment; nobody by default.")
@click.option(
    "--listen", type=click.IntRange(0, 65535), metavar="PORT", help="Take commitment reports on this port too."
)
@click.option("--listen-host", default="127.0.0.1", show_default=True, help="Interface of --listen; 0.0.0.0 for all.")
@click.option("--date", default="today", show_default=True, help="Scheduled for: today, any, YYYY-MM-DD, or A..B.")
@click.option("--modality", default="", metavar="CODE", help="Only steps of this modality.")
@click.option("--station-aet", metavar="AET", help="Steps scheduled for this station; for --aet by default.")
@click.option("--accession", default="", help="Only the steps of this accession number.")
@click.option("--limit", type=click.IntRange(1), help="At most this many steps.")
@click.option("--discontinue", metavar="CODE", help="Abandon each step half-way, for this reason of CID 9300.")
@click.option("--unscheduled", metavar="MODALITY", help="Perform a step that nobody scheduled, of CT or MR.")
@click.option("--state", type=click.Path(path_type=Path), help="Folder for what must survive a restart.")
@click.option(
    "--resume",
    is_flag=True,
    help="Only store and have committed what an earlier run left in --state; no step is performed or reported.",
)
@scan_options
@connection_options("MODALITY", "worklist", "archive", "mpps", "commitment")
@common
def perform(
    worklist: str | None,
    archive: str,
    mpps: str | None,
    commitment: str | None,
    listen: int | None,
    listen_host: str,
    date: str,
    modality: str,
    station_aet: str | None,
    accession: str,
    limit: int | None,
    discontinue: str | None,
    unscheduled: str | None,
    state: Path | None,
    resume: bool,
    phantom: str | None,
    slices: int | None,
    rows: int | None,
    columns: int | None,
    seed: int | None,
    transfer_syntax: str,
    quality: float | None,
    assignments: tuple[str, ...],
    local: Local,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Perform every step scheduled for this station today, as IHE's Acquisition Modality.

    Each step is reported in progress, scanned, stored, reported completed, and its images committed. What an archive
    that is away did not take waits in the state folder for `--resume`. A step whose order holds characters for which
    the RIS declares no Specific Character Set is performed, named, and counts as done in part.
    """
    from modality.station.rounds import Plan
    from modality.station.station import Station
    from modality.transfer.syntaxes import syntax

    if not (worklist or unscheduled or resume):
        raise click.UsageError("give --worklist ADDRESS, or --unscheduled MODALITY, or --resume")
    if resume:
        refuse((*_OF_A_QUERY, *_OF_A_STEP), "--resume only finishes what is pending")
    if unscheduled:
        refuse(_OF_A_QUERY, "--unscheduled asks no worklist")
    if not commitment:
        refuse(("listen",), "without --commitment no report comes")
    if listen is None:
        refuse(("listen_host",), "--listen-host is the interface of --listen")
    plan = Plan(
        phantom=phantom,
        options=given(slices=slices, rows=rows, columns=columns),
        assignments=parse_assignments(assignments),
        transfer_syntax=syntax(transfer_syntax),
        quality=quality,
        discontinue=discontinue,
        commit_timeout_s=local.timeouts.response_s,
    )
    station = Station(
        local.aet,
        ris=worklist,
        archive=archive,
        mpps=mpps,
        commitment=commitment,
        listen=listen,
        listen_host=listen_host,
        state=state or default_state(local.aet),
        seed=seed,
        timeouts=local.timeouts,
        tls=local.tls,
        user=local.user,
    )
    with interrupted_by_sigterm(), station:
        station.commitments.open()
        if resume:
            _resume(station, local.timeouts.response_s, as_json)
            return
        if unscheduled:
            steps = [_unscheduled(station, unscheduled)]
        else:
            steps = station.worklist(date=date, modality=modality, station_aet=station_aet, accession_number=accession)[
                :limit
            ]
        if not steps:
            say(f"nothing is scheduled for {station_aet or local.aet}")
        results: list[Result] = []
        code = 0
        try:
            for step in steps:
                _perform(station, step, plan, results)
        except KeyboardInterrupt:
            code = PARTIAL
            say(_interruption(results, len(steps)))
        _report(results, station, as_json)
    finish(code or exit_code(results))


def _report(results: list[Result], station: Station, as_json: bool) -> None:
    waiting = len(station.pending.list())
    if as_json:
        rows = [as_document(result) for result in results]
        emit({"steps": rows, "pending": waiting, "state": str(station.pending.folder)})
    else:
        for result in results:
            click.echo(_line(result))
    if waiting:
        kept = f"{counted(waiting, 'image')} kept in {station.pending.folder}"
        say(f"{kept}: finish with `modality perform --resume --archive ...`")


def default_state(aet: str) -> Path:
    """Where a station keeps what must survive a restart (XDG Base Directory: user-specific state)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "modality" / aet.replace("/", "_").replace(".", "_")


def _unscheduled(station: Station, modality: str) -> ScheduledStep:
    from modality.identity import patient
    from modality.protocol.worklist import unscheduled
    from modality.station.performed import kind_of

    kind_of(modality.upper())
    return unscheduled(patient(station.identity.seed), modality.upper(), description="Unscheduled")


def _perform(station: Station, step: ScheduledStep, plan: Plan, results: list[Result]) -> None:
    from modality.station.rounds import Result, carry_out

    result = Result(step, station.perform(step))
    results.append(result)
    with progress(plan.options.get("slices"), f"{step.modality} {step.description}".strip()) as bar:
        carry_out(result, plan, progress=bar)
    for line in result.problems:
        say(f"{step.step_id or 'step'}: {line}")


def _interruption(results: list[Result], planned: int) -> str:
    last = results[-1] if results else None
    ended = f"{last.step.step_id or 'the step'} is {last.performed.state or 'not begun'}, " if last else ""
    return f"interrupted: {ended}{planned - len(results)} more were not begun"


def _resume(station: Station, timeout_s: float, as_json: bool) -> None:
    before = len(station.pending.list())
    with progress(before, "resuming") as done:
        settled = station.resume(timeout_s=timeout_s, progress=done)
    for line in settled.problems:
        say(line)
    committed = sum(len(outcome.committed) for outcome in settled.outcomes)
    document = {
        **summary(settled.receipt), "resumed": before, "committed": committed, "pending": settled.waiting,
    }  # fmt: skip
    if as_json:
        emit(document)
    else:
        click.echo(
            f"{before} pending: {len(settled.receipt.stored)} stored, {committed} committed, {settled.waiting} wait"
        )
    finish(PARTIAL if settled.waiting or settled.problems else 0)


def as_document(result: Result) -> dict[str, Any]:
    """A result as JSON has it."""
    performed, outcome = result.performed, result.outcome
    return {
        **describe(result.step),
        "study_uid": performed.study_uid,
        "mpps_uid": performed.uid,
        "performed_step_id": performed.step_id,
        "state": performed.state,
        "series": [{"series_uid": one.uid, "instances": len(one.images)} for one in performed.series],
        **summary(performed.receipt),
        "committed": len(outcome.committed) if outcome else 0,
        "commitment_failed": len(outcome.failed) if outcome else 0,
        "commitment_pending": len(outcome.unanswered) if outcome else 0,
        "transaction_uid": outcome.transaction_uid if outcome else "",
        "problems": result.problems,
    }


def _line(result: Result) -> str:
    performed, outcome = result.performed, result.outcome
    said = f"{performed.state or 'NOT BEGUN'}: {result.step.description or result.step.modality}"
    said += f", {counted(len(performed.receipt.stored), 'image')} stored"
    return said + (f", {len(outcome.committed)} committed" if outcome else "")


def exit_code(results: list[Result]) -> int:
    """3 when a peer was not there, 1 when anything else went wrong, else 0."""
    if any(result.unreachable for result in results):
        return 3
    return 0 if all(result.good for result in results) else PARTIAL
