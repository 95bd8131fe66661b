"""A scanner of barcodes, on a serial port or as a keyboard: whom the devices are used on from now on."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from firmware_bridge.drivers.driver import Serial
from firmware_bridge.errors import PortError
from firmware_bridge.host.port import Port, open_port
from modality.delivery.outbox.backoff import wait_s
from modality.delivery.outbox.outbox import Outbox
from modality.edge.clock import BoxClock
from modality.edge.config import DeviceConfig
from modality.edge.events import Events
from modality.edge.sources.adapters import located
from modality.edge.sources.keyboard import Keyboard
from modality.errors import StorageFailed

_FACT = "scan"
_LONGEST = 64  # of a Patient ID (VR LO); a longer code is none of a patient
_READ_S = 0.25
_REOPEN_FIRST_S, _REOPEN_MOST_S = 0.5, 10.0


class Scans:
    """The last code that was scanned; it survives a restart, and does not hold for ever.

    Args:
        outbox: where it is remembered.
        clock: the box's.
        devices: of the configuration.
    """

    def __init__(self, outbox: Outbox, clock: BoxClock, devices: Iterable[DeviceConfig]) -> None:
        self._outbox, self._clock = outbox, clock
        self._lasts = {one.name: one.barcode_s for one in devices if one.matched == "barcode"}
        self.follow: list[Callable[[], None]] = []
        """Called behind each scan."""

    def take(self, code: str) -> None:
        """A code was scanned.

        Raises:
            StorageFailed: it could not be remembered, and does not hold.
        """
        now = self._clock.moment()
        scan = {"code": code, "monotonic_s": now.monotonic_s, "boot": now.boot}
        self._outbox.remember(_FACT, json.dumps(scan))
        for call in self.follow:
            call()

    def holding(self, device: str) -> str:
        """The code that holds for a device now; empty for none."""
        lasts, kept = self._lasts.get(device), self._outbox.fact(_FACT)
        if lasts is None or not kept:
            return ""
        scan, now = json.loads(kept), self._clock.moment()
        age = now.monotonic_s - scan["monotonic_s"]
        # Of another start of the machine nobody knows how long ago it was.
        return str(scan["code"]) if scan["boot"] == now.boot and age <= lasts else ""


class BarcodeSource:
    """Reads one scanner: each line, or what ends with Enter, is a code.

    Args:
        config: its configuration.
        scans: takes the codes.
        events: hears of them, not what they say.
    """

    def __init__(self, config: DeviceConfig, scans: Scans, events: Events) -> None:
        self.name, self._config, self._scans, self._events = config.name, config, scans, events
        self._serial = Serial(**{
            key: value for key in ("baud", "bits", "parity", "stop") if (value := getattr(config, key)) is not None
        })  # fmt: skip
        self._problem = "not opened yet"
        self._scanned = self._refused = 0
        self._last: float | None = None
        self._line = b""

    def run(self, stop: threading.Event) -> None:
        """Read until told to stop."""
        failures = 0
        while not stop.is_set():
            try:
                port = self._open()
                try:
                    self._problem, failures, self._line = "", 0, b""
                    self._events.tell("opened", self.name, self._config.port)
                    while not stop.is_set():
                        self._take(port.read(_READ_S))
                finally:
                    port.close()
            except PortError as error:
                failures += 1
                if self._problem != str(error):
                    self._events.tell("lost", self.name, str(error))
                self._problem = str(error)
                stop.wait(wait_s(failures, _REOPEN_FIRST_S, _REOPEN_MOST_S, random.random()))

    def _open(self) -> Port:
        if self._config.port.startswith("/dev/input/"):
            return Keyboard(self._config.port)
        return open_port(located(self._config.port), self._serial)

    def _take(self, data: bytes) -> None:
        *lines, self._line = (self._line + data.replace(b"\n", b"\r")).split(b"\r")
        self._line = self._line[-4 * _LONGEST :]
        for line in lines:
            code = line.strip(b" \0\t\x02\x03").decode("utf-8", "replace")
            if code:
                self._scan(code)

    def _scan(self, code: str) -> None:
        if len(code) > _LONGEST or not code.isprintable() or "\\" in code:
            self._refused += 1
            self._events.tell("refused", self.name, "what was scanned is no identifier of a patient or an order")
            return
        try:
            self._scans.take(code)
        except StorageFailed as error:
            self._refused += 1
            self._events.tell("refused", self.name, f"the scan does not hold: {error}")
            return
        self._scanned += 1
        self._last = time.monotonic()
        self._events.tell("scanned", self.name, f"{len(code)} characters")

    def snapshot(self) -> dict[str, Any]:
        """Whether it is connected, and how much was scanned."""
        return {
            "driver": "barcode",
            "connected": not self._problem,
            "problem": self._problem,
            "captures": self._scanned,
            "rejected_frames": self._refused,
            "last_good_s": None if self._last is None else round(time.monotonic() - self._last, 1),
        }
