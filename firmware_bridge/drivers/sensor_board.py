"""Our own sensor board (firmware_bridge/board), seen from its host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from firmware_bridge.drivers.driver import Device, Event, Serial
from firmware_bridge.drivers.stream import Stream
from firmware_bridge.envelope import (
    ACK,
    CREDIT,
    DATA,
    HELLO,
    LOG,
    NAK,
    VERSION,
    WAVEFORM,
    Channel,
    Data,
    Envelope,
    Hello,
    ahead,
    pack,
    unpack,
    unpack_data,
    unpack_hello,
)
from firmware_bridge.errors import SettingsError
from firmware_bridge.framing import Deframer, frame
from firmware_bridge.measurement import Measurement, Reply, Samples
from firmware_bridge.settings import settings_of

SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "window": 8,  # DATA that the board may have under way
        "hello_s": 1.0,  # of silence, after which the board is greeted, again and again
        "half_frame_s": 2.0,  # of silence, after which half a frame is given up
    }
)

_OFTEN_NAK = 4  # frames out of order for which one NAK is sent; our choice
_GIVEN_UP = 64  # frames out of order after which what is missing will not come, as in a recording; our choice


@dataclass(slots=True)
class _Track:
    """Where a waveform is: the board's index that stands for sample 0, and the next sample."""

    base: int
    next: int


