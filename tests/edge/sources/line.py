"""A port that a test speaks through, and a source on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware_bridge.errors import PortError
from modality.delivery.outbox.disk import Disk
from modality.delivery.outbox.outbox import Outbox
from modality.edge.clock import BoxClock
from modality.edge.config import DeviceConfig
from modality.edge.events import Events
from modality.edge.sources import port as port_module
from modality.edge.sources.intake import Intake
from modality.edge.sources.port import PortSource
from modality.edge.sources.spool import FOLDER, recover_spools

Said = bytes | Callable[[], None] | type[PortError]
"""What the line gives when it is read: bytes, an error, or something that happens meanwhile."""


class Line:
    """Gives what it was told, once a read, and notes what was answered; in the end it tells the source to stop.

    Args:
        said: in order.
        stop: set when all is said.
    """

    def __init__(self, said: list[Said], stop: threading.Event) -> None:
        self._said, self._stop = said, stop
        self.answers: list[bytes] = []
        self.opened = 0
        self.address, self.calls = "line", 1

    def open(self, *_: object) -> Line:
        self.opened += 1
        return self

    def read(self, _: float) -> bytes:
        if not self._said:
            self._stop.set()
            return b""
        said = self._said.pop(0)
        if isinstance(said, bytes):
            return said
        if isinstance(said, type):
            raise said("the cable is out")
        said()
        return b""

    def write(self, data: bytes) -> None:
        self.answers.append(data)

    def close(self) -> None:
        pass


class Rig:
    """A source that reads a line, and the outbox behind it; its time hardly passes but for what a test lets pass."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, driver: str, said: list[Said], disk: Disk | None = None,
        **options: object,
    ) -> None:  # fmt: skip
        self.outbox = Outbox(folder / "state", disk)
        self.events, self.stop = Events(), threading.Event()
        self.line = Line(said, self.stop)
        self._now_s = 1000.0
        monkeypatch.setattr(port_module, "time", SimpleNamespace(monotonic=self._monotonic))
        monkeypatch.setattr(port_module, "open_port", self.line.open)
        monkeypatch.setattr(port_module, "_REOPEN_FIRST_S", 0.01)
        monkeypatch.setattr(port_module, "_GATHER_S", 0.0)
        self.intake = Intake(self.outbox, BoxClock("always"), self.events, lambda: None)
        self.spools = self.outbox.folder / FOLDER
        recover_spools(self.spools, self.intake)
        config = DeviceConfig("bedside", driver, port="line", patient_id="P1", **options)  # type: ignore[arg-type]
        self.source = PortSource(config, self.intake, self.spools)

    def run(self) -> None:
        self.source.run(self.stop)

    def passes(self, seconds: float) -> None:
        """Let time pass for the source."""
        self._now_s += seconds

    def _monotonic(self) -> float:
        self._now_s += 1e-6
        return self._now_s

    def captured(self) -> list[bytes]:
        """The bytes of each capture, without those that lead in."""
        return [item.raw.read_bytes()[item.details["lead"] :] for item in self.outbox.items()]
