"""Dates, times and their ranges as keys."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality.protocol import temporal


@pytest.mark.parametrize(
    ("vr", "text", "first", "last"),
    [
        ("DA", "20240229", datetime(2024, 2, 29), datetime(2024, 2, 29, 23, 59, 59, 999999)),
        ("DA", "1993.08.22", datetime(1993, 8, 22), datetime(1993, 8, 22, 23, 59, 59, 999999)),
        ("TM", "10", datetime(1, 1, 1, 10), datetime(1, 1, 1, 10, 59, 59, 999999)),
        ("TM", "10:30:15.5", datetime(1, 1, 1, 10, 30, 15, 500000), datetime(1, 1, 1, 10, 30, 15, 599999)),
        ("TM", "235960", datetime(1, 1, 1, 23, 59, 59), datetime(1, 1, 1, 23, 59, 59, 999999)),
        ("DT", "202402", datetime(2024, 2, 1), datetime(2024, 2, 29, 23, 59, 59, 999999)),
        ("DT", "2024022912-0500", datetime(2024, 2, 29, 17), datetime(2024, 2, 29, 17, 59, 59, 999999)),
    ],
)
def test_a_value_names_a_period_of_its_precision(vr, text, first, last):
    assert temporal.period(vr, text) == (first, last)


@pytest.mark.parametrize("text", ["", "20230229", "2024", "today", "20240101x"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match="."):
        temporal.period("DA", text)


def test_a_hyphen_before_an_offset_makes_no_range():
    assert temporal.span("DT", "20240101120000-0500").single
    assert not temporal.span("DT", "2024-2025").single
    both = temporal.span("DT", "20240101-0500-20240102-0500")
    assert (both.first, both.last) == (datetime(2024, 1, 1, 5), datetime(2024, 1, 3, 4, 59, 59, 999999))


@given(st.sampled_from(["DA", "TM", "DT"]), st.text(alphabet="0123456789.:+- ", max_size=40))
def test_any_text_is_a_span_or_a_value_error(vr, text):
    try:
        span = temporal.span(vr, text)
    except ValueError:
        return
    assert span.first is not None or span.last is not None
