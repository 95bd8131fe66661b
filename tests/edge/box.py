"""The box as a process, and an Orthanc that can be away: what tests of the whole use."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cli.command import document, invoke
from tests.peers.orthanc import AET, PROGRAM, Orthanc
from tests.peers.process import HOST, free_port, is_open, program, running, wait_until

MODALITY = [sys.executable, "-m", "modality"]


def pdf(number: int) -> bytes:
    """A PDF that no other is like."""
    return b"%%PDF-1.4\n%% number %d\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%%%EOF\n" % number


def drop(inbox: Path, name: str, data: bytes) -> Path:
    """Bring a file into an inbox as programs do: whole, by renaming."""
    aside = inbox.parent / f"aside-{name}"
    aside.write_bytes(data)
    return aside.rename(inbox / name)


class Box:
    """`modality edge run` on a configuration.

    Args:
        config: its file.
    """

    def __init__(self, config: Path) -> None:
        self.config = config
        self.log = config.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def start(self, environment: dict[str, str] | None = None) -> None:
        """Start it; its log goes on."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*MODALITY, "edge", "run", str(self.config)],
                stderr=log, stdout=log, stdin=subprocess.DEVNULL, env=os.environ | (environment or {}),
            )  # fmt: skip

    def started(self, timeout_s: float = 60.0) -> None:
        """Wait until it works."""
        assert self.process is not None
        before = self._starts
        wait_until(lambda: self._count() > before, "the box started", timeout_s)
        self._starts = self._count()

    def _count(self) -> int:
        return sum(" started box:" in line for line in self.said())

    def kill(self) -> int:
        """As a power cut ends it, but for what the kernel still writes."""
        assert self.process is not None
        self.process.kill()
        return self.process.wait(30)

    def stop(self, timeout_s: float = 30.0) -> int:
        """As systemd ends it; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def items(self) -> list[dict[str, Any]]:
        """What `edge outbox list --json` says."""
        done = invoke("edge", "outbox", "list", self.config, "--json")
        assert done.exit_code == 0, done.output
        return list(document(done)["items"])

    def settled(self, timeout_s: float = 60.0) -> list[dict[str, Any]]:
        """The items, when nothing is on its way any more."""
        from modality.delivery.outbox.outbox import Outbox
        from modality.edge.config import read_edge

        with Outbox(read_edge(self.config).edge.state) as outbox:

            def done() -> bool:
                counts = outbox.counts()
                return bool(counts) and not any(counts.get(state) for state in ("captured", "ready", "stored"))

            wait_until(done, "everything delivered", timeout_s)
        return self.items()

    def said(self) -> list[str]:
        """The lines of its log."""
        return self.log.read_text(encoding="utf-8").splitlines()


@contextlib.contextmanager
def box(config: Path, environment: dict[str, str] | None = None) -> Iterator[Box]:
    """Runs the box until the block ends."""
    made = Box(config)
    made.start(environment)
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.process.kill()
            made.process.wait(30)


class WaveringOrthanc:
    """An Orthanc that comes and goes, and keeps what it has.

    Args:
        folder: for its storage and log.
        reports_to: the port at which the box hears reports of commitment.
        aet: the box's AE title.
    """

    def __init__(self, folder: Path, reports_to: int, aet: str = "EDGE") -> None:
        program(PROGRAM)
        self.peer = Orthanc(port=free_port(), http_port=free_port(), log=folder / "orthanc.log")
        self._path = folder / "orthanc.json"
        configuration = {
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "HttpPort": self.peer.http_port,
            "DicomPort": self.peer.port,
            "DicomAet": AET,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomModalities": {aet: [aet, HOST, reports_to]},
        }
        self._path.write_text(json.dumps(configuration), encoding="utf-8")
        self._stack = contextlib.ExitStack()
        self.up = False

    def start(self) -> None:
        """Be there."""
        if not self.up:
            ready = lambda: is_open(self.peer.port) and is_open(self.peer.http_port)  # noqa: E731
            self._stack.enter_context(running([PROGRAM, self._path], log=self.peer.log, ready=ready))
            self.up = True

    def stop(self) -> None:
        """Be away."""
        self._stack.close()
        self.up = False
