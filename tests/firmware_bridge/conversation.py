"""A simulated device and its driver, in conversation without a port: what a test of both needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from firmware_bridge.drivers.driver import Driver, Event
from firmware_bridge.measurement import Complete, Measurement, Reply, Samples
from firmware_bridge.simulators.faults import Faulty, parse
from firmware_bridge.simulators.simulator import Simulator
from modality.registry import DEVICES, SIMULATORS

STEP_S = 0.05


@dataclass
class Talk:
    """What a conversation left: both sides, and the driver's events."""

    simulator: Simulator
    driver: Driver
    events: list[Event]

    @property
    def said(self) -> list[tuple[str, Any]]:
        return numbers(self.simulator.said)

    @property
    def heard(self) -> list[tuple[str, Any]]:
        return numbers(self.events)


def driver_of(name: str, **settings: Any) -> Driver:
    driver: Driver = DEVICES.load(name).driver(settings)
    return driver


def talk(
    name: str,
    seconds: float,
    *,
    simulated: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    faults: Iterable[str] = (),
    line: Iterable[str] = (),
    moments: Mapping[float, Callable[[Simulator], None]] | None = None,
    seed: int = 3,
) -> Talk:
    """Let time pass for both; what the driver has to say when all is safe is said at once.

    Args:
        name: of the device.
        seconds: how long.
        simulated: settings of the simulator.
        settings: settings of the driver.
        faults: the device's own, on all the time.
        line: faults of the line from the device.
        moments: what happens to the simulator, by time.
        seed: of the simulator and the line.
    """
    simulator: Simulator = SIMULATORS.load(name).simulator(seed, simulated or {})
    for one in faults:
        simulator.fault(one, True)
    far = Faulty(simulator, [parse(one) for one in line], seed=seed)
    driver = driver_of(name, **(settings or {}))
    events: list[Event] = []
    greeting = driver.start()
    data = far.feed(greeting) if greeting else b""
    pending = sorted((moments or {}).items())
    for step in range(round(seconds / STEP_S)):
        while pending and pending[0][0] <= step * STEP_S:
            pending.pop(0)[1](simulator)
        data += far.advance(STEP_S)
        found = driver.feed(data) if data else driver.waited(STEP_S)
        while True:
            events += found
            data = b"".join(far.feed(one.data) for one in found if isinstance(one, Reply))
            if not data:
                break
            found = driver.feed(data)
    events += driver.finish()
    return Talk(simulator, driver, events)


def whole(driver: Driver, data: bytes) -> list[Event]:
    """All events of a stream that ends."""
    return driver.feed(data) + driver.finish()


def numbers(events: list[Event]) -> list[tuple[str, Any]]:
    return [(one.name, one.value) for one in events if isinstance(one, Measurement)]


def values(events: list[Event]) -> list[Measurement]:
    return [one for one in events if isinstance(one, Measurement)]


def replies(events: list[Event]) -> list[Reply]:
    return [one for one in events if isinstance(one, Reply)]


def ends(events: list[Event]) -> list[str]:
    return [one.what for one in events if isinstance(one, Complete)]


def samples(events: list[Event]) -> dict[int, float]:
    """Samples by their number; none is given twice."""
    found: dict[int, float] = {}
    for one in events:
        if isinstance(one, Samples):
            for place, value in enumerate(one.values, one.start):
                assert place not in found
                found[place] = value
    return found
