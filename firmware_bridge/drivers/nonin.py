"""Nonin OEM III, Xpod and WristOx2 pulse oximeters: serial formats #2 and #7, and the ASCII lines of older models.

Source: Nonin's OEM III datasheet, serial data formats: 75 frames a second, of which 25 are a packet. Of a packet the
numbers count only when all 25 frames between two SYNCs are whole: with one lost, the firmware's revision would be SpO2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from firmware_bridge.drivers.driver import Device, Event, Serial
from firmware_bridge.drivers.fixed import FixedFrames, Frame
from firmware_bridge.drivers.stream import Run, Stream, recognised
from firmware_bridge.measurement import measurement
from firmware_bridge.settings import chosen, settings_of

RATE_HZ = 75.0
_PACKET = 25
_LONGEST = 3 * _PACKET  # frames without a SYNC after which samples are given all the same: our choice
_QUIET_S = 1.0  # our choice
_SYNC = 0x01
_NO_SPO2, _NO_RATE = 127, 511
_STATUS = {0x40: "sensor_off", 0x20: "artifact", 0x10: "out_of_track", 0x08: "sensor_alarm"}
_SMART_POINT = 0x20  # in STAT2, format #7

# Which of the device's averages is meant: places, from 0, of the rate's two bytes and of the saturation's in a packet.
_AVERAGES = {
    "4-beat": (0, 1, 2),
    "4-beat-display": (19, 20, 8),
    "8-beat": (13, 14, 15),
    "8-beat-display": (21, 22, 16),
}
_SETTINGS = {"average": "4-beat"}


class _Shown(NamedTuple):
    status: int
    pleth: int
    data: int
    lost: int
    """Frames lost before this one."""


class Nonin(Stream):
    """A driver of format #2 or #7.

    Args:
        name: the device's name.
        settings: `average`, which of the device's averages to give: 4-beat, 4-beat-display, 8-beat, 8-beat-display.

    Raises:
        SettingsError: a setting is unknown or wrong.
    """

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__()
        found = settings_of(name, settings, _SETTINGS)
        self._places = _AVERAGES[chosen(name, "average", found["average"], list(_AVERAGES))]
        self._wide = name == "nonin-7"
        whole = _whole_7 if self._wide else _whole_2
        self._cut = FixedFrames(5, _begins_7 if self._wide else _begins_2, whole)
        self._window: list[_Shown] = []
        self._at = 0
        """Index of the sample of the window's first frame."""
        self._run = Run("pleth", RATE_HZ)
        self._quiet_s = 0.0

    def feed(self, data: bytes) -> list[Event]:
        """Samples and numbers of the packets that these bytes complete."""
        if data:
            self._quiet_s = 0.0
        return self._packets(self._cut.feed(data))

    def waited(self, seconds: float) -> list[Event]:
        """The samples of a packet that does not go on."""
        events: list[Event] = []
        self._quiet_s += seconds
        if self._quiet_s >= _QUIET_S:
            self._close(0, events, broken=True)
        return events

    def finish(self) -> list[Event]:
        """The last packet, if it is whole, and the samples of one that is not."""
        events = self._packets(self._cut.finish())
        self._close(0, events)
        self._count()
        return events

    def _packets(self, frames: list[Frame]) -> list[Event]:
        events: list[Event] = []
        for frame in frames:
            lost = -(-frame.gap // 5)
            shown = self._shown(frame.data, lost)
            if shown.status & _SYNC:
                self._close(lost, events)
                shown = shown._replace(lost=0)
            elif len(self._window) >= _LONGEST:
                self._close(0, events)
            self._window.append(shown)
        self._count()
        return events

    def _count(self) -> None:
        self.frames, self.skipped_bytes, self.rejected_frames = self._cut.frames, self._cut.skipped, self._cut.rejected

    def _shown(self, data: bytes, lost: int) -> _Shown:
        if self._wide:
            return _Shown(data[0], data[1] << 8 | data[2], data[3], lost)
        return _Shown(data[1], data[2], data[3], lost)

    def _close(self, lost_after: int, events: list[Event], *, broken: bool = False) -> None:
        """Give what lies before a SYNC, before the end, or before a pause that broke a packet."""
        window, self._window = self._window, []
        if not window:
            return
        packet = bool(window[0].status & _SYNC) and not broken
        lost = [0, *(one.lost for one in window[1:]), lost_after]
        if packet and (lost_after or len(window) % _PACKET or any(lost)):
            _fit(lost, len(window))
        index = self._at
        for one, before in zip(window, lost, strict=False):
            index += before
            self._run.add(index, one.pleth, events)
            index += 1
        self._run.flush(events)
        self._at = index + lost[-1]
        if packet and len(window) == _PACKET and not any(lost):
            events += self._numbers(window)

    def _numbers(self, packet: list[_Shown]) -> list[Event]:
        status = 0
        for one in packet:
            status |= one.status
        details: dict[str, Any] = {name: True for bit, name in _STATUS.items() if status & bit}
        if self._wide and packet[7].data & _SMART_POINT:
            details["smart_point"] = True
        if "sensor_off" in details:
            self.warn("the sensor was disconnected")
        high, low, saturation = (packet[place].data for place in self._places)
        rate = (high & 3) << 7 | low & 0x7F
        events: list[Event] = []
        if saturation != _NO_SPO2:
            events.append(measurement("spo2", saturation, "%", **details))
        if rate != _NO_RATE:
            events.append(measurement("heart_rate", rate, "/min", **details))
        return events


def _fit(lost: list[int], frames: int) -> None:
    """Make what was lost since a SYNC fit whole packets: SYNCs are 25 frames apart; in place.

    Bytes tell how many frames were lost unless some were lost altogether; those are put where loss is known, or else
    before the SYNC.
    """
    known = sum(lost)
    packets = max(round((frames + known) / _PACKET), -(-(frames + bool(known)) // _PACKET))
    off = packets * _PACKET - frames - known
    last = max((place for place, one in enumerate(lost) if one), default=len(lost) - 1)
    lost[last] = max(0, lost[last] + off)


def _begins_2(window: bytes) -> bool:
    return window[0] == 0x01 and (len(window) == 1 or window[1] >= 0x80)


def _whole_2(window: bytes) -> bool:
    return window[3] < 0x80 and sum(window[:4]) & 0xFF == window[4]


def _begins_7(window: bytes) -> bool:
    return window[0] >= 0x80


def _whole_7(window: bytes) -> bool:
    return window[3] < 0x80 and sum(window[:4]) & 0xFF == window[4]


_LINE = re.compile(rb"([0-2][0-9]:[0-5][0-9]:[0-5][0-9]) +SPO2=([0-9]{3}|---) +HR=([0-9]{3}|---) *(\*?) *$")
_LONGEST_LINE = 256


class NoninAscii(Stream):
    """A driver of the lines that older models print once a second; no checksum.

    Args:
        settings: none.

    Raises:
        SettingsError: a setting was given.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        settings_of("nonin-ascii", settings, {})
        self._line = b""

    def feed(self, data: bytes) -> list[Event]:
        """The numbers of each line."""
        events: list[Event] = []
        *lines, rest = re.split(rb"[\r\n]", self._line + data)
        for line in lines:
            if line.strip(b" \0"):
                self._read(line, events)
        # Only a line's end is read, so of rubbish without an end the last bytes are enough.
        self.skipped_bytes += max(0, len(rest) - _LONGEST_LINE)
        self._line = rest[-_LONGEST_LINE:]
        return events

    def finish(self) -> list[Event]:
        """The last line, if it is whole."""
        events: list[Event] = []
        if self._line.strip(b" \0"):
            self._read(self._line, events)
        self._line = b""
        return events

    def _read(self, line: bytes, events: list[Event]) -> None:
        found = _LINE.search(line)
        if found is None:
            self.rejected_frames += 1
            self.skipped_bytes += len(line)
            return
        self.frames += 1
        self.skipped_bytes += found.start()
        details: dict[str, Any] = {"time": found[1].decode(), "checked": False}
        if found[4]:
            details["event"] = True
        for name, unit, text, most in (("spo2", "%", found[2], 100), ("heart_rate", "/min", found[3], 321)):
            if text != b"---":
                value = int(text)
                doubt = {} if 0 < value <= most else {"plausible": False}
                events.append(measurement(name, value, unit, **details, **doubt))


def _recognise(name: str, data: bytes) -> float:
    return recognised(Nonin(name, {}), data, sure=1.0, least=_PACKET)


NONIN_2 = Device(
    name="nonin-2",
    title="Nonin OEM III, Xpod: pulse oximeter, serial format #2",
    serial=Serial(9600),
    driver=lambda settings: Nonin("nonin-2", settings),
    settings=_SETTINGS,
    streams=True,
    recognise=lambda data: _recognise("nonin-2", data),
    waveforms={"pleth": RATE_HZ},
    checked=True,
)
NONIN_7 = NONIN_2._replace(
    name="nonin-7",
    title="Nonin OEM III, Xpod, WristOx2: pulse oximeter, serial format #7",
    driver=lambda settings: Nonin("nonin-7", settings),
    recognise=lambda data: _recognise("nonin-7", data),
)
NONIN_ASCII = Device(
    name="nonin-ascii",
    title="Nonin: pulse oximeter that prints a line a second",
    serial=Serial(9600),
    driver=NoninAscii,
    settings={},
    streams=True,
    recognise=lambda data: recognised(NoninAscii({}), data, sure=0.95, least=1),
    waveforms={},
    checked=False,
)
