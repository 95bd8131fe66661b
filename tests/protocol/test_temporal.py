"""Dates, times and their ranges as keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality.protocol import temporal


@pytest.mark.parametrize(
    ("vr", "text", "first", "last"),
    [
        ("DA", "20240229", "2024-02-29 00:00:00", "2024-02-29 23:59:59.999999"),
        ("DA", "1993.08.22", "1993-08-22 00:00:00", "1993-08-22 23:59:59.999999"),
        ("TM", "10", "0001-01-01 10:00:00", "0001-01-01 10:59:59.999999"),
        ("TM", "10:30:15.5", "0001-01-01 10:30:15.500000", "0001-01-01 10:30:15.599999"),
        ("TM", "235960", "0001-01-01 23:59:59", "0001-01-01 23:59:59.999999"),
        ("DT", "202402", "2024-02-01 00:00:00", "2024-02-29 23:59:59.999999"),
        ("DT", "2024022912-0500", "2024-02-29 17:00:00", "2024-02-29 17:59:59.999999"),
    ],
)
def test_a_value_names_a_period_of_its_precision(vr, text, first, last):
    assert [str(moment) for moment in temporal.period(vr, text)] == [first, last]


@pytest.mark.parametrize("text", ["", "20230229", "2024", "today", "20240101x"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"no DA value|day is out of range"):
        temporal.period("DA", text)


def test_a_hyphen_before_an_offset_makes_no_range():
    assert temporal.span("DT", "20240101120000-0500").single
    assert not temporal.span("DT", "2024-2025").single
    both = temporal.span("DT", "20240101-0500-20240102-0500")
    assert (str(both.first), str(both.last)) == ("2024-01-01 05:00:00", "2024-01-03 04:59:59.999999")


@given(st.sampled_from(["DA", "TM", "DT"]), st.text(alphabet="0123456789.:+- ", max_size=40))
def test_any_text_is_a_span_or_a_value_error(vr, text):
    try:
        span = temporal.span(vr, text)
    except ValueError:
        return
    assert span.first is not None or span.last is not None
