"""Saturation, against an archive that is a formula: what it can do is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modality.load.account import Account, Process
from modality.load.engine.saturate import PRECISION, judged, saturate, trial_backlog
from modality.load.outcome import Fate
from modality.load.scenario import Objectives

OBJECTIVES = Objectives(p99_ms=1000.0)


def archive(
    capacity: float, *, engine: float = 1e9, noise: Callable[[int], float] = lambda _: 1.0
) -> Callable[[float], Account]:
    """Above its capacity the last of ten seconds of requests wait for what is too much; the engine likewise."""
    runs = [0]

    def run(rate: float) -> Account:
        runs[0] += 1
        able = capacity * noise(runs[0])
        made = Account("x", "run", 1, 10.0)
        count = max(round(rate * 10), 1)
        made.counts[Fate.SENT] = count
        lag = 0.5 if rate > engine else 0.001
        for at in range(100):
            made.latency.record(0.02 + max(rate / able - 1, 0) * 10 * at / 100 + 4 * lag * (rate > engine))
            made.send_lag.record(4 * lag if rate > engine else lag)
        made.finished_s = 10.0
        made.processes = [Process(0.2, lag * 1000, 0)]
        return made

    return run


@pytest.mark.parametrize("start", [1.0, 50.0, 3000.0])
def test_the_rate_that_holds_is_found_from_below_and_from_above(start: float) -> None:
    found = saturate(archive(100.0), OBJECTIVES, start=start)
    # 1 s at the end of 10 s is 10 % more than it can do, and a little for what stands at p99.
    assert found.rate == pytest.approx(110, rel=PRECISION - 1)
    document = found.to_json()
    assert document["verdict"] == "found"
    assert document["gave_way"] == "archive"
    assert len(document["repeats"]) == 3
    low, high = document["interval"]
    assert low <= document["rate"] <= high <= low * 1.2
    assert document["objectives"] == {"p99_ms": 1000.0, "failed": 0.0, "skipped": 0.0, "lost": 0, "rate": 0.9}
    for one in document["trace"]:
        assert one["held"] == (one["rate"] < 112)
        assert one["held"] or one["failed_objectives"] == ["p99_ms"]


def test_an_archive_that_varies_gives_an_interval() -> None:
    found = saturate(
        archive(100.0, noise=lambda run: (0.85, 1.0, 1.15)[run // 6 % 3]), OBJECTIVES, start=20.0, repeats=5
    )
    document = found.to_json()
    assert document["verdict"] == "found"
    low, high = document["interval"]
    assert 80 < low < document["rate"] < high < 140


def test_where_the_engine_gives_way_first_the_answer_is_inconclusive() -> None:
    document = saturate(archive(100.0, engine=30.0), OBJECTIVES, start=5.0).to_json()
    assert (document["verdict"], document["gave_way"], document["rate"]) == ("inconclusive", "engine", None)
    assert document["highest_held"] == pytest.approx(20.0)
    assert "send lag" in document["why"]


def test_an_archive_that_holds_nothing_is_told() -> None:
    found = saturate(archive(1e-9), OBJECTIVES, start=10.0)
    assert found.rate is None
    assert "not even" in found.why
    assert "p99_ms" in found.why


def test_an_archive_that_holds_everything_is_told() -> None:
    document = saturate(archive(1e9), OBJECTIVES, start=10.0, highest=100.0).to_json()
    assert document["verdict"] == "inconclusive"
    assert document["highest_held"] == 100.0
    assert document["gave_way"] == "nobody"


def test_an_archive_that_no_longer_holds_what_it_held_is_told() -> None:
    found = saturate(archive(100.0, noise=lambda run: 1.0 if run < 6 else 0.1), OBJECTIVES, start=20.0)
    assert found.rate is None
    assert "not steady" in found.why


def test_a_rate_whose_backlog_grows_is_none_that_can_go_on() -> None:
    """In a run as short as the latency that is good, even twice of what the archive can do would hold."""

    def run(rate: float) -> Account:
        made = Account("x", "run", 1, 1.0)
        made.counts[Fate.SENT] = max(round(rate), 1)
        made.finished_s = max(rate / 100.0, 1.0)
        for at in range(100):
            made.latency.record(max(rate / 100.0 - 1, 0) * at / 100 + 0.01)
        return made

    found = saturate(run, OBJECTIVES, start=10.0)
    assert found.rate is not None
    assert 111.2 / PRECISION < found.rate < 111.2  # a ninth more than it can do
    assert {one.failed for one in found.trace if not one.held and one.rate < 190} == {("rate",)}


def test_failures_alone_are_enough_to_fail_a_trial() -> None:
    account = archive(100.0)(10.0)
    account.counts[Fate.REFUSED] = 1
    trial = judged(account, 10.0, OBJECTIVES)
    assert (trial.held, trial.failed, trial.gave_way) == (False, ("failed",), "archive")


def test_a_trial_waits_for_nothing_that_would_be_too_late_anyway() -> None:
    assert trial_backlog(OBJECTIVES, 100.0) == 300
    assert trial_backlog(Objectives(), 100.0) == 2100
