"""What a driver gave against what a simulated device meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from firmware_bridge.drivers.driver import Event
from firmware_bridge.measurement import Measurement, Samples

Key = tuple[Any, ...]


def merged(events: Iterable[Event]) -> dict[str, dict[int, float]]:
    """The samples of each channel by index, however they were split."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for one in events:
        if isinstance(one, Samples):
            for index, value in enumerate(one.values, one.start):
                assert index not in found[one.name]
                found[one.name][index] = value
    return dict(found)


def values(events: Iterable[Event]) -> dict[str, list[Key]]:
    """The samples of each channel in order, rounded."""
    return {name: [(round(value, 6),) for value in of.values()] for name, of in merged(events).items()}


def numbers(events: Iterable[Event]) -> list[Key]:
    """Name, value and unit of each measurement."""
    return [(one.name, one.value, one.unit) for one in events if isinstance(one, Measurement)]


def follows(found: Sequence[Key], truth: Sequence[Key]) -> bool:
    """Whether what was found is the truth with parts left out, for each name; of equal values in a row one counts."""
    return all(
        _within(_changes([one for one in found if one[0] == name]), _changes([one for one in truth if one[0] == name]))
        for name in {one[0] for one in found if len(one) > 1}
    ) and (not found or len(found[0]) > 1 or _within(_changes(found), _changes(truth)))


def _changes(of: Sequence[Key]) -> list[Key]:
    return [one for before, one in zip([None, *of], of, strict=False) if one != before]


def _within(found: Sequence[Key], truth: Sequence[Key]) -> bool:
    rest = iter(truth)
    return all(any(one == other for other in rest) for one in found)
