"""The account of a load: what became of every request, in counts that add up, and when.

In instances: planned = sent + failed + skipped, and failed = refused + aborted + timed_out + not_accepted +
unreachable; a warning status counts as sent. Nothing is dropped from it, and accounts of threads, processes and
machines merge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from modality.load.distribution import Distribution
from modality.load.outcome import UNKNOWN, Fate, Outcome, instance_uid
from modality.load.seconds import Second, series
from modality.protocol.upper_layer.command import succeeded

LATE_MS = 5.0
"""A p99 of the send lag up to it is on time (our choice)."""
OF_THE_LATENCY = 0.25
"""Above it, and above so much of the p99 of the latency, the figures are the engine's own (our choice)."""
BUSY = 0.9
"""A process that uses more of a processor than this is at its limit: Python runs on one at a time (our choice)."""


@dataclass(slots=True)
class Step:
    """One of the other steps of an exam: a query, a performed step, a commitment.

    Args:
        planned: how often it was to be taken.
        done: how often it was, and was answered properly.
        failed: how often it was not, by the class of the error.
        left_out: why it is not taken any more, where the peer does not offer it; what is left out has not failed.
        latency: from the planned moment.
        service: from its start.
    """

    planned: int = 0
    done: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    left_out: str = ""
    latency: Distribution = field(default_factory=Distribution)
    service: Distribution = field(default_factory=Distribution)

    def merge(self, other: Step) -> None:
        """Add another part of the run's."""
        self.planned += other.planned
        self.done += other.done
        _add(self.failed, other.failed)
        self.left_out = self.left_out or other.left_out
        self.latency.merge(other.latency)
        self.service.merge(other.service)

    def to_json(self) -> dict[str, Any]:
        """As the JSON document has it."""
        return {
            "planned": self.planned,
            "done": self.done,
            "failed": sum(self.failed.values()),
            "failed_by_error": self.failed,
            "left_out": self.left_out,
            "latency_ms": self.latency.to_json(),
            "service_ms": self.service.to_json(),
        }


@dataclass(slots=True)
class Process:
    """What one process of the engine did, as the system counted it.

    Args:
        cpu_share: of one processor.
        send_lag_p99_ms: how late it was against its plan.
        most_waiting: requests that waited for an association at a time, at the most.
        opened: associations that stood when it began, or came later.
        not_opened: why one of the others did not.
    """

    cpu_share: float
    send_lag_p99_ms: float
    most_waiting: int
    opened: int = 0
    not_opened: str = ""


_TIMES = ("latency", "service", "queue", "send_lag", "setup", "first_response")


