"""Faults of any simulated device: bytes lost or changed on the line, silence, and the device's own (sensor off)."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from firmware_bridge.drivers.driver import Event
from firmware_bridge.errors import SettingsError
from firmware_bridge.simulators.simulator import Simulator

LINE = ("lose", "flip", "noise")
"""One byte in N is lost, has one bit flipped, or has a random byte before it: `lose=2000`."""
TIMED = ("silence", "unplug")
"""From a second on, for some seconds, nothing arrives: `silence=10:5`; without numbers, always. Who plays an `unplug`
takes the port away, too."""


class Fault(NamedTuple):
    """One fault.

    Args:
        name: of `LINE`, of `TIMED`, or one of the device's own.
        one_in: of how many bytes one is struck; for those of `LINE`.
        start_s: when it begins; for the others.
        end_s: when it ends.
    """

    name: str
    one_in: float = 0.0
    start_s: float = 0.0
    end_s: float = math.inf


def parse(text: str, own: Sequence[str] = ()) -> Fault:
    """A fault as the command line has it: `lose=2000`, `silence=10:5`, `sensor-off`.

    Args:
        text: what was given.
        own: names of the device's own faults.

    Raises:
        SettingsError: no such fault, or its numbers are none.
    """
    name, _, numbers = text.partition("=")
    names = [*LINE, *TIMED, *own]
    if name not in names:
        nearest = get_close_matches(name, names, n=1, cutoff=0.6)
        hint = f"did you mean {nearest[0]!r}?" if nearest else f"there is {', '.join(names)}"
        raise SettingsError(f"unknown fault {name!r}: {hint}")
    if name in LINE:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", numbers) or float(numbers) < 1:
            raise SettingsError(f"fault {text!r}: give {name}=N, for one byte in N")
        return Fault(name, one_in=float(numbers))
    if not numbers and "=" not in text:
        return Fault(name)
    given = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?):([0-9]+(?:\.[0-9]+)?)", numbers)
    if given is None:
        raise SettingsError(f"fault {text!r}: give {name} for always, or {name}=START:SECONDS")
    start = float(given[1])
    return Fault(name, start_s=start, end_s=start + float(given[2]))


class Faulty:
    """A simulated device behind its faults; it is one itself.

    Args:
        simulator: the device; its `said` stays the truth of what it meant.
        faults: what goes wrong.
        seed: which bytes are struck; bytes that the device answers with at once are struck, too.
    """

    def __init__(self, simulator: Simulator, faults: Iterable[Fault], *, seed: int) -> None:
        self._simulator = simulator
        faults = list(faults)
        self._line = [_Struck(one, random.Random(f"{seed} {one.name}")) for one in faults if one.name in LINE]
        self._timed = [one for one in faults if one.name not in LINE]
        self._now = 0.0
        self._switch()

    @property
    def said(self) -> list[Event]:
        """The truth."""
        return self._simulator.said

    def advance(self, seconds: float) -> bytes:
        """What arrives in the next `seconds`."""
        end = self._now + seconds
        sent = bytearray()
        for edge in sorted(
            {edge for one in self._timed for edge in (one.start_s, one.end_s) if self._now < edge < end}
        ):
            sent += self._step(edge - self._now, edge)
        return bytes(sent + self._step(end - self._now, end))

    def feed(self, data: bytes) -> bytes:
        """What arrives at once when the host says `data`, which a silent device does not hear."""
        return b"" if self._silent() else self._struck(self._simulator.feed(data))

    def fault(self, name: str, on: bool) -> None:
        """Hand the device one of its own faults."""
        self._simulator.fault(name, on)

    def _step(self, seconds: float, end: float) -> bytes:
        sent = self._simulator.advance(seconds)
        arrived = b"" if self._silent() else self._struck(sent)
        self._now = end
        self._switch()
        return arrived

    def _silent(self) -> bool:
        return any(one.name in TIMED and one.start_s <= self._now < one.end_s for one in self._timed)

    def _switch(self) -> None:
        for one in self._timed:
            if one.name not in TIMED:
                self._simulator.fault(one.name, one.start_s <= self._now < one.end_s)

    def _struck(self, data: bytes) -> bytes:
        for one in self._line:
            data = one.strike(data)
        return data


class _Struck:
    """One fault of the line: the bytes to the next one that it strikes are drawn, so chunks do not matter."""

    def __init__(self, fault: Fault, random_: random.Random) -> None:
        self._fault = fault
        self._random = random_
        self._left = self._draw()

    def strike(self, data: bytes) -> bytes:
        out = bytearray()
        at = 0
        while at + self._left < len(data):
            out += data[at : at + self._left]
            at += self._left
            byte = data[at]
            at += 1
            if self._fault.name == "flip":
                out.append(byte ^ 1 << self._random.randrange(8))
            elif self._fault.name == "noise":
                out += bytes((self._random.randrange(256), byte))
            self._left = self._draw()
        self._left -= len(data) - at
        return bytes(out + data[at:])

    def _draw(self) -> int:
        """How many bytes pass before the next is struck: each is struck with the same probability."""
        if self._fault.one_in <= 1:
            return 0
        return int(math.log(1.0 - self._random.random()) / math.log(1.0 - 1.0 / self._fault.one_in))
