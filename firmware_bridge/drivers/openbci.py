"""OpenBCI Cyton, a board of eight channels for EEG and ECG: frames of 33 bytes at 250 Hz, without a checksum.

Source: OpenBCI's Cyton data format: A0, a counter, eight signed 24-bit numbers, six bytes of other sensors, C0 to C6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware_bridge.drivers.driver import Device, Event, Serial
from firmware_bridge.drivers.fixed import FixedFrames, Frame
from firmware_bridge.drivers.stream import Run, Stream, recognised
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import measurement
from firmware_bridge.settings import settings_of

RATE_HZ = 250.0
CHANNELS = tuple(f"ch{number}" for number in range(1, 9))
_SIZE = 33
_REFERENCE_V = 4.5
_FULL_SCALE = 2**23 - 1
_SETTINGS = {"gain": 24.0, "begin": "b", "plausible_uv": 10000.0}


class Cyton(Stream):
    """A driver of the board's stream.

    Args:
        settings: `gain` of the amplifiers; `begin`, what makes the board talk (empty for one that does);
            `plausible_uv`, the voltage beyond which a channel's peak is reported as one that cannot be.

    Raises:
        SettingsError: a setting is unknown or wrong.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        found = settings_of("cyton", settings, _SETTINGS)
        if not found["gain"] > 0:
            raise SettingsError(f"cyton: gain = {found['gain']} has to be more than 0")
        self._begin = bytes(found["begin"].encode("ascii", "ignore"))
        self._uv = _REFERENCE_V / _FULL_SCALE / found["gain"] * 1e6
        self._most_uv = found["plausible_uv"]
        self._cut = FixedFrames(_SIZE, _begins, _whole)
        self._runs = [Run(name, RATE_HZ) for name in CHANNELS]
        self._index = 0
        self._counter = -1
        """The last frame's counter; -1 before the first."""
        self._odd: Frame | None = None
        """A frame whose counter does not continue, until the next one tells whether frames or a bit were lost."""
        self._peaks = [0.0] * len(CHANNELS)
        self._peaks_until = int(RATE_HZ)

    def start(self) -> bytes:
        """Make the board talk."""
        return self._begin

    def feed(self, data: bytes) -> list[Event]:
        """The channels in microvolts, and what cannot be of them once a second."""
        return self._read(self._cut.feed(data))

    def finish(self) -> list[Event]:
        """The last frame."""
        events = self._read(self._cut.finish())
        if self._odd is not None:
            self._place(self._odd, self._odd.data[1], events)
            self._odd = None
        self._report(events)
        self._flush(events)
        return events

    def _read(self, frames: list[Frame]) -> list[Event]:
        events: list[Event] = []
        for frame in frames:
            odd, self._odd = self._odd, None
            counter = frame.data[1]
            if odd is not None:
                expected = self._counter + 1 & 0xFF
                damaged = odd.gap == 0 and counter == (expected + 1) & 0xFF
                if damaged:
                    self.rejected_frames += 1
                    self.warn("a frame's counter was damaged")
                self._place(odd, expected if damaged else odd.data[1], events)
            if self._counter >= 0 and counter != (self._counter + 1) & 0xFF:
                self._odd = frame
            else:
                self._place(frame, counter, events)
        self._flush(events)
        self.frames, self.skipped_bytes = self._cut.frames, self._cut.skipped
        self.rejected_frames += self._cut.rejected
        self._cut.rejected = 0
        return events

    def _place(self, frame: Frame, counter: int, events: list[Event]) -> None:
        """Give a frame's samples at their place, which the counter tells but for multiples of 256."""
        if self._counter >= 0:
            lost = (counter - self._counter - 1) & 0xFF
            by_bytes = frame.gap // _SIZE
            self._index += lost + max(0, round((by_bytes - lost) / 256)) * 256
        self._counter = counter
        if self._index >= self._peaks_until:
            self._report(events)
            self._peaks_until = (self._index // int(RATE_HZ) + 1) * int(RATE_HZ)
        for number, run in enumerate(self._runs):
            at = 2 + 3 * number
            value = int.from_bytes(frame.data[at : at + 3], "big", signed=True) * self._uv
            self._peaks[number] = max(self._peaks[number], abs(value))
            run.add(self._index, value, events)
        self._index += 1

    def _report(self, events: list[Event]) -> None:
        """Say which channels went beyond what can be."""
        for number, peak in enumerate(self._peaks):
            if peak > self._most_uv:
                name = CHANNELS[number]
                self.warn(f"{name} went beyond {self._most_uv:g} uV: an electrode may be off")
                events.append(measurement(f"{name}_peak", peak, "uV", checked=False, plausible=False))
        self._peaks = [0.0] * len(CHANNELS)

    def _flush(self, events: list[Event]) -> None:
        for run in self._runs:
            run.flush(events)


def _begins(window: bytes) -> bool:
    return window[0] == 0xA0


def _whole(window: bytes) -> bool:
    return 0xC0 <= window[-1] <= 0xC6


CYTON = Device(
    name="cyton",
    title="OpenBCI Cyton: eight channels of EEG or ECG",
    serial=Serial(115200),
    driver=Cyton,
    settings=_SETTINGS,
    streams=True,
    recognise=lambda data: recognised(Cyton({}), data, sure=0.95, least=5),
    waveforms=dict.fromkeys(CHANNELS, RATE_HZ),
    checked=False,
    units=dict.fromkeys(CHANNELS, "uV"),
)
