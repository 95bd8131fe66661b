"""Times as an HdrHistogram: three significant digits from a microsecond to an hour, and nothing dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modality.errors import MissingExtraError

HIGHEST_US = 3_600_000_000
"""An hour; what took longer stands at it, and is counted apart."""
_DIGITS = 3
PERCENTILES = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p99.9": 99.9, "p99.99": 99.99}


def _histogram() -> Any:
    try:
        from hdrh.histogram import HdrHistogram
    except ModuleNotFoundError:
        raise MissingExtraError("a load test", "load") from None
    return HdrHistogram(1, HIGHEST_US, _DIGITS)


class Distribution:
    """Times, added one by one; made for one thread, and merged with those of others."""

    __slots__ = ("_counts", "count", "max_s", "out_of_range", "sum_s")

    def __init__(self) -> None:
        self.count = 0
        """How many."""
        self.sum_s = 0.0
        """Their sum."""
        self.max_s = 0.0
        """The longest, exactly."""
        self.out_of_range = 0
        """Those below nothing or above an hour: they stand at that bound."""
        self._counts: Any = None

    def record(self, seconds: float) -> None:
        """Add one."""
        if self._counts is None:
            self._counts = _histogram()
        value = seconds * 1e6
        if not 0 <= value <= HIGHEST_US:
            self.out_of_range += 1
            value = 0 if value < 0 else HIGHEST_US
        self._counts.record_value(round(value))
        self.count += 1
        self.sum_s += seconds
        self.max_s = max(self.max_s, seconds)

    def merge(self, other: Distribution) -> None:
        """Add all of another's."""
        if other._counts is not None:
            if self._counts is None:
                self._counts = _histogram()
            self._counts.add(other._counts)
        self.count += other.count
        self.sum_s += other.sum_s
        self.max_s = max(self.max_s, other.max_s)
        self.out_of_range += other.out_of_range

    def percentile_ms(self, percentile: float) -> float | None:
        """The time that so many percent did not exceed, in milliseconds; None when nothing was recorded."""
        return self._values([percentile])[percentile] if self.count else None

    def _values(self, percentiles: list[float]) -> dict[float, float]:
        found = self._counts.get_percentile_to_value_dict(percentiles)
        return {one: round(min(found[one] / 1e3, self.max_s * 1e3), 3) for one in percentiles}

    def to_json(self) -> dict[str, float | None]:
        """Percentiles and maximum in milliseconds, as the JSON document has them; None for each when it is empty."""
        if not self.count:
            return dict.fromkeys((*PERCENTILES, "max"))
        found = self._values(list(PERCENTILES.values()))
        return {**{name: found[value] for name, value in PERCENTILES.items()}, "max": round(self.max_s * 1e3, 3)}

    def bars(self) -> list[tuple[float, int]]:
        """Upper bound in milliseconds and count of each step that holds something, ascending: for a picture of it."""
        if self._counts is None:
            return []
        return [
            (item.value_iterated_to / 1e3, item.count_added_in_this_iter_step)
            for item in self._counts.get_recorded_iterator()
        ]

    def to_plain(self) -> dict[str, Any]:
        """All of it as plain data, the counts in HdrHistogram's own encoding (V2, compressed, base64)."""
        encoded = "" if self._counts is None else self._counts.encode().decode("ascii")
        return {
            "count": self.count,
            "sum_s": self.sum_s,
            "max_s": self.max_s,
            "out_of_range": self.out_of_range,
            "encoded": encoded,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Distribution:
        """What `to_plain` gave."""
        made = cls()
        made.count, made.out_of_range = int(plain["count"]), int(plain["out_of_range"])
        made.sum_s, made.max_s = float(plain["sum_s"]), float(plain["max_s"])
        if plain["encoded"]:
            made._counts = _histogram()
            made._counts.decode_and_add(plain["encoded"])
        return made
