"""A cohort: many patients with studies and earlier ones, the same whatever number of processes makes them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import multiprocessing
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from modality import config
from modality.errors import ConfigurationError, ModalityError, UnsupportedError, UsageError
from modality.identity import Identity, patient, time_of
from modality.station.composing.composition import compose, whole_truth
from modality.station.composing.plan import ComposedPlan, PatientPlan
from modality.station.series.told import named
from modality.station.study import Scan
from modality.transfer.destination import Progress
from modality.transfer.files import write_whole

MANIFEST = "manifest.json"
_SEEDS = 1 << 48


@dataclass(frozen=True, slots=True)
class CohortStudy:
    """A sort of study that patients of the cohort come for.

    Args:
        config: a configuration of `generate study`: a path beside the cohort's, or the name of a shipped one.
        share: how often, against the shares of the others.
        priors: fewest and most earlier studies of a patient.
        days_between: fewest and most days from a study back to the one before.
        prior: the configuration of the earlier ones; the same by default.
    """

    config: str
    share: float = 1.0
    priors: tuple[int, ...] = (0, 2)
    days_between: tuple[int, ...] = (30, 720)
    prior: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.share < float("inf"):
            raise ValueError(f"share: more than 0, not {self.share}")
        _check_range("priors", self.priors, 0, 100)
        _check_range("days_between", self.days_between, 1, 36500)


@dataclass(frozen=True, slots=True)
class CohortPlan:
    """What a configuration of a cohort holds.

    Args:
        study: at least one sort of study; each patient comes for one of them.
    """

    study: tuple[CohortStudy, ...]

    def __post_init__(self) -> None:
        if not self.study:
            raise ValueError("at least one [[study]] is needed")


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of study, its configurations read.

    Args:
        said: what the cohort's configuration says.
        plan: of the study.
        prior: of the earlier ones.
    """

    said: CohortStudy
    plan: ComposedPlan
    prior: ComposedPlan


@dataclass(frozen=True, slots=True)
class Task:
    """One patient.

    Args:
        sorts: of study.
        seed: of the cohort.
        number: of the patient, from 1.
        out: the cohort's folder.
    """

    sorts: tuple[Sort, ...]
    seed: int
    number: int
    out: Path


def sorts_of(path: Path) -> tuple[Sort, ...]:
    """Read a cohort's configuration and those of its studies.

    Raises:
        ConfigurationError: one cannot be read, or lays down what a cohort draws for each patient.
    """
    return tuple(
        Sort(one, _plan(one.config, path), _plan(one.prior or one.config, path))
        for one in config.load(path, CohortPlan).study
    )


