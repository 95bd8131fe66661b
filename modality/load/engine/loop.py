"""The open loop of one process: a thread that follows the plan, and a worker for each association.

The dispatching thread decides at the planned moment, and waits for nobody: a free worker takes the request, or it waits
in the queue and is counted as waiting, or it is skipped and counted as skipped. A request is stamped before its moment
comes where there is time for that, and never sent twice.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from queue import SimpleQueue

from modality.errors import ModalityError
from modality.load.account import Account, Process
from modality.load.engine.errands import Errands
from modality.load.engine.services import Services
from modality.load.engine.wire import Answer, Wire, Wires
from modality.load.exams.material import Material
from modality.load.exams.plan import Plan, Request
from modality.load.outcome import Fate, Outcome
from modality.transfer.instance import PreparedInstance

_SWITCH_S = 0.0005
"""How long a thread may keep the interpreter from another that must be on time; Python's own default is 5 ms."""
_AHEAD = 64
"""Requests that wait with their bytes made; those behind them are stamped when their turn comes."""
_DRAWING = 1.5  # times what drawing took when there was nothing else to do (our choice)
_STAMPING_S = 0.001
"""So long before its moment a request is stamped."""
_RECORD_S = 0.1
_LEAD_S = 0.05
_OPENING_S = 2.0
"""How long the run waits for the archive to let every association be (our choice)."""
_POLL_S = 0.005
_JOINED_S = 0.05
_AFTERWARDS_S = 1.0
"""How long an association that still waits to be let in is waited for when all is sent."""
BACKLOG_S = 60.0
"""Seconds of the rate that the backlog holds unless told otherwise."""

Watch = Callable[[Account, float, int], None]
"""Called some times a second with the account so far, the moment in the run, and how many requests wait."""


@dataclass(slots=True)
class _Item:
    request: Request
    decided_s: float
    instance: PreparedInstance | None
    size: int = 0


