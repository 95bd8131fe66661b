"""Dates, times and ranges of them as C-FIND keys: DA, TM and DT (PS3.4 C.2.2.2.5, PS3.5 6.2)."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

_DA = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)", re.ASCII)
_TM = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,6}))?)?)?", re.ASCII)
# A hyphen and four digits up to 1400 is an offset from UTC, not the year in which a range ends.
_DT_TEXT = r"\d{4}(?:\d\d(?:\d\d(?:\d\d(?:\d\d(?:\d\d(?:\.\d{1,6})?)?)?)?)?)?(?:[+-](?:0\d|1[0-4])\d\d(?!\d))?"
_DT_PARTS = re.compile(
    r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,6}))?(?:([+-])(\d\d)(\d\d))?$",
    re.ASCII,
)
_RANGE = {
    "DA": re.compile(r"(?P<first>[\d.]+)?\s*(?P<hyphen>-)?\s*(?P<last>[\d.]+)?", re.ASCII),
    "TM": re.compile(r"(?P<first>[\d:.]+)?\s*(?P<hyphen>-)?\s*(?P<last>[\d:.]+)?", re.ASCII),
    "DT": re.compile(rf"(?P<first>{_DT_TEXT})?\s*(?P<hyphen>-)?\s*(?P<last>{_DT_TEXT})?", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class Span:
    """What a DA, TM or DT key asks for: one moment, or a range that may be open at one end.

    Args:
        vr: DA, TM or DT.
        first: the first moment that matches; None for a range without a start.
        last: the last moment that matches; None for a range without an end.
        single: one moment was asked for, not a range.
    """

    vr: str
    first: datetime | None
    last: datetime | None
    single: bool

    def holds(self, value: str) -> bool:
        """Whether an entity's value lies in the span; a value that is no date or time lies nowhere."""
        try:
            moment = period(self.vr, value)[0]
        except ValueError:
            return False
        if self.single:
            return moment == self.first
        return (self.first is None or self.first <= moment) and (self.last is None or moment <= self.last)

    def same_form(self, other: Span) -> bool:
        """Whether both are open at the same ends."""
        return (self.first is None, self.last is None) == (other.first is None, other.last is None)


@dataclass(frozen=True, slots=True)
class CombinedSpan:
    """Ranges of a date and of a time taken together: from the first day's time to the last day's (PS3.4 C.2.2.2.5).

    Args:
        days: the range of dates.
        times: the range of times, open at the same ends.
    """

    days: Span
    times: Span

    def holds(self, day: str, time: str) -> bool:
        """Whether an entity's date and time lie between the ends."""
        try:
            moment = _joined(period("DA", day)[0], period("TM", time)[0])
        except ValueError:
            return False
        first = self.days.first and self.times.first and _joined(self.days.first, self.times.first)
        last = self.days.last and self.times.last and _joined(self.days.last, self.times.last)
        return (first is None or first <= moment) and (last is None or moment <= last)


def span(vr: str, text: str) -> Span:
    """Read a key: `A`, `A-B`, `A-` or `-B`.

    Raises:
        ValueError: it is none of these.
    """
    found = _RANGE[vr].fullmatch(text.strip())
    if not found or not (found["first"] or found["last"]) or (found["last"] and not found["hyphen"]):
        raise ValueError(f"{text!r} is neither a {vr} value nor a range of two")
    first = period(vr, found["first"]) if found["first"] else None
    last = period(vr, found["last"]) if found["last"] else None
    return Span(vr, first and first[0], last and last[1], single=not found["hyphen"])


def combined(day: str, time: str) -> CombinedSpan | None:
    """The span of two ranges that are matched together; None when they are not open at the same ends.

    Raises:
        ValueError: one of them is no range.
    """
    days, times = span("DA", day), span("TM", time)
    return CombinedSpan(days, times) if days.same_form(times) else None


def period(vr: str, text: str) -> tuple[datetime, datetime]:
    """The first and the last moment that a value names: "1030" is from 10:30:00 to 10:30:59.999999.

    Times have the day 0001-01-01; a DT with an offset is in UTC, one without stands as written.

    Raises:
        ValueError: the text is no value of that VR.
    """
    pattern = {"DA": _DA, "TM": _TM, "DT": _DT_PARTS}[vr]
    found = pattern.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no {vr} value")
    parts: tuple[str | None, ...] = found.groups()
    offset = timedelta()
    if vr == "TM":
        parts = ("0001", "01", "01", *parts)
    elif vr == "DA":
        parts = (*parts, None, None, None, None)
    elif parts[7]:
        offset = timedelta(hours=int(f"{parts[7]}{parts[8]}"), minutes=int(f"{parts[7]}{parts[9]}"))
    try:
        return _moment(parts, last=False) - offset, _moment(parts, last=True) - offset
    except OverflowError as error:
        raise ValueError(f"{text!r} is out of range") from error


def _moment(parts: tuple[str | None, ...], *, last: bool) -> datetime:
    year = int(parts[0] or 0)
    month = int(parts[1] or (12 if last else 1))
    day = int(parts[2] or ((monthrange(year, month)[1] if 1 <= month <= 12 and year else 0) if last else 1))
    hour = int(parts[3] or (23 if last else 0))
    minute = int(parts[4] or (59 if last else 0))
    # A leap second is the minute's last (PS3.5 6.2: "60" may occur).
    second = min(int(parts[5] or (59 if last else 0)), 59) if parts[5] in (None, "60") else int(parts[5])
    fraction = (parts[6] or "").ljust(6, "9" if last else "0")
    return datetime(year, month, day, hour, minute, second, int(fraction))  # noqa: DTZ001 - as written


def _joined(day: datetime, time: datetime) -> datetime:
    return datetime.combine(day.date(), time.time())
