"""A cohort: many patients with studies and earlier ones, the same whatever number of processes makes them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import multiprocessing
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from modality.errors import ModalityError, UnsupportedError, UsageError
from modality.identity import Identity, patient, time_of
from modality.station.composing.cohort_plan import CohortStudy, Sort
from modality.station.composing.composition import compose, whole_truth
from modality.station.composing.media import check_vacant, into_media
from modality.station.processes.life import end_with_the_parent, leave_interruptions
from modality.station.series.told import named
from modality.station.study import Scan
from modality.transfer.destination import Progress
from modality.transfer.files import folder_aside, remove_abandoned, write_whole

MANIFEST = "manifest.json"
_SEEDS = 1 << 48


@dataclass(frozen=True, slots=True)
class Task:
    """One patient.

    Args:
        sorts: of study.
        seed: of the cohort.
        number: of the patient, from 1.
        out: the folder that the patients' own are made in.
    """

    sorts: tuple[Sort, ...]
    seed: int
    number: int
    out: Path


@dataclass(frozen=True, slots=True)
class Made:
    """A patient whose files are written.

    Args:
        entry: what the manifest says.
        files: of each series of each study, in the manifest's order.
    """

    entry: dict[str, Any]
    files: list[list[Path]]

    @property
    def series(self) -> list[dict[str, Any]]:
        """What the manifest says of each series."""
        return [series for study in self.entry["studies"] for series in study["series"]]


def make_cohort(
    sorts: Sequence[Sort],
    out: Path,
    *,
    patients: int,
    seed: int,
    processes: int = 1,
    media: bool = False,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Write a cohort: a folder for each patient, in it one for each study, and manifest.csv and manifest.json.

    Args:
        sorts: what patients come for.
        out: the folder; it may not hold a cohort.
        patients: how many.
        seed: what all is drawn from.
        processes: that make patients.
        media: the folder becomes one file-set of all patients instead, which is there whole or not at all.
        progress: called with the number of patients done.

    Returns:
        The patients, as the manifest has them.

    Raises:
        UsageError: a study cannot be made as its configuration says, or a file cannot be written.
        UnsupportedError: a process was ended.
    """
    if (out / MANIFEST).exists():
        raise UsageError(f"{out}: holds a cohort already: give another folder, or remove {MANIFEST}")
    if media:
        check_vacant(out)
    _check_sorts(sorts, seed, media=media)
    if not media:
        entries = [one.entry for one in _patients(sorts, out, patients, seed, processes, progress)]
    else:
        try:
            with folder_aside(out, "cohort") as aside:
                made = _patients(sorts, aside, patients, seed, processes, progress)
                _collect(made, out)
        except OSError as error:
            raise UsageError(f"{out}: cannot be written: {error.strerror or error}") from error
        entries = [one.entry for one in made]
    write_whole(out / "manifest.csv", [_table(entries).encode()])
    document = {"seed": seed, "patients": entries}
    write_whole(out / MANIFEST, [json.dumps(document, indent=1, ensure_ascii=False).encode()])
    return entries


def _check_sorts(sorts: Sequence[Sort], seed: int, *, media: bool) -> None:
    """Find what is wrong with the studies before anything is written."""
    for sort in sorts:
        for plan, name in ((sort.plan, sort.said.config), (sort.prior, sort.said.prior or sort.said.config)):
            try:
                study = compose(plan, seed=seed)
            except UsageError as error:
                raise UsageError(f"{name}: {error}") from error
            if media and any(scan.finish.defects for scan in study.series):
                raise UsageError(
                    f"{name}: media are listed by reading the instances, which have defects: leave them out"
                )


def _patients(
    sorts: Sequence[Sort], out: Path, patients: int, seed: int, processes: int, progress: Progress | None
) -> list[Made]:
    """Make all patients; in their order."""
    tasks = [Task(tuple(sorts), seed, number, out) for number in range(1, patients + 1)]
    made: dict[int, Made] = {}
    with closing(_made(tasks, min(processes, patients))) as ready:  # no process writes on when this is left
        for one in ready:
            made[one.entry["number"]] = one
            if progress:
                progress(len(made))
    return [made[number] for number in sorted(made)]


def _collect(made: Sequence[Made], out: Path) -> None:
    """Make one file-set of all patients; each series of the manifest tells its new folder."""
    placed = into_media((path for one in made for files in one.files for path in files), out)
    for one in made:
        for series, files in zip(one.series, one.files, strict=True):
            series["folder"] = placed[files[0]].parent.relative_to(out).as_posix()


def _made(tasks: Sequence[Task], processes: int) -> Generator[Made, None, None]:
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
    leave_interruptions()
    end_with_the_parent()


def _patient(task: Task) -> Made:
    """Make one patient's studies, oldest first."""
    identity = Identity(task.seed, ("cohort", str(task.number)))
    seed = identity.number("seed", _SEEDS)
    sort = task.sorts[_drawn(identity, [one.said.share for one in task.sorts])]
    cohort = Identity(task.seed, ("cohort",)).number("id", 10**6)
    known_as = f"C{cohort:06d}-{task.number:06d}"  # a patient's own in every cohort: drawn ones would meet
    moments = [time_of(seed), *_earlier(sort.said, identity, time_of(seed), patient(seed).birth_date)]
    studies = []
    files: list[list[Path]] = []
    try:
        for number, started in enumerate(reversed(moments), start=1):
            last = number == len(moments)
            plan = sort.plan if last else sort.prior
            plan = replace(plan, patient=replace(plan.patient, patient_id=known_as))
            study = compose(plan, seed=seed, started=started, beside=(sort.plan, sort.prior))
            folder = Path(known_as) / f"{number:02d}"
            remove_abandoned(task.out / folder)
            truth = whole_truth(study)
            made = [one for scan in study.series for one in _written(scan, task.out, folder)]
            for series, (facts, paths) in zip(truth["series"], made, strict=True):
                series.update(facts)
                files.append(paths)
            who = truth.pop("patient")
            named = sort.said.config if last else sort.said.prior or sort.said.config
            studies.append({"number": number, "prior": not last, "config": named, **truth})
    except ModalityError as error:  # some errors do not cross from one process to another
        raise UsageError(f"patient {task.number}: {error}") from error
    return Made({"number": task.number, **who, "seed": seed, "studies": studies}, files)


def _written(scan: Scan, out: Path, folder: Path) -> list[tuple[dict[str, Any], list[Path]]]:
    """Write a scan; of each of its series, where it is, what tells whether it is another's same, and its files."""
    wholes: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    files: dict[str, list[Path]] = {}
    for name, part, instance in named(scan, scan, scan.kind.name):
        whole = wholes.setdefault(part.uid, hashlib.sha256())
        for data in (parts := instance.part10()):
            whole.update(data)
            sizes[part.uid] = sizes.get(part.uid, 0) + len(memoryview(data).cast("B"))
        path = out / folder / f"{name}.dcm"
        write_whole(path, parts)
        files.setdefault(part.uid, []).append(path)
    return [
        ({"folder": folder.as_posix(), "bytes": sizes[uid], "sha256": whole.hexdigest()}, files[uid])
        for uid, whole in wholes.items()
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
