"""`modality generate`: a series from a phantom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modality.cli.options import given, parse_assignments, scan_options
from modality.cli.verb import Verb, common, emit, progress, say
from modality.errors import counted

if TYPE_CHECKING:
    from modality.web.contact_sheet import ContactSheet


@click.command(cls=Verb)
@click.argument("kind")
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to."
)
@scan_options
@click.option("--kvp", type=click.FloatRange(70, 150), help="CT: tube voltage in kV.")
@click.option("--mas", type=click.FloatRange(1), help="CT: exposure in mAs; noise follows its square root.")
@click.option("--kernel", metavar="NAME", help="CT: convolution kernel.")
@click.option("--protocol", metavar="NAME", help="MR: the sequence and its times.")
@click.option("--slice-thickness", type=click.FloatRange(0.1), metavar="MM", help="Nominal slice thickness in mm.")
@click.option("--truth", is_flag=True, help="Also write truth.json: each structure's place, size and values.")
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
    kvp: float | None,
    mas: float | None,
    kernel: str | None,
    protocol: str | None,
    slice_thickness: float | None,
    truth: bool,
    preview: bool,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Make one series of KIND (ct, mr) from a phantom whose truth is known.

    The same seed gives the same files. `modality list kinds` lists the kinds.
    """
    from modality.identity import fresh_seed
    from modality.station import study as studies
    from modality.transfer.files import write_whole

    drawn = seed is None
    seed = fresh_seed() if seed is None else seed
    options = given(
        slices=slices, rows=rows, columns=columns, kvp=kvp, mas=mas, kernel=kernel, protocol=protocol,
        slice_thickness_mm=slice_thickness,
    )  # fmt: skip
    _check_options(kind, options)
    made = studies.generate(
        kind,
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
    with progress(len(made), f"generating {kind}") as done:
        for index, instance in enumerate(made):
            # The series is in the name: two runs into one folder never mix, nor overwrite, another series.
            path = out / f"{kind}-{scan.uid[-8:]}-{index + 1:04d}.dcm"
            instance.write(path)
            files.append(str(path))
            if sheet:
                sheet.add(instance)
            done(index + 1)
    if truth:
        write_whole(out / "truth.json", [json.dumps(scan.truth(), indent=1, ensure_ascii=False).encode()])
    if sheet:
        write_whole(out / "preview.png", [sheet.png()])
    document = {
        "kind": kind,
        "seed": seed,
        "study_uid": made.uid,
        "series_uid": scan.uid,
        "instances": len(files),
        "files": files,
    }
    if as_json:
        emit(document)
    else:
        click.echo(f"{counted(len(files), 'image')} of series {scan.uid} in {out}")


def _check_options(kind: str, options: dict[str, object]) -> None:
    """An option of another kind is no option of this one."""
    from inspect import signature

    from modality.errors import UsageError
    from modality.registry import KINDS

    taken = signature(KINDS.load(kind).acquire).parameters
    for name in options:
        if name not in taken:
            option = name.removesuffix("_mm").replace("_", "-")
            raise UsageError(f"--{option} is not an option of {kind}; see `modality generate --help`")


def _sheet() -> ContactSheet:
    from modality.web.contact_sheet import ContactSheet

    return ContactSheet()
