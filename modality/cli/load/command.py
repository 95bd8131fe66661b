"""`modality load`: an open-loop load on an archive."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from modality.cli.connection import connection_options
from modality.cli.load.extras import Extras, extra_options
from modality.cli.load.live import live
from modality.cli.load.running import run, write_saturation
from modality.cli.load.text import tell_saturation
from modality.cli.names import completing
from modality.cli.network.verify import listen_options
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, interrupted_by_sigterm, progress, refuse, say
from modality.errors import UsageError

if TYPE_CHECKING:
    from modality.load.account import Account
    from modality.load.engine.run import Load
    from modality.load.scenario import Objectives, Scenario
    from modality.network.local import Local
    from modality.network.retrieve.move import Listen

_TRIAL_S = 10.0
_NOT_SATURATED = (
    "verify", "verify_sample", "verify_wait", "baseline", "junit", "metrics", "metrics_host", "faults", "compare",
)  # fmt: skip


@click.command(cls=Verb)
@click.argument("scenario", shell_complete=completing("scenarios"))
@click.option("--to", metavar="ADDRESS", help="dicom://AET@host:port, or https://host/dicom-web.")
@click.option(
    "--compare",
    nargs=2,
    metavar="A B",
    help="In place of --to: the same load on one and then on the other, side by side.",
)
@click.option("--ris", metavar="ADDRESS", help="dicom://..., for the scenario's worklist queries and MPPS.")
@click.option("--rate", type=click.FloatRange(0, 1e6, min_open=True), help="C-STORE or STOW requests a second.")
@click.option(
    "--duration",
    type=click.FloatRange(0, 1e7, min_open=True),
    metavar="SECONDS",
    help=f"Length of the run; with --saturate of each trial, {_TRIAL_S:g} s by default.",
)
@click.option("--associations", type=click.IntRange(1, 1024), help="At a time, those of all processes together.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Send from so many.")
@click.option("--saturate", "saturating", is_flag=True, help="Find the highest rate at which the objectives hold.")
@click.option(
    "--objective",
    "objectives",
    metavar="NAME=VALUE",
    multiple=True,
    help="What is expected, over the scenario's: p99_ms=1000, failed=0, rate=0.99, ... (repeatable); "
    "NAME=none expects nothing.",
)
@click.option("--repeats", type=click.IntRange(1, 20), default=3, show_default=True, help="Of --saturate.")
@click.option("--seed", type=int, help="Same seed, same content and schedule; a new one by default.")
@click.option("--run-id", metavar="TEXT", help="Goes into every identifier; a new one by default, so all are new.")
@click.option("--fresh-pixels", is_flag=True, help="Other pixels in each instance, for archives that deduplicate.")
@click.option(
    "--max-backlog",
    type=click.IntRange(1),
    metavar="N",
    help="Requests that may wait for an association; more are skipped, and counted. By default 60 s of the rate.",
)
@click.option(
    "--i-own-this-archive", "owned", is_flag=True, help="Aim at another machine than this one: it is yours to load."
)
@extra_options
@listen_options
@connection_options("MODALITY", "to", "ris", "compare")
@common
def load(
    scenario: str,
    to: str | None,
    compare: tuple[str, str] | None,
    ris: str | None,
    local: Local,
    listen: Listen | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
    saturating: bool,
    repeats: int,
    **options: Any,
) -> None:
    """Put the load of SCENARIO (see `modality list scenarios`, or a TOML file) on an archive.

    The loop is open: requests go out when the plan says, whatever the archive does, and latency counts from the planned
    moment. Nothing is sent twice, and what could not be sent is counted. The exit code is 1 when anything failed, was
    skipped or is lost.

    Text in pictures and on pages that names a patient (us with annotation, sc, pdf) is drawn for each study; where it
    cannot be, as on the labels of slides, that is said at the start.
    """
    if not saturating:
        refuse(("repeats",), "--repeats is for --saturate")
    if saturating:
        refuse(("run_id", "max_backlog"), "each trial of --saturate has its own run id and backlog")
        refuse(_NOT_SATURATED, "--saturate only searches: look closer at the rate it finds, by a run at it")
    if not options["verify"]:
        refuse(("verify_sample", "verify_wait"), "they are for --verify")
    if options["metrics"] is None:
        refuse(("metrics_host",), "it is for --metrics")
    if compare and options["baseline"]:
        raise click.UsageError("--compare has two runs to compare already: leave out --baseline")
    if bool(to) == bool(compare):
        raise click.UsageError("give --to ADDRESS, or --compare A B")
    first, *others = compare or (str(to),)
    extras = Extras.of(options, [first, *others])
    made = _made(scenario, first, ris, local, listen, saturating, options)
    loads = [made, *(_elsewhere(made, one, owned=options["owned"]) for one in others)]
    with interrupted_by_sigterm():
        if saturating:
            code = _saturated(made, repeats, extras, as_json=as_json)
        else:
            code = run(loads, extras, listen, as_json=as_json)
    finish(code)


def _elsewhere(made: Load, to: str, *, owned: bool) -> Load:
    """The same load on another archive: the same content and schedule, under identifiers of its own."""
    from modality.load.engine.guard import check_target
    from modality.load.engine.run import fresh_run_id

    address = _archive(to)
    check_target(address, owned=owned, target=made.scenario.target)
    return replace(made, to=address, run_id=fresh_run_id())


def _made(
    name: str, to: str, ris: str | None, local: Local, listen: Listen | None, saturating: bool, options: dict[str, Any]
) -> Load:
    from modality.identity import fresh_seed
    from modality.load.engine.guard import check_target
    from modality.load.engine.run import Load, fresh_run_id
    from modality.load.scenario import load_scenario
    from modality.network.address import parse_dicom

    scenario = load_scenario(name)
    scenario = replace(scenario, objectives=_objectives(scenario.objectives, options["objectives"]))
    address = _archive(to)
    called = parse_dicom(ris) if ris else None
    for one in filter(None, (address, called)):
        check_target(one, owned=options["owned"], target=scenario.target)
    seed = options["seed"]
    if seed is None:
        seed = fresh_seed()
        say(f"seed {seed}")
    duration = options["duration"] or (_TRIAL_S if saturating else scenario.duration_s)
    processes = options["processes"]
    prepared = Load(
        name, scenario, address, _waiting(local, scenario), options["rate"] or scenario.rate, duration,
        max(options["associations"] or scenario.associations, processes), processes, seed,
        options["run_id"] or fresh_run_id(), options["fresh_pixels"], options["max_backlog"], called,
        (listen.host, listen.port) if listen else None,
    )  # fmt: skip
    if options["associations"] and options["associations"] < processes:
        raise click.UsageError("--processes: each needs an association, so give --associations as many or more")
    with progress(len(scenario.exam), "preparing") as done:
        return prepared.made(lambda number, _: done(number))


def _archive(to: str) -> Any:
    from modality.network.address import parse

    address = parse(to)
    if hasattr(address, "joinpath"):
        raise UsageError(f"{to}: a folder is no archive; give dicom://AET@host:port or https://host/dicom-web")
    return address


def _waiting(local: Local, scenario: Scenario) -> Local:
    """Our patience: the scenario's, unless --timeout says otherwise."""
    from click.core import ParameterSource

    from modality.network.local import Timeouts

    if click.get_current_context().get_parameter_source("timeout_s") is ParameterSource.COMMANDLINE:
        return local
    seconds = scenario.timeout_s
    return replace(local, timeouts=Timeouts(connect_s=seconds, association_s=seconds, response_s=seconds))


