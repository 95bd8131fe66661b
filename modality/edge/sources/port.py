"""A device behind a port: opened again whenever it is gone, its bytes kept, its questions answered."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from firmware_bridge.drivers.driver import Device, Driver, Event, Serial
from firmware_bridge.errors import PortError
from firmware_bridge.host.port import Port, open_port
from firmware_bridge.measurement import Complete, Measurement, Reply, Samples
from modality.delivery.outbox.backoff import wait_s
from modality.edge.config import DeviceConfig
from modality.edge.sources.adapters import located
from modality.edge.sources.device_time import clock_offset_s
from modality.edge.sources.intake import Intake
from modality.edge.sources.spool import Spool, seal
from modality.errors import StorageFailed
from modality.registry import DEVICES

_SYNC_S = 1.0
_READ_S = 0.25
_GATHER_S = 0.1  # a stream is read 10 times a second: each byte by itself would cost a tenth of a core
_HEAD = 4096
_LEAD = 1024  # bytes: several frames or packets of any driver, so that it knows where it is when a segment begins
_REOPEN_FIRST_S, _REOPEN_MOST_S = 0.5, 10.0
_UNENDED_S = 60.0  # a message that does not end is taken as it is after so long
_TRACE_S = 10.0


class PortSource:
    """Reads one device.

    Args:
        config: its configuration.
        intake: where captures go.
        folder: of the spools.
    """

    def __init__(self, config: DeviceConfig, intake: Intake, folder: Path) -> None:
        self.name, self._config, self._intake, self._folder = config.name, config, intake, folder
        self._device: Device = DEVICES.load(config.driver)
        self._driver: Driver = self._device.driver(config.settings)
        self._serial = self._adjusted(self._device.serial)
        self._spool: Spool | None = None
        self._opened = self._synced = self._heard = 0.0
        self._lead = self._head = b""
        self._apart = False  # bytes between head and lead are kept no more
        self._asks = False
        self._held_measurement = self._broken = False
        self._frames = 0
        """Of the driver, when the open spool began."""
        self._unsealed: list[tuple[Path, bool]] = []
        self._cut = threading.Event()
        self._problem = "not opened yet"
        self._lost_bytes = self._captures = self._gaps = 0
        self._counted = {"frames": 0, "rejected_frames": 0, "skipped_bytes": 0}
        self._last_good: float | None = None
        self._offset: float | None = None
        self.values: dict[str, Measurement] = {}
        """The last value of each name, and eye where it has one, for a page."""
        self.seen: dict[str, float] = {}
        """When each of them came, on the monotonic clock."""
        self.trace: dict[str, deque[float]] = {
            name: deque(maxlen=int(rate * _TRACE_S)) for name, rate in self._device.waveforms.items()
        }
        """The last samples of each waveform, for a page."""

    def _adjusted(self, serial: Serial) -> Serial:
        given = {key: getattr(self._config, key) for key in ("baud", "bits", "parity", "stop")}
        return serial._replace(**{key: value for key, value in given.items() if value is not None})

    def run(self, stop: threading.Event) -> None:
        """Read until told to stop; then seal what is open."""
        failures = 0
        while not stop.is_set():
            try:
                port = open_port(located(self._config.port), self._serial)
            except PortError as error:
                failures += 1
                self._away(str(error))
                self._seal_waiting()
                stop.wait(wait_s(failures, _REOPEN_FIRST_S, _REOPEN_MOST_S, random.random()))
                continue
            problem = ""
            try:
                self._talk(port, stop)
            except PortError as error:
                problem = str(error)
            finally:
                port.close()
                self._end()
            if problem:
                failures = 1 if self._heard else failures + 1
                self._away(problem)
                stop.wait(wait_s(failures, _REOPEN_FIRST_S, _REOPEN_MOST_S, random.random()))
        self._seal_waiting()

    def _away(self, problem: str) -> None:
        if problem != self._problem:
            self._intake.events.tell("lost", self.name, problem)
        self._problem = problem

    def new_patient(self) -> None:
        """What comes from now on is another patient's: the segment ends."""
        self._cut.set()

    def _talk(self, port: Port, stop: threading.Event) -> None:
        """Read an open port.

        Raises:
            PortError: it is gone.
        """
        self._driver = self._device.driver(self._config.settings)
        self._forget()
        self._heard = 0.0
        self._problem = ""
        self._intake.events.tell("opened", self.name, self._config.port)
        calls = 0
        last = time.monotonic()
        while not stop.is_set():
            if port.calls != calls == 0:
                self._greet(port)
                calls = port.calls
            data = port.read(_READ_S)
            now = time.monotonic()
            if port.calls != calls:
                if calls:  # another one has called: what the one before began is over
                    self._end()
                    self._forget()
                self._greet(port)
                calls = port.calls
            if data:
                self._heard = now
                for piece in self._pieces(data):
                    self._take(piece, port)
                if self._device.streams:
                    stop.wait(_GATHER_S)
            else:
                self._answer(self._driver.waited(now - last), port)
            last = time.monotonic()
            self._tend(last)

    def _greet(self, port: Port) -> None:
        """Say what the device waits for.

        Raises:
            PortError: it is gone already.
        """
        greeting = self._driver.start()
        self._asks = bool(greeting)
        if greeting:
            port.write(greeting)

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        """A stream as it comes; messages byte by byte, so that each ends where it ends."""
        if self._device.streams:
            return iter([data])
        return (data[at : at + 1] for at in range(len(data)))

    def _take(self, piece: bytes, port: Port) -> None:
        try:
            self._spooled().append(piece)
        except StorageFailed as error:
            self._broken = True
            self._lost(len(piece), error)
        if self._asks and not self._apart and len(self._head) < _HEAD:
            self._head += piece  # what such a device says first may be what all later depends on
        else:
            whole = self._lead + piece
            self._lead, self._apart = whole[-_LEAD:], self._apart or len(whole) > _LEAD
        events = self._driver.feed(piece)
        self._answer(events, port, piece)

    def _spooled(self) -> Spool:
        """The open spool; a new one where there is none."""
        if self._spool is None:
            moment = self._intake.clock.moment()
            lead = self._head + self._lead if self._device.streams else b""
            self._spool = Spool(
                self._intake.outbox.disk, self._folder, self.name, self._device.name, moment,
                self._intake.scanned(self.name), lead, len(self._head) if lead and self._apart else 0,
            )  # fmt: skip
            self._opened = self._synced = time.monotonic()
            self._held_measurement = self._broken = False
            self._frames = self._driver.frames
        return self._spool

    def _lost(self, count: int, error: StorageFailed) -> None:
        """Bytes could not be kept: what is there ends here, so that nothing is glued together."""
        self._lost_bytes += count
        if self._problem != str(error):
            self._intake.events.tell("refused", self.name, str(error))
        self._problem = str(error)
        if self._device.streams:
            self._gaps += 1
            self._close(ended=True)
            self._skip()

    def _forget(self) -> None:
        """What comes next begins anew."""
        self._lead = self._head = b""
        self._apart = False

    def _skip(self) -> None:
        """What comes next does not follow what came; but what the device said at first still holds, and is kept.

        So short that it may lack what matters, it grows on.
        """
        self._lead, self._apart = b"", len(self._head) >= _LEAD

    def _answer(self, events: list[Event], port: Port, piece: bytes = b"") -> None:
        """Do what a driver wants: answers go out, and those that promise something only when it is so."""
        for index, event in enumerate(events):
            if isinstance(event, Reply):
                self._reply(event, port)
            elif isinstance(event, Complete):
                self._close(ended=True)
                if piece and index + 1 < len(events):  # it was the next message's first byte that ended this one
                    self._again(piece)
            else:
                self._note(event)

    def _again(self, piece: bytes) -> None:
        try:
            self._spooled().append(piece)
        except StorageFailed as error:
            self._lost(len(piece), error)

    def _reply(self, reply: Reply, port: Port) -> None:
        data = reply.data
        if reply.safe:
            try:
                if self._spool is None or self._broken:
                    self._broken = False
                    if self._spool:
                        self._spool.undo()
                    raise StorageFailed(self._problem or "nothing of it could be kept")
                if self._spool.unsafe:
                    self._spool.sync()
                self._problem = ""
            except StorageFailed as error:
                self._lost(0, error)
                data = reply.otherwise
        if data:
            port.write(data)

    def _note(self, event: Measurement | Samples) -> None:
        self._held_measurement = True
        self._last_good = time.monotonic()
        if isinstance(event, Measurement):
            key = f"{event.name} {event.details.get('eye', '')}".strip()
            self.values[key], self.seen[key] = event, self._last_good
            offset = clock_offset_s(event.details, self._intake.clock.wall())
            self._offset = self._offset if offset is None else offset
            self.seen[event.name] = self._last_good
        elif event.name in self.trace:
            self.trace[event.name].extend(event.values)

    def _tend(self, now: float) -> None:
        """What time brings: bytes become safe, segments end."""
        if self._cut.is_set():
            self._cut.clear()
            self._close(ended=True)  # what is half done is the patient's before, and must not lead in the next one's
            self._skip()
        if self._spool and self._spool.unsafe and now - self._synced >= _SYNC_S:
            try:
                self._spool.sync()
                self._synced = now
            except StorageFailed as error:
                self._lost(0, error)
        if self._spool and self._device.streams:
            if now - self._heard > self._config.silence_s:
                self._intake.events.tell("silent", self.name, f"no byte for {self._config.silence_s:g} s")
                self._gaps += 1
                self._close(ended=True)
                self._skip()
            elif now - self._opened >= self._config.segment_s:
                self._close(ended=False)
        elif self._spool and now - self._heard > _UNENDED_S:
            self._close(ended=True)
        self._seal_waiting()

    def _close(self, *, ended: bool) -> None:
        """End the open spool.

        Args:
            ended: nothing follows it without a gap.
        """
        spool, self._spool = self._spool, None
        if spool is None:
            return
        if not self._device.streams and not self._held_measurement and self._driver.frames == self._frames:
            spool.discard()  # line noise, or an enquiry with nothing behind it
            return  # what is whole and not understood is kept: a better driver may read it
        self._unsealed.append((spool.close(), ended))
        self._seal_waiting()

    def _seal_waiting(self) -> None:
        """Make captures of what has ended; a full disk is asked again at the next call."""
        while self._unsealed:
            path, ended = self._unsealed[0]
            try:
                if seal(path, self._intake, {"ended": ended}):
                    self._captures += 1
            except StorageFailed as error:
                if self._problem != str(error):
                    self._intake.events.tell("refused", self.name, str(error))
                self._problem = str(error)
                return
            del self._unsealed[0]

    def _end(self) -> None:
        """The port is closed: what is open ends, and the driver's counts are kept."""
        for event in self._driver.finish():
            if isinstance(event, (Measurement, Samples)):
                self._note(event)
        self._close(ended=True)
        for name in self._counted:
            self._counted[name] += getattr(self._driver, name)
        self._driver = self._device.driver(self._config.settings)

    def snapshot(self) -> dict[str, Any]:
        """Whether it is connected, what came, and what of it was wrong."""
        counts = {name: count + getattr(self._driver, name) for name, count in self._counted.items()}
        seen = counts["frames"] + counts["rejected_frames"]
        ago = None if self._last_good is None else round(time.monotonic() - self._last_good, 1)
        return {
            "driver": self._device.name,
            "connected": not self._problem,
            "problem": self._problem,
            "captures": self._captures,
            **counts,
            "error_rate": round(counts["rejected_frames"] / seen, 6) if seen else 0.0,
            "gaps": self._gaps,
            "lost_bytes": self._lost_bytes,
            "last_good_s": ago,
            "clock_offset_s": self._offset,
            "warnings": list(self._driver.warnings),
        }
