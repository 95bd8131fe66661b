"""An account as plain data and back, to go from one process or machine to another; JSON can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from modality.load.account import Account, Process, Step
from modality.load.distribution import Distribution
from modality.load.outcome import Fate
from modality.load.seconds import Second

_AS_THEY_ARE = (
    "scenario", "run_id", "seed", "duration_s", "started_at", "statuses", "bytes", "finished_s", "configuration",
    "verification", "lost_uids",
)  # fmt: skip
_TIMES = ("latency", "service", "queue", "send_lag", "setup", "first_response")


def to_plain(account: Account) -> dict[str, Any]:
    """All of an account as plain data; nothing is lost on the way there and back."""
    return {
        **{name: getattr(account, name) for name in _AS_THEY_ARE},
        "counts": {fate.value: count for fate, count in account.counts.items()},
        "errors": {name: list(pair) for name, pair in account.errors.items()},
        "times": {name: getattr(account, name).to_plain() for name in _TIMES},
        "by_exam": {name: one.to_plain() for name, one in account.by_exam.items()},
        "by_status": {name: one.to_plain() for name, one in account.by_status.items()},
        "seconds": {str(second): one.to_plain() for second, one in account.seconds.items()},
        "fates": {study: [exam, letters.decode("ascii")] for study, (exam, letters) in account.fates.items()},
        "steps": {name: _step_to_plain(step) for name, step in account.steps.items()},
        "processes": [asdict(one) for one in account.processes],
    }


def _step_to_plain(step: Step) -> dict[str, Any]:
    return {
        "planned": step.planned,
        "done": step.done,
        "failed": step.failed,
        "left_out": step.left_out,
        "latency": step.latency.to_plain(),
        "service": step.service.to_plain(),
    }


def from_plain(plain: Mapping[str, Any]) -> Account:
    """The account that `to_plain` made plain data of."""
    read = Distribution.from_plain
    values: dict[str, Any] = {name: plain[name] for name in _AS_THEY_ARE}
    values.update({name: read(plain["times"][name]) for name in _TIMES})
    return Account(
        **values,
        counts={fate: plain["counts"].get(fate.value, 0) for fate in Fate},
        errors={name: (count, first) for name, (count, first) in plain["errors"].items()},
        by_exam={name: read(one) for name, one in plain["by_exam"].items()},
        by_status={name: read(one) for name, one in plain["by_status"].items()},
        seconds={int(second): Second.from_plain(one) for second, one in plain["seconds"].items()},
        fates={study: (exam, bytearray(letters.encode("ascii"))) for study, (exam, letters) in plain["fates"].items()},
        steps={
            name: Step(
                one["planned"], one["done"], dict(one["failed"]), one["left_out"],
                read(one["latency"]), read(one["service"]),
            )
            for name, one in plain["steps"].items()
        },
        processes=[Process(**one) for one in plain["processes"]],
    )  # fmt: skip
