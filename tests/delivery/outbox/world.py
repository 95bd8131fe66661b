"""A small world around an outbox: an inbox, a device's bytes, an archive that counts; worked through from any start."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.disk import Disk
from modality.delivery.outbox.item import Moment
from modality.delivery.outbox.keeping import Retention, prune, recover
from modality.delivery.outbox.outbox import Outbox
from modality.edge.clock import BoxClock
from modality.edge.config import ArchiveConfig, BoxConfig, DeviceConfig, EdgeConfig
from modality.edge.describing.describer import Describer
from modality.edge.events import Events
from modality.edge.matching.matching import Matcher
from modality.edge.sources.folder import FolderSource
from modality.edge.sources.intake import Intake
from modality.edge.sources.spool import FOLDER, Spool, recover_spools, seal
from modality.errors import StorageFailed

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
NOW = datetime(2026, 11, 25, 12, 0)


def packet() -> bytes:
    """A whole packet of Nonin's format #2: 25 frames."""
    numbers = {0: 0, 1: 72, 2: 97}
    frames = []
    for place in range(25):
        frame = bytes((1, 0x81 if place == 0 else 0x80, 100 + place, numbers.get(place, 0)))
        frames.append(frame + bytes([sum(frame) % 256]))
    return b"".join(frames)


STREAM = packet() * 3 + packet()[:5]
"""What the device says: three packets, and the frame that shows that the third has ended."""


class FullDisk(Disk):
    """A disk that is full when the steps named are to be done."""

    def __init__(self, interrupt: Callable[[str], None], *full: str) -> None:
        super().__init__(interrupt)
        self.full = set(full)

    def append(self, step, file, data):  # type: ignore[no-untyped-def]
        if step in self.full:
            self.full.discard(step)
            file.write(bytes(data)[:3])
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(step, file, data)


class World:
    """What is outside of the box and survives it.

    Args:
        folder: of this world.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.inbox, self.state = folder, folder / "inbox", folder / "state"
        self.stores, self.promised = folder / "stores", folder / "promised"
        self.config = EdgeConfig(
            BoxConfig(self.state),
            ArchiveConfig("dicom://A@127.0.0.1:1"),
            device=(
                DeviceConfig("reports", "folder", path=self.inbox, kind="pdf", patient_id="P1"),
                DeviceConfig("unsaid", "folder", path=self.inbox / "unsaid", kind="pdf", matching="device"),
                DeviceConfig("bedside", "nonin-2", port="/dev/null", patient_id="P1"),
            ),
        )

    def prepare(self) -> None:
        """Two files are dropped."""
        (self.inbox / "unsaid").mkdir(parents=True)
        (self.inbox / "a.pdf").write_bytes(PDF)
        (self.inbox / "unsaid" / "b.pdf").write_bytes(PDF)

    def stored(self) -> list[str]:
        """The SOP Instance UIDs that the archive was sent, in order, each as often as it was sent."""
        return self.stores.read_text().split() if self.stores.exists() else []

    def promises(self) -> list[str]:
        """How many bytes of the device's stream were safe, as it was told."""
        return self.promised.read_text().split() if self.promised.exists() else []

    def work(self, interrupt: Callable[[str], None], *, stream: bool, full: bool = False) -> None:
        """A run of the box, from its start until everything is delivered and retention has taken it.

        Args:
            interrupt: called behind each step.
            stream: the device talks in this run.
            full: the disk is full now and then.
        """
        disk = FullDisk(interrupt, *(["spool.appended"] if full else []))
        events, woken = Events(), threading.Event()
        with Outbox(self.state, disk) as outbox:
            recover(outbox)
            clock = BoxClock("always")
            intake = Intake(outbox, clock, events, woken.set)
            if full:
                (self.state / FOLDER).mkdir(exist_ok=True)
                (self.state / FOLDER / "damaged.spool").write_bytes(b"\xff no header\n")
                self._capture_while_full(intake, interrupt)
            recover_spools(self.state / FOLDER, intake)
            if stream:
                self._talk(intake)
            for device in self.config.device[:2]:
                FolderSource(device, intake).look()
            self._deliver(outbox, Describer(self.config, outbox, Matcher(None), clock, events))
            prune(outbox, Retention(days=-1))

    def _talk(self, intake: Intake) -> None:
        """The device says its stream in pieces; each is promised when it is safe."""
        moment = Moment(NOW)
        spool = Spool(intake.outbox.disk, self.state / FOLDER, "bedside", "nonin-2", moment, {})
        for at in range(0, len(STREAM), 190):
            piece = STREAM[at : at + 190]
            try:
                spool.append(piece)
            except StorageFailed:
                spool.append(piece)  # the device says it again
            spool.sync()
            self.promised.write_text(f"{at + len(piece)}")
        seal(spool.close(), intake, {"ended": True})

    def _capture_while_full(self, intake: Intake, interrupt: Callable[[str], None]) -> None:
        """The disk takes the payload, and not the row."""
        outbox = intake.outbox
        row = outbox.database.transaction

        def full(step: str):  # type: ignore[no-untyped-def]
            if step == "capture.row":
                raise StorageFailed("database or disk is full")
            return row(step)

        outbox.database.transaction = full  # type: ignore[method-assign]
        try:
            intake.take("reports", "pdf", [b"never acknowledged"])
        except StorageFailed:
            pass
        finally:
            outbox.database.transaction = row  # type: ignore[method-assign]

    def _deliver(self, outbox: Outbox, describer: Describer) -> None:
        """Describe, decide what is held, store, have it committed."""
        deliveries = Deliveries(outbox)
        stop = threading.Event()
        describer.work(stop)
        for item in outbox.items("held"):
            outbox.assign(item.uid, {"patient_id": "P2", "name": "Doe^Jane"})
        describer.work(stop)
        for item in outbox.items("dead"):
            if deliveries.of(item.uid):
                outbox.retry(item.uid)
        for round_ in range(2):
            for one in deliveries.due("archive", limit=10):
                with self.stores.open("a") as stores:
                    stores.write(f"{one.uid}\n")
                if round_ == 0 and one.item_uid == outbox.items()[0].uid and not one.refusals:
                    deliveries.refused("archive", one.uid, "refused with status C000H", dead=True)
                    outbox.retry(one.item_uid)
                else:
                    deliveries.stored("archive", [one.uid])
            waiting = deliveries.unconfirmed("archive", limit=10)
            if waiting:
                deliveries.asked("archive", outbox.clock().isoformat(), [one.uid for one in waiting])
                for one in waiting:
                    deliveries.confirmed("archive", [one.uid], "commitment")
                    with (self.folder / "confirmed").open("a") as confirmed:
                        confirmed.write(f"{one.uid} {len(self.stored())}\n")
        self._odd(outbox)

    def _odd(self, outbox: Outbox) -> None:
        """What people decide otherwise: a poisoned item is set aside, and discarded."""
        if not outbox.fact("odd"):
            from modality.delivery.outbox.item import Capture

            poisoned = outbox.capture(Capture("reports", "pdf", Moment(NOW), origin="poisoned"), [b"no PDF"])
            if poisoned.state == "captured":
                outbox.set_aside(poisoned.uid, "not a PDF")
            if outbox.item(poisoned.uid).state == "dead":
                outbox.discard(poisoned.uid, "nobody needs it")
            outbox.remember("odd", "done")