@dataclass
class Loop:
    """A run, or one process's part of it.

    Args:
        plan: what is to be sent, and when.
        material: makes the instances.
        wires: makes each worker's association.
        services: takes the other steps of the exams.
        associations: workers.
        max_backlog: requests that may wait; None holds 60 s of the rate.
        part: which of the parts of the plan is ours.
        parts: how many there are.
        watch: shown the account as it grows.
        start_at: called once the associations are open; gives the plan's first moment, on the clock of `time.time`, for
            parts that begin together.
    """

    plan: Plan
    material: Material
    wires: Wires
    services: Services
    associations: int
    max_backlog: int | None = None
    part: int = 0
    parts: int = 1
    watch: Watch | None = None
    start_at: Callable[[], float] | None = None
    _queue: SimpleQueue[_Item | None] = field(default_factory=SimpleQueue, init=False)
    _done: deque[tuple[_Item, Outcome, float | None]] = field(default_factory=deque, init=False)
    _zero: float = field(default=0.0, init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)

    def __post_init__(self) -> None:
        plan = self.plan
        self.account = Account(plan.scenario.title, plan.run_id, plan.seed, plan.duration_s)
        self._errands = Errands(plan.scenario, self.services, self._clock)
        self._left = {one.number: one.of for one in plan.studies if one.lane % self.parts == self.part}
        self._limit = self.max_backlog if self.max_backlog is not None else ceil(plan.rate * BACKLOG_S)
        self._limit = max(ceil(self._limit / self.parts), 1)
        self._most_waiting = 0
        self._faults: list[BaseException] = []
        self._opened: list[float] = []
        self._left_out, self._not_opened = 0, ""

    def _clock(self) -> float:
        return time.perf_counter() - self._zero

    def run(self) -> Account:
        """Run the plan to its end; an interruption ends it early, and what has not gone out is skipped.

        Raises:
            UnreachableError: nobody answers at the address, before the run began.
            PeerError: the archive lets no association be, before the run began.
        """
        lines = [self.wires() for _ in range(self.associations)]
        self._opened.append(lines[0].open())
        workers = [threading.Thread(target=self._work, args=(one, one is lines[0]), daemon=True) for one in lines]
        recorder = threading.Thread(target=self._record, name="recorder", daemon=True)
        interrupted = False
        with _on_time():
            for thread in workers:
                thread.start()
            self._wait_for_associations()
            self._begin()
            used, began = time.process_time(), time.perf_counter()
            recorder.start()
            try:
                self._dispatch()
            except KeyboardInterrupt:
                interrupted = True
                self._drop_what_waits()
            for _ in workers:
                self._queue.put(None)
            interrupted |= self._joined(workers)
            self._stop.set()
            recorder.join()
        for seconds in self._opened:
            self.account.setup.record(seconds)
        if self._faults:
            raise self._faults[0]
        self._errands.finish(wait=not interrupted)
        self.account.steps = self._errands.steps
        wall = max(time.perf_counter() - began, 1e-9)
        lag = self.account.send_lag.percentile_ms(99) or 0.0
        self.account.processes = [
            Process((time.process_time() - used) / wall, lag, self._most_waiting, len(self._opened), self._not_opened)
        ]
        if interrupted:
            self.account.configuration["interrupted"] = True
        return self.account

    def _wait_for_associations(self) -> None:
        """Begin with every association; one that the archive lets wait joins in later, or not at all."""
        until = time.monotonic() + _OPENING_S
        while len(self._opened) + self._left_out < self.associations and time.monotonic() < until:
            time.sleep(_POLL_S)

    def _open(self, wire: Wire) -> bool:
        """Open one more association: before it takes a request, so that none has to wait for it in vain."""
        try:
            self._opened.append(wire.open())
        except ModalityError as error:
            self._not_opened = str(error)
            self._left_out += 1
            return False
        return True

    def _begin(self) -> None:
        """Set the run's clock to nothing at the plan's first moment."""
        start_at = self.start_at() if self.start_at else time.time() + _LEAD_S
        self.account.started_at = start_at
        self._zero = time.perf_counter() + (start_at - time.time())

    def _dispatch(self) -> None:
        begun: set[int] = set()
        for request in self.plan.requests(self.part, self.parts):
            # A worker that just got one goes first; what has to be drawn for its study is begun early enough.
            drawing_s = self.material.drawing_s(request.study.exam.name)
            self._sleep_until(request.planned_s - max(_STAMPING_S, _DRAWING * drawing_s))
            made = None
            if self._clock() < request.planned_s and self._queue.qsize() < _AHEAD:
                made = self.material.instance(request.study, request.index)
            self._sleep_until(request.planned_s)
            decided = self._clock()
            if self._faults:
                return
            waiting = self._queue.qsize()
            self._most_waiting = max(self._most_waiting, waiting)
            item = _Item(request, decided, made)
            if request.study.number not in begun:  # known before it can have ended
                begun.add(request.study.number)
                self._errands.began(request.study, request.planned_s)
            if waiting >= self._limit:
                self._done.append((item, self._skipped(item), None))
            else:
                self._queue.put(item)

    def _sleep_until(self, moment_s: float) -> None:
        wait_s = moment_s - self._clock()
        if wait_s > 0:
            time.sleep(wait_s)

    def _drop_what_waits(self) -> None:
        while not self._queue.empty():
            item = self._queue.get()
            if item is not None:
                self._done.append((item, self._skipped(item), None))

    def _joined(self, workers: list[threading.Thread]) -> bool:
        """Wait for the workers; an interruption skips what waits, and is told of."""
        interrupted, until = False, 0.0
        while alive := [one for one in workers if one.is_alive()]:
            try:
                if len(alive) == self.associations - len(self._opened) - self._left_out:
                    until = until or time.monotonic() + _AFTERWARDS_S
                    if time.monotonic() > until:
                        self._not_opened = self._not_opened or "the archive let them wait until the run was over"
                        break
                alive[0].join(_JOINED_S)
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._drop_what_waits()
                for _ in workers:
                    self._queue.put(None)
        return interrupted

    def _work(self, wire: Wire, opened: bool) -> None:
        try:
            if not opened and not self._open(wire):
                return
            while (item := self._queue.get()) is not None:
                self._store(wire, item)
            wire.close()
        except BaseException as error:  # noqa: BLE001 - a mistake of ours: the caller's thread raises it
            self._faults.append(error)

    def _store(self, wire: Wire, item: _Item) -> None:
        started = self._clock()
        study, index = item.request.study, item.request.index
        instance = item.instance or self.material.instance(study, index)
        answer = wire.store(instance)
        item.size = instance.size
        item.instance = None
        self._done.append((item, self._outcome(item, answer, started, self._clock()), answer.setup_s))

    @staticmethod
    def _outcome(item: _Item, answer: Answer, started: float, finished: float) -> Outcome:
        request = item.request
        study = request.study
        return Outcome(
            study.exam.name, study.uid, request.index, study.of, request.planned_s, item.decided_s, started, finished,
            answer.fate, answer.status, answer.error, item.size, answer.first,
        )  # fmt: skip

    @staticmethod
    def _skipped(item: _Item) -> Outcome:
        request, decided = item.request, item.decided_s
        study = request.study
        return Outcome(
            study.exam.name, study.uid, request.index, study.of, request.planned_s, decided, None, decided, Fate.SKIPPED
        )

    def _record(self) -> None:
        """Enter what is done, in a thread of its own: no worker waits for it."""
        try:
            while not self._stop.wait(_RECORD_S):
                self._enter()
                self._errands.pump()
                if self.watch:
                    self.watch(self.account, self._clock(), self._queue.qsize())
            self._enter()
        except BaseException as error:  # noqa: BLE001 - likewise
            self._faults.append(error)

    def _enter(self) -> None:
        while self._done:
            item, outcome, setup_s = self._done.popleft()
            self.account.record(outcome)
            if setup_s is not None:
                self.account.setup.record(setup_s)
            study = item.request.study
            self._left[study.number] -= 1
            if not self._left[study.number]:
                self._errands.stored(study, outcome.finished_s)


@contextmanager
def _on_time() -> Iterator[None]:
    """Threads give way to each other quickly, and no collection of garbage stops them all."""
    switch, collecting = sys.getswitchinterval(), gc.isenabled()
    gc.collect()
    gc.disable()
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(switch)
        if collecting:
            gc.enable()
