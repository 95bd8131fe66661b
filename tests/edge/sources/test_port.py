"""A device's bytes are kept as they come, cut where they may be, and promised only when they are safe."""

from __future__ import annotations

import errno
import os
import socket
import threading
from pathlib import Path

import pytest

from firmware_bridge.drivers.driver import Serial
from firmware_bridge.errors import PortError
from firmware_bridge.host.port import ListeningPort, Port, open_port
from modality.delivery.outbox.disk import Disk
from modality.edge.config import DeviceConfig
from modality.edge.describing import decoding
from modality.edge.describing.content import Captured
from modality.edge.sources import port as port_module
from tests.delivery.outbox.world import packet
from tests.edge.sources.line import Rig
from tests.peers.process import wait_until

ACK, NAK, ENQ, EOT = b"\x06", b"\x15", b"\x05", b"\x04"


def frame(number: int, text: bytes) -> bytes:
    """A frame of E1381."""
    body = b"%d%s\x03" % (number, text)
    return b"\x02" + body + b"%02X\r\n" % (sum(body) % 256)


MESSAGE = [
    ENQ,
    frame(1, b"H|\\^&|||analyzer\r"),
    frame(2, b"P|1||P77||Doe^Jane\r"),
    frame(3, b"O|1|S1||^^^GLU\r"),
    frame(4, b"R|1|^^^GLU|5.5|mmol/L\r"),
    frame(5, b"L|1|N\r"),
    EOT,
]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    made = []

    def make(driver: str, said: list, disk: Disk | None = None, **options: object) -> Rig:  # type: ignore[type-arg]
        made.append(Rig(tmp_path, monkeypatch, driver, said, disk, **options))
        return made[-1]

    yield make
    for one in made:
        one.outbox.close()


def _pulse(rig: Rig) -> list[list[int]]:
    """The samples that each capture holds."""
    device = DeviceConfig("bedside", "nonin-2", port="line", patient_id="P1")
    samples = []
    for item in rig.outbox.items():
        captured = Captured(item, device, item.raw.read_bytes(), item.moment.wall, True)
        runs = decoding.decode(captured).samples.get("pleth", [])
        samples.append([value for run in runs for value in run.values])
    return samples


def test_a_stream_cut_into_segments_has_each_sample_once(rig) -> None:  # type: ignore[no-untyped-def]
    packets = packet() * 8
    said = [packets[at : at + 90] for at in range(0, len(packets), 90)]
    made = rig("nonin-2", said, segment_s=1e-9)  # each read is a segment of its own
    made.run()
    assert b"".join(made.captured()) == packets
    assert len(made.captured()) == 12
    # A packet ends with the next one's SYNC, and that of the last never came.
    assert [one for part in _pulse(made) for one in part] == list(range(100, 125)) * 7


