"""Arrival laws: every entry of the table alike, and what each is there for."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from modality.errors import ConfigurationError
from modality.load.arrivals import burst, constant, day, poisson, ramp, trace
from modality.registry import ARRIVALS

_OPTIONS = {"trace": {"at_s": [0.0, 1.0, 1.5, 4.0]}}


@pytest.mark.parametrize("name", ARRIVALS.names())
@pytest.mark.parametrize("count", [1, 7, 1000])
def test_a_law_gives_as_many_moments_as_are_asked_for_in_order_and_within_the_run(name: str, count: int) -> None:
    law, options = ARRIVALS.load(name), _OPTIONS.get(name, {})
    found = law(count, 20.0, Random(3), **options)
    assert len(found) == count
    assert found == sorted(found)
    assert found[0] >= 0
    assert found[-1] < 20.0
    assert law(count, 20.0, Random(3), **options) == found


def test_constant_arrivals_are_even() -> None:
    assert constant.moments(4, 2.0, Random(1)) == [0.0, 0.5, 1.0, 1.5]


def test_poisson_arrivals_have_gaps_that_vary_as_much_as_they_are_long() -> None:
    found = poisson.moments(20000, 1000.0, Random(5))
    gaps = [after - before for before, after in pairwise(found)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert mean == pytest.approx(0.05, rel=0.01)
    assert variance**0.5 == pytest.approx(mean, rel=0.05)  # an exponential's deviation is its mean


def test_a_ramp_rises_from_nothing_to_twice_the_mean() -> None:
    found = ramp.moments(10000, 100.0, Random(1))
    tenths = [sum(10 * at <= one < 10 * (at + 1) for one in found) for at in range(10)]
    assert tenths == [pytest.approx(100 * (2 * at + 1), abs=2) for at in range(10)]
    assert ramp.moments(100, 10.0, Random(1), start=1.0, end=1.0) == pytest.approx(
        constant.moments(100, 10.0, Random(1))
    )
    falling = ramp.moments(10000, 100.0, Random(1), start=2.0, end=0.0)
    assert sum(one < 50 for one in falling) == pytest.approx(7500, abs=2)


def test_a_day_has_its_peak_before_noon_and_a_dip_at_noon() -> None:
    found = day.moments(24000, 24.0, Random(2))
    hours = [sum(at <= one < at + 1 for one in found) for at in range(24)]
    assert max(hours) in (hours[9], hours[10])
    assert hours[12] < hours[11]
    assert hours[12] < hours[14]
    assert hours[9] / hours[3] == pytest.approx(50, rel=0.3)


def test_bursts_hold_most_arrivals_in_little_time() -> None:
    found = burst.moments(10000, 100.0, Random(2), bursts=4, share=0.1, background=0.2)
    within = sum(one % 25.0 < 2.5 for one in found)
    assert within == pytest.approx(10000 * (0.8 + 0.2 * 0.1), rel=0.03)
    assert [sum(25 * at <= one < 25 * (at + 1) for one in found) for at in range(4)] == pytest.approx(
        [2500] * 4, abs=200
    )


def test_a_trace_gives_its_own_moments_and_those_between_where_more_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "arrivals.csv"
    file.write_text("second,what\n10.0,CT\n# night\n11.0,MR\n\n13.0,CT\n16.0,CT\n")
    found = trace.moments(4, 8.0, Random(1), file=str(file))
    assert found == [0.0, 1.0, 3.0, 6.0]
    assert trace.moments(8, 8.0, Random(1), at_s=[16.0, 10.0, 11.0, 13.0]) == [0.0, 0.5, 1.0, 2.0, 3.0, 4.5, 6.0, 7.0]
    assert trace.moments(2, 16.0, Random(1), file=str(file)) == [0.0, 6.0]


@pytest.mark.parametrize(
    ("law", "options", "said"),
    [
        (ramp.moments, {"start": -1.0}, "a ramp from -1"),
        (burst.moments, {"bursts": 0}, "0 bursts"),
        (burst.moments, {"share": 2.0}, "impossible"),
        (day.moments, {"weights": [0.0, 0.0]}, "weights of arrivals"),
        (day.moments, {"weights": []}, "weights of arrivals"),
        (trace.moments, {}, "one of the two"),
        (trace.moments, {"at_s": [1.0]}, "two moments"),
        (trace.moments, {"file": "/nowhere.csv"}, "cannot be read"),
    ],
)
def test_options_that_make_no_sense_are_told(law: object, options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        law(10, 1.0, Random(1), **options)  # type: ignore[operator]


def test_a_line_of_a_trace_that_is_no_moment_is_told(tmp_path: Path) -> None:
    file = tmp_path / "arrivals.csv"
    file.write_text("1.0\ntwo\n3.0\n")
    with pytest.raises(ConfigurationError, match=r"arrivals.csv:2: 'two'"):
        trace.moments(10, 1.0, Random(1), file=str(file))
