"""Scenarios: those shipped, and what a file of one's own may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from modality.errors import ConfigurationError, UnknownNameError
from modality.load.account import Account
from modality.load.exams.plan import Plan
from modality.load.outcome import Fate
from modality.load.scenario import Objectives, load_scenario
from modality.registry import KINDS, SCENARIOS

CONTRACT = "steady burst morning-peak soak ramp large-ct small-mr slides telestroke failover department"


def test_the_scenarios_of_the_contract_are_shipped() -> None:
    assert set(CONTRACT.split()) <= set(SCENARIOS.entries)


@pytest.mark.parametrize("name", SCENARIOS.names())
def test_a_shipped_scenario_plans_as_many_requests_as_its_rate_says(name: str) -> None:
    scenario = load_scenario(name)
    sizes = {one.name: one.series * (one.instances or 9) for one in scenario.exam}
    plan = Plan(scenario, scenario.rate, 30.0, 5, "run", sizes)
    moments = [one.planned_s for one in plan.requests()]
    assert len(moments) == plan.count == round(scenario.rate * 30)
    assert moments == sorted(moments)
    assert 0 <= moments[0] <= moments[-1] < 30.0
    for exam in scenario.exam:
        assert exam.kind in KINDS.names()
    assert scenario.title


def test_steady_sends_small_instances_evenly() -> None:
    scenario = load_scenario("steady")
    assert (scenario.arrivals, scenario.unit) == ("constant", "instance")
    assert scenario.steps == ("store",)
    for exam in scenario.exam:
        assert 2 * (exam.rows or 256) * (exam.columns or 256) < 500_000  # MR: 256 x 256, two bytes


def test_the_department_sends_every_kind_there_is() -> None:
    assert {one.kind for one in load_scenario("department").exam} == set(KINDS.entries)


def test_the_departments_shares_are_those_of_the_count_that_they_rest_on() -> None:
    """Millions of exams, NHS England 2010/11, as the file has them; enhanced objects are a tenth of CT and of MR."""
    shares: dict[str, float] = {}
    for one in load_scenario("department").exam:
        shares[one.kind] = round(shares.get(one.kind, 0.0) + one.share, 6)
    assert round(shares["dx"] + shares["cr"] + shares["mg"], 6) == 22.2
    assert shares["us"] == 8.6
    assert round(shares["ct"] + shares["enhanced-ct"], 6) == 4.0
    assert round(shares["mr"] + shares["enhanced-mr"], 6) == 2.1
    assert round(shares["xa"] + shares["rf"], 6) == 1.3
    assert round(shares["nm"] + shares["pt"], 6) == 0.6
    assert shares["enhanced-ct"] == pytest.approx(0.1 * 4.0)
    assert shares["enhanced-mr"] == pytest.approx(0.1 * 2.1, rel=0.05)
    assert 0 < shares["rtstruct"] == shares["rtplan"] == shares["rtdose"] < 0.01 * sum(shares.values())


_FILE = """
title = "mine"
[[exam]]
name = "MR"
kind = "mr"
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("kind = ", "kind = 'xx' #"), "unknown kind 'xx'"),
        (("[[exam]]", "arrivals = 'poison'\n[[exam]]"), "did you mean 'poisson'"),
        (("[[exam]]", "shape = {start = 1}\n[[exam]]"), "unknown option of the arrivals 'start'"),
        (("[[exam]]", "arrivals = 'ramp'\nshape = {start = 'x'}\n[[exam]]"), "shape of ramp"),
        (("[[exam]]", "rate = 0\n[[exam]]"), "above 0"),
        (("[[exam]]", "rate = nan\n[[exam]]"), "above 0"),
        (("[[exam]]", "timeout_s = 0\n[[exam]]"), "timeout_s is above 0"),
        (("[[exam]]", "reader_delay_s = nan\n[[exam]]"), "reader_delay_s from 0"),
        (("[[exam]]", "arrivals = 'ramp'\nshape = {start = nan}\n[[exam]]"), "shape of ramp"),
        (("[[exam]]", "arrivals = 'ramp'\nshape = {start = inf}\n[[exam]]"), "shape of ramp"),
        (("[[exam]]", "arrivals = 'trace'\nshape = {at_s = [1, nan, 3]}\n[[exam]]"), "trace"),
        (("[[exam]]", "arrivals = 'day'\nshape = {weights = 'abc'}\n[[exam]]"), "shape of day"),
        (("[[exam]]\n", "[[exam]]\nshare = inf\n"), "share"),
        (("[[exam]]\n", "[[exam]]\npace_per_s = inf\n"), "pace_per_s"),
        (("[[exam]]\n", "[[exam]]\noptions = {seed = 1}\n"), "options.seed: no option"),
        (("[[exam]]\n", "[[exam]]\nrows = 0\n"), "rows and columns"),
        (("[[exam]]\n", "[[exam]]\ninstances = 1000000\n"), "up to 100,000"),
        (("[[exam]]", "steps = ['query']\n[[exam]]"), '"store"'),
        (("[[exam]]", "steps = ['store', 'print']\n[[exam]]"), "print"),
        (("[[exam]]", "colour = 1\n[[exam]]"), "unknown key 'colour'"),
        (("[[exam]]\n", "[[exam]]\nshare = 0\n"), "share is above 0"),
        (("[[exam]]\n", "[[exam]]\nshare = nan\n"), "share"),
        (("[[exam]]\n", "[[exam]]\nseries = 0\n"), "series"),
        (("[[exam]]\n", "[[exam]]\ntransfer_syntax = 'JPEG'\n"), "transfer syntax"),
        (("[[exam]]\n", "[[exam]]\nname = 'MR'\nkind = 'mr'\n[[exam]]\n"), "same name"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_told(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(_FILE)
    assert load_scenario(str(file)).title == "mine"
    file.write_text(_FILE.replace(*change))
    with pytest.raises((ConfigurationError, UnknownNameError)) as caught:
        load_scenario(str(file))
    assert said in str(caught.value)


def test_an_unknown_scenario_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'steady'"):
        load_scenario("stedy")


def account(*, sent: int = 0, refused: int = 0, skipped: int = 0, latency_s: float = 0.1) -> Account:
    made = Account("x", "run", 1, 10.0)
    made.counts.update({Fate.SENT: sent, Fate.REFUSED: refused, Fate.SKIPPED: skipped})
    for _ in range(sent + refused):
        made.latency.record(latency_s)
    return made


def test_objectives_are_judged_by_what_was_found() -> None:
    objectives = Objectives(p99_ms=200.0, failed=0.01, rate=0.95)
    held = {one.name: one.held for one in objectives.judge(account(sent=99, refused=1))}
    assert held == {"p99_ms": True, "failed": True, "skipped": True, "lost": True, "rate": True}
    found = objectives.judge(account(sent=90, refused=5, skipped=5, latency_s=0.3))
    assert [(one.name, one.held) for one in found] == [
        ("p99_ms", False), ("failed", False), ("skipped", False), ("lost", True), ("rate", False),
    ]  # fmt: skip
    assert [round(one.found or 0, 2) for one in found[1:3]] == [0.05, 0.05]


def test_an_objective_without_anything_to_measure_is_not_held() -> None:
    (judged,) = Objectives(p50_ms=1.0, failed=None, skipped=None, lost=None).judge(account(skipped=5))
    assert (judged.found, judged.held) == (None, False)


def test_an_objective_of_none_expects_nothing() -> None:
    assert Objectives(failed=None, skipped=None, lost=None).judge(account(refused=5)) == []
