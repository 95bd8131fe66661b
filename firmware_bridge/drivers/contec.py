"""Contec CMS50D+ pulse oximeter: what it shows now, and the download of what it recorded; no checksum in either.

The frames are as owners of the device found them out and published; see devices.md's list of bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware_bridge.drivers.driver import Device, Event, Serial
from firmware_bridge.drivers.fixed import FixedFrames, Frame
from firmware_bridge.drivers.stream import Run, Stream, recognised
from firmware_bridge.measurement import Complete, Measurement, Reply, measurement
from firmware_bridge.settings import settings_of

RATE_HZ = 60.0
_EVERY = 30  # frames between two measurements, so that there is one a second even of a stream with losses: our choice
_NO_SPO2, _NO_RATE = (0, 127), (0, 255)
_PLAUSIBLE_SPO2, _PLAUSIBLE_RATE = (35, 100), (30, 250)  # what the device says it can measure
_ASK, _END = b"\xf5\xf5", b"\xf6\xf6\xf6"
_PREAMBLE = b"\xf2\x80\x00" * 3
_LONGEST_S = 24 * 3600  # what the device can record; a longer count was damaged


class Cms50d(Stream):
    """A driver of the live stream.

    Args:
        settings: none.

    Raises:
        SettingsError: a setting was given.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        settings_of("cms50d", settings, {})
        self._cut = FixedFrames(5, _begins, _whole)
        self._run = Run("pleth", RATE_HZ)
        self._index = 0
        self._due = 0

    def start(self) -> bytes:
        """End a download, if one goes on: then the device shows what it measures."""
        return _END

    def feed(self, data: bytes) -> list[Event]:
        """The waveform, and the numbers twice a second."""
        return self._read(self._cut.feed(data))

    def finish(self) -> list[Event]:
        """What the last frame held."""
        return self._read(self._cut.finish())

    def _read(self, frames: list[Frame]) -> list[Event]:
        events: list[Event] = []
        for frame in frames:
            if self._due or self._index:
                self._index += -(-frame.gap // 5)
            self._run.add(self._index, frame.data[1], events)
            if self._index >= self._due:
                self._due = self._index + _EVERY
                events += self._numbers(frame.data)
            self._index += 1
        self._run.flush(events)
        self.frames, self.skipped_bytes, self.rejected_frames = self._cut.frames, self._cut.skipped, self._cut.rejected
        return events

    def _numbers(self, frame: bytes) -> list[Event]:
        details: dict[str, Any] = {"checked": False}
        for byte, bit, name in ((0, 0x10, "finger_out"), (0, 0x20, "spo2_dropping"), (2, 0x10, "probe_error"),
                                (2, 0x20, "searching")):  # fmt: skip
            if frame[byte] & bit:
                details[name] = True
        return [*_both(frame[4], (frame[2] & 0x40) << 1 | frame[3], details)]


class Cms50dRecorded(Stream):
    """A driver of the download of recorded data, a value a second; a download that stalls is started again.

    Args:
        settings: `stall_s`, how long the device may be silent within a download; `tries`, how often it is started.

    Raises:
        SettingsError: a setting is unknown or wrong.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        found = settings_of("cms50d-recorded", settings, _RECORDED)
        self._stall_s, self._most_tries = found["stall_s"], found["tries"]
        self._buffer = bytearray()
        self._seconds: int | None = None
        """How many seconds the download holds; none until its preamble has come."""
        self._first = False
        """The first byte behind the count has been looked at."""
        self._quiet_s = 0.0
        self._tries = 1

    def start(self) -> bytes:
        """Ask for the recording."""
        return _ASK

    def feed(self, data: bytes) -> list[Event]:
        """All values of a download, once all of it has come."""
        events: list[Event] = []
        if data:
            self._quiet_s = 0.0
        self._buffer += data
        while True:
            if self._seconds is None and not self._preamble():
                return events
            if self._seconds is None or not self._begun() or len(self._buffer) < 3 * self._seconds:
                return events
            events += self._values(bytes(self._buffer[: 3 * self._seconds]))
            del self._buffer[: 3 * self._seconds]
            self._seconds, self._tries, self._first = None, 1, False
            events += [Complete("download"), Reply(_END, True, _ASK)]

    def waited(self, seconds: float) -> list[Event]:
        """Ask again when a download stalls, and in the end give what came of it."""
        if self._tries > self._most_tries or not self._asking():
            return []
        self._quiet_s += seconds
        if self._quiet_s < self._stall_s:
            return []
        self._quiet_s = 0.0
        self._tries += 1
        if self._tries <= self._most_tries:
            self.skipped_bytes += len(self._buffer)
            self._buffer.clear()
            self._seconds, self._first = None, False
            return [Reply(_ASK, False, _ASK)]
        return self.finish()

    def finish(self) -> list[Event]:
        """What came of a download that was cut short."""
        seconds, self._seconds, self._first = self._seconds, None, False
        rest = bytes(self._buffer)
        self._buffer.clear()
        if seconds is None:
            self.skipped_bytes += len(rest)
            return []
        self.warn(f"a download was cut short: {len(rest) // 3} of {seconds} seconds came")
        return [*self._values(rest), Complete("download")]

    def _asking(self) -> bool:
        """Whether something is still to come: the answer, or the rest of it."""
        return self._seconds is not None or self.frames == 0

    def _begun(self) -> bool:
        """Whether values have begun: some devices send a zero between the count and the first of them."""
        if not self._first and self._buffer:
            self._first = True
            if self._buffer[0] == 0:
                del self._buffer[0]
        return self._first

    def _preamble(self) -> bool:
        """Find where a download begins, and how long it is."""
        while True:
            at = self._buffer.find(_PREAMBLE)
            if at < 0:
                keep = max((n for n in range(len(_PREAMBLE)) if self._buffer.endswith(_PREAMBLE[:n])), default=0)
                self.skipped_bytes += len(self._buffer) - keep
                del self._buffer[: len(self._buffer) - keep]
                return False
            head = self._buffer[at + len(_PREAMBLE) : at + len(_PREAMBLE) + 3]
            if len(head) < 3:
                return False
            seconds = ((head[0] & 0x7F) << 14 | (head[1] & 0x7F) << 7 | head[2] & 0x7F) + 1
            if head[0] >= 0x80 and head[1] >= 0x80 and head[2] < 0x80 and seconds <= _LONGEST_S:
                self.skipped_bytes += at
                del self._buffer[: at + len(_PREAMBLE) + 3]
                self._seconds = seconds
                return True
            self.rejected_frames += 1
            self.skipped_bytes += at + 3
            del self._buffer[: at + 3]

    def _values(self, data: bytes) -> list[Event]:
        """The values of a download; `second` counts from its begin, lost and refused ones included."""
        events: list[Event] = []
        at = bad = 0
        while at + 3 <= len(data):
            one = data[at : at + 3]
            if one[0] & 0xFE == 0xF0 and one[1] >= 0x80 and one[2] < 0x80:
                self.rejected_frames += -(-bad // 3)
                bad = 0
                self.frames += 1
                details = {"checked": False, "second": round(at / 3)}
                events += _both(one[2], (one[0] & 1) << 7 | one[1] & 0x7F, details)
                at += 3
            else:
                bad += 1
                self.skipped_bytes += 1
                at += 1
        self.skipped_bytes += len(data) - at
        self.rejected_frames += -(-(bad + len(data) - at) // 3)
        return events


def _both(spo2: int, rate: int, details: dict[str, Any]) -> list[Measurement]:
    """Saturation and pulse rate, without what is missing; what cannot be is marked, and stays."""
    events = []
    for name, unit, value, none, (least, most) in (
        ("spo2", "%", spo2, _NO_SPO2, _PLAUSIBLE_SPO2),
        ("heart_rate", "/min", rate, _NO_RATE, _PLAUSIBLE_RATE),
    ):
        if value not in none:
            doubt = {} if least <= value <= most else {"plausible": False}
            events.append(measurement(name, value, unit, **details, **doubt))
    return events


def _begins(window: bytes) -> bool:
    return window[0] >= 0x80


def _whole(window: bytes) -> bool:
    return max(window[1:]) < 0x80


_RECORDED = {"stall_s": 3.0, "tries": 3}
_SERIAL = Serial(19200, 8, "O", 1, xonxoff=True)
CMS50D = Device(
    name="cms50d",
    title="Contec CMS50D+: pulse oximeter, live",
    serial=_SERIAL,
    driver=Cms50d,
    settings={},
    streams=True,
    recognise=lambda data: recognised(Cms50d({}), data, sure=0.8, least=20),
    waveforms={"pleth": RATE_HZ},
    checked=False,
)
CMS50D_RECORDED = Device(
    name="cms50d-recorded",
    title="Contec CMS50D+: pulse oximeter, download of what it recorded",
    serial=_SERIAL,
    driver=Cms50dRecorded,
    settings=_RECORDED,
    streams=False,
    recognise=lambda data: recognised(Cms50dRecorded({}), data, sure=0.9, least=1),
    waveforms={},
    checked=False,
)
