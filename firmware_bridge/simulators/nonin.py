"""Simulated Nonin pulse oximeters: serial formats #2 and #7, and the ASCII lines.

Written from the tables of Nonin's OEM III datasheet as devices.md of the project's notes has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware_bridge.drivers.driver import Event
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Samples, measurement
from firmware_bridge.settings import settings_of
from firmware_bridge.simulators.patient import Patient, Ticks
from firmware_bridge.simulators.simulator import Simulated

_SETTINGS = {"spo2": 0, "heart_rate": 0}
_FAULTS = ("sensor-off", "artifact")
_REVISION = 48
_GREEN_FRAMES = 12
_EARLIER_S = 4.0  # how far the longer averages lag behind, so that they can be told from the shorter: our choice


class Oximeter:
    """Format #2 or #7: 75 frames a second, 25 of them a packet.

    Args:
        number: of the format.
        seed: of the patient.
        settings: `spo2` in % and `heart_rate` a minute; 0 for what the seed draws.
    """

    def __init__(self, number: int, seed: int, settings: Mapping[str, Any]) -> None:
        found = settings_of(f"nonin-{number}", settings, _SETTINGS)
        self.said: list[Event] = []
        self._number = number
        self._patient = Patient(seed, **found)
        self._ticks = Ticks(75)
        self._faults: set[str] = set()
        self._packet: list[int] = []
        self._numbers: list[Event] = []
        self._green = 0

    def advance(self, seconds: float) -> bytes:
        """The frames of the next `seconds`."""
        sent = bytearray()
        waves: list[float] = []
        ticks = self._ticks.pass_by(seconds)
        for tick in ticks:
            place = tick % 25
            if place == 0:
                self._packet = self._begin(tick / 75)
            status, wave = self._moment(tick / 75)
            waves.append(wave)
            sent += self._frame(status | (place == 0), wave, self._packet[place])
            if place == 24:
                self.said += [Samples("pleth", 75.0, tick + 1 - len(waves), waves), *self._numbers]
                waves = []
        if waves:
            self.said.append(Samples("pleth", 75.0, ticks.stop - len(waves), waves))
        return bytes(sent)

    def feed(self, data: bytes) -> bytes:  # noqa: ARG002 - the device does not listen
        """Nothing."""
        return b""

    def fault(self, name: str, on: bool) -> None:
        """The sensor comes off, or moves."""
        (self._faults.add if on else self._faults.discard)(name)

    def _begin(self, at_s: float) -> list[int]:
        """The data bytes of a packet's 25 frames, by the place that the table gives them (1 is the first)."""
        off = "sensor-off" in self._faults
        rate, slow_rate = (511, 511) if off else (self._patient.heart_rate(at_s), self._earlier_rate(at_s))
        spo2, slow_spo2 = (127, 127) if off else (self._patient.spo2(at_s), self._patient.spo2(self._earlier(at_s)))
        self._numbers = [] if off else [measurement("spo2", spo2, "%"), measurement("heart_rate", rate, "/min")]
        table = {3: spo2, 4: _REVISION, 8: 0x20 if self._number == 7 and not off else 0, 9: spo2, 10: spo2, 11: spo2,
                 16: slow_spo2, 17: slow_spo2}  # fmt: skip
        for first, value in ((1, rate), (14, slow_rate), (20, rate), (22, slow_rate)):
            table[first], table[first + 1] = value >> 7 & 3, value & 0x7F
        return [table.get(place, 0) for place in range(1, 26)]

    def _earlier(self, at_s: float) -> float:
        return max(0.0, at_s - _EARLIER_S)

    def _earlier_rate(self, at_s: float) -> int:
        return self._patient.heart_rate(self._earlier(at_s))

    def _moment(self, at_s: float) -> tuple[int, int]:
        """STATUS without SYNC, and the wave's value."""
        wave, begins = self._patient.beat(at_s, self._ticks.step_s)
        if begins:
            self._green = _GREEN_FRAMES
        status = 0x80 | (0x02 if self._green else 0) | (0x20 if "artifact" in self._faults else 0)
        self._green = max(0, self._green - 1)
        if "sensor-off" in self._faults:
            return 0x80 | 0x40 | 0x10, 0
        return status, round(20 + 200 * wave) if self._number == 2 else round(5000 + 50000 * wave)

    def _frame(self, status: int, wave: int, data: int) -> bytes:
        head = (1, status, wave, data) if self._number == 2 else (status, wave >> 8, wave & 0xFF, data)
        return bytes((*head, sum(head) % 256))


class Printer:
    """The older models: a line a second.

    Args:
        seed: of the patient.
        settings: `spo2`, `heart_rate` as above; `clock`, the device's own time at the start.
    """

    def __init__(self, seed: int, settings: Mapping[str, Any]) -> None:
        found = settings_of("nonin-ascii", settings, _PRINTER)
        hours, minutes, seconds = (
            int(one) if one.isdigit() else -1 for one in (found.pop("clock") + "::").split(":")[:3]
        )
        if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
            raise SettingsError("nonin-ascii: clock has to be HH:MM:SS")
        self.said: list[Event] = []
        self._clock_s = (hours * 60 + minutes) * 60 + seconds
        self._patient = Patient(seed, **found)
        self._ticks = Ticks(1)
        self._off = False

    def advance(self, seconds: float) -> bytes:
        """The lines of the next `seconds`."""
        lines = []
        for tick in self._ticks.pass_by(seconds):
            now = (self._clock_s + tick) % 86400
            spo2, rate = self._patient.spo2(tick), self._patient.heart_rate(tick)
            shown = ("---", "---") if self._off else (f"{spo2:03}", f"{rate:03}")
            if not self._off:
                self.said += [measurement("spo2", spo2, "%"), measurement("heart_rate", rate, "/min")]
            time = f"{now // 3600:02}:{now // 60 % 60:02}:{now % 60:02}"
            lines.append(f"{time} SPO2={shown[0]} HR={shown[1]}\r\n")
        return "".join(lines).encode()

    def feed(self, data: bytes) -> bytes:  # noqa: ARG002 - the device does not listen
        """Nothing."""
        return b""

    def fault(self, name: str, on: bool) -> None:  # noqa: ARG002 - it has one
        """The sensor comes off."""
        self._off = on


_PRINTER: dict[str, Any] = {**_SETTINGS, "clock": "12:00:00"}
NONIN_2 = Simulated(
    "nonin-2",
    "Nonin OEM III on a finger, format #2",
    lambda seed, settings: Oximeter(2, seed, settings),
    _SETTINGS,
    _FAULTS,
)
NONIN_7 = Simulated(
    "nonin-7",
    "Nonin OEM III on a finger, format #7",
    lambda seed, settings: Oximeter(7, seed, settings),
    _SETTINGS,
    _FAULTS,
)
NONIN_ASCII = Simulated("nonin-ascii", "Nonin that prints a line a second", Printer, _PRINTER, ("sensor-off",))
