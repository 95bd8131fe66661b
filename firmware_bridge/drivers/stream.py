"""What drivers share: the counters, warnings that are said once, runs of samples, and how sure a probe may be."""

from __future__ import annotations

from firmware_bridge.drivers.driver import Driver, Event
from firmware_bridge.measurement import Samples

_MOST_WARNINGS = 20  # our choice: a page shows them


class Stream:
    """The counters of a driver, and the answers of one that only listens."""

    def __init__(self) -> None:
        self.skipped_bytes = 0
        self.rejected_frames = 0
        self.frames = 0
        self.warnings: list[str] = []

    def start(self) -> bytes:
        """Nothing: the device just talks."""
        return b""

    def waited(self, seconds: float) -> list[Event]:  # noqa: ARG002 - a device that just talks has no time-outs
        """Nothing happens by waiting."""
        return []

    def warn(self, line: str) -> None:
        """Keep a warning, once."""
        if line not in self.warnings and len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(line)


class Run:
    """Samples of one channel, gathered while they follow each other.

    Args:
        name: the channel.
        rate_hz: samples a second.
    """

    def __init__(self, name: str, rate_hz: float) -> None:
        self._name = name
        self._rate_hz = rate_hz
        self._start = 0
        self._values: list[float] = []

    def add(self, index: int, value: float, events: list[Event]) -> None:
        """Add the sample of an index; a run that it does not continue goes to `events`."""
        if index != self._start + len(self._values):
            self.flush(events)
        if not self._values:
            self._start = index
        self._values.append(value)

    def flush(self, events: list[Event]) -> None:
        """Hand over what was gathered."""
        if self._values:
            events.append(Samples(self._name, self._rate_hz, self._start, self._values))
            self._values = []


def recognised(driver: Driver, data: bytes, *, sure: float, least: int) -> float:
    """How sure a device is that bytes are its own: the share of them that its frames hold.

    Args:
        driver: a new one.
        data: what was heard.
        sure: what it would say of a stream without a fault; less for a format without a checksum.
        least: frames below which it says nothing.
    """
    driver.feed(data)
    driver.finish()
    if driver.frames < least:
        return 0.0
    whole = driver.frames / (driver.frames + driver.rejected_frames)
    return sure * whole * max(0.0, 1.0 - driver.skipped_bytes / len(data)) ** 2