def make_cohort(
    sorts: Sequence[Sort], out: Path, *, patients: int, seed: int, processes: int = 1, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Write a cohort: a folder for each patient, in it one for each study, and manifest.csv and manifest.json.

    Args:
        sorts: what patients come for.
        out: the folder; it may not hold a cohort.
        patients: how many.
        seed: what all is drawn from.
        processes: that make patients.
        progress: called with the number of patients done.

    Returns:
        The patients, as the manifest has them.

    Raises:
        UsageError: a study cannot be made as its configuration says, or a file cannot be written.
        UnsupportedError: a process was ended.
    """
    if (out / MANIFEST).exists():
        raise UsageError(f"{out}: holds a cohort already: give another folder, or remove {MANIFEST}")
    for sort in sorts:  # before anything is written
        for plan, name in ((sort.plan, sort.said.config), (sort.prior, sort.said.prior)):
            try:
                compose(plan, seed=seed)
            except UsageError as error:
                raise UsageError(f"{name or sort.said.config}: {error}") from error
    tasks = [Task(tuple(sorts), seed, number, out) for number in range(1, patients + 1)]
    made: dict[int, dict[str, Any]] = {}
    for entry in _made(tasks, min(processes, patients)):
        made[entry["number"]] = entry
        if progress:
            progress(len(made))
    entries = [made[number] for number in sorted(made)]
    write_whole(out / "manifest.csv", [_table(entries).encode()])
    document = {"seed": seed, "patients": entries}
    write_whole(out / MANIFEST, [json.dumps(document, indent=1, ensure_ascii=False).encode()])
    return entries


def _made(tasks: Sequence[Task], processes: int) -> Iterator[dict[str, Any]]:
    """The patients, as they are ready."""
    if processes == 1:
        yield from map(_patient, tasks)
        return
    # Forked where that can be, as for slides: a script that embeds us need not guard its main module.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context(method), _begin)
    try:
        for one in as_completed([pool.submit(_patient, task) for task in tasks]):
            yield one.result()
    except BrokenProcessPool as error:
        raise UnsupportedError("a process of the cohort was ended, perhaps for want of memory: take fewer") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends us


def _patient(task: Task) -> dict[str, Any]:
    """Make one patient's studies, oldest first."""
    identity = Identity(task.seed, ("cohort", str(task.number)))
    seed = identity.number("seed", _SEEDS)
    sort = task.sorts[_drawn(identity, [one.said.share for one in task.sorts])]
    cohort = Identity(task.seed, ("cohort",)).number("id", 10**6)
    known_as = f"C{cohort:06d}-{task.number:06d}"  # a patient's own in every cohort: drawn ones would meet
    moments = [time_of(seed), *_earlier(sort.said, identity, time_of(seed), patient(seed).birth_date)]
    studies = []
    try:
        for number, started in enumerate(reversed(moments), start=1):
            last = number == len(moments)
            plan = sort.plan if last else sort.prior
            plan = replace(plan, patient=replace(plan.patient, patient_id=known_as))
            study = compose(plan, seed=seed, started=started, beside=(sort.plan, sort.prior))
            folder = Path(known_as) / f"{number:02d}"
            truth = whole_truth(study)
            made = [facts for scan in study.series for facts in _written(scan, task.out, folder)]
            for series, facts in zip(truth["series"], made, strict=True):
                series.update(facts)
            who = truth.pop("patient")
            named = sort.said.config if last else sort.said.prior or sort.said.config
            studies.append({"number": number, "prior": not last, "config": named, **truth})
    except ModalityError as error:  # some errors do not cross from one process to another
        raise UsageError(f"patient {task.number}: {error}") from error
    return {"number": task.number, **who, "seed": seed, "studies": studies}


def _written(scan: Scan, out: Path, folder: Path) -> list[dict[str, Any]]:
    """Write a scan; returns of each of its series where it is, and what tells whether it is the same as another."""
    wholes: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    for name, part, instance in named(scan, scan, scan.kind.name):
        whole = wholes.setdefault(part.uid, hashlib.sha256())
        for data in (parts := instance.part10()):
            whole.update(data)
            sizes[part.uid] = sizes.get(part.uid, 0) + len(memoryview(data).cast("B"))
        write_whole(out / folder / f"{name}.dcm", parts)
    return [
        {"folder": folder.as_posix(), "bytes": sizes[uid], "sha256": whole.hexdigest()} for uid, whole in wholes.items()
    ]


def _earlier(said: CohortStudy, identity: Identity, latest: datetime, birth_date: str) -> Iterator[datetime]:
    """When the patient was here before, latest first; never before birth."""
    born = datetime.strptime(birth_date, "%Y%m%d")  # noqa: DTZ007 - local time, as DICOM has it
    fewest, most = said.priors
    closest, farthest = said.days_between
    moment = latest
    for number in range(fewest + identity.number("priors", most - fewest + 1)):
        own = identity.within("prior", str(number))
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
            days=closest + own.number("days", farthest - closest + 1)
        )
        moment = day + timedelta(seconds=7 * 3600 + own.number("second", 11 * 3600))  # as `time_of` has it
        if moment <= born:
            return
        yield moment


def _drawn(identity: Identity, shares: Sequence[float]) -> int:
    """One of several by their shares."""
    place = identity.number("sort", 1 << 32) / (1 << 32) * sum(shares)
    for index, share in enumerate(shares):
        place -= share
        if place < 0:
            return index
    return len(shares) - 1


_COLUMNS = (
    "patient", "patient_id", "name", "birth_date", "sex", "study", "prior", "config", "study_uid", "accession_number",
    "started", "kind", "description", "series_uid", "instances", "bytes", "sha256", "folder", "structures",
    "presentation_intent",
)  # fmt: skip


def _table(patients: Sequence[Mapping[str, Any]]) -> str:
    """manifest.csv: a line for each series."""
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for who in patients:
        for study in who["studies"]:
            for series in study["series"]:
                names = [one["name"] for one in series["truth"].get("structures", ())]
                table.writerow(
                    {**who, **study, **series, "patient": who["number"], "study": study["number"],
                     "prior": "yes" if study["prior"] else "no", "structures": "; ".join(names)}
                )  # fmt: skip
    return text.getvalue()


def _plan(name: str, cohort: Path) -> ComposedPlan:
    beside = cohort.parent / name
    path = beside if beside.exists() else config.shipped(name)
    plan = config.load(path, ComposedPlan).beside(path.parent)
    if plan.patient != PatientPlan():
        raise ConfigurationError(f"{name}: patient: a cohort draws it for each patient: leave it out")
    for key in ("accession", "study_id", "started"):
        if getattr(plan.study, key) is not None:
            raise ConfigurationError(f"{name}: study.{key}: a cohort draws it for each study: leave it out")
    return plan


def _check_range(what: str, values: tuple[int, ...], fewest: int, most: int) -> None:
    if len(values) != 2 or not fewest <= values[0] <= values[1] <= most:
        raise ValueError(f"{what}: two numbers, {fewest} to {most}, the smaller first, not {list(values)}")
