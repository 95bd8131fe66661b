"""`modality generate study` and `cohort`: what is made as a configuration says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modality import config
from modality.cli.studies.writing import COMPOSED, Wanted, described, write
from modality.cli.verb import emit, interrupted_by_sigterm, progress, refuse, say
from modality.errors import ConfigurationError, UsageError, counted
from modality.identity import fresh_seed

if TYPE_CHECKING:
    from modality.station.composing.plan import ComposedPlan

_COHORT = "cohort"
_COMMON = {"kind", "config", "out", "seed", "processes", "as_json", "debug"}
_OF_A_COHORT = {"truth": "cohort: manifest.json holds the truth of all studies anyway"}
_TAKEN = {COMPOSED: {*_COMMON, "truth", "preview", "media"}, _COHORT: {*_COMMON, "patients", "media"}}


def is_composed(kind: str, path: Path | None) -> bool:
    """Whether KIND stands for what a configuration says.

    Raises:
        UsageError: a kind was given a configuration.
        click.UsageError: it was given an option that has no effect.
    """
    if kind in _TAKEN:
        for name, instead in _OF_A_COHORT.items() if kind == _COHORT else ():
            refuse({name}, instead)
        names = {one.name or "" for one in click.get_current_context().command.params}
        refuse(names - _TAKEN[kind], f"{kind}: what is made, and how, stands in its configuration")
        return True
    refuse({"patients"}, f"{kind}: is of one patient")
    if path is not None:
        raise UsageError(f"{kind} takes no configuration: leave out {path}, or give `{COMPOSED}` for {kind}")
    return False


def generate(
    kind: str, path: Path | None, wanted: Wanted, seed: int | None, patients: int | None, *, as_json: bool
) -> None:
    """Run `generate study` or `generate cohort`."""
    if path is None:
        raise UsageError(f"{kind}: give a configuration, such as the shipped {kind}_stroke.toml")
    drawn = seed is None
    seed = fresh_seed() if seed is None else seed
    path = _found(path)
    if kind == _COHORT:
        _cohort(path, wanted, seed, patients, drawn=drawn, as_json=as_json)
    else:
        _study(path, wanted, seed, drawn=drawn, as_json=as_json)


def _study(path: Path, wanted: Wanted, seed: int, *, drawn: bool, as_json: bool) -> None:
    from modality.station.composing.composition import compose
    from modality.station.composing.plan import ComposedPlan

    plan = config.load(path, ComposedPlan).beside(path.parent)
    try:
        made = compose(plan, seed=seed)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    _note_strangers([plan])
    if drawn:
        say(f"seed {seed}")
    with interrupted_by_sigterm():
        written = write(made, COMPOSED, wanted)
    if as_json:
        emit(described(made, COMPOSED, written, wanted))
        return
    series = sum(len(scan.parts) for scan in made.series)
    click.echo(f"{counted(len(written.files), 'instance')} of {series} series of study {made.uid} in {wanted.out}")


def _cohort(path: Path, wanted: Wanted, seed: int, patients: int | None, *, drawn: bool, as_json: bool) -> None:
    from modality.station.composing.cohort import MANIFEST, make_cohort
    from modality.station.composing.cohort_plan import sorts_of
    from modality.station.composing.media import DIRECTORY

    if patients is None:
        raise UsageError("cohort: give --patients")
    sorts = sorts_of(path)
    _note_strangers([plan for sort in sorts for plan in (sort.plan, sort.prior)])
    if drawn:
        say(f"seed {seed}")
    with interrupted_by_sigterm(), progress(patients, "generating cohort") as done:
        made = make_cohort(
            sorts, wanted.out, patients=patients, seed=seed, processes=wanted.processes, media=wanted.media,
            progress=done,
        )  # fmt: skip
    studies = [study for one in made for study in one["studies"]]
    instances = sum(series["instances"] for study in studies for series in study["series"])
    found = {
        "kind": _COHORT,
        "seed": seed,
        "patients": len(made),
        "studies": len(studies),
        "priors": sum(study["prior"] for study in studies),
        "instances": instances,
        "bytes": sum(series["bytes"] for study in studies for series in study["series"]),
        "manifest": [str(wanted.out / "manifest.csv"), str(wanted.out / MANIFEST)],
        **({"media": str(wanted.out / DIRECTORY)} if wanted.media else {}),
    }
    if as_json:
        emit(found)
        return
    click.echo(
        f"{counted(instances, 'instance')} of {len(studies)} studies of {counted(len(made), 'patient')} in {wanted.out}"
    )


def _note_strangers(plans: Iterable[ComposedPlan]) -> None:
    """Say which attributes are set in a series that does not have them, or in a study none of whose series has them."""
    from modality.iods.setting.members import notes, strangers
    from modality.registry import KINDS

    lines: dict[str, None] = {}
    for plan in plans:
        classes = [str(KINDS.load(series.kind).sop_class_uid) for series in plan.series]
        for series, sop_class in zip(plan.series, classes, strict=True):
            lines |= dict.fromkeys(notes(sop_class, series.set))
        nowhere = [one for one in plan.study.set if all(strangers(of, [one])[1] for of in classes)]
        lines |= dict.fromkeys(notes(classes[0], nowhere))
    for line in lines:
        say(f"note: {line}")


def _found(path: Path) -> Path:
    """A file, or a shipped one by its name.

    Raises:
        ConfigurationError: there is none.
    """
    if path.exists() or path.name != str(path):
        return path
    try:
        return config.shipped(path.name)
    except ConfigurationError:
        raise ConfigurationError(f"{path}: there is no such file, and no shipped configuration") from None
