"""A plan without end: one of a scenario's length after the other, each with studies of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from math import ceil
from random import Random

from modality.load.exams.plan import Plan, Request
from modality.load.scenario import Scenario


def endless(scenario: Scenario, rate: float, seed: int, run_id: str, sizes: Mapping[str, int]) -> Iterator[Request]:
    """The requests of one user, for as long as it lives.

    Args:
        scenario: what is sent, and by which law.
        rate: requests a second.
        seed: what mix and arrivals are drawn from.
        run_id: sets this user's identifiers apart from every other's.
        sizes: instances that a study of each exam has.
    """
    duration_s = max(scenario.duration_s, ceil(1 / rate))
    # Users that are spawned together would else be due at the same moments: each begins within its first interval.
    phase_s = Random(f"phase {run_id}").random() / rate
    for number in count():
        plan = Plan(scenario, rate, duration_s, seed, f"{run_id}-{number}", dict(sizes))
        for request in plan.requests():
            planned_s = phase_s + number * duration_s + request.planned_s
            yield Request(planned_s, request.study, request.index)
