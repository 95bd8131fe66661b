"""Performs steps in children that kill themselves, each at a later point: started as a program by test_killed.py.

Usage: killed.py RIS ARCHIVE FOLDER. A point is the beginning or the end of a write to the state folder or of a message
to the RIS. Prints, for each child, the folder of its state, its SOP Instance UID, and whether it came to its end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modality.delivery.pending import PendingInstances
from modality.delivery.steps import StepQueue
from modality.identity import patient
from modality.network.local import Timeouts
from modality.protocol.worklist import unscheduled
from modality.station.station import Station
from modality.station.steps import reporting

TINY = {"rows": 8, "columns": 8, "slices": 2}


def kill_at(point: int) -> None:
    """Have this process killed when it comes to the nth point, counted from 0."""
    passed = 0

    def pass_by() -> None:
        nonlocal passed
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            pass_by()
            result = function(*arguments, **options)
            pass_by()
            return result

        return call

    for name in ("begin", "series", "end", "sending", "delivered"):
        setattr(StepQueue, name, watched(getattr(StepQueue, name)))
    for name in ("put", "stored"):
        setattr(PendingInstances, name, watched(getattr(PendingInstances, name)))
    reporting.create_step = watched(reporting.create_step)
    reporting.set_step = watched(reporting.set_step)


def perform(ris: str, archive: str, state: Path, seed: int) -> None:
    """One step, to its end."""
    times = Timeouts(30, 30, 30)
    with Station("CT01", ris=ris, archive=archive, commitment=None, state=state, seed=seed, timeouts=times) as station:
        performed = station.perform(unscheduled(patient(seed), "CT", description="Killed"))
        (state / "uid").write_text(performed.uid)
        with performed:
            performed.acquire("water", **TINY)


def main(ris: str, archive: str, folder: str) -> None:
    """Kill children at one point after the other, until one lives."""
    alive, point = False, 0
    while not alive:
        state = Path(folder) / str(point)
        child = os.fork()
        if child == 0:
            kill_at(point)
            perform(ris, archive, state, seed=1000 + point)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        alive = os.WIFEXITED(status)
        assert not alive or os.WEXITSTATUS(status) == 0
        told = {"state": str(state), "uid": (state / "uid").read_text(), "alive": alive}
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()
        point += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
