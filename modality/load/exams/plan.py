"""The plan of a load: which instance goes out when.

It depends on the scenario, the rate, the length and the seed; the run id goes into the identifiers, and nothing else.
Each process of a run makes the whole plan and takes its part of it, so that any number of them do the same together.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from random import Random

from modality.errors import UsageError
from modality.identity import Identity, Patient, time_of, uid
from modality.load.outcome import instance_uid
from modality.load.scenario import Exam, Scenario
from modality.registry import KINDS

_SIDE_BY_SIDE = 16
"""Studies whose instances take turns where instances arrive (our choice): as many modalities send at a time."""

_FAMILIES = (
    "Adeyemi", "Bauer", "Castillo", "Dubois", "Eriksson", "Fischer", "Garcia", "Haddad", "Ivanov", "Jensen", "Kowalski",
    "Lindqvist", "Moreau", "Nakamura", "Okafor", "Pereira", "Quinn", "Rossi", "Schmidt", "Tanaka",
)  # fmt: skip
_GIVEN = {
    "F": ("Ada", "Bella", "Clara", "Dina", "Emma", "Fatima", "Grace", "Hana", "Ines", "Julia"),
    "M": ("Adam", "Boris", "Carl", "David", "Emil", "Felix", "George", "Hugo", "Ivan", "Jonas"),
}


@dataclass(frozen=True)
class PlannedStudy:
    """One study of the plan: who, and how much of it.

    Args:
        number: of the study in the plan, from 0.
        exam: its type.
        of: how many instances of it are planned; the last studies of a plan may be cut short.
        lane: which of the studies side by side it belongs to: one process deals with all of a lane.
        seed: the run's.
        run_id: the run's.
        started_s: when its first instance is planned.
    """

    number: int
    exam: Exam
    of: int
    lane: int
    seed: int
    run_id: str
    started_s: float = 0.0

    @cached_property
    def uid(self) -> str:
        """Study Instance UID."""
        return uid("load", self.seed, self.run_id, self.number)

    @cached_property
    def identity(self) -> Identity:
        """What its content is drawn from, whatever run it is in."""
        return Identity(self.seed, ("load", str(self.number)))

    def series_uid(self, series: int) -> str:
        """Series Instance UID of one of its series, from 0."""
        return uid(self.uid, "series", series)

    def instance_uid(self, index: int) -> str:
        """SOP Instance UID of one of its instances, from 0."""
        return instance_uid(self.uid, index)

    @cached_property
    def patient(self) -> Patient:
        """A patient of its own, such as its kind of study is made of."""
        who, here = self.identity, Identity(0, (self.uid,))
        sex = _sex_of(self.exam.kind) or "FM"[who.number("sex", 2)]
        family = _FAMILIES[who.number("family", len(_FAMILIES))]
        given = _GIVEN[sex][who.number("given", len(_GIVEN[sex]))]
        born = date(1932, 1, 1) + timedelta(days=who.number("birth", 365 * 72))
        number = here.number("patient", 10**12)
        return Patient(f"LD{number:012d}", f"{family}^{given}", f"{born:%Y%m%d}", sex)

    @cached_property
    def accession_number(self) -> str:
        """Accession Number: new in every run, as the patient's ID is."""
        return f"LD{Identity(0, (self.uid,)).number('accession', 10**12):012d}"

    @cached_property
    def started(self) -> datetime:
        """Study Date and Time: on a day of the seed's, as far apart as the plan has the studies."""
        return (time_of(self.seed) + timedelta(seconds=self.started_s)).replace(microsecond=0)


@cache
def _sex_of(kind: str) -> str:
    """The Patient's Sex that a kind asks for; empty for any."""
    return str(KINDS.load(kind).patient_sex)


@dataclass(frozen=True)
class Request:
    """One instance to be stored.

    Args:
        planned_s: when, in seconds from the start of the run.
        study: of which study.
        index: which of its instances.
    """

    planned_s: float
    study: PlannedStudy
    index: int


