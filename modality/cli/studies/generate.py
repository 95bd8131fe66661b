"""`modality generate`: a series from a phantom."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.options import given, parse_assignments, scan_options
from modality.cli.studies.ct_options import ct_options
from modality.cli.studies.mr_options import mr_options
from modality.cli.verb import Verb, common, emit, progress, say
from modality.errors import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modality.station.study import Study
    from modality.transfer.instance import PreparedInstance
    from modality.web.contact_sheet import ContactSheet

_UNIT = re.compile("_(mm|ms|t|deg|hz|ppm|s_per_mm2)$")  # parameters bear their unit, options do not


@click.command(cls=Verb)
@click.argument("kind")
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to."
)
@scan_options
@ct_options
@click.option(
    "--protocol", metavar="NAME", help="MR: T1, T2, PD or T1 GRE; several series: brain, abdomen, relaxometry."
)
@mr_options
@click.option("--slice-thickness", type=click.FloatRange(0.1), metavar="MM", help="Nominal slice thickness in mm.")
@click.option(
    "--truth", is_flag=True,
    help="Also write truth.json, each structure's place, size and values, and labels.npy, the first series' label map.",
)  # fmt: skip
@click.option("--preview", is_flag=True, help="Also write preview.png, a contact sheet.")
@common
def generate(
    kind: str,
    out: Path,
    phantom: str | None,
    slices: int | None,
    rows: int | None,
    columns: int | None,
    seed: int | None,
    transfer_syntax: str,
    quality: float | None,
    assignments: tuple[str, ...],
    protocol: str | None,
    slice_thickness: float | None,
    truth: bool,
    preview: bool,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
    **of_the_kind: Any,
) -> None:
    """Make one series of KIND (ct, mr) from a phantom whose truth is known, or those of a protocol.

    The same seed gives the same files. `modality list kinds` lists the kinds.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    from modality.identity import fresh_seed
    from modality.station import examination
    from modality.station import study as studies
    from modality.transfer.files import write_whole

    drawn = seed is None
    seed = fresh_seed() if seed is None else seed
    options = given(
        slices=slices, rows=rows, columns=columns, protocol=protocol, slice_thickness_mm=slice_thickness, **of_the_kind,
    )  # fmt: skip
    make = partial(studies.generate, kind)
    if protocol is not None and protocol in examination.examinations(kind):
        del options["protocol"]
        make = partial(examination.examine, kind, protocol)
    _check_options(kind, options)
    made = make(
        studies.load_phantom(phantom, seed=seed) if phantom else None,
        seed=seed,
        transfer_syntax=transfer_syntax,
        quality=quality,
        assignments=parse_assignments(assignments),
        **options,
    )
    if drawn:
        say(f"seed {seed}")
    sheet = _sheet() if preview else None
    scan = made.series[0]
    files = []
    writing: Future[None] | None = None
    # One instance is written while the next is made.
    with progress(len(made), f"generating {kind}") as done, ThreadPoolExecutor(1) as writer:
        for index, (name, instance) in enumerate(_named(made)):
            path = out / f"{kind}-{name}.dcm"
            if writing:
                writing.result()
            writing = writer.submit(instance.write, path)
            files.append(str(path))
            if sheet:
                sheet.add(instance)
            done(index + 1)
        if writing:
            writing.result()
    if truth:
        write_whole(out / "truth.json", [json.dumps(scan.truth(), indent=1, ensure_ascii=False).encode()])
        write_whole(out / "labels.npy", scan.labels())
    if sheet:
        write_whole(out / "preview.png", [sheet.png()])
    document = {
        "kind": kind,
        "seed": seed,
        "study_uid": made.uid,
        "series_uid": scan.uid,
        "series": [
            {"series_uid": one.uid, "description": one.context.series.description, "instances": len(one)}
            for one in made.series
        ],
        "instances": len(files),
        "files": files,
    }
    if as_json:
        emit(document)
    else:
        whole = f"series {scan.uid}" if len(made.series) == 1 else f"{len(made.series)} series of study {made.uid}"
        click.echo(f"{counted(len(files), 'image')} of {whole} in {out}")


def _named(made: Study) -> Iterator[tuple[str, PreparedInstance]]:
    """The instances, and names that hold the series: two runs into one folder never mix, nor overwrite, another's."""
    for scan in made.series:
        for number, instance in enumerate(scan, start=1):
            yield f"{scan.uid[-8:]}-{number:04d}", instance


def _check_options(kind: str, options: dict[str, object]) -> None:
    """An option of another kind is no option of this one."""
    from inspect import signature

    from modality.errors import UsageError
    from modality.registry import KINDS

    taken = signature(KINDS.load(kind).acquire).parameters
    for name in options:
        if name not in taken:
            option = _UNIT.sub("", name).replace("_", "-")
            raise UsageError(f"--{option} is not an option of {kind}; see `modality generate --help`")


def _sheet() -> ContactSheet:
    from modality.web.contact_sheet import ContactSheet

    return ContactSheet()
