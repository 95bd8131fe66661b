"""`modality check`: whether worklist item, images, performed step and commitment agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from modality.cli.verb import PARTIAL, Verb, common, emit, finish, plain, progress, say, table
from modality.errors import InputError, counted

if TYPE_CHECKING:
    from modality.station.consistency.case import Image
    from modality.station.consistency.rule import Judgement
    from modality.station.consistency.values import Part

T = TypeVar("T")

_SHOWN = 5  # deviations of a rule that people are shown; JSON has all


def _paths(
    name: str, metavar: str, text: str, *, required: bool = False
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    kind = click.Path(exists=True, path_type=Path)
    return click.option(name, type=kind, multiple=True, required=required, metavar=metavar, help=text)


@click.command(cls=Verb)
@_paths("--study", "PATH", "DICOM files of the study, or folders of them; more may follow.", required=True)
@click.argument("more", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
@_paths("--worklist", "FILE", "Worklist items: data sets (.wl, .dcm), DICOM JSON, TOML of `serve ris`, or a folder.")
@_paths("--mpps", "FILE", "Performed steps: whole, or N-CREATE and its N-SETs in order; data sets or DICOM JSON.")
@_paths("--commitment", "FILE", "Storage commitment results (N-EVENT-REPORT); data sets or DICOM JSON.")
@click.option("--all", "everything", is_flag=True, help="Show the rules that hold or do not apply too.")
@common
def check(
    study: tuple[Path, ...],
    more: tuple[Path, ...],
    worklist: tuple[Path, ...],
    mpps: tuple[Path, ...],
    commitment: tuple[Path, ...],
    everything: bool,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Check that images, worklist item, performed step and commitment tell one story, whoever made them.

    Each rule has a number and is held, broken or not applicable; exit code 1 when one is broken or a file cannot be
    read.
    """
    from modality.station.consistency.case import Case
    from modality.station.consistency.evidence import performed_steps, reports, worklist_items
    from modality.station.consistency.table import check as judged

    problems: dict[str, str] = {}
    images = _images((*study, *more), problems)
    if not images:
        for problem in problems.values():
            say(problem)
        raise InputError(f"no DICOM file could be read at {', '.join(map(str, study))}")
    case = Case(
        images,
        worklist_items(_parts(worklist, problems), problems),
        performed_steps(_parts(mpps, problems), problems),
        reports(_parts(commitment, problems), problems),
    )
    judgements = judged(case)
    broken = [one for one in judgements if one.deviations]
    summary = {
        "images": len(case.images),
        "worklist_items": len(case.items),
        "performed_steps": len(case.steps),
        "commitments": len(case.reports),
        "held": sum(one.state == "held" for one in judgements),
        "broken": len(broken),
        "not_applicable": sum(one.state == "not applicable" for one in judgements),
    }
    if as_json:
        emit({**summary, "rules": [one.document() for one in judgements], "problems": list(problems.values())})
    else:
        _show(judgements if everything else broken, summary)
    for problem in problems.values():
        say(problem)
    finish(PARTIAL if broken or problems else 0)


def _images(paths: Iterable[Path], problems: dict[str, str]) -> list[Image]:
    from modality.cli.network.files import files_below
    from modality.station.consistency.evidence import read_image

    files = files_below(paths)
    found = []
    with progress(len(files), "reading") as done:
        for number, path in enumerate(files, 1):
            try:
                found.append(read_image(path))
            except InputError as error:
                problems[str(path)] = str(error)
            done(number)
    return found


def _parts(paths: Iterable[Path], problems: dict[str, str]) -> list[Part]:
    """The data sets of the files; one that cannot be read is noted, and the rest goes on."""
    from modality.simulated.ris import worklist_file
    from modality.station.consistency.evidence import read_parts
    from modality.station.consistency.values import Part

    found = []
    for path in paths:
        try:
            if path.suffix == ".toml":
                items = worklist_file.read(path, datetime.now().astimezone().date())
                found += [Part(f"{path}[{place}]", item) for place, item in enumerate(items)]
            else:
                found += read_parts(path)
        except InputError as error:
            problems[str(path)] = str(error)
    return found


def _show(judgements: list[Judgement], summary: dict[str, int]) -> None:
    if judgements:
        rows = [[one.rule.id, one.state, one.rule.title, one.rule.clause] for one in judgements]
        table("", ["rule", "state", "what has to hold", "clause"], rows)
    for one in judgements:
        for deviation in one.deviations[:_SHOWN]:
            click.echo(plain(f"{one.rule.id} {deviation}"))
        if len(one.deviations) > _SHOWN:
            click.echo(f"{one.rule.id} and {len(one.deviations) - _SHOWN} more; --json has all")
    counts = f"{summary['held']} rules held, {summary['broken']} broken, {summary['not_applicable']} not applicable"
    click.echo(
        f"{counts}: {counted(summary['images'], 'image')}, {counted(summary['worklist_items'], 'worklist item')}"
    )