def test_an_unplugged_cable_ends_the_segment_and_not_the_source(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig("nonin-2", [packet() * 2, PortError, packet() * 3])
    made.run()
    assert made.captured() == [packet() * 2, packet() * 3]
    assert [item.details["lead"] for item in made.outbox.items()] == [0, 0], "nothing is glued together"
    assert made.line.opened == 2
    assert [event.what for event in made.events.recent()] == ["opened", "captured", "lost", "opened", "captured"]
    assert made.source.snapshot()["captures"] == 2


def test_silence_ends_a_segment(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig("nonin-2", [packet(), lambda: made.passes(2.0), lambda: made.passes(2.0), packet()], silence_s=3.0)
    made.run()
    assert made.captured() == [packet(), packet()]
    assert made.source.snapshot()["gaps"] == 1


def test_a_scan_begins_a_new_segment(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig("nonin-2", [packet() * 2, lambda: made.source.new_patient(), packet() * 2])
    codes = iter(["P1", "P2"])
    made.intake.scan = lambda _: next(codes)
    made.run()
    assert [(item.details["scan"], item.size - item.details["lead"]) for item in made.outbox.items()] == [
        ("P1", 250), ("P2", 250)
    ]  # fmt: skip


def test_errors_are_counted_and_the_last_good_frame_is_known(rig) -> None:  # type: ignore[no-untyped-def]
    broken = bytearray(packet())
    broken[62] ^= 0x10
    made = rig("nonin-2", [packet(), bytes(broken), packet() * 2])
    made.run()
    snapshot = made.source.snapshot()
    assert snapshot["frames"] == 99
    assert snapshot["rejected_frames"] >= 1
    assert snapshot["error_rate"] == pytest.approx(
        snapshot["rejected_frames"] / (99 + snapshot["rejected_frames"]), abs=1e-6
    )
    assert snapshot["last_good_s"] is not None
    assert made.source.values["spo2"].value == 97


class Noting(Disk):
    """A disk that notes its steps, and may be full."""

    def __init__(self, log: list[str]) -> None:
        super().__init__(log.append)
        self.full_at = ""

    def append(self, step, file, data):  # type: ignore[no-untyped-def]
        if self.full_at == "append":
            os.write(file.fileno(), bytes(data)[:0])
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(step, file, data)

    def sync(self, step, file):  # type: ignore[no-untyped-def]
        if self.full_at == "sync":
            raise OSError(errno.ENOSPC, "No space left on device")
        super().sync(step, file)


def test_an_acknowledgement_goes_out_only_behind_the_fsync_of_its_frame(rig) -> None:  # type: ignore[no-untyped-def]
    log: list[str] = []
    made = rig("astm", list(MESSAGE), Noting(log), matching="device")
    write = made.line.write

    def noted(data: bytes) -> None:
        log.append(repr(data))
        write(data)

    made.line.write = noted
    made.run()
    assert made.line.answers == [ACK] * 6
    at = [index for index, one in enumerate(log) if one == repr(ACK)]
    for before, acknowledged in zip([0, *at], at, strict=False):
        between = log[before:acknowledged]
        assert between[-1] == "spool.synced", "nothing is written between the fsync and the ACK"
    assert made.captured() == [b"".join(MESSAGE)]


@pytest.mark.parametrize("where", ["append", "sync"])
def test_a_full_disk_is_answered_by_nak_and_the_frame_is_kept_when_it_comes_again(rig, where: str) -> None:  # type: ignore[no-untyped-def]
    disk = Noting([])

    def full() -> None:
        disk.full_at = where

    def room() -> None:
        disk.full_at = ""

    # Of a frame whose last byte was lost, too, the next one pays with a NAK: a device tries six times.
    tries = 2 if where == "append" else 1
    said = [*MESSAGE[:4], full, MESSAGE[4], room, *[MESSAGE[4]] * tries, *MESSAGE[5:]]
    made = rig("astm", said, disk, matching="device")
    made.run()
    assert made.line.answers == [ACK] * 4 + [NAK] * tries + [ACK] * 2
    (captured,) = made.captured()
    assert captured.replace(b"\n", b"") == b"".join(MESSAGE).replace(b"\n", b""), "each frame once, and none refused"


def test_a_session_cut_off_by_the_box_is_recovered_as_it_was_acknowledged(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """A child process dies behind the ACK of the fourth frame."""
    child = os.fork()
    if child == 0:
        try:
            rig("astm", [*MESSAGE[:5], lambda: os._exit(137)], matching="device").run()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 137
    made = rig("astm", [], matching="device")
    (item,) = made.outbox.items()
    assert made.captured() == [b"".join(MESSAGE[:5])]
    assert item.details["interrupted"] is True
    assert list(made.spools.iterdir()) == []


def test_noise_between_messages_is_no_capture(rig) -> None:  # type: ignore[no-untyped-def]
    made = rig("astm", [b"\0\xff", *MESSAGE, b"\n\n", ENQ, EOT], matching="device")
    made.run()
    assert len(made.captured()) == 1
    assert list(made.spools.iterdir()) == []


@pytest.mark.parametrize(
    ("driver", "said", "matching"),
    [
        ("astm", [ENQ, frame(1, b"H|\\^&\r"), frame(2, b"M|1|HISTOGRAM|x\r"), frame(3, b"L|1\r"), EOT], "device"),
        ("nidek-lm", [b"\x01DLM\x02XY+12\x17\x04\r"], "device"),
    ],
)
def test_what_was_whole_and_not_understood_is_kept(rig, driver: str, said: list[bytes], matching: str) -> None:  # type: ignore[no-untyped-def]
    """The device was told that it is safe, or will not say it again; a better driver may read it from its bytes."""
    made = rig(driver, list(said), matching=matching)
    made.run()
    assert made.captured() == [b"".join(said)]


def test_a_device_that_calls_is_greeted_when_it_does_and_each_call_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a serial server that calls the box: a board says nothing before it is greeted."""
    opened = open_port
    rig = Rig(tmp_path, monkeypatch, "cms50d", [])
    ports: list[ListeningPort] = []

    def listening(address: str, serial: Serial) -> Port:
        ports.append(opened("tcp-listen://127.0.0.1:0", serial))  # type: ignore[arg-type]
        return ports[-1]

    monkeypatch.setattr(port_module, "open_port", listening)
    thread = threading.Thread(target=rig.run)
    thread.start()
    said = bytes((0x87, 50, 0x01, 70, 97)) * 60
    try:
        wait_until(lambda: bool(ports), "it listens")
        for number in (1, 2):
            with socket.create_connection(("127.0.0.1", ports[0].number), 30) as caller:
                caller.settimeout(30)
                assert caller.recv(3) == b"\xf6\xf6\xf6"
                caller.sendall(said)
                wait_until(lambda number=number: rig.source.snapshot()["frames"] >= 59 * number, "heard")  # type: ignore[misc]
        assert len(ports) == 1, "it went on listening"
    finally:
        rig.stop.set()
        thread.join(30)
    assert rig.captured() == [said, said], "nothing of the two calls is glued together"
    rig.outbox.close()
