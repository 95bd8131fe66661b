"""Plays a simulated device on a line, in real time or faster."""

from __future__ import annotations

import time
from collections.abc import Callable

from firmware_bridge.host.pseudo import Line
from firmware_bridge.simulators.simulator import Simulator

_STEP_S = 0.01


def play(
    simulator: Simulator,
    line: Line,
    *,
    speed: float = 1.0,
    duration_s: float | None = None,
    wait: bool = False,
    unplugged: Callable[[float], bool] = lambda _: False,
    stopped: Callable[[], bool] = lambda: False,
) -> float:
    """Play until the device's time is over, or it is stopped.

    Args:
        simulator: the device, its faults included.
        line: where.
        speed: seconds of the device's time that pass in one.
        duration_s: how long, in the device's time; without end by default.
        wait: the device's time begins when a host has the line.
        unplugged: whether the port is gone at a time of the device.
        stopped: asked often; whether to stop.

    Raises:
        PortError: a port that was unplugged cannot be brought back.

    Returns:
        How much of the device's time has passed.
    """
    passed = 0.0
    answer = b""
    while wait and not line.heard():
        if stopped():
            return passed
        time.sleep(_STEP_S)
    begin = time.monotonic()
    gone = False
    while not stopped():
        due = (time.monotonic() - begin) * speed
        if duration_s is not None:
            due = min(due, duration_s)
        if unplugged(due) != gone:
            gone = not gone
            (line.unplug if gone else line.plug)()
        heard = line.exchange(answer + simulator.advance(due - passed))
        answer = simulator.feed(heard) if heard else b""
        simulator.said.clear()  # nobody reads it here
        passed = due
        if duration_s is not None and passed >= duration_s and not answer:
            return passed
        if not answer:
            time.sleep(_STEP_S)
    return passed
