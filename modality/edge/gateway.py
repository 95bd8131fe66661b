"""The box: sources, describer and deliveries as threads around one outbox, from start to graceful end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

from modality.delivery.database import Claim
from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.disk import Disk
from modality.delivery.outbox.keeping import Retention, prune, recover
from modality.delivery.outbox.outbox import Outbox
from modality.edge.clock import BoxClock
from modality.edge.config import DeviceConfig, EdgeConfig
from modality.edge.delivering.archive import ArchiveWorker, reports_to
from modality.edge.delivering.worker import Worker
from modality.edge.describing.describer import Describer
from modality.edge.events import Events
from modality.edge.health import RUNNING, resident_mb, write_status
from modality.edge.matching.matching import Matcher
from modality.edge.matching.worklist import Worklist
from modality.edge.notify import Notifier
from modality.edge.sources.barcode import BarcodeSource, Scans
from modality.edge.sources.folder import FolderSource
from modality.edge.sources.intake import Intake, Source
from modality.edge.sources.port import PortSource
from modality.edge.sources.spool import FOLDER as SPOOLS
from modality.edge.sources.spool import recover_spools
from modality.errors import ModalityError, UsageError
from modality.network.local import Local

_TICK_S = 1.0
_STATUS_S = 2.0
_PRUNE_S = 60.0
_SOURCES_END_S = 5.0
_DELIVERED_S = 2.0
_REST_END_S = 1.0
_CLAIM_S = 1.0
_POLL_S = 0.05
_MEGA = 1_000_000


class Gateway:
    """The box of one configuration.

    Args:
        config: checked.
        disk: does the steps; a test's may end the process behind one.
        clock: the box's.
        events: tells what happens; its listeners are added before `start`.

    Raises:
        UsageError: the state folder cannot be used, or another box is using it.
    """

    def __init__(
        self,
        config: EdgeConfig,
        *,
        disk: Disk | None = None,
        clock: BoxClock | None = None,
        events: Events | None = None,
    ) -> None:
        self.config, self.clock, self.events = config, clock or BoxClock(config.edge.clock), events or Events()
        self.started = self.clock.moment()
        disk = disk or Disk(reserve=int(config.edge.reserve_mb * _MEGA))
        state = config.edge.state
        self.outbox = Outbox(state, disk, self.clock.wall)
        self._claim = Claim(state / RUNNING)
        until = time.monotonic() + _CLAIM_S
        while not self._claim.take():
            if time.monotonic() < until:  # `edge status` may be trying it
                time.sleep(_POLL_S)
                continue
            self.outbox.close()
            raise UsageError(f"{state}: another `modality edge run` is using it")
        recover(self.outbox)
        self.deliveries = Deliveries(self.outbox)
        self.worklist = (
            Worklist(config.worklist, state, config.edge.aet, self.clock, self.events) if config.worklist else None
        )
        self.describer = Describer(config, self.outbox, Matcher(self.worklist), self.clock, self.events)
        self._described = threading.Event()
        self._intake = Intake(self.outbox, self.clock, self.events, self._described.set)
        self.scans = Scans(self.outbox, self.clock, config.device)
        self._intake.scan = self.scans.holding
        recover_spools(state / SPOOLS, self._intake)
        listens = config.edge.listen is not None
        archives = [
            ArchiveWorker(one, config.edge, self.deliveries, self.events, listens=listens) for one in config.archives
        ]
        self.workers: list[Worker] = [*archives]
        if config.fhir:
            from modality.edge.delivering.fhir import FhirWorker  # loads HTTP

            self.workers.append(FhirWorker(config.fhir, config.edge, self.deliveries, self.events))
        self._take_report = reports_to(archives)
        self.sources: list[Source] = [self._source(device) for device in config.device]
        self.last: dict[str, Any] = {}
        self._listener: Any = None
        self._stop = threading.Event()
        self._end = threading.Event()
        self._threads: dict[str, tuple[threading.Thread, Callable[[], None]]] = {}
        self._faults: dict[str, str] = {}
        self._anchored = self.started.trusted
        self._version = self.outbox.database.version()

    def _source(self, device: DeviceConfig) -> Source:
        if device.driver == "folder":
            return FolderSource(device, self._intake)
        if device.driver == "barcode":
            return BarcodeSource(device, self.scans, self.events)
        if device.driver == "hl7-oru":
            from modality.edge.sources.mllp import Hl7Source  # loads a parser

            return Hl7Source(device, self._intake)
        source = PortSource(device, self._intake, self.outbox.folder / SPOOLS)
        if device.matched == "barcode":
            self.scans.follow.append(source.new_patient)
        return source

    def start(self) -> None:
        """Begin to work.

        Raises:
            UsageError: the port for reports cannot be had.
        """
        box = self.config.edge
        if box.listen is not None:
            from modality.network.commitment import CommitmentListener  # loads pynetdicom

            self._listener = CommitmentListener(Local(box.aet), box.listen, self._take_report, host=box.listen_host)
        for source in self.sources:
            self._thread(f"source {source.name}", partial(source.run, self._stop))
        self._thread("describer", self._describe)
        for worker in self.workers:
            self._thread(f"destination {worker.name}", partial(worker.run, self._end))
        if self.worklist:
            self._thread("worklist", partial(self.worklist.run, self._end))
        self._described.set()
        self.events.tell("started", "box", f"{len(self.sources)} devices, {len(self.workers)} destinations")

    def _thread(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guarded, args=(name, target), name=name, daemon=True)
        self._threads[name] = (thread, target)
        thread.start()

    def _guarded(self, name: str, target: Callable[[], None]) -> None:
        """A thread's work; a fault of ours ends the thread, is told, and the thread is started again."""
        try:
            target()
        except Exception as error:  # noqa: BLE001 - one part's fault must not end the box
            self.events.tell("fault", name, f"{type(error).__name__}: {error}")

    def _describe(self) -> None:
        while not self._end.is_set():
            self._described.wait(_TICK_S * 5)
            self._described.clear()
            try:
                self.describer.work(self._end)
                self._fault("describer", "")
            except ModalityError as error:  # a disk that is full, or does not answer
                self._fault("describer", str(error))
                self._end.wait(_TICK_S)
            for worker in self.workers:
                worker.wake()

    def wake(self) -> None:
        """A person has decided something in this process: look at once."""
        self._described.set()

    def _fault(self, where: str, problem: str) -> None:
        """Tell of a problem of ours when it begins, and not again while it lasts."""
        if problem and self._faults.get(where) != problem:
            self.events.tell("fault", where, problem)
        self._faults[where] = problem

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, then end gracefully."""
        notifier = Notifier()
        self.start()
        notifier.tell("READY=1")
        last_status = last_prune = 0.0
        try:
            while not stop.is_set():
                now = time.monotonic()
                self._tend()
                if now - last_status >= _STATUS_S:
                    last_status = now
                    write_status(self.config.edge.state, self.snapshot())
                if now - last_prune >= _PRUNE_S:
                    last_prune = now
                    self._prune()
                if notifier.watchdog_s:
                    notifier.tell("WATCHDOG=1")
                stop.wait(min(_TICK_S, notifier.watchdog_s / 3 or _TICK_S))
        finally:
            notifier.tell("STOPPING=1")
            self.close()

    def _tend(self) -> None:
        """Start again what has ended by a fault; look at what the command line has changed."""
        for name, (thread, target) in list(self._threads.items()):
            if not thread.is_alive():
                self._thread(name, target)
        try:
            version = self.outbox.database.version()
            self._fault("outbox", "")
        except ModalityError as error:
            self._fault("outbox", str(error))
            return
        self._anchor()
        if version != self._version:
            self._version = version
            self._described.set()

    def _anchor(self) -> None:
        """When the clock can be believed at last, what was described before gets its time."""
        if self._anchored or not self.clock.trusted:
            return
        locks = [worker.working for worker in self.workers]
        held = [lock for lock in locks if lock.acquire(timeout=0.1)]
        try:
            if len(held) == len(locks):  # nothing is on its way
                taken = self.describer.anchor(self.deliveries)
                self.events.tell("clock", "box", f"the clock is synchronized; {taken} captures get their time")
                self._anchored = True
        finally:
            for lock in held:
                lock.release()

    def _prune(self) -> None:
        kept = self.config.retention
        try:
            gone = prune(self.outbox, Retention(kept.days, int(kept.most_mb * _MEGA)))
        except ModalityError as error:
            self._fault("retention", str(error))
        else:
            self._fault("retention", "")
            if gone:
                self.events.tell("pruned", "outbox", f"retention took {gone} items")

    def close(self) -> None:
        """End: sources make safe what is open, what is on its way may arrive, nothing is waited for long."""
        self._stop.set()
        self._join("source", _SOURCES_END_S)
        self._let_go(_DELIVERED_S)
        self._end.set()
        self._described.set()
        for worker in self.workers:
            worker.wake()
        self._join("", _REST_END_S)
        if self._listener:
            self._listener.close()
        self.events.tell("ended", "box", "what is not delivered stays for the next start")
        self.last = {**self.snapshot(), "running": False}
        write_status(self.config.edge.state, self.last)
        self._claim.release()
        if not any(thread.is_alive() for thread, _ in self._threads.values()):
            self.outbox.close()

    def _let_go(self, seconds: float) -> None:
        """Wait a little for what came last to be delivered, where destinations answer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(worker.answers for worker in self.workers):
            counts = self.outbox.counts()
            if not any(counts.get(state) for state in ("captured", "ready", "stored")):
                return
            time.sleep(_POLL_S)

    def _join(self, prefix: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        for name, (thread, _) in self._threads.items():
            if name.startswith(prefix):
                thread.join(max(0.0, until - time.monotonic()))

    def snapshot(self) -> dict[str, Any]:
        """How the box does, as plain data, without a patient's."""
        now = self.clock.moment()
        counts = self.outbox.counts()
        destinations = [worker.snapshot(now.wall) for worker in self.workers]
        return {
            "running": True,
            "at": now.wall.isoformat(timespec="seconds"),
            "uptime_s": round(now.monotonic_s - self.started.monotonic_s, 1),
            "clock_trusted": now.trusted,
            "memory_mb": resident_mb(),
            "disk_free_mb": round(self.outbox.disk.free(self.outbox.folder) / _MEGA, 1),
            "items": counts,
            "oldest_undelivered_s": max((one["oldest_undelivered_s"] for one in destinations), default=0.0),
            "devices": [{"name": source.name, **source.snapshot()} for source in self.sources],
            "destinations": destinations,
            "worklist": self.worklist.snapshot() if self.worklist else None,
        }

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
