"""The curves of Draeger Medibus: cycles of a SYNC byte and twelve-bit values, scaled as the device said.

SYNC is D0 plus a bit for each of the first four streams that the cycle holds; a value is two bytes from 80 to BF with
six bits each, low ones first; C0 to CF and an argument is a command (streams enabled, begin of a breath).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from firmware_bridge.drivers.draeger_codes import REALTIME
from firmware_bridge.drivers.driver import Event
from firmware_bridge.drivers.stream import Run

_CONFIGURATION = re.compile(rb"([0-9A-F]{2})([0-9 ]{8})([-+0-9. ]{5})([-+0-9. ]{5})([0-9A-F]{3})")
"""Of a curve: code, interval in microseconds, least and greatest value, and the number that stands for the greatest."""


class _Curve(NamedTuple):
    code: str
    interval_s: float
    least: float
    greatest: float
    bins: int


class Realtime:
    """Takes the bytes of the curves.

    Args:
        wanted: codes of the curves, in the order in which the device is asked to send them.
    """

    def __init__(self, wanted: list[str]) -> None:
        self.wanted = wanted
        self.streams: list[_Curve] = []
        """The curves that are sent, in order; none before the device has said how it scales them."""
        self.frames = self.skipped = self.rejected = 0
        self.warnings: list[str] = []
        self._runs: list[Run] = []
        self._index = 0
        self._mask = 0
        self._cycle = bytearray()
        self._command = False
        """The next byte is a command's argument."""
        self._after = 0
        """Data bytes since a cycle was full."""
        self._synced = self._full = False

    def configure(self, data: bytes) -> None:
        """Take the device's answer about its curves."""
        offered = {}
        for found in _CONFIGURATION.finditer(data):
            try:
                interval_us = int(found[2])
                least, greatest = (float(found[place].replace(b" ", b"")) for place in (3, 4))  # a sign may stand apart
            except ValueError:
                continue
            if interval_us > 0 and int(found[5], 16) > 0:
                code = found[1].decode()
                offered[code] = _Curve(code, interval_us / 1e6, least, greatest, int(found[5], 16))
        self.streams = [offered[code] for code in self.wanted if code in offered]
        self._runs = [Run(REALTIME[one.code][0], 1 / one.interval_s) for one in self.streams]

    def request(self) -> bytes:
        """What to ask the device to send: code and multiplier of each curve."""
        return b"".join(one.code.encode() + b"01" for one in self.streams)

    def take(self, byte: int, events: list[Event]) -> float:
        """Take a byte; tells the seconds that a cycle took which it ended."""
        if byte & 0xF0 == 0xD0:
            took = self._end()
            self._mask, self._synced = byte & 0x0F, True
            return took
        if self._command:
            self._command = False
        elif byte & 0xF0 == 0xC0:
            self._command = True
        elif byte & 0xC0 == 0x80:
            self._data(byte, events)
        else:
            self.skipped += 1
        return 0.0

    def flush(self, events: list[Event]) -> None:
        """Hand over the samples."""
        for run in self._runs:
            run.flush(events)

    def finish(self, events: list[Event]) -> None:
        """The stream has ended."""
        self._end()
        self.flush(events)

    def _size(self) -> int:
        return 2 * bin(self._mask).count("1")

    def _data(self, byte: int, events: list[Event]) -> None:
        if not self._synced:
            self.skipped += 1
        elif self._full:
            self._after += 1
            self.skipped += 1
        else:
            self._cycle.append(byte)
            if len(self._cycle) == self._size():
                self._give(events)

    def _give(self, events: list[Event]) -> None:
        present = [number for number in range(4) if self._mask >> number & 1]
        self._full = True
        self.frames += 1
        if not self.streams:
            _once(self.warnings, "curves came before the device said how it scales them, and were left out")
            return
        for place, number in enumerate(present):
            if number < len(self.streams):
                curve, run = self.streams[number], self._runs[number]
                low, high = self._cycle[2 * place], self._cycle[2 * place + 1]
                bins = low & 0x3F | (high & 0x3F) << 6
                run.add(self._index, curve.least + bins / curve.bins * (curve.greatest - curve.least), events)
        self._index += 1

    def _end(self) -> float:
        """A cycle is over: what it lacks, or has too much, is counted, and cycles that were lost leave a gap."""
        lost = 0
        if self._synced and not self._full and self._size():
            lost = 1
            self.skipped += len(self._cycle)
        if self._after:
            lost += -(-self._after // max(1, self._size()))
        self.rejected += lost
        took = (1 + lost) * self.streams[0].interval_s if self._synced and self.streams else 0.0
        if self._index:
            self._index += lost
        self._cycle.clear()
        self._after = 0
        self._full = self._synced = self._command = False
        return took


def _once(lines: list[str], line: str) -> None:
    if line not in lines:
        lines.append(line)