@dataclass(slots=True)
class Account:
    """The account of a run, or of a part of it.

    Args:
        scenario: its name.
        run_id: what sets the run's UIDs apart.
        seed: what content and schedule come from.
        duration_s: how long the plan is.
        started_at: when the plan's first moment was, in seconds since the epoch; 0 when it is not known.
        counts: requests by fate.
        statuses: answered requests by status, success and warnings among them.
        errors: by class of error how many, and the first one's message.
        bytes: bytes of the data sets sent.
        finished_s: when the last request was over.
        latency: from the planned moment to the answer, of every request that was tried, however it ended.
        service: from the moment when an association was free to the answer.
        queue: waiting for an association, all being busy.
        send_lag: how late the engine itself was: its decision minus the planned moment.
        setup: how long associations took to open.
        first_response: service time of the first request on each association, its opening included.
        by_exam: latency for each type of exam.
        by_status: latency for each status; of what had no status, for each fate.
        seconds: the run second by second.
        fates: by Study Instance UID its exam's type, and a letter for each of its instances (`Fate`).
        steps: the other steps of the exams.
        processes: the engine's own limits.
        configuration: what the load was made with, for reports.
        verification: what was found in the archive afterwards, as plain data; None when nobody looked.
        lost_uids: SOP Instance UIDs that were answered with success and not found afterwards.
    """

    scenario: str = ""
    run_id: str = ""
    seed: int = 0
    duration_s: float = 0.0
    started_at: float = 0.0
    counts: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    statuses: dict[str, int] = field(default_factory=dict)
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)
    bytes: int = 0
    finished_s: float = 0.0
    latency: Distribution = field(default_factory=Distribution)
    service: Distribution = field(default_factory=Distribution)
    queue: Distribution = field(default_factory=Distribution)
    send_lag: Distribution = field(default_factory=Distribution)
    setup: Distribution = field(default_factory=Distribution)
    first_response: Distribution = field(default_factory=Distribution)
    by_exam: dict[str, Distribution] = field(default_factory=dict)
    by_status: dict[str, Distribution] = field(default_factory=dict)
    seconds: dict[int, Second] = field(default_factory=dict)
    fates: dict[str, tuple[str, bytearray]] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    configuration: dict[str, Any] = field(default_factory=dict)
    verification: dict[str, Any] | None = None
    lost_uids: list[str] = field(default_factory=list)

    def record(self, outcome: Outcome) -> None:
        """Enter one request."""
        fate = outcome.fate
        self.counts[fate] += 1
        self.finished_s = max(self.finished_s, outcome.finished_s)
        self.send_lag.record(outcome.decided_s - outcome.planned_s)
        if outcome.study_uid not in self.fates:
            self.fates[outcome.study_uid] = outcome.exam, bytearray(UNKNOWN.encode() * outcome.of)
        self.fates[outcome.study_uid][1][outcome.index] = ord(fate.value)
        planned = self._second(outcome.planned_s)
        planned.planned += 1
        if outcome.started_s is None:
            planned.skipped += 1
            return
        latency = outcome.finished_s - outcome.planned_s
        planned.record_latency(latency)
        finished = self._second(outcome.finished_s)
        if fate is Fate.SENT:
            finished.sent += 1
            finished.bytes += outcome.size
            self.bytes += outcome.size
        else:
            finished.failed += 1
        self._record_times(outcome, outcome.started_s, latency)
        if outcome.status:
            self.statuses[outcome.status] = self.statuses.get(outcome.status, 0) + 1
        if outcome.error[0]:
            count, first = self.errors.get(outcome.error[0], (0, outcome.error[1]))
            self.errors[outcome.error[0]] = count + 1, first

    def _record_times(self, outcome: Outcome, started_s: float, latency: float) -> None:
        service = outcome.finished_s - started_s
        self.latency.record(latency)
        self.service.record(service)
        self.queue.record(started_s - outcome.decided_s)
        if outcome.first:
            self.first_response.record(service)
        for found, key in ((self.by_exam, outcome.exam), (self.by_status, outcome.status or outcome.fate.key)):
            if key not in found:
                found[key] = Distribution()
            found[key].record(latency)

    def _second(self, moment_s: float) -> Second:
        return self.seconds.setdefault(int(moment_s), Second())

    def step(self, name: str) -> Step:
        """The account of one of the other steps."""
        return self.steps.setdefault(name, Step())

    @property
    def planned(self) -> int:
        """Requests that the plan held."""
        return sum(self.counts.values())

    @property
    def sent(self) -> int:
        """Requests answered with success."""
        return self.counts[Fate.SENT]

    @property
    def failed(self) -> int:
        """Requests that were tried and did not end well."""
        return sum(count for fate, count in self.counts.items() if fate.failed)

    @property
    def skipped(self) -> int:
        """Requests that were never sent, the backlog being full."""
        return self.counts[Fate.SKIPPED]

    @property
    def elapsed_s(self) -> float:
        """The run's length: the plan's, or to the end of its last request where that came later."""
        return max(self.duration_s, self.finished_s)

    @property
    def out_of_range(self) -> int:
        """Times that the histograms have no place for: they stand at the bound."""
        every = (*(getattr(self, name) for name in _TIMES), *(one.latency for one in self.steps.values()))
        return sum(one.out_of_range for one in every)

    @property
    def complete(self) -> bool:
        """Nothing failed, was skipped or is lost."""
        return self.sent == self.planned and not self.lost_uids and not any(one.failed for one in self.steps.values())

    def uids(self, *fates: Fate) -> Iterator[tuple[str, str]]:
        """Study and SOP Instance UIDs of the instances that met one of these fates."""
        wanted = {ord(fate.value) for fate in fates}
        for study_uid, (_, letters) in self.fates.items():
            for index, letter in enumerate(letters):
                if letter in wanted:
                    yield study_uid, instance_uid(study_uid, index)

    @property
    def studies_sent(self) -> int:
        """Studies of which every instance was sent."""
        return sum(letters.count(b"S") == len(letters) for _, letters in self.fates.values())

    def limits(self) -> dict[str, Any]:
        """The engine's own limits, and whether it was the bottleneck."""
        lag = self.send_lag.percentile_ms(99) or 0.0
        cpu = max((one.cpu_share for one in self.processes), default=0.0)
        reasons = []
        if lag > max(LATE_MS, OF_THE_LATENCY * (self.latency.percentile_ms(99) or 0.0)):
            reasons.append(f"the engine was late against its plan: p99 of its send lag is {lag:.1f} ms")
        if cpu > BUSY:
            reasons.append(f"a process of the engine used {cpu:.0%} of a processor: try --processes")
        return {
            "bottleneck": bool(reasons),
            "why": "; ".join(reasons),
            "send_lag_p99_ms": lag,
            "cpu_share": round(cpu, 3),
            "most_waiting": sum(one.most_waiting for one in self.processes),
            "processes": len(self.processes),
            "associations_opened": sum(one.opened for one in self.processes),
            "not_opened": next((one.not_opened for one in self.processes if one.not_opened), ""),
        }

    def to_json(self) -> dict[str, Any]:
        """The JSON document of `modality load`."""
        elapsed = self.elapsed_s or 1.0
        warnings: dict[str, int] = {}
        refused: dict[str, int] = {}
        for status, count in sorted(self.statuses.items()):
            if status != "0000":
                (warnings if _taken(status) else refused)[status] = count
        fates = {fate.key: self.counts[fate] for fate in Fate if fate.failed}
        return {
            "scenario": self.scenario,
            "run_id": self.run_id,
            "seed": self.seed,
            "planned": self.planned,
            "sent": self.sent,
            "failed": self.failed,
            "skipped": self.skipped,
            **fates,
            "refused_by_status": refused,
            "warnings": warnings,
            "errors": {name: {"count": count, "first": first} for name, (count, first) in self.errors.items()},
            "lost": len(self.lost_uids),
            "lost_uids": self.lost_uids,
            "verified": self.verification is not None,
            "verification": self.verification,
            "studies": len(self.fates),
            "studies_sent": self.studies_sent,
            "bytes": self.bytes,
            "duration_s": self.duration_s,
            "elapsed_s": round(self.elapsed_s, 3),
            "started_at": self.started_at,
            "rate_per_s": round(self.sent / elapsed, 3),
            "bytes_per_s": round(self.bytes / elapsed, 1),
            "studies_per_s": round(self.studies_sent / elapsed, 4),
            **{f"{name}_ms": getattr(self, name).to_json() for name in _TIMES},
            "out_of_range": self.out_of_range,
            "by_exam": {name: {"count": one.count, **one.to_json()} for name, one in self.by_exam.items()},
            "by_status": {name: {"count": one.count, **one.to_json()} for name, one in self.by_status.items()},
            "steps": {name: one.to_json() for name, one in self.steps.items()},
            "engine": self.limits(),
            "configuration": self.configuration,
            "series": series(self.seconds),
        }

    def merge(self, other: Account) -> None:
        """Add another part of the same run: a thread's, a process's, a machine's.

        Where both know when they started, the other's seconds are moved to our clock.
        """
        shift = other.started_at - self.started_at if self.started_at and other.started_at else 0.0
        self.started_at = self.started_at or other.started_at
        for name in ("scenario", "run_id", "seed", "configuration"):
            setattr(self, name, getattr(self, name) or getattr(other, name))
        self.duration_s = max(self.duration_s, other.duration_s)
        self.finished_s = max(self.finished_s, other.finished_s + shift)
        self.bytes += other.bytes
        for mine, theirs in ((self.counts, other.counts), (self.statuses, other.statuses)):
            _add(mine, theirs)
        for error, (count, first) in other.errors.items():
            self.errors[error] = self.errors.get(error, (0, ""))[0] + count, self.errors.get(error, (0, first))[1]
        for name in _TIMES:
            getattr(self, name).merge(getattr(other, name))
        for found, more in ((self.by_exam, other.by_exam), (self.by_status, other.by_status)):
            for key, one in more.items():
                found.setdefault(key, Distribution()).merge(one)
        for at, second in other.seconds.items():
            self._second(max(at + round(shift), 0)).merge(second)
        for study_uid, (exam, letters) in other.fates.items():
            _, known = self.fates.setdefault(study_uid, (exam, bytearray(UNKNOWN.encode() * len(letters))))
            known[:] = bytes(new if new != ord(UNKNOWN) else old for old, new in zip(known, letters, strict=True))
        for name, step in other.steps.items():
            self.step(name).merge(step)
        self.processes += other.processes
        self.lost_uids += other.lost_uids
        self.verification = self.verification or other.verification


def _taken(status: str) -> bool:
    """Whether it is success or a warning: 0001H, 0107H and 0116H are warnings too (PS3.7 annex C)."""
    return not status.startswith("HTTP") and succeeded(int(status, 16))


def _add(mine: dict[Any, int], theirs: Mapping[Any, int]) -> None:
    for key, count in theirs.items():
        mine[key] = mine.get(key, 0) + count
