"""A simulated device and a driver in conversation, faster than time: what the device said, and what was understood."""

from __future__ import annotations

from firmware_bridge.drivers.driver import Driver, Event
from firmware_bridge.measurement import Reply
from firmware_bridge.simulators.simulator import Simulator


def converse(
    simulator: Simulator, driver: Driver, seconds: float, *, step_s: float = 0.05, safe: bool = True
) -> tuple[bytes, list[Event]]:
    """Let a device talk with its host.

    Args:
        simulator: the device.
        driver: the host, which is finished at the end.
        seconds: how long, in the device's time.
        step_s: how much of it at a time.
        safe: whether what arrives can be made safe: which of a reply's answers is given.

    Returns:
        The device's bytes, and what the driver gave but for replies.
    """
    said = bytearray()
    events: list[Event] = []
    to_say = driver.start()
    for _ in range(round(seconds / step_s)):
        heard = (simulator.feed(to_say) if to_say else b"") + simulator.advance(step_s)
        said += heard
        to_say = b""
        for one in driver.feed(heard) if heard else driver.waited(step_s):
            if isinstance(one, Reply):
                to_say += one.otherwise if one.safe and not safe else one.data
            else:
                events.append(one)
    events += [one for one in driver.finish() if not isinstance(one, Reply)]
    return bytes(said), events
