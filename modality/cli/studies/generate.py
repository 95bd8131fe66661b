"""`modality generate`: a series from a phantom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.names import completing
from modality.cli.options import given, parse_assignments, persona_option, scan_options, series_options
from modality.cli.studies.ct_options import ct_options
from modality.cli.studies.mr_options import mr_options
from modality.cli.studies.sm_options import sm_options
from modality.cli.verb import Verb, common, emit, interrupted_by_sigterm, say
from modality.errors import counted

if TYPE_CHECKING:
    from phantoms.phantom import Phantom

_UNIT = re.compile("_(mm|ms|s|t|deg|hz|ppm|s_per_mm2)$")  # parameters bear their unit, options do not


@click.command(cls=Verb)
@click.argument("kind", shell_complete=completing("kinds"))
@click.argument("config", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to."
)
@scan_options
@series_options
@ct_options
@click.option(
    "--protocol", metavar="NAME",
    help="MR: T1, T2, PD or T1 GRE; several series: brain, spine, knee, abdomen, relaxometry; CT: head-ct, thorax-ct.",
)  # fmt: skip
@mr_options
@sm_options
@click.option("--slice-thickness", type=click.FloatRange(0.1), metavar="MM", help="Nominal slice thickness in mm.")
@click.option(
    "--truth", is_flag=True,
    help="Also write truth.json, each structure's place, size and values, and labels.npy, the first series' label map; "
    "of a study, truth.json of all series.",
)  # fmt: skip
@click.option(
    "--seg",
    is_flag=True,
    help="Also write the first series' label map as a DICOM segmentation in OUT/derived; of a slide, its regions, and "
    "its nuclei as annotations (extra seg; CT, MR and SM).",
)
@click.option("--preview", is_flag=True, help="Also write preview.png, a contact sheet.")
@click.option(
    "--media", is_flag=True,
    help="Write a file-set as on a CD: files of eight characters below PT000000, and the DICOMDIR that lists them.",
)  # fmt: skip
@click.option(
    "--attributes", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.toml",
    help="Set the [attributes] of a TOML, those of its [[private]] dictionary too; --set prevails, and may name them.",
)  # fmt: skip
@persona_option
@click.option(
    "--defect", "defects", metavar="NAME", multiple=True, shell_complete=completing("defects"),
    help="Break the instances, for negative tests (repeatable); `modality list defects` tells the clauses.",
)  # fmt: skip
@click.option("--patients", type=click.IntRange(1, 999_999), metavar="N", help="Of a cohort: how many.")
@common
def generate(
    kind: str,
    config: Path | None,
    out: Path,
    phantom: str | None,
    phantom_options: tuple[str, ...],
    kind_options: tuple[str, ...],
    slices: int | None,
    rows: int | None,
    columns: int | None,
    seed: int | None,
    transfer_syntax: str | None,
    quality: float | None,
    assignments: tuple[str, ...],
    protocol: str | None,
    slice_thickness: float | None,
    truth: bool,
    seg: bool,
    preview: bool,
    media: bool,
    attributes: Path | None,
    persona: str | None,
    defects: tuple[str, ...],
    patients: int | None,
    processes: int | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
    **of_the_kind: Any,
) -> None:
    """Make one series of KIND (ct, mr, enhanced-ct, ...) from a phantom whose truth is known, or those of a protocol.

    The same seed gives the same files. `modality list kinds` lists the kinds.

    Two words stand for a KIND where a CONFIG, a TOML file, says what is made and how:

    \b
      generate study CONFIG                several series of several kinds, of one patient and order
      generate cohort CONFIG --patients N  many patients, their earlier studies, a manifest of truth

    The files study_stroke.toml and cohort_stroke.toml are shipped, and found by their names.
    """  # noqa: D301 - click's own mark of lines to be left alone
    from modality.cli.studies import composed
    from modality.cli.studies.phantom_options import parse_kind_options
    from modality.cli.studies.writing import Wanted, described, write
    from modality.identity import fresh_seed
    from modality.iods.setting.members import notes
    from modality.station import study as studies
    from modality.station.processes.life import processors

    wanted = Wanted(out, truth, seg, preview, processes or processors(), media)
    if composed.is_composed(kind, config):
        composed.generate(kind, config, wanted, seed, patients, as_json=as_json)
        return
    drawn = seed is None
    seed = fresh_seed() if seed is None else seed
    options = given(
        slices=slices, rows=rows, columns=columns, protocol=protocol, slice_thickness_mm=slice_thickness, **of_the_kind,
    )  # fmt: skip
    make = partial(studies.generate, kind)
    if protocol is not None and _of_several_series(kind, protocol):
        from modality.station import examination

        del options["protocol"]
        make = partial(examination.examine, kind, protocol)
    _check_options(kind, options)
    options = _joined(options, parse_kind_options(kind, kind_options))
    set_anew = _assigned(attributes, assignments)
    made = make(
        _phantom(kind, phantom, phantom_options, seed, options, "protocol" not in options and protocol is not None),
        seed=seed,
        transfer_syntax=transfer_syntax,
        quality=quality,
        assignments=set_anew,
        persona=persona,
        defects=defects,
        **options,
    )
    if drawn:
        say(f"seed {seed}")
    with interrupted_by_sigterm():
        written = write(made, kind, wanted)
    for line in notes(made.series[0].sop_class_uid, set_anew):
        say(f"note: {line}")
    if as_json:
        emit(described(made, kind, written, wanted))
    else:
        series = [part for scan in made.series for part in scan.parts]
        whole = f"{len(series)} series of study {made.uid}" if len(series) > 1 else f"series {series[0].uid}"
        click.echo(f"{counted(len(written.files), 'image')} of {whole} in {out}")


def _joined(named: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """The options of their own names, and those of `--option`; none is given by both."""
    from modality.errors import UsageError

    for name in named.keys() & others:
        raise UsageError(f"--option {name}: given by --{_named(name)} too; leave one out")
    return named | others


def _named(parameter: str) -> str:
    return _UNIT.sub("", parameter).replace("_", "-")


def _assigned(path: Path | None, assignments: tuple[str, ...]) -> dict[str, str]:
    """The attributes that are set over those of the IOD."""
    from modality.config import load
    from modality.iods.setting.file import AttributeFile

    told = load(path, AttributeFile) if path else AttributeFile()
    return told.assignments(parse_assignments(assignments))


def _phantom(
    kind: str, name: str | None, made_to: tuple[str, ...], seed: int, options: Mapping[str, Any], several: bool
) -> Phantom | None:
    """The phantom that was asked for; None where that is left to the kind or to a protocol of several series."""
    from modality.cli.studies.phantom_options import parse_phantom_options
    from modality.errors import UsageError
    from modality.registry import KINDS
    from modality.station.study import load_phantom

    if name is None and not made_to:
        return None
    usual = KINDS.load(kind).usual_phantom(options)
    if usual is None:
        raise UsageError(f"{kind} scans no phantom: leave out --phantom and --phantom-option")
    if name is None and several:
        raise UsageError("--phantom-option: give --phantom too, which this protocol leaves open")
    name = name or usual
    return load_phantom(name, **{"seed": seed, **parse_phantom_options(name, made_to)})


def _of_several_series(kind: str, protocol: str) -> bool:
    """Whether a protocol is a study's, one of `configs/protocols`, and not the acquisition's own."""
    from modality.acquisition.mr.protocol import PROTOCOLS
    from modality.errors import UnknownNameError
    from modality.registry import unknown
    from modality.station.examination import examinations

    several = examinations(kind)
    if protocol in several:
        return True
    single = list(PROTOCOLS) if "protocol" in _parameters(kind) else []
    if several and protocol not in single:
        raise UnknownNameError(unknown(f"{kind} protocol", protocol, [*single, *several]))
    return False


def _parameters(kind: str) -> Mapping[str, object]:
    """The options of a kind's acquisition."""
    from inspect import signature

    from modality.registry import KINDS

    return signature(KINDS.load(kind).acquire).parameters


def _check_options(kind: str, options: dict[str, object]) -> None:
    """An option of another kind is no option of this one."""
    from modality.errors import UsageError

    taken = _parameters(kind)
    for name in options:
        if name not in taken:
            raise UsageError(f"--{_named(name)} is not an option of {kind}; see `modality generate --help`")
