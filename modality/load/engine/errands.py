"""The other steps of an exam, run beside the stores on threads of their own: queries, performed steps, commitment."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count

from modality.errors import ContextRefused, ModalityError
from modality.load.account import Step
from modality.load.engine.services import Services
from modality.load.exams.plan import PlannedStudy
from modality.load.scenario import Scenario

_AT_ONCE = 8
"""Steps at a time; what is due while so many are under way waits, and its latency shows it (our choice)."""
_AFTER_STORE = ("commitment", "query", "retrieve")
_LISTED_S = 30.0
_POLL_S = 0.05


class Errands:
    """Takes the steps that are due, and keeps their account.

    Args:
        scenario: which steps there are.
        services: does them.
        clock: seconds since the start of the run.
    """

    def __init__(self, scenario: Scenario, services: Services, clock: Callable[[], float]) -> None:
        self.steps: dict[str, Step] = {str(name): Step() for name in scenario.steps if name != "store"}
        self._scenario, self._services, self._clock = scenario, services, clock
        self._begun: dict[int, threading.Event] = {}
        self._lock = threading.Lock()
        self._due: list[tuple[float, int, str, PlannedStudy]] = []
        self._number = count()
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="step")
        for name, step in self.steps.items():
            step.left_out = services.left_out(name)

    def began(self, study: PlannedStudy, planned_s: float) -> None:
        """A study's first request is due."""
        for name in ("worklist", "mpps"):
            self._plan(name, study, planned_s)

    def stored(self, study: PlannedStudy, finished_s: float) -> None:
        """A study's last request is answered, or has failed."""
        if "mpps" in self.steps:
            self._plan("mpps", study, finished_s, ended=True)
        for name in _AFTER_STORE:
            delay = 0.0 if name == "commitment" else self._scenario.reader_delay_s
            self._plan(name, study, finished_s + delay)

    def _plan(self, name: str, study: PlannedStudy, due_s: float, *, ended: bool = False) -> None:
        if name not in self.steps:
            return
        with self._lock:
            heapq.heappush(self._due, (due_s, next(self._number), f"{name} ended" if ended else name, study))

    def pump(self) -> None:
        """Start what is due."""
        now = self._clock()
        while True:
            with self._lock:
                if not self._due or self._due[0][0] > now:
                    return
                due_s, _, name, study = heapq.heappop(self._due)
                step = self.steps[name.split()[0]]
                if step.left_out:
                    continue
                step.planned += 1
                if name == "mpps":
                    self._begun[study.number] = threading.Event()
            self._pool.submit(self._take, name, step, study, due_s)

    def _take(self, name: str, step: Step, study: PlannedStudy, due_s: float) -> None:
        if name == "mpps ended":
            self._begun[study.number].wait()  # the pool is first come, first served: the beginning is under way
        started = self._clock()
        failed, finished = "", 0.0
        try:
            answered = self._services.take(name, study)
            finished = self._clock() - (time.perf_counter() - answered)
        except ContextRefused as error:
            with self._lock:
                step.left_out = step.left_out or str(error)
                step.planned -= 1
            return
        except Exception as error:  # noqa: BLE001 - what a peer's rubbish brings to light is counted, and not lost
            failed = type(error).__name__
            finished = self._clock()
        finally:
            if name == "mpps":
                self._begun[study.number].set()
        with self._lock:
            if failed:
                step.failed[failed] = step.failed.get(failed, 0) + 1
            else:
                step.done += 1
            step.latency.record(finished - due_s)
            step.service.record(finished - started)

    def finish(self, *, wait: bool) -> None:
        """Wait until all is done that is due, or leave what has not begun."""
        until = time.monotonic() + _LISTED_S + self._scenario.reader_delay_s
        while wait and self._due and time.monotonic() < until:
            self.pump()
            time.sleep(_POLL_S)
        self._pool.shutdown(wait=True, cancel_futures=not wait)
        with suppress(ModalityError):
            self._services.close()
