"""The plan: as many as the rate says, the same for a seed, new identifiers for a run, and parts that are the whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modality.errors import UsageError
from modality.load.exams.plan import _GIVEN, Plan
from modality.load.scenario import Exam
from tests.load.loads import TINY, scenario

CT = Exam("CT", "ct", share=2.0, instances=40, pace_per_s=20.0)
SIZES = {"MR tiny": 10, "CT": 40}


def plan(rate: float = 50.0, duration_s: float = 20.0, seed: int = 3, run_id: str = "run", **more: object) -> Plan:
    return Plan(scenario(TINY, CT, **more), rate, duration_s, seed, run_id, SIZES)


def told(found: Plan, part: int = 0, parts: int = 1) -> list[tuple[float, int, int]]:
    return [(one.planned_s, one.study.number, one.index) for one in found.requests(part, parts)]


@pytest.mark.parametrize("unit", ["instance", "study"])
@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
@pytest.mark.parametrize(("rate", "duration_s"), [(50.0, 20.0), (3.3, 10.0), (1.0, 1.0), (0.5, 7.0)])
def test_as_many_are_planned_as_the_rate_says(unit: str, arrivals: str, rate: float, duration_s: float) -> None:
    found = plan(rate, duration_s, unit=unit, arrivals=arrivals)
    requests = told(found)
    assert len(requests) == round(rate * duration_s) == sum(one.of for one in found.studies)
    assert len({(number, index) for _, number, index in requests}) == len(requests)
    assert [one[0] for one in requests] == sorted(one[0] for one in requests)
    assert requests[-1][0] < duration_s


def test_even_arrivals_are_even_to_the_last() -> None:
    assert [moment for moment, *_ in told(plan(50.0, 2.0))] == pytest.approx([at / 50 for at in range(100)])


def test_a_study_follows_at_the_pace_of_its_modality() -> None:
    found = plan(10.0, 60.0, unit="study", arrivals="poisson")
    for study in found.studies:
        moments = [moment for moment, number, _ in told(found) if number == study.number]
        gap = 1 / 20 if study.exam is CT else 0.0
        assert moments == pytest.approx([study.started_s + gap * index for index in range(study.of)])


def test_a_study_that_the_run_is_too_short_for_comes_quicker() -> None:
    found = plan(40.0, 1.0, unit="study")
    assert told(found)[-1][0] < 1.0


@pytest.mark.parametrize("unit", ["instance", "study"])
@pytest.mark.parametrize("parts", [2, 3, 5])
def test_any_number_of_processes_do_the_same_together(unit: str, parts: int) -> None:
    found = plan(unit=unit, arrivals="poisson")
    pieces = [told(found, part, parts) for part in range(parts)]
    assert sorted(one for piece in pieces for one in piece) == sorted(told(found))
    assert min(map(len, pieces)) > 0
    numbers = [{number for _, number, _ in piece} for piece in pieces]
    assert sum(map(len, numbers)) == len(found.studies)  # no study is in two of them


def test_the_share_is_of_studies() -> None:
    found = plan(1000.0, 100.0)
    assert sum(one.exam is CT for one in found.studies) / len(found.studies) == pytest.approx(2 / 3, abs=0.03)


def test_a_seed_fixes_content_and_schedule_and_the_run_id_the_identifiers() -> None:
    one, same, other_run = plan(run_id="a"), plan(run_id="a"), plan(run_id="b")
    assert told(one) == told(same) == told(other_run)
    assert [study.uid for study in one.studies] == [study.uid for study in same.studies]
    for mine, theirs in zip(one.studies, other_run.studies, strict=True):
        assert mine.exam == theirs.exam
        assert mine.patient.name == theirs.patient.name
        assert mine.patient.birth_date == theirs.patient.birth_date
        assert mine.started == theirs.started
        assert mine.uid != theirs.uid
        assert mine.patient.patient_id != theirs.patient.patient_id
        assert mine.accession_number != theirs.accession_number
    assert told(plan(seed=4, arrivals="poisson")) != told(plan(seed=3, arrivals="poisson"))
    assert plan(seed=4).studies[0].uid != plan(seed=3).studies[0].uid


def test_no_two_studies_share_a_uid_a_patient_or_an_accession_number() -> None:
    studies = plan(1000.0, 50.0).studies
    assert len(studies) > 1000
    assert len({one.uid for one in studies}) == len(studies)
    assert len({one.patient.patient_id for one in studies}) == len(studies)
    assert len({one.accession_number for one in studies}) == len(studies)
    uids = [one.instance_uid(index) for one in studies[:20] for index in range(one.of)]
    uids += [one.series_uid(0) for one in studies[:20]] + [one.uid for one in studies[:20]]
    assert len(set(uids)) == len(uids)


@pytest.mark.parametrize(("rate", "duration_s"), [(0.01, 1.0), (1000.0, 1e6)])
def test_a_plan_of_nothing_or_of_too_much_is_refused(rate: float, duration_s: float) -> None:
    with pytest.raises(UsageError, match="give 1 to 10,000,000"):
        plan(rate, duration_s)


def test_an_exam_without_a_share_is_not_planned() -> None:
    mix = scenario(TINY, replace(CT, share=0.0))
    found = Plan(mix, 50.0, 2.0, 3, "run", {"MR tiny": 10})
    assert {one.exam.name for one in found.studies} == {"MR tiny"}


def test_patients_are_such_as_the_kind_of_their_study_is_made_of() -> None:
    women = Exam("MG", "mg", share=2.0)
    found = Plan(scenario(TINY, women), 40.0, 10.0, 3, "run", {"MR tiny": 10, "MG": 4}).studies
    sexes = {name: {one.patient.sex for one in found if one.exam.name == name} for name in ("MR tiny", "MG")}
    assert sexes == {"MR tiny": {"F", "M"}, "MG": {"F"}}
    given = {one.patient.name.partition("^")[2] for one in found if one.exam is women}
    assert len(given) > 3
    assert given <= set(_GIVEN["F"])
