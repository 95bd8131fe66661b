"""The box starts, says how it is, ends in time, and survives the faults of its parts."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from modality.edge.config import ArchiveConfig, BoxConfig, DeviceConfig, EdgeConfig
from modality.edge.gateway import Gateway
from modality.edge.health import is_running, read_status
from modality.errors import UsageError
from tests.edge.box import drop, pdf
from tests.peers.process import PATIENCE_S, free_port, wait_until
from tests.timing import durations, measured


def _config(folder: Path, **options: object) -> EdgeConfig:
    (folder / "inbox").mkdir(exist_ok=True)
    box = BoxConfig(folder / "state", retry_s=0.05, retry_max_s=0.1, **options)  # type: ignore[arg-type]
    device = DeviceConfig("papers", "folder", path=folder / "inbox", kind="pdf", patient_id="P1")
    return EdgeConfig(box, ArchiveConfig(f"dicom://NONE@127.0.0.1:{free_port()}"), device=(device,))


class Running:
    """A box in a thread."""

    def __init__(self, config: EdgeConfig) -> None:
        self.gateway = Gateway(config)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.gateway.run, args=(self.stop,))
        self.thread.start()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


def test_an_archive_that_is_away_leaves_the_item_ready_and_is_seen(tmp_path: Path) -> None:
    running = Running(_config(tmp_path))
    try:
        drop(tmp_path / "inbox", "a.pdf", pdf(1))
        wait_until(lambda: running.gateway.outbox.counts() == {"ready": 1}, "described")
        wait_until(lambda: running.gateway.snapshot()["destinations"][0]["failures"] > 1, "tried twice")
        # To a tenth of a second: two tries may be over in less.
        wait_until(lambda: running.gateway.snapshot()["oldest_undelivered_s"] > 0, "its age is told")
        snapshot = running.gateway.snapshot()
        (destination,) = snapshot["destinations"]
        assert (destination["waiting"], destination["unconfirmed"]) == (1, 0)
        assert "Connection refused" in destination["problem"]
        assert snapshot["oldest_undelivered_s"] < 60
        assert is_running(tmp_path / "state")
    finally:
        running.end()
    assert not is_running(tmp_path / "state")
    status = read_status(tmp_path / "state")
    assert status is not None
    assert (status["running"], status["items"]) == (False, {"ready": 1})
    assert status["devices"][0]["captures"] == 1


def test_two_boxes_do_not_share_a_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modality.edge.gateway._CLAIM_S", 0.1)  # how long it waits for the other to end
    running = Running(_config(tmp_path))
    try:
        with pytest.raises(UsageError, match="another `modality edge run` is using it"):
            Gateway(_config(tmp_path))
    finally:
        running.end()
    with Gateway(_config(tmp_path)):
        pass


def test_a_part_that_fails_is_told_of_and_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modality.edge.gateway._TICK_S", 0.05)
    running = Running(_config(tmp_path))
    source = running.gateway.sources[0]
    look, failures = source.look, []  # type: ignore[attr-defined]

    def broken() -> None:
        failures.append(1)
        monkeypatch.setattr(source, "look", look)
        raise RuntimeError("a fault of ours")

    try:
        monkeypatch.setattr(source, "look", broken)
        wait_until(lambda: bool(failures), "the fault")
        drop(tmp_path / "inbox", "a.pdf", pdf(1))
        wait_until(lambda: bool(running.gateway.outbox.counts()), "taken after all")
    finally:
        running.end()
    assert [event.text for event in running.gateway.events.recent() if event.what == "fault"] == [
        "RuntimeError: a fault of ours"
    ]


def test_what_the_command_line_changes_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from modality.delivery.outbox.outbox import Outbox

    monkeypatch.setattr("modality.edge.gateway._TICK_S", 0.05)
    config = _config(tmp_path)
    device = DeviceConfig("papers", "folder", path=tmp_path / "inbox", kind="pdf", matching="device")
    running = Running(EdgeConfig(config.edge, config.archive, device=(device,)))
    try:
        drop(tmp_path / "inbox", "a.pdf", pdf(1))
        wait_until(lambda: running.gateway.outbox.counts() == {"held": 1}, "held")
        with Outbox(tmp_path / "state") as other:
            other.assign(other.items()[0].uid, {"patient_id": "P1"})
        wait_until(lambda: running.gateway.outbox.counts() == {"ready": 1}, "described")
    finally:
        running.end()


@measured
def test_systemd_hears_that_it_is_ready_alive_and_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(PATIENCE_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        monkeypatch.setenv("WATCHDOG_USEC", "300000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        running = Running(_config(tmp_path))
        heard = [manager.recv(100)]
        begin = time.monotonic()
        heard += [manager.recv(100) for _ in range(3)]
        took = time.monotonic() - begin
        running.end()
        while heard[-1] != b"STOPPING=1":
            heard.append(manager.recv(100))
    assert heard[:4] == [b"READY=1", *[b"WATCHDOG=1"] * 3]
    with durations():
        assert took < 1.0, "three times a watchdog's time"


def test_what_waits_gets_its_time_when_the_clock_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Described in 1970 while the archive was away; made anew under its UID when the time arrives."""
    from datetime import datetime

    import pydicom

    from modality.delivery.outbox.deliveries import Deliveries
    from modality.edge.clock import BoxClock

    monkeypatch.setattr("modality.edge.gateway._TICK_S", 0.05)
    wall, right = [datetime(1970, 1, 1, 1, 0)], [False]
    clock = BoxClock(wall=lambda: wall[0], monotonic=lambda: 100.0, synchronized=lambda: right[0])
    gateway = Gateway(_config(tmp_path), clock=clock)
    stop = threading.Event()
    thread = threading.Thread(target=gateway.run, args=(stop,))
    thread.start()

    def date() -> str:
        (made,) = Deliveries(gateway.outbox).of(gateway.outbox.items()[0].uid) or [None]
        try:
            return pydicom.dcmread(made.path).StudyDate if made else ""
        except FileNotFoundError:  # it is being made anew
            return ""

    try:
        drop(tmp_path / "inbox", "a.pdf", pdf(1))
        wait_until(lambda: gateway.outbox.counts() == {"ready": 1}, "described")
        uid = gateway.outbox.items()[0].uid
        assert date() == "19700101"
        wall[0], right[0] = datetime(2026, 11, 25, 12, 0), True
        wait_until(lambda: date() == "20261125", "made anew")
        assert [item.uid for item in gateway.outbox.items()] == [uid]
    finally:
        stop.set()
        thread.join(PATIENCE_S)
