"""A Locust user that is a modality: one association, and a plan that it follows whatever the archive does.

Its latency counts from the planned moment: when the archive stands still, all that this user planned meanwhile is late,
and shows so on Locust's page and in our account.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass

import gevent
from locust import User, events, runners, task

from modality.identity import fresh_seed
from modality.load.distributed.collecting import Collector
from modality.load.distributed.schedule import endless
from modality.load.distributed.settings import Settings
from modality.load.engine.guard import check_target
from modality.load.engine.wire import Answer, Wires, wires
from modality.load.exams.material import Material
from modality.load.exams.plan import Request
from modality.load.junit import check_writable
from modality.load.outcome import Fate, Outcome
from modality.network.address import DicomAddress

_NAP_S = 0.2  # a user that waits looks so often whether the run is over
_MASTER_GONE_S = 15
"""A worker that has not heard of its master for so long ends; Locust's own default is a minute."""


@dataclass(slots=True)
class _Shared:
    """What the users of a process share.

    Args:
        settings: what they do.
        collector: takes what came of it.
        material: makes the instances; None on the master, which has no users.
        wires: makes associations; likewise.
    """

    settings: Settings
    collector: Collector
    material: Material | None = None
    wires: Wires | None = None


_shared: list[_Shared] = []


def prepare(settings: Settings) -> None:
    """Get this process ready, before Locust connects it: the master, or a worker with users."""
    check_target(settings.to, owned=settings.owned, target=settings.scenario.target)
    runners.MASTER_HEARTBEAT_TIMEOUT = _MASTER_GONE_S
    shared = _Shared(settings, Collector(settings))
    _shared[:] = [shared]
    events.init.add_listener(shared.collector.on_init)
    if not _is("worker"):
        for path in (settings.report, settings.json):
            if path:
                check_writable(path)
    if not _is("master"):
        _of_users(shared)  # takes seconds, in which a connected worker would be silent
    # The event loop has slept meanwhile: without this Locust's --run-time would end so many seconds early.
    gevent.get_hub().loop.update_now()


def _is(role: str) -> bool:
    return f"--{role}" in sys.argv or os.environ.get(f"LOCUST_MODE_{role.upper()}", "").lower() in ("1", "true")


def _of_users(shared: _Shared) -> tuple[Material, Wires]:
    if shared.material is None or shared.wires is None:
        settings = shared.settings
        local = settings.local()
        shared.material = Material(settings.scenario, settings.seed)
        for caution in shared.material.cautions:
            shared.collector.say(caution)
        shared.wires = wires(settings.to, shared.material.contexts(), local)
    return shared.material, shared.wires


class Modality(User):
    """One modality."""

    def on_start(self) -> None:
        """Plan, and connect when the first request is due."""
        shared = _shared[0]
        self._material, self._wires = _of_users(shared)
        settings = shared.settings
        self._collector = collector = shared.collector
        run_id = f"{collector.run_id}-{fresh_seed():x}"
        self._plan = endless(settings.scenario, settings.rate, settings.seed, run_id, self._material.sizes)
        self._wire = self._wires()
        self._verb = "C-STORE" if isinstance(settings.to, DicomAddress) else "STOW-RS"
        self._began = self._free = collector.clock()

    def wait_time(self) -> float:
        """Nothing between requests: the plan says when each is due."""
        return 0.0

    @task
    def store(self) -> None:
        """The next request of the plan."""
        collector = self._collector
        request = next(self._plan)
        planned = self._began + request.planned_s
        instance = self._material.instance(request.study, request.index)
        while (wait_s := planned - collector.clock()) > 0 and not collector.finishing:
            time.sleep(min(wait_s, _NAP_S))
        if collector.finishing:
            self._rest(request)
        started = collector.clock()
        # While the association is busy a request waits for it: that is no lag of the engine.
        decided = max(planned, min(self._free, started)) if self._free > planned else started
        answer = Answer(Fate.TIMED_OUT, error=("ResponseTimeout", "no answer until the run was over"))
        collector.busy += 1
        try:
            answer = self._wire.store(instance)
        finally:
            collector.busy -= 1
            self._free = collector.clock()
            self._note(self._outcome(request, planned, decided, started, answer, instance.size), answer.setup_s)

    def _outcome(
        self, request: Request, planned: float, decided: float, started: float | None, answer: Answer, size: int
    ) -> Outcome:
        study = request.study
        finished = decided if started is None else self._free
        return Outcome(
            study.exam.name, study.uid, request.index, study.of, planned, decided, started, finished,
            answer.fate, answer.status, answer.error, size, answer.first,
        )  # fmt: skip

    def _note(self, outcome: Outcome, setup_s: float | None) -> None:
        self._collector.record(outcome, setup_s)
        sent = outcome.fate is Fate.SENT
        failed = "" if sent else f"{outcome.fate.key} {outcome.status}".strip()
        self.environment.events.request.fire(
            request_type=self._verb,
            name=outcome.exam,
            response_time=1000.0 * (outcome.finished_s - outcome.planned_s),
            response_length=outcome.size if sent else 0,
            exception=None if sent else RuntimeError(failed),
            context={},
        )

    def _rest(self, request: Request) -> None:
        """The run is over: what was due and could not go out is skipped, and the user waits to be ended."""
        while (planned := self._began + request.planned_s) < self._collector.ended_s:
            skipped = self._outcome(request, planned, planned, None, Answer(Fate.SKIPPED), 0)
            self._collector.record(skipped, None)
            request = next(self._plan)
        self._wire.close()
        while True:
            time.sleep(3600)
