"""A simulated Contec CMS50D+: the live stream, and the download of what it recorded. Written from devices.md's bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware_bridge.drivers.driver import Event
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Complete, Samples, measurement
from firmware_bridge.settings import settings_of
from firmware_bridge.simulators.patient import Patient, Ticks
from firmware_bridge.simulators.simulator import Simulated

_SETTINGS = {"spo2": 0, "heart_rate": 0}
_LINE_BYTES_S = 19200 / 11  # start, eight bits, parity, stop


class Finger:
    """The live stream: 60 frames a second.

    Args:
        seed: of the patient.
        settings: `spo2` in % and `heart_rate` a minute; 0 for what the seed draws.
    """

    def __init__(self, seed: int, settings: Mapping[str, Any]) -> None:
        self.said: list[Event] = []
        self._patient = Patient(seed, **settings_of("cms50d", settings, _SETTINGS))
        self._ticks = Ticks(60)
        self._off = False
        self._last: tuple[int, int] | None = None

    def advance(self, seconds: float) -> bytes:
        """The frames of the next `seconds`; the truth has the numbers whenever they change."""
        sent = bytearray()
        for tick in self._ticks.pass_by(seconds):
            at_s = tick / 60
            wave, beep = self._patient.beat(at_s, self._ticks.step_s)
            spo2, rate = (0, 0) if self._off else (self._patient.spo2(at_s), self._patient.heart_rate(at_s))
            height = 0 if self._off else round(100 * wave)
            if (spo2, rate) != self._last and not self._off:
                self.said += [measurement("spo2", spo2, "%"), measurement("heart_rate", rate, "/min")]
            self._last = (spo2, rate)
            self.said.append(Samples("pleth", 60.0, tick, [height]))
            strength, out, beeps = (0, 0x10, 0) if self._off else (7, 0, 0x40 if beep else 0)
            bar, searching = height * 15 // 100, 0x20 if self._off else 0
            sent += bytes((0x80 | strength | out | beeps, height, bar | searching | rate >> 7 << 6, rate & 0x7F, spo2))
        return bytes(sent)

    def feed(self, data: bytes) -> bytes:  # noqa: ARG002 - the device does not listen
        """Nothing."""
        return b""

    def fault(self, name: str, on: bool) -> None:  # noqa: ARG002 - it has one
        """The finger is taken out."""
        self._off = on


class Recorder:
    """The download: asked for with F5 F5, and sent at the line's speed.

    Args:
        seed: of the patient.
        settings: `spo2`, `heart_rate` as above; `seconds`, how long it recorded.
    """

    def __init__(self, seed: int, settings: Mapping[str, Any]) -> None:
        found = settings_of("cms50d-recorded", settings, _RECORDER)
        seconds = found.pop("seconds")
        if not 1 <= seconds <= 24 * 3600:
            raise SettingsError("cms50d-recorded: seconds has to be from 1 to 86400")
        patient = Patient(seed, **found)
        self.said: list[Event] = []
        self._values = [(patient.spo2(second), patient.heart_rate(second)) for second in range(seconds)]
        self._ticks = Ticks(_LINE_BYTES_S)
        self._heard = b""
        self._left = b""
        self._stalls = False

    def advance(self, seconds: float) -> bytes:
        """What of the download the line carries in the next `seconds`."""
        room = len(self._ticks.pass_by(seconds))
        if self._stalls:
            room = max(0, min(room, len(self._left) - 3 * len(self._values) // 2))
        sent, self._left = self._left[:room], self._left[room:]
        if sent and not self._left:
            for spo2, rate in self._values:
                self.said += [measurement("spo2", spo2, "%"), measurement("heart_rate", rate, "/min")]
            self.said.append(Complete("download"))
        return sent

    def feed(self, data: bytes) -> bytes:
        """Begin a download when asked to, from its begin; end it when told to."""
        for byte in data:
            self._heard = (self._heard + bytes((byte,)))[-3:]
            if self._heard[-2:] == b"\xf5\xf5":
                self._left = self._download()
                self._heard = b""
            elif self._heard == b"\xf6\xf6\xf6":
                self._left = b""
        return b""

    def fault(self, name: str, on: bool) -> None:  # noqa: ARG002 - it has one
        """A download stops half way."""
        self._stalls = on

    def _download(self) -> bytes:
        last = len(self._values) - 1
        head = bytes((0xF2, 0x80, 0x00)) * 3 + bytes((0x80 | last >> 14, 0x80 | last >> 7 & 0x7F, last & 0x7F))
        return head + b"".join(bytes((0xF0 | rate >> 7, 0x80 | rate & 0x7F, spo2)) for spo2, rate in self._values)


_RECORDER = {**_SETTINGS, "seconds": 60}
CMS50D = Simulated("cms50d", "Contec CMS50D+ on a finger", Finger, _SETTINGS, ("sensor-off",))
CMS50D_RECORDED = Simulated("cms50d-recorded", "Contec CMS50D+ with a recording", Recorder, _RECORDER, ("stall",))
