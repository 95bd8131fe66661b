"""Dates of any precision as spans of time, and how a search compares them (hl7.org/fhir/R4/search.html#date)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

Span = tuple[datetime, datetime]
"""From the first moment to the first one after it."""

_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+\- ]\d\d:\d\d)?)?)?)?", re.ASCII
)
_FIRST = datetime.min.replace(tzinfo=timezone.utc)
_LAST = datetime.max.replace(tzinfo=timezone.utc)


def span(text: str) -> Span:
    """The time that a date, a dateTime or an instant covers; one without an offset is taken in UTC.

    Raises:
        ValueError: it is none.
    """
    found = _FORM.fullmatch(text)
    if not found:
        raise ValueError("no date")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    micros = int((fraction or ".0")[1:7].ljust(6, "0"))
    start = datetime(
        int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), micros,
        tzinfo=_zone(offset),
    )  # fmt: skip
    try:
        start = start.astimezone(timezone.utc)
        if fraction:
            end = start + timedelta(milliseconds=1)
        elif second:
            end = start + timedelta(seconds=1)
        elif hour:
            end = start + timedelta(minutes=1)
        elif day:
            end = start + timedelta(days=1)
        elif month:
            end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        else:
            end = start.replace(year=start.year + 1)
    except OverflowError:
        raise ValueError("out of range") from None
    return start, end


def _zone(offset: str | None) -> timezone:
    if not offset or offset == "Z":
        return timezone.utc
    # A plus that nobody encoded arrives as a blank.
    distance = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
    return timezone(-distance if offset[0] == "-" else distance)


def span_of(value: Any) -> Span | None:
    """The time that an element covers: a date, or a Period that may be open; None when it can be told of neither."""
    try:
        if isinstance(value, str):
            return span(value)
        if isinstance(value, Mapping):
            start, end = value.get("start"), value.get("end")
            return (
                span(start)[0] if isinstance(start, str) else _FIRST,
                span(end)[1] if isinstance(end, str) else _LAST,
            )
    except ValueError:
        return None
    return None


def _equal(target: Span, asked: Span) -> bool:
    return asked[0] <= target[0] and target[1] <= asked[1]


_COMPARISONS: Mapping[str, Callable[[Span, Span], bool]] = {
    "eq": _equal,
    "ne": lambda target, asked: not _equal(target, asked),
    "gt": lambda target, asked: target[1] > asked[1],
    "lt": lambda target, asked: target[0] < asked[0],
    "ge": lambda target, asked: target[1] > asked[1] or _equal(target, asked),
    "le": lambda target, asked: target[0] < asked[0] or _equal(target, asked),
    "sa": lambda target, asked: target[0] >= asked[1],
    "eb": lambda target, asked: target[1] <= asked[0],
    "ap": lambda target, asked: target[0] < asked[1] and target[1] > asked[0],
}


def comparison(text: str) -> Callable[[Span], bool]:
    """What decides whether a span fits a search value such as ``ge2026-11-25``.

    Raises:
        ValueError: it is none.
    """
    prefix, date = (text[:2], text[2:]) if text[:2] in _COMPARISONS else ("eq", text)
    asked = span(date)
    compare = _COMPARISONS[prefix]
    return lambda target: compare(target, asked)
