"""What every simulated device is: time in, bytes out, and the truth of what it said beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from firmware_bridge.drivers.driver import Event


class Simulator(Protocol):
    """One device at work; equal bytes come of time that passes at once or in many steps."""

    @property
    def said(self) -> list[Event]:
        """The truth: each measurement and run of samples in the order of the bytes that carry them.

        It is what a driver that lost nothing gives, whose `details` may hold more. Whoever runs for long empties it.
        """

    def advance(self, seconds: float) -> bytes:
        """What the device sends in the next `seconds`."""

    def feed(self, data: bytes) -> bytes:
        """What the device answers at once when the host says `data`."""

    def fault(self, name: str, on: bool) -> None:
        """One of the device's own faults begins or ends."""


class Simulated(NamedTuple):
    """One entry of the table of simulated devices.

    Args:
        name: the device's name in the table of devices ("nonin-2").
        title: what it plays, for people.
        simulator: makes one of a seed and its settings; an unknown or wrong one is a `SettingsError`.
        settings: each setting's name and default.
        faults: names of the device's own faults ("sensor-off"), besides those of the line that `faults.py` adds to all.
    """

    name: str
    title: str
    simulator: Callable[[int, Mapping[str, Any]], Simulator]
    settings: Mapping[str, Any]
    faults: tuple[str, ...] = ()
