"""The accounts of Locust's processes: a worker's goes to the master with its reports, and the master merges them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import gevent
from locust import runners
from locust.env import Environment

from modality.errors import ModalityError
from modality.identity import fresh_seed
from modality.load.account import Account, Process
from modality.load.distributed.settings import Settings
from modality.load.outcome import Outcome
from modality.load.plain import from_plain, to_plain
from modality.registry import REPORTS

_KEY = "modality_load"
_FINISH, _FINAL = "modality_load_finish", "modality_load_final"
_POLL_S = 0.05
_GRACE_S = 5.0  # beyond the time that an answer may take


class Collector:
    """What one of Locust's processes knows of the run; its clock starts with its first user.

    Args:
        settings: what is done.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.run_id = f"{fresh_seed():x}"
        self.finishing = False
        self.busy = 0
        self._begin()

    def _begin(self) -> None:
        """Forget the run before: Locust's page can start many."""
        self.finishing = False
        self.began: float | None = None
        self.started_at = 0.0
        self.ended_s = 0.0
        self._used = 0.0
        self._whole = Account()
        self._fresh = Account()
        self._finals: set[str] = set()
        self._concluded = False

    def clock(self) -> float:
        """Seconds since the first user started."""
        if self.began is None:
            self.began, self.started_at, self._used = time.monotonic(), time.time(), time.process_time()
        return time.monotonic() - self.began

    def record(self, outcome: Outcome, setup_s: float | None) -> None:
        """Enter one request, its moments on our clock."""
        self._fresh.record(outcome)
        if setup_s is not None:
            self._fresh.setup.record(setup_s)

    def _taken(self) -> dict[str, Any]:
        """What has come since it was last taken, as plain data."""
        taken, self._fresh = self._fresh, Account()
        taken.started_at = self.started_at
        return to_plain(taken)

    def on_init(self, environment: Environment, runner: Any, **_: Any) -> None:
        """Locust has made this process what it is: master, worker, or both in one."""
        events = environment.events
        events.test_start.add_listener(lambda **_: self._begin())
        if isinstance(runner, runners.WorkerRunner):
            events.report_to_master.add_listener(self._report)
            runner.register_message(_FINISH, lambda **_: self._finish(runner), concurrent=True)
            events.test_stopping.add_listener(lambda **_: self._finish(runner))
        elif isinstance(runner, runners.MasterRunner):
            events.worker_report.add_listener(self._reported)
            runner.register_message(_FINAL, self._final)
            events.test_stopping.add_listener(lambda **_: self._gather(runner))
        else:
            events.test_stopping.add_listener(lambda **_: self._alone(runner))

    def _report(self, data: dict[str, Any], **_: Any) -> None:
        if self.began is not None and not self._concluded:
            data[_KEY] = self._taken()

    def _settle(self) -> None:
        """Let no new request out, and wait for the answers to those that are."""
        if not self.finishing:
            self.ended_s = self.clock() if self.began is not None else 0.0
            self.finishing = True
        until = time.monotonic() + self.settings.scenario.timeout_s + _GRACE_S
        # A turn of the loop more: users that waited for their moment have to see it, and enter what they skip.
        gevent.sleep(_POLL_S)
        while self.busy and time.monotonic() < until:
            gevent.sleep(_POLL_S)
        gevent.sleep(5 * _POLL_S)

    def _finish(self, runner: Any) -> None:
        """Send the last of a worker's account to the master, once."""
        self._settle()
        if self._concluded:
            return
        self._concluded = True
        if self.began is not None:
            self._fresh.duration_s = self.ended_s
            self._fresh.processes = [self._process()]
        runner.send_message(_FINAL, self._taken())

    def _process(self) -> Process:
        wall = max(self.clock(), 1e-9)
        return Process((time.process_time() - self._used) / wall, self._lag_ms(), 0)

    def _lag_ms(self) -> float:
        return self._fresh.send_lag.percentile_ms(99) or 0.0

    def _reported(self, client_id: str, data: Mapping[str, Any], **_: Any) -> None:  # noqa: ARG002
        if _KEY in data:
            self._whole.merge(from_plain(data[_KEY]))

    def _final(self, msg: Any, **_: Any) -> None:
        self._whole.merge(from_plain(msg.data))
        self._finals.add(msg.node_id)

    def _gather(self, runner: Any) -> None:
        """Have the workers finish, wait for the last of their accounts, and tell the whole."""
        if self._concluded:
            return
        self._concluded = True
        asked = [one.id for one in runner.clients.all if one.state != runners.STATE_MISSING]
        for client_id in asked:
            runner.send_message(_FINISH, None, client_id)
        until = time.monotonic() + self.settings.scenario.timeout_s + 2 * _GRACE_S
        while set(asked) - self._finals and time.monotonic() < until:
            gevent.sleep(_POLL_S)
        missing = len(set(asked) - self._finals)
        self._tell(self._whole, users=runner.user_count, workers=len(asked), missing=missing)

    def _alone(self, runner: Any) -> None:
        """The run of one process that is master and worker at once."""
        if self._concluded:
            return
        users = runner.user_count
        self._settle()
        self._concluded = True
        self._fresh.duration_s, self._fresh.started_at = self.ended_s, self.started_at
        self._fresh.processes = [self._process()]
        self._tell(self._fresh, users=users, workers=0, missing=0)

    def _tell(self, account: Account, *, users: int, workers: int, missing: int) -> None:
        """Write report and JSON, and a line for people."""
        settings, scenario = self.settings, self.settings.scenario
        account.scenario, account.run_id, account.seed = settings.name, self.run_id, settings.seed
        for name in scenario.steps:
            if name != "store":
                account.step(name).left_out = "Locust's users store, and nothing else"
        account.configuration = {
            "address": str(settings.to),
            "engine": "Locust",
            "workers": workers,
            "workers whose last figures are missing": missing,
            "users": users,
            "rate of one user": settings.rate,
            "associations": users,
            "aet": settings.aet,
            "transfer syntaxes": sorted({one.transfer_syntax for one in scenario.exam}),
        }
        document = account.to_json()
        counts = ", ".join(f"{document[name]:,} {name}" for name in ("planned", "sent", "failed", "skipped"))
        self.say(f"{counts}; {document['rate_per_s']:,.1f} a second; p99 {document['latency_ms']['p99']} ms")
        if missing:
            self.say(f"{missing} of {workers} workers gave no last figures: what they did at the end is missing")
        try:
            if settings.json:
                settings.json.write_text(json.dumps(document), encoding="utf-8")
            if settings.report:
                REPORTS.load("load")(settings.report, account, str(settings.to), scenario.objectives.judge(account))
        except (ModalityError, OSError) as error:
            self.say(f"the report cannot be written: {error}")

    @staticmethod
    def say(line: str) -> None:
        """A line for people, on stderr."""
        print(f"modality load: {line}", file=sys.stderr, flush=True)  # noqa: T201 - for people, on stderr
