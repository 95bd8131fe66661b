"""A load second by second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

_PERCENTILES = {"p50": 50, "p95": 95, "p99": 99}


@dataclass(slots=True)
class Second:
    """One second of a run.

    Args:
        planned: requests planned in it.
        skipped: those of them that were skipped.
        sent: requests that were answered with success in it, whenever they were planned.
        failed: requests that failed in it, likewise.
        bytes: bytes of the data sets of what was sent.
        latencies_us: how often each latency came among the requests planned in it, in microseconds to three digits.
    """

    planned: int = 0
    skipped: int = 0
    sent: int = 0
    failed: int = 0
    bytes: int = 0
    latencies_us: dict[int, int] = field(default_factory=dict)

    def record_latency(self, seconds: float) -> None:
        """Add one request's."""
        key = int(float(f"{max(seconds, 0.0) * 1e6:.2e}"))
        self.latencies_us[key] = self.latencies_us.get(key, 0) + 1

    def merge(self, other: Second) -> None:
        """Add another part of the same second."""
        for name in ("planned", "skipped", "sent", "failed", "bytes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for key, count in other.latencies_us.items():
            self.latencies_us[key] = self.latencies_us.get(key, 0) + count

    def latency_ms(self) -> dict[str, float | None]:
        """Percentiles of the latency of what was planned in it; None for each when nothing was answered."""
        total, seen = sum(self.latencies_us.values()), 0
        if not total:
            return dict.fromkeys((*_PERCENTILES, "max"))
        found: dict[str, float | None] = {}
        values = sorted(self.latencies_us.items())
        for value, count in values:
            seen += count
            for name, percentile in _PERCENTILES.items():
                if name not in found and seen >= ceil(total * percentile / 100):
                    found[name] = value / 1e3
        return {**found, "max": values[-1][0] / 1e3}

    def to_json(self, second: int) -> dict[str, Any]:
        """A row of the JSON document's series."""
        return {
            "second": second,
            "planned": self.planned,
            "sent": self.sent,
            "failed": self.failed,
            "skipped": self.skipped,
            "bytes": self.bytes,
            "latency_ms": self.latency_ms(),
        }

    def to_plain(self) -> list[Any]:
        """All of it as plain data."""
        pairs = sorted(self.latencies_us.items())
        return [self.planned, self.skipped, self.sent, self.failed, self.bytes, [list(pair) for pair in pairs]]

    @classmethod
    def from_plain(cls, plain: list[Any]) -> Second:
        """What `to_plain` gave."""
        planned, skipped, sent, failed, size, pairs = plain
        return cls(planned, skipped, sent, failed, size, dict(pairs))


def series(seconds: Mapping[int, Second]) -> list[dict[str, Any]]:
    """A row for each second from the first to the last, those in which nothing happened too."""
    if not seconds:
        return []
    return [seconds.get(one, Second()).to_json(one) for one in range(min(*seconds, 0), max(seconds) + 1)]
