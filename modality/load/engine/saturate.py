"""The highest rate at which an archive holds what is expected of it: by stepping up, and by bisecting from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import ceil, sqrt
from statistics import median
from typing import Any, Literal

from modality.load.account import Account
from modality.load.scenario import Objectives

Side = Literal["nobody", "archive", "engine"]
Run = Callable[[float], Account]
"""Runs the load at a rate, under a new run id."""

STEP = 2.0
"""From one step up to the next (our choice)."""
ANSWERED = 0.9
"""So much of the rate has to be answered within the run for it to be one that can go on (our choice)."""
PRECISION = 1.1
"""The bisection ends where the lowest rate that fails is within so much of the highest that holds (our choice)."""
_WIDER = 1.25
"""By so much the bracket is widened for each repeat, so that its ends are measured again."""
_MOST_TRIALS = 40
_LOWEST = 1000
"""By so much less than the first rate is tried before it is given up."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run at one rate.

    Args:
        rate: requests a second.
        held: every objective was reached.
        gave_way: who was at its limit, where one was not.
        failed: the objectives that were not reached.
        found: what was measured, as plain data.
    """

    rate: float
    held: bool
    gave_way: Side
    failed: tuple[str, ...]
    found: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """A row of the trace."""
        return {
            "rate": round(self.rate, 3),
            "held": self.held,
            "gave_way": self.gave_way,
            "failed_objectives": list(self.failed),
            **self.found,
        }


@dataclass(slots=True)
class Saturation:
    """What was found.

    Args:
        objectives: what had to hold.
        rates: the highest rate that held, of each repeat.
        gave_way: who did first.
        why: why it is inconclusive; empty when it is not.
        trace: every trial, in order.
    """

    objectives: dict[str, float]
    rates: list[float] = field(default_factory=list)
    gave_way: Side = "nobody"
    why: str = ""
    trace: list[Trial] = field(default_factory=list)

    @property
    def rate(self) -> float | None:
        """The median of the repeats; None where the answer is inconclusive."""
        return median(self.rates) if self.rates and not self.why else None

    def to_json(self) -> dict[str, Any]:
        """As the JSON document has it; an inconclusive answer has no rate, but the bounds that were seen."""
        held = [one.rate for one in self.trace if one.held]
        return {
            "verdict": "inconclusive" if self.why else "found",
            "why": self.why,
            "objectives": self.objectives,
            "rate": round(self.rate, 3) if self.rate is not None else None,
            "interval": [round(min(self.rates), 3), round(max(self.rates), 3)] if self.rates else None,
            "repeats": [round(one, 3) for one in self.rates],
            "highest_held": round(max(held), 3) if held else None,
            "gave_way": self.gave_way,
            "trace": [one.to_json() for one in self.trace],
        }


def trial_backlog(objectives: Objectives, rate: float) -> int:
    """Requests that may wait in a trial: more than the longest latency that is good, so that nothing good is skipped.

    A trial far above the archive's limit would else go on for long after its end.
    """
    limits = (objectives.p50_ms, objectives.p90_ms, objectives.p95_ms, objectives.p99_ms, objectives.p99_9_ms)
    longest_s = max((one for one in limits if one is not None), default=10_000.0) / 1000
    return ceil(rate * (2 * longest_s + 1))


def judged(account: Account, rate: float, objectives: Objectives) -> Trial:
    """What a run at a rate says."""
    judgements = objectives.judge(account)
    failed = tuple(one.name for one in judgements if not one.held)
    limits = account.limits()
    side: Side = "nobody"
    if failed:
        side = "engine" if limits["bottleneck"] else "archive"
    found = {
        "sent": account.sent,
        "failed": account.failed,
        "skipped": account.skipped,
        "rate_per_s": round(account.sent / (account.elapsed_s or 1.0), 3),
        **{name: account.latency.percentile_ms(value) for name, value in (("p50_ms", 50.0), ("p99_ms", 99.0))},
        "send_lag_p99_ms": limits["send_lag_p99_ms"],
        "cpu_share": limits["cpu_share"],
        "engine": limits["why"],
    }
    return Trial(rate, not failed, side, failed, found)


def saturate(
    run: Run, objectives: Objectives, *, start: float, repeats: int = 3, highest: float = 100_000.0
) -> Saturation:
    """Find the highest rate at which every objective holds.

    From `start` the rate is doubled until a run fails, or halved until one holds; the bracket is then bisected, in
    geometric means, once for each repeat. Where the engine gives way before the archive, the answer is inconclusive:
    the archive's limit lies above what was reached.

    Args:
        run: runs the load at a rate.
        objectives: what has to hold; unless they say otherwise, also that requests are answered about as fast as they
            come: a backlog that grows may not be long enough yet, in a short run, to show in the latency.
        start: the first rate.
        repeats: how many times the bracket is bisected.
        highest: no rate above it is tried.
    """
    if objectives.rate is None:
        objectives = replace(objectives, rate=ANSWERED)
    wanted = {one.name: one.limit for one in objectives.judge(Account())}
    result = Saturation(wanted)

    def trial(rate: float) -> Trial:
        found = judged(run(rate), rate, objectives)
        result.trace.append(found)
        return found

    low, high = _bracket(trial, result, start, highest)
    if result.why or low is None or high is None:
        return result
    for _ in range(repeats):
        at, failing = _bisected(trial, low / _WIDER, high * _WIDER)
        if at is None:
            result.why = f"even {low / _WIDER:.3g}/s, which held before, did not hold again: the archive is not steady"
            return result
        if failing is None:
            result.why = f"{high * _WIDER:.3g}/s held, though less did not hold before: the archive is not steady"
            return result
        result.rates.append(at)
        result.gave_way = failing.gave_way if result.gave_way != "engine" else "engine"
        if failing.gave_way == "engine":
            result.why = f"the engine gave way first: {failing.found['engine']}"
            return result
        if len(result.trace) >= _MOST_TRIALS:
            break
    return result


def _bracket(
    trial: Callable[[float], Trial], result: Saturation, start: float, highest: float
) -> tuple[float | None, float | None]:
    """A rate that holds, and a higher one that does not."""
    rate, found = start, trial(start)
    low, failing = (start, None) if found.held else (None, found)
    while failing is None:
        if rate >= highest:
            result.why = f"{rate:.4g}/s, the highest that was to be tried, held"
            return rate, None
        low, rate = rate, min(rate * STEP, highest)
        found = trial(rate)
        failing = None if found.held else found
    while low is None:
        if rate < start / _LOWEST:
            result.gave_way = failing.gave_way
            result.why = f"not even {rate:.3g}/s held: {', '.join(failing.failed)}"
            return None, rate
        found = trial(rate / STEP)
        if found.held:
            low = rate / STEP
        else:
            rate, failing = rate / STEP, found
    result.gave_way = failing.gave_way
    if failing.gave_way == "engine":
        result.why = f"the engine gave way first, at {rate:.4g}/s: {failing.found['engine']}"
    return low, rate


def _bisected(trial: Callable[[float], Trial], low: float, high: float) -> tuple[float | None, Trial | None]:
    """The highest rate between two that holds, and the trial that failed nearest above it."""
    if not trial(low).held:
        return None, None
    failing: Trial | None = None
    while high / low > PRECISION:
        middle = sqrt(low * high)
        found = trial(middle)
        if found.held:
            low = middle
        else:
            high, failing = middle, found
    return low, failing
