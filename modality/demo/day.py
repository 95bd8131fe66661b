"""A day in the department: its stations, a RIS and an archive, every step performed, and all of it checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from modality.demo import checks
from modality.demo.check import Check
from modality.errors import counted
from modality.identity import system_clock
from modality.protocol.worklist import ScheduledStep
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis
from modality.station.rounds import Plan, Result, perform_step
from modality.station.station import Station
from modality.transfer.destination import Progress
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read

STATIONS = ("CT01", "MR01")
SLIDE_STATION = "SM01"
# A small slide: what the stations before it scan takes no longer.
SLIDE = {"rows": 2048, "columns": 2048}
# The patient of the last scheduled CT moves too much: abandoned half-way (CID 9300).
PATIENT_CONDITION = "110515"

Say = Callable[[str, str], None]
"""Takes what happened (worklist, MPPS, store, commitment, check) and a line about it."""


@dataclass(slots=True)
class Day:
    """What happened, and what was checked.

    Args:
        folder: where all of it lies; the archive's files below `archive/`.
        seed: what identity and noise came from.
        results: of each step, in the order performed.
        checks: what was checked, each held or not.
        seconds: how long it took.
        when: when it began.
    """

    folder: Path
    seed: int
    when: datetime
    results: list[tuple[Station, Result]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Every check held, and there was something to check."""
        return bool(self.checks) and all(check.held for check in self.checks)


def run(
    folder: Path,
    *,
    seed: int,
    slices: int = 24,
    slides: bool = True,
    say: Say,
    progress: Callable[[ScheduledStep], Progress | None] = lambda _: None,
    seen: Callable[[str, Iterator[PreparedInstance]], None],
) -> Day:
    """Run the day, and check it.

    Args:
        folder: must be new or empty; the archive's files go below it.
        seed: what identity and noise come from.
        slices: images of a series.
        slides: whether a slide is scanned too.
        say: told of each transaction.
        progress: gives, for each step, what takes the number of images done.
        seen: shown the images of each step, with a title, once they have been fetched back.

    Raises:
        ModalityError: the peers could not be started, or the worklist not be had.
    """
    began = time.monotonic()
    day = Day(folder, seed, system_clock())
    with ExitStack() as stack:
        archive = stack.enter_context(SimulatedArchive(folder / "archive", commitment="other"))
        ris = stack.enter_context(SimulatedRis(storage=folder / "performed-steps"))
        if not slides:
            ris.steps[:] = [one for one in ris.steps if one.step.Modality != "SM"]
        stations = [
            stack.enter_context(Station(aet, ris=ris.address, archive=archive.address, listen=0, seed=seed))
            for aet in (*STATIONS, *((SLIDE_STATION,) if slides else ()))
        ]
        for station in stations:
            station.commitments.open()
            archive.destinations[station.aet] = f"127.0.0.1:{station.commitments.port}"
        say("peers", f"archive at {archive.address}, RIS at {ris.address}")
        for station in stations:
            _shift(station, slices, day, say, progress)
        day.checks += checks.of_the_day(day, ris, archive, say)
        for station, result in day.results:
            day.checks += checks.of_a_step(station, result, ris, archive, say)
            seen(f"{station.aet}: {_what(result.step)}", _kept(archive, result))
    day.seconds = time.monotonic() - began
    return day


def _shift(
    station: Station, slices: int, day: Day, say: Say, progress: Callable[[ScheduledStep], Progress | None]
) -> None:
    """One station's steps of the day."""
    steps = station.worklist()
    say("worklist", f"{station.aet} asked the RIS (C-FIND): {len(steps)} steps scheduled today")
    for number, step in enumerate(steps):
        abandoned = station.aet == STATIONS[0] and number == len(steps) - 1
        options = SLIDE if step.modality == "SM" else {"slices": slices}
        plan = Plan(options=options, discontinue=PATIENT_CONDITION if abandoned else None)
        say("MPPS", f"{station.aet} begins {step.step_id or 'a step'} (N-CREATE, IN PROGRESS): {_what(step)}")
        result = perform_step(station, step, plan, progress=progress(step))
        performed, receipt = result.performed, result.performed.receipt
        stored = counted(len(receipt.stored), "image")
        say("store", f"{stored}, {receipt.bytes / 1e6:.1f} MB (C-STORE)")
        say("MPPS", f"{station.aet} ends {step.step_id or 'the step'} (N-SET): {performed.state}")
        if result.outcome:
            say("commitment", f"{len(result.outcome.committed)} of {stored} (N-ACTION, N-EVENT-REPORT)")
        for problem in result.problems:
            say("problem", problem)
        day.results.append((station, result))


def _kept(archive: SimulatedArchive, result: Result) -> Iterator[PreparedInstance]:
    """A step's images as the archive keeps them, in the order of their making."""
    paths = {one.sop_instance_uid: one.path for one in archive.instances(result.performed.study_uid)}
    return (read(paths[uid]) for series in result.performed.series for _, uid in series.images if uid in paths)


def _what(step: ScheduledStep) -> str:
    return f"{step.modality} {step.description or '(no description)'}, {step.patient.name or '(no name)'}"
