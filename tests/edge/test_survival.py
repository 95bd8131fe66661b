"""kill -9 at random moments, the archive up half of the time, the disk full for a while: nothing lost or doubled."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.edge.box import Box, WaveringOrthanc, drop, pdf
from tests.peers.process import free_port, missing, wait_until

ROUNDS = int(os.environ.get("MODALITY_SURVIVAL_ROUNDS", "50"))


@contextlib.contextmanager
def _small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own, which can be full."""
    folder.mkdir()
    mounted = subprocess.run(
        ["/usr/bin/mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        missing("the right to mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["/usr/bin/umount", "-l", str(folder)], check=True)


class _Oximeter:
    """Talks format #7 without end at 75 Hz; its plethysmogram is a running number, so that each sample is known."""

    def __init__(self, link: Path) -> None:
        self._ours, theirs = os.openpty()
        import tty

        tty.setraw(theirs)
        link.symlink_to(os.ttyname(theirs))
        self._theirs = theirs  # kept open: a host that goes away is no hang-up of the device
        os.set_blocking(self._ours, False)
        self.number = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def _frame(self) -> bytes:
        place = self.number % 25
        data = {0: 0, 1: 72, 2: 97}.get(place, 0)
        frame = bytes((0x81 if place == 0 else 0x80, self.number >> 8 & 0xFF, self.number & 0xFF, data))
        self.number += 1
        return frame + bytes([sum(frame) & 0xFF])

    def _talk(self) -> None:
        begin = time.monotonic()
        while not self._stop.wait(0.02):
            due = int((time.monotonic() - begin) * 75) - self.number
            said = b"".join(self._frame() for _ in range(max(0, due)))
            with contextlib.suppress(BlockingIOError):
                os.write(self._ours, said)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.timeout(1200)
def test_each_acknowledged_capture_is_in_the_archive_once(tmp_path: Path) -> None:
    chance = random.Random(8)
    (tmp_path / "orthanc").mkdir()
    reports = free_port()
    with _small_disk(tmp_path / "disk", "12m") as disk:
        inbox = disk / "inbox"
        inbox.mkdir()
        archive = WaveringOrthanc(tmp_path / "orthanc", reports)
        config = tmp_path / "edge.toml"
        config.write_text(
            f'[edge]\nstate = "{disk / "state"}"\nretry_s = 0.1\nretry_max_s = 0.5\nreserve_mb = 2\n'
            f"listen = {reports}\n"
            f'[archive]\naddress = "{archive.peer.address}"\nconfirm_s = 3.0\n'
            f'[[device]]\nname = "reports"\ndriver = "folder"\npath = "{inbox}"\nkind = "pdf"\npatient_id = "P1"\n'
            f'[[device]]\nname = "bedside"\ndriver = "nonin-7"\nport = "{tmp_path / "pty"}"\npatient_id = "P1"\n'
            "segment_s = 2.0\n"
        )
        device, box, dropped = _Oximeter(tmp_path / "pty"), Box(config), 0
        try:
            for round_ in range(ROUNDS):
                (archive.start if round_ % 4 in (1, 2) else archive.stop)()
                full = round_ % 10 == 5
                box.start()
                if chance.random() < 0.8:  # else it is killed while it starts
                    box.started()
                if full:
                    _fill(disk / "ballast")
                until = time.monotonic() + chance.uniform(0.1, 3.5)
                while time.monotonic() < until:
                    with contextlib.suppress(OSError):  # the disk is full: the file cannot even be dropped
                        drop(inbox, f"{dropped}.pdf", pdf(dropped))
                        dropped += 1
                    time.sleep(chance.uniform(0.05, 0.4))
                box.kill()
                (disk / "ballast").unlink(missing_ok=True)
            archive.start()
            box.start()
            wait_until(lambda: not list(inbox.iterdir()), "the inbox empty")
            items = box.settled(60.0)
            assert box.stop() == 0
            items = box.items()
            _judge(archive, box, items, dropped, device.number)
        finally:
            if box.process and box.process.poll() is None:
                box.kill()
            device.close()
            archive.stop()


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb") as file:
        while True:
            file.write(bytes(1 << 16))
            file.flush()


def _judge(archive: WaveringOrthanc, box: Box, items: list[dict[str, object]], dropped: int, said: int) -> None:
    states = Counter(str(item["state"]) for item in items)
    assert set(states) <= {"delivered", "ready", "stored", "discarded"}, states
    delivered = {str(item["sop_instance_uid"]) for item in items if item["state"] == "delivered"}
    stored = archive.peer.datasets()
    assert delivered <= {one.SOPInstanceUID for one in stored}
    contents = Counter(int(bytes(one.EncapsulatedDocument).split()[3]) for one in stored if one.Modality == "DOC")
    assert contents == Counter(range(dropped)), "each file is one instance"

    samples = Counter[int]()
    for one in stored:
        if one.Modality == "HD":
            numbers = np.rint(one.waveform_array(0)[:, 0]).astype(int).tolist()
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "what was read without a gap"
            samples.update(numbers)
    assert max(samples.values()) == 1, "no sample is in two instances"
    assert len(samples) > 0.1 * said, f"{len(samples)} of {said} samples"  # it runs a part of the time only

    confirmed: set[str] = set()
    for line in box.said():
        _, what, where, uid = (line.split(maxsplit=4) + [""] * 4)[:4]
        if where == "archive:" and what == "delivered":
            confirmed.add(uid)
        assert not (where == "archive:" and what == "stored" and uid in confirmed), f"stored again: {line}"
    assert not any(" fault " in line and "Error" in line for line in box.said())
