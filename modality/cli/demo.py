"""`modality demo`: the main job on embedded peers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality import __version__
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, say, table

if TYPE_CHECKING:
    from modality.demo.day import Day
    from modality.station.contact_sheet import ContactSheet
    from modality.transfer.instance import PreparedInstance

_OURS = ("archive", "performed-steps", "contact-sheet.png", "report.html")


@click.command(cls=Verb)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("modality-demo"), show_default=True,
    help="Folder for DICOM files, pictures and the report.",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="What patients' noise and identity come from.")
@click.option("--slices", type=click.IntRange(1, 500), default=12, show_default=True, help="Images of a series.")
@common
def demo(out: Path, seed: int, slices: int, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug: read by Verb
    """Run a day in the department on embedded peers, and check it.

    The stations (CT, MR, slides) ask a RIS for their worklist, scan phantoms, report the performed steps, store the
    images in an archive and have them committed; one step is abandoned half-way. All is then asked back and compared.
    """
    from importlib.util import find_spec

    from modality.demo.day import run
    from modality.errors import MissingExtraError

    _clear(out)
    sheets: list[ContactSheet] = []

    def seen(title: str, instances: Iterator[PreparedInstance]) -> None:
        if pictures:
            sheets.append(_sheet(title, instances))

    pictures = True
    try:
        _sheet("", iter(()))
    except MissingExtraError as error:
        pictures = False
        say(f"no pictures and no report: {error}")
    slides = all(map(find_spec, ("imagecodecs", "PIL", "segno")))
    if not slides:
        say("no slide: it needs an optional package: pip install 'modality-simulator[slides]'")
    day = run(
        out,
        slides=slides,
        seed=seed,
        slices=slices,
        say=lambda what, line: click.echo(f"{what:<11}{line}", err=as_json),
        seen=seen,
    )
    if sheets:
        _pictures(out, day, sheets)
    rows = [_row(station.aet, result) for station, result in day.results]
    if as_json:
        emit({"good": day.good, "seed": seed, "seconds": round(day.seconds, 2), "folder": str(out), "steps": rows,
              "checks": [{"rule": one.rule, "found": one.found, "held": one.held} for one in day.checks]})  # fmt: skip
    else:
        table("", list(rows[0]) if rows else [], [[str(value) for value in row.values()] for row in rows])
        held = sum(check.held for check in day.checks)
        click.echo(f"{held} of {len(day.checks)} checks held, {day.seconds:.1f} s")
        click.echo(
            f"DICOM files, contact-sheet.png and report.html are in {out}" if sheets else f"DICOM files are in {out}"
        )
    finish(0 if day.good else PARTIAL)


def _clear(out: Path) -> None:
    """Make room in the folder: what an earlier demo left goes, and nothing else is touched."""
    from modality.errors import UsageError

    if out.is_dir():
        others = [one.name for one in out.iterdir() if one.name not in _OURS]
        if others:
            raise UsageError(f"{out} holds {others[0]}, which is not a demo's; give another folder with --out")
        for name in _OURS:
            path = out / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)


def _sheet(title: str, instances: Iterator[PreparedInstance]) -> ContactSheet:
    from modality.station.contact_sheet import ContactSheet

    sheet = ContactSheet(title)
    for instance in instances:
        sheet.add(instance)
    return sheet


def _pictures(out: Path, day: Day, sheets: list[ContactSheet]) -> None:
    from modality.station.contact_sheet import stacked
    from modality.transfer.files import write_whole
    from modality.web.report import render

    write_whole(out / "contact-sheet.png", [stacked(sheets)])
    page = render(
        "day.html",
        when=f"{day.when:%Y-%m-%d %H:%M}",
        seed=day.seed,
        seconds=f"{day.seconds:.1f}",
        version=f"modality {__version__}",
        good=day.good,
        held=sum(check.held for check in day.checks),
        checks=day.checks,
        steps=[_row(station.aet, result) for station, result in day.results],
        sheets=sheets,
        folder=out / "archive",
    )
    write_whole(out / "report.html", [page])


def _row(station: str, result: Any) -> dict[str, Any]:
    performed = result.performed
    return {
        "start": result.step.start,
        "station": station,
        "patient": result.step.patient.name,
        "description": result.step.description or "(none)",
        "state": performed.state,
        "images": sum(len(series.images) for series in performed.series),
        "stored": len(performed.receipt.stored),
        "committed": len(result.outcome.committed) if result.outcome else 0,
        "megabytes": round(performed.receipt.bytes / 1e6, 1),
    }
