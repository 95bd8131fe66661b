"""`modality perform`: scheduled steps, unattended."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from modality.cli.connection import connection_options
from modality.cli.network.perform_options import kind_option, options_of_kinds, options_of_phantom
from modality.cli.network.perform_report import exit_code, report, report_resumed
from modality.cli.options import given, parse_assignments, persona_option, phantom_option, scan_options
from modality.cli.verb import PARTIAL, Verb, common, finish, interrupted_by_sigterm, progress, refuse, say

if TYPE_CHECKING:
    from modality.network.local import Local
    from modality.protocol.worklist import ScheduledStep
    from modality.station.performed import Performed
    from modality.station.rounds import Plan, Result
    from modality.station.station import Station
    from modality.station.steps.unified import Claim

_OF_A_QUERY = (
    "worklist", "date", "modality", "station_aet", "accession", "patient_id", "patient_name", "procedure_id", "limit",
    "group", "append", "requery", "ups",
)  # fmt: skip
_OF_A_STEP = (
    "discontinue", "rejection_note", "unscheduled", "phantom", "phantom_options", "kind_options", "slices", "rows",
    "columns", "seed", "transfer_syntax", "quality", "assignments", "persona", "protocol_codes", "commit_again",
)  # fmt: skip


@click.command(cls=Verb)
@click.option("--worklist", metavar="ADDRESS", help="The RIS to ask for scheduled steps.")
@click.option(
    "--archive", required=True, metavar="ADDRESS", help="Where the images go: a DICOM or DICOMweb address, or a folder."
)
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
@click.option("--patient-id", default="", help="Only the steps of the patient of this ID.")
@click.option("--patient-name", default="", help="Only the steps of patients of this name, with * and ?.")
@click.option("--procedure-id", default="", help="Only the steps of this Requested Procedure ID.")
@click.option("--limit", type=click.IntRange(1), help="At most this many steps.")
@click.option("--discontinue", metavar="CODE", help="Abandon each step half-way, for this reason of CID 9300.")
@click.option(
    "--rejection-note",
    is_flag=True,
    help="With --discontinue 110514 (wrong worklist entry): store a key object beside the images that rejects them, as "
    "IHE's IOCM has it.",
)
@click.option(
    "--unscheduled", metavar="MODALITY", help="Perform a step that nobody scheduled, of any modality that a kind is of."
)
@click.option(
    "--group",
    type=click.Choice(["one", "each"]),
    is_flag=False,
    flag_value="one",
    help="Perform the scheduled steps of a patient and modality as one, with the images in one study (the default), or "
    "once in each step's.",
)
@click.option(
    "--append",
    is_flag=True,
    help="Add a performed step to each scheduled step that this station performed before, or else performs now.",
)
@click.option(
    "--requery",
    is_flag=True,
    help="Ask for each order again before its scan and its end, and tell what changed, such as the patient's name.",
)
@click.option(
    "--ups",
    is_flag=True,
    help="Ask for workitems of the unified worklist instead (UPS; at an http(s):// address UPS-RS): each is claimed, "
    "told of, and completed; over UPS-RS it is also watched, and abandoned when it is to be cancelled.",
)
@click.option(
    "--protocol-codes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file of [[code]] tables (value, scheme, protocol), asked before the shipped protocol_codes.toml.",
)
@click.option(
    "--commit-again",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    metavar="N",
    help="Ask so often again, a while later each time, for a commitment that is refused, fails or is not answered.",
)
@click.option("--state", type=click.Path(path_type=Path), help="Folder for what must survive a restart.")
@click.option(
    "--resume",
    is_flag=True,
    help="Only finish what earlier runs left in --state: store, have committed, and tell --mpps, or whom it was for.",
)
@click.option("--forget-refused", is_flag=True, help="With --resume: forget the messages that a RIS has refused.")
@scan_options
@persona_option
@phantom_option
@kind_option
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
    patient_id: str,
    patient_name: str,
    procedure_id: str,
    limit: int | None,
    discontinue: str | None,
    rejection_note: bool,
    unscheduled: str | None,
    group: Literal["one", "each"] | None,
    append: bool,
    requery: bool,
    ups: bool,
    protocol_codes: Path | None,
    commit_again: int,
    state: Path | None,
    resume: bool,
    forget_refused: bool,
    phantom: str | None,
    slices: int | None,
    rows: int | None,
    columns: int | None,
    seed: int | None,
    transfer_syntax: str | None,
    quality: float | None,
    assignments: tuple[str, ...],
    persona: str | None,
    phantom_options: tuple[str, ...],
    kind_options: tuple[str, ...],
    local: Local,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Perform every step scheduled for this station today, as IHE's Acquisition Modality.

    Each step is reported in progress, scanned, stored, reported completed, and its images committed. What an archive
    that is away did not take waits in the state folder for `--resume`; what a RIS that is away was not told waits there
    too, for the next run. The scheduled protocol code chooses the protocol. A step whose order holds characters for
    which the RIS declares no Specific Character Set is performed, named, and counts as done in part.

    A report (SR, KO, DOC, RTPLAN, ...) is about a scan of its order's study, and brings one where this run made none.
    """
    from modality.iods.personas.persona import load_persona
    from modality.station.rounds import Plan
    from modality.station.station import Station
    from modality.station.steps.protocols import protocol_table
    from modality.transfer.syntaxes import syntax

    _check(worklist, commitment, unscheduled, discontinue, listens=listen is not None, resume=resume, ups=ups)
    plan = Plan(
        phantom=phantom,
        phantom_options=options_of_phantom(phantom, phantom_options),
        options=given(slices=slices, rows=rows, columns=columns),
        kind_options=options_of_kinds(filter(None, [(unscheduled or modality).upper()]), kind_options),
        assignments=parse_assignments(assignments),
        persona=load_persona(persona) if persona else None,
        transfer_syntax=syntax(transfer_syntax) if transfer_syntax else None,
        quality=quality,
        discontinue=discontinue,
        rejection_note=rejection_note,
        commit_timeout_s=local.timeouts.response_s,
        commit_again=commit_again,
        protocols=protocol_table(protocol_codes),
        requery=requery,
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
            _resume(station, local.timeouts.response_s, mpps, forget_refused=forget_refused, as_json=as_json)
            return
        for line in station.tell().problems:
            say(f"an earlier performed step is not told yet: {line}")
        claims: list[Claim] = []
        if unscheduled:
            steps = [_unscheduled(station, unscheduled)]
        elif ups:
            claims = _claims(station, day=date, modality=modality, station_aet=station_aet, patient_id=patient_id)
            steps = [claim.item.step for claim in claims[:limit]]
        else:
            steps = station.worklist(
                date=date,
                modality=modality,
                station_aet=station_aet,
                accession_number=accession,
                patient_id=patient_id,
                patient_name=patient_name,
                requested_procedure_id=procedure_id,
            )[:limit]
        if not steps:
            say(f"nothing is scheduled for {station_aet or local.aet}")
        plan = replace(plan, kind_options=options_of_kinds((step.modality for step in steps), kind_options))
        rounds = _rounds(station, steps, group, append=append)
        results: list[Result] = []
        code = 0
        try:
            for number, performed in enumerate(rounds):
                _perform(performed, plan, results, claims[number] if claims else None)
        except KeyboardInterrupt:
            code = PARTIAL
            say(_interruption(results, len(rounds)))
        report(results, station, as_json=as_json)
    finish(code or exit_code(results))


def _check(
    worklist: str | None,
    commitment: str | None,
    unscheduled: str | None,
    discontinue: str | None,
    *,
    listens: bool,
    resume: bool,
    ups: bool,
) -> None:
    """Refuse what does not go together."""
    if not (worklist or unscheduled or resume):
        raise click.UsageError("give --worklist ADDRESS, or --unscheduled MODALITY, or --resume")
    if not discontinue:
        refuse(("rejection_note",), "--rejection-note goes with --discontinue 110514")
    if resume:
        refuse((*_OF_A_QUERY, *_OF_A_STEP), "--resume only finishes what is pending")
    else:
        refuse(("forget_refused",), "--forget-refused goes with --resume")
    if ups:
        names = ("accession", "patient_name", "procedure_id", "group", "append", "requery")
        refuse(names, "--ups asks for workitems by station, day, modality and patient ID, and performs each alone")
    if unscheduled:
        refuse(_OF_A_QUERY, "--unscheduled asks no worklist")
    if not commitment:
        refuse(("listen", "commit_again"), "without --commitment none is asked for")
    if not listens:
        refuse(("listen_host",), "--listen-host is the interface of --listen")


def _rounds(
    station: Station, steps: list[ScheduledStep], group: Literal["one", "each"] | None, *, append: bool
) -> list[Callable[[], Performed]]:
    """The performed steps to come, each made when its turn is there."""
    from modality.station.steps.studies import groups, scheduled_key

    found: list[Callable[[], Performed]] = []
    for together in groups(steps) if group else [(step,) for step in steps]:
        make = functools.partial(station.perform, together, grouping=group or "one")
        before = any(station.history.times_performed(scheduled_key(step)) for step in together)
        if not (append and before):
            found.append(make)
        if append:
            found.append(functools.partial(make, append=True))
    return found


def default_state(aet: str) -> Path:
    """Where a station keeps what must survive a restart (XDG Base Directory: user-specific state)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "modality" / aet.replace("/", "_").replace(".", "_")


def _unscheduled(station: Station, modality: str) -> ScheduledStep:
    from modality.identity import patient
    from modality.protocol.worklist import unscheduled
    from modality.registry import KINDS
    from modality.station.performed import kind_of

    kind = KINDS.load(kind_of(modality.upper()))
    who = patient(station.identity.seed, kind.patient_sex)
    return unscheduled(who, modality.upper(), description="Unscheduled")


def _claims(station: Station, **query: Any) -> list[Claim]:
    from modality.station.steps.unified import Claim, workitems

    assert station.ris is not None
    return [Claim(station, station.ris, item) for item in workitems(station, station.ris, **query)]


def _perform(make: Callable[[], Performed], plan: Plan, results: list[Result], claim: Claim | None) -> None:
    from modality.station.rounds import Result, carry_out

    performed = make()
    step = performed.step
    result = Result(step, performed, claim=claim)
    results.append(result)
    with progress(plan.options.get("slices"), f"{step.modality} {step.description}".strip()) as bar:
        carry_out(result, plan, progress=bar)
    for line in result.problems:
        say(f"{step.step_id or 'step'}: {line}")


def _interruption(results: list[Result], planned: int) -> str:
    last = results[-1] if results else None
    ended = f"{last.step.step_id or 'the step'} is {last.performed.state or 'not begun'}, " if last else ""
    return f"interrupted: {ended}{planned - len(results)} more were not begun"


def _resume(station: Station, timeout_s: float, mpps: str | None, *, forget_refused: bool, as_json: bool) -> None:
    before = len(station.pending.list())
    if forget_refused:
        station.reports.queue.forget_refused()
    with progress(before, "resuming") as done:
        settled = station.resume(timeout_s=timeout_s, mpps=mpps, progress=done)
    report_resumed(settled, before, station, as_json=as_json)