class SensorBoard(Stream):
    """The host's side.

    DATA is acknowledged by a `Reply` that waits until it is safe; what is not acknowledged the board keeps and sends
    again. A frame that is lost or broken is asked for again, and what follows it is taken after it.

    Args:
        settings: over `SETTINGS`.

    Raises:
        SettingsError: one is unknown or wrong.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self._settings = settings_of("sensor-board", settings, SETTINGS)
        if not 1 <= self._settings["window"] <= 64:
            raise SettingsError("sensor-board: window has to be 1 to 64")
        self._deframer = Deframer()
        self._hello: Hello | None = None
        self._expected = 0
        self._out_of_order = 0
        self._cut = False  # what comes next need not follow
        self._tracks: dict[int, _Track] = {}
        self._ends: dict[str, tuple[int, float]] = {}  # of a waveform: the next sample, and when it was due
        self._silent_s = 0.0
        self._greeted_s = 0.0
        self._waited_s = 0.0

    def start(self) -> bytes:
        """A HELLO: one from before the port was open is lost on either side."""
        return frame(pack(HELLO, 0, 0, bytes([VERSION])))

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes complete."""
        if data:
            self._silent_s = self._greeted_s = 0.0
        events: list[Event] = []
        for payload in self._deframer.feed(data):
            message = unpack(payload) if payload is not None else None
            if message is None:
                events += self._refused()
            elif message.type == HELLO:
                events += self._greeted(message)
            elif message.type == DATA:
                events += self._data(message)
            elif message.type == LOG:
                self.frames += 1
                self.warn("the board says: " + message.payload.decode("ascii", errors="replace")[:100])
            # ACK, NAK and CREDIT are our own, in a recording of both sides.
        self._count()
        return events

    def waited(self, seconds: float) -> list[Event]:
        """Greets a board that is silent: it may have started again, or have come late."""
        self._silent_s += seconds
        self._greeted_s += seconds
        self._waited_s += seconds
        if self._silent_s >= self._settings["half_frame_s"]:
            self._deframer.drop()
            self._count()
        if self._greeted_s < self._settings["hello_s"]:
            return []
        self._greeted_s = 0.0
        return [Reply(self.start(), False, b"")]

    def finish(self) -> list[Event]:
        """The stream has ended; what is fed behind it is of later, and taken from where it begins."""
        self._deframer.drop()
        self._count()
        self._cut = True
        return []

    def _count(self) -> None:
        self.skipped_bytes += self._deframer.broken_bytes
        self._deframer.broken_bytes = 0

    def _greeted(self, message: Envelope) -> list[Event]:
        hello = unpack_hello(message.payload)
        if hello is None:
            if len(message.payload) > 1:
                self.rejected_frames += 1
                self.warn("a HELLO of the board is not understood")
            return []
        if hello.version != VERSION:
            self.warn(f"the board speaks version {hello.version}, not {VERSION}: copy its files again")
            return []
        self.frames += 1
        if self._hello is None or hello.boot != self._hello.boot:
            if self._hello is not None:
                self.warn("the board has started again")
            self._restarted(hello, message.seq)
        return [Reply(self._credit(), False, b"")]

    def _restarted(self, hello: Hello, seq: int) -> None:
        self._hello = hello
        self._expected = seq
        self._out_of_order = 0
        self._cut = False
        self._tracks = {}

    def _credit(self) -> bytes:
        return frame(pack(CREDIT, self._expected + self._settings["window"], 0))

    def _refused(self) -> list[Event]:
        self.rejected_frames += 1
        self.warn("a frame was refused: its checksum failed")
        return self._again()

    def _again(self) -> list[Event]:
        """Ask for what is missing, once for some frames: those under way come anyhow."""
        asks = self._hello is not None and self._out_of_order % _OFTEN_NAK == 0
        self._out_of_order += 1
        return [Reply(frame(pack(NAK, self._expected, 0)), False, b"")] if asks else []

    def _data(self, message: Envelope) -> list[Event]:
        if self._hello is None:
            self.warn("data came before the board had said what it measures")
            self.rejected_frames += 1
            return [Reply(self.start(), False, b"")]
        if self._cut:
            self._cut, self._expected = False, message.seq
        distance = ahead(message.seq, self._expected)
        if distance > 0 and self._out_of_order >= _GIVEN_UP:
            self.warn("frames that were lost did not come again")
            self._expected, distance = message.seq, 0
        if distance > 0:
            self.warn("a frame was lost and asked for again")
            return self._again()
        acknowledgement = frame(pack(ACK, message.seq, 0))
        if distance < 0:  # it came again: its acknowledgement was lost, or was never given
            return [Reply(acknowledgement, True, b"")]
        self.frames += 1
        self._out_of_order = 0
        self._expected = (self._expected + 1) % 256
        events = self._values(message)
        return [*events, Reply(acknowledgement + self._credit(), True, b"")]

    def _values(self, message: Envelope) -> list[Event]:
        assert self._hello is not None
        data = unpack_data(message.payload)
        if data is None or data.channel >= len(self._hello.channels):
            self.rejected_frames += 1
            self.warn("the data of a frame are not understood")
            return []
        channel = self._hello.channels[data.channel]
        values = [_scaled(one, channel) for one in data.samples]
        if channel.kind != WAVEFORM:
            details = {"checked": True, "t_ms": message.t_ms}
            return [Measurement(channel.name, one, channel.unit, dict(details)) for one in values]
        start = self._start_of(data, channel)
        return [Samples(channel.name, 1000.0 / channel.period_ms, start, values)]

    def _start_of(self, data: Data, channel: Channel) -> int:
        """The sample's number since the first one ever; after a new start of the board at least one was lost."""
        rate = 1000.0 / channel.period_ms
        track = self._tracks.get(data.channel)
        if track is None:
            start = 0
            if channel.name in self._ends:
                end, at = self._ends[channel.name]
                start = end + max(1, round((self._waited_s - at) * rate))
            track = self._tracks[data.channel] = _Track(data.index - start, start)
        start = int(data.index) - track.base
        if start > track.next:
            self.warn(f"samples of {channel.name} are missing: the board had no room or no time for them")
        track.next = start + len(data.samples)
        self._ends[channel.name] = (track.next, self._waited_s)
        return start


def _scaled(sample: int, channel: Channel) -> float | int:
    return sample if channel.divisor == 1 else sample / channel.divisor


def recognise(data: bytes) -> float:
    """How sure these bytes are a board's: while nobody answers, it says HELLO every two seconds."""
    messages = [unpack(one) for one in Deframer().feed(data) if one is not None]
    return 0.99 if any(messages) else 0.0


SENSOR_BOARD = Device(
    name="sensor-board",
    title="Our sensor board (MicroPython): pulse, temperature, button",
    serial=Serial(115200, 8, "N", 1),
    driver=SensorBoard,
    settings=SETTINGS,
    streams=True,
    recognise=recognise,
    waveforms=MappingProxyType({"pulse": 100.0}),
    checked=True,
)
