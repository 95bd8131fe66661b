"""A simulated ventilator with Draeger's Medibus: it answers what it is asked, and sends its curves once enabled.

Written from the protocol's description: messages with a sum as two digits, 23 characters for the configuration of each
curve, cycles of a SYNC byte and two bytes a value.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from firmware_bridge.drivers.driver import Event
from firmware_bridge.measurement import Samples, measurement
from firmware_bridge.settings import settings_of
from firmware_bridge.simulators.patient import Ticks
from firmware_bridge.simulators.simulator import Simulated

_SETTINGS = {"peep": 5, "respiratory_rate": 0, "talks": False}
_INTERVAL_US = 16000
_ALIVE_S = 2  # how often it says that it is there


class _Curve(NamedTuple):
    code: int
    name: str
    least: int
    greatest: int


_CURVES = (_Curve(0x00, "airway_pressure", -20, 100), _Curve(0x01, "flow", -200, 200), _Curve(0x06, "co2", 0, 100))
_BINS = 0xFFF


class Ventilator:
    """The ventilator and the patient at it.

    Args:
        seed: of the patient.
        settings: `peep` in mbar; `respiratory_rate` a minute, 0 for what the seed draws; `talks`, whether a host has
            enabled its three curves before, and asks for its numbers every second unseen.
    """

    def __init__(self, seed: int, settings: Mapping[str, Any]) -> None:
        found = settings_of("medibus", settings, _SETTINGS)
        drawn = random.Random(f"ventilator {seed}")
        rate, self._volume_ml = drawn.randrange(10, 19), drawn.randrange(380, 560)
        self.said: list[Event] = []
        self._peep: int = found["peep"]
        self._rate: int = found["respiratory_rate"] or rate
        self._talks: bool = found["talks"]
        self._sent: list[_Curve] = list(_CURVES) if self._talks else []
        self._enabled = self._talks
        self._begun = self._talks
        self._alarm = False
        self._ticks = Ticks(1e6 / _INTERVAL_US)
        self._cycles = self._passed = 0
        self._heard = bytearray()
        self._sequence = 0

    def advance(self, seconds: float) -> bytes:
        """Curves, and every two seconds a sign of life, or a call for a host when there is none."""
        sent = bytearray()
        for tick in self._ticks.pass_by(seconds):
            if tick == 0 and self._talks:
                sent += self._answer(0x53, self._configuration())
            if tick % round(_ALIVE_S * 1e6 / _INTERVAL_US) == 0:
                sent += _message(0x1B, 0x30 if self._begun else 0x51)
            if self._talks and tick % round(1e6 / _INTERVAL_US) == 0:
                sent += self._measured()
            if self._enabled and self._sent:
                sent += self._cycle(tick * _INTERVAL_US / 1e6)
        return bytes(sent)

    def feed(self, data: bytes) -> bytes:
        """Take the host's commands, and answer."""
        sent = bytearray()
        for byte in data:
            if byte & 0x80:
                self._enable(byte)
                continue
            self._sequence = 0
            if byte in (0x1B, 0x01):
                self._heard.clear()
            self._heard.append(byte)
            if byte == 0x0D:
                heard = bytes(self._heard[:-1])
                self._heard.clear()
                if len(heard) >= 4 and heard[-2:] == b"%02X" % (sum(heard[:-2]) % 256):
                    sent += self._take(heard[0], heard[1], heard[2:-2])
        return bytes(sent)

    def fault(self, name: str, on: bool) -> None:  # noqa: ARG002 - it has one
        """The patient is disconnected: an alarm, and no number of the breath."""
        self._alarm = on

    def _take(self, kind: int, command: int, data: bytes) -> bytes:
        if kind == 0x01:
            self._begun = self._begun or command == 0x51  # the host has answered our own
            return b""
        if command == 0x51:
            self._begun, self._enabled, self._sent = True, False, []
            return _message(0x01, 0x51) + _message(0x1B, 0x52)
        if not self._begun:
            return b""
        if command == 0x24:
            return self._measured()
        if command == 0x54:
            by_code = {one.code: one for one in _CURVES}
            codes = [data[at : at + 2] for at in range(0, len(data), 4)]
            self._sent = [by_code[int(one, 16)] for one in codes if int(one, 16) in by_code]
            return self._answer(command)
        answers = {
            0x27: b"1" + b"9A" + b"DISCONNECT !" if self._alarm else b"",
            0x28: b"15:27:1221-AUG-26",
            0x29: b"01  40 0B%5.1f" % self._peep,
            0x2A: b"20" + b"\x36" + b"Adults\x03",
            0x52: b"8300'Evita'04.10:06.00",
            0x53: self._configuration(),
        }
        return self._answer(command, answers.get(command, b""))

    def _answer(self, command: int, data: bytes = b"") -> bytes:
        return _message(0x01, command, data)

    def _configuration(self) -> bytes:
        return b"".join(
            b"%02X%8d%s%s%03X" % (one.code, _INTERVAL_US, _limit(one.least), _limit(one.greatest), _BINS)
            for one in _CURVES
        )

    def _measured(self) -> bytes:
        """A page of measured data: a code of two characters and four characters of value each."""
        shown = [] if self._alarm else [
            ("D6", "respiratory_rate", f"{self._rate:4d}", "/min"),
            ("88", "tidal_volume", f"{self._volume_ml:4d}", "mL"),
            ("B9", "minute_volume", f"{self._rate * self._volume_ml / 1000:4.1f}", "L/min"),
            ("78", "peep", f"{self._peep:4d}", "mbar"),
        ]  # fmt: skip
        shown.append(("F0", "fio2", "  40", "%"))
        for _, name, text, unit in shown:
            self.said.append(measurement(name, float(text) if "." in text else int(text), unit))
        return self._answer(0x24, b"".join(code.encode() + text.encode() for code, _, text, _ in shown) + b"E6----")

    def _enable(self, byte: int) -> None:
        """D0 C1 and a bit for each stream, C0 C0 at the end."""
        if byte == 0xD0:
            self._sequence = 1
        elif self._sequence == 1 and byte == 0xC1:
            self._sequence = 2
        elif self._sequence == 2:
            self._enabled = bool(byte & 0x0F)
            self._sequence = 0

    def _cycle(self, at_s: float) -> bytes:
        phase = at_s * self._rate / 60 % 1.0
        sent = bytearray((0xD0 | (1 << len(self._sent)) - 1,))
        if phase < self._rate / 60 * _INTERVAL_US / 1e6:
            sent += b"\xc6\xc0"
        for one in self._sent:
            value = self._value(one.name, phase)
            bins = round((value - one.least) / (one.greatest - one.least) * _BINS)
            sent += bytes((0x80 | bins & 0x3F, 0x80 | bins >> 6))
            shown = bins / _BINS * (one.greatest - one.least) + one.least
            self.said.append(Samples(one.name, 1e6 / _INTERVAL_US, self._cycles, [shown]))
        self._cycles += 1
        return bytes(sent)

    def _value(self, name: str, phase: float) -> float:
        """Pressure-controlled breaths, a third of the time in."""
        inward = phase < 1 / 3
        if self._alarm:
            return 0.0
        if name == "airway_pressure":
            return self._peep + (15 * (1 - math.exp(-phase * 20)) if inward else 15 * math.exp(-(phase - 1 / 3) * 20))
        if name == "flow":
            return 45 * math.exp(-phase * 9) if inward else -40 * math.exp(-(phase - 1 / 3) * 7)
        return 1.0 if inward or phase < 0.4 else 38 * (1 - math.exp(-(phase - 0.4) * 15))


def _limit(value: int) -> bytes:
    """Five characters, the sign first, as an Atlan sends them."""
    return b"%s%4d" % (b"-" if value < 0 else b" ", abs(value))


def _message(kind: int, command: int, data: bytes = b"") -> bytes:
    head = bytes((kind, command)) + data
    return head + f"{sum(head) % 256:02X}".encode() + b"\x0d"


MEDIBUS = Simulated("medibus", "Draeger ventilator with a patient", Ventilator, _SETTINGS, ("disconnected",))
