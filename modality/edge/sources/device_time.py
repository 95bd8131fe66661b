"""How far a device's own clock is from the box's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

_DAY_S = 86400.0
_FORMS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y%m%d%H%M%S", "%H:%M:%S")


def clock_offset_s(details: Mapping[str, Any], now: datetime) -> float | None:
    """Seconds by which the device is ahead; None where it says no time.

    Args:
        details: of a measurement, of which `time` or `completed` is when the device says that it was.
        now: the box's local time.
    """
    text = str(details.get("time") or details.get("completed") or "")
    for form in _FORMS:
        try:
            said = datetime.strptime(text, form)  # noqa: DTZ007 - a device's local time has no zone
        except ValueError:
            continue
        if form == "%H:%M:%S":  # of today, or of the day that is nearer
            said = datetime.combine(now.date(), said.time())
            days = round((now - said).total_seconds() / _DAY_S)
            said += timedelta(days=days)
        return round((said - now).total_seconds(), 1)
    return None