def _objectives(objectives: Objectives, texts: tuple[str, ...]) -> Objectives:
    from modality.registry import unknown

    known = list(asdict(objectives))
    changes: dict[str, float | None] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or name not in known:
            raise UsageError(f"--objective {text}: {unknown('objective', name, known)}; give NAME=VALUE")
        try:
            changes[name] = None if value == "none" else float(value)
        except ValueError:
            raise UsageError(f"--objective {text}: {value!r} is no number") from None
    return replace(objectives, **changes)  # type: ignore[arg-type]


def _saturated(made: Load, repeats: int, extras: Extras, *, as_json: bool) -> int:
    from modality.load.engine.run import fresh_run_id
    from modality.load.engine.saturate import saturate, trial_backlog

    objectives = made.scenario.objectives
    accounts: dict[float, Account] = {}

    def trial(rate: float) -> Account:
        backlog = trial_backlog(objectives, rate)
        one = replace(made, rate=rate, run_id=fresh_run_id(), max_backlog=backlog)
        with live(one.duration_s, one.plan.count) as watch:
            account = one.run(watch)
        say(f"{rate:.2f}/s: {account.sent} sent, {account.failed} failed, {account.skipped} skipped")
        accounts[rate] = account
        return account

    found = saturate(trial, objectives, start=made.rate, repeats=repeats)
    for caution in made.material.cautions:
        say(caution)
    document = {"scenario": made.name, "seed": made.seed, "saturation": found.to_json()}
    document["configuration"] = made.configuration()
    if extras.report:
        write_saturation(extras.report, made, found, accounts)
    if as_json:
        emit(document)
    else:
        tell_saturation(document["saturation"])  # type: ignore[arg-type]
    return 0 if found.rate is not None else PARTIAL