@dataclass(frozen=True)
class Plan:
    """All requests of a run.

    Args:
        scenario: what is done.
        rate: requests a second over the whole run.
        duration_s: of the run.
        seed: what mix, arrivals and patients are drawn from.
        run_id: what sets the identifiers apart from those of other runs.
        sizes: instances that a study of each exam has, by the exam's name.

    Raises:
        UsageError: there would be no request, or more than ten million.
    """

    scenario: Scenario
    rate: float
    duration_s: float
    seed: int
    run_id: str
    sizes: dict[str, int]

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 10_000_000:
            raise UsageError(
                f"{self.rate:g} requests a second for {self.duration_s:g} s are {self.count}: give 1 to 10,000,000"
            )

    @property
    def count(self) -> int:
        """How many requests there are."""
        return round(self.rate * self.duration_s)

    @cached_property
    def studies(self) -> list[PlannedStudy]:
        """Every study, by its number; the last one, or the last of those side by side, is cut short to fit."""
        random = Random(f"mix {self.seed}")
        exams = [one for one in self.scenario.exam if one.share > 0]
        shares = [one.share for one in exams]
        found: list[PlannedStudy] = []

        def lane(number: int, left: int) -> None:
            while left:
                exam = random.choices(exams, shares)[0]
                size = min(self.sizes[exam.name], left)
                at = number if self._lanes else len(found)
                found.append(PlannedStudy(len(found), exam, size, at, self.seed, self.run_id))
                left -= size

        lanes = self._lanes or 1
        for number in range(lanes):
            lane(number, (self.count - number + lanes - 1) // lanes)
        return found if self._lanes else self._at_their_moments(found)

    @cached_property
    def _lanes(self) -> int:
        """How many studies stand side by side; 0 where studies arrive and not instances."""
        if self.scenario.unit == "study":
            return 0
        return max(1, min(_SIDE_BY_SIDE, self.count // max(self.sizes.values())))

    def _at_their_moments(self, studies: list[PlannedStudy]) -> list[PlannedStudy]:
        moments = self.scenario.moments(len(studies), self.duration_s, Random(f"arrivals {self.seed}"))
        # A study that would outlast the run begins earlier: the plan ends when the run does.
        return [
            PlannedStudy(
                one.number, one.exam, one.of, one.number, one.seed, one.run_id,
                max(0.0, min(moment, self.duration_s - one.of * self._gap_s(one))),
            )
            for one, moment in zip(studies, moments, strict=True)
        ]  # fmt: skip

    def _gap_s(self, study: PlannedStudy) -> float:
        """From one instance of a study to the next: the modality's pace, or quicker where the run is too short."""
        pace = study.exam.pace_per_s
        return min(1 / pace, self.duration_s / study.of) if pace else 0.0

    def requests(self, part: int = 0, parts: int = 1) -> Iterator[Request]:
        """The requests in the order of their moments, or those of one of several processes."""
        mine = [one for one in self.studies if one.lane % parts == part]
        if not self._lanes:
            yield from heapq.merge(*map(self._train, mine), key=lambda one: one.planned_s)
            return
        lanes = {number: _instances([one for one in mine if one.lane == number]) for number in {o.lane for o in mine}}
        moments = self.scenario.moments(self.count, self.duration_s, Random(f"arrivals {self.seed}"))
        for at, moment in enumerate(moments):
            if at % self._lanes in lanes:
                yield Request(moment, *next(lanes[at % self._lanes]))

    def _train(self, study: PlannedStudy) -> Iterator[Request]:
        gap = self._gap_s(study)
        for index in range(study.of):
            yield Request(study.started_s + index * gap, study, index)


def _instances(studies: list[PlannedStudy]) -> Iterator[tuple[PlannedStudy, int]]:
    for one in studies:
        for index in range(one.of):
            yield one, index
