"""kill -9 between each two steps of a performed step: the RIS learns of each step once, and nothing made is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modality.network.local import Timeouts
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis
from modality.station.station import Station

ROOT = Path(__file__).parents[3]
POINTS = 24


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked children")
def test_a_step_killed_at_any_point_is_ended_by_the_next_run_with_all_that_was_made(
    ris: SimulatedRis, archive: SimulatedArchive, tmp_path: Path
) -> None:
    program = Path(__file__).with_name("killed.py")
    finished = subprocess.run(
        [sys.executable, program, ris.address, archive.address, tmp_path / "states"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=100,
    )
    assert finished.returncode == 0, finished.stderr
    children = [json.loads(line) for line in finished.stdout.splitlines()]
    assert len(children) >= POINTS
    assert [child["alive"] for child in children] == [False] * (len(children) - 1) + [True]
    states = []
    for child in children:
        with Station("CT01", ris=ris.address, archive=archive.address, commitment=None, state=child["state"],
                     timeouts=Timeouts(30, 30, 30)) as station:  # fmt: skip
            settled = station.resume()
            assert (settled.problems, settled.told.problems, settled.told.refused) == ([], [], [])
            assert (station.pending.list(), station.reports.queue.waiting(), station.reports.queue.dead()) == (
                [],
                [],
                [],
            )
            again = station.resume()
            assert (again.told.delivered, again.receipt.stored) == ([], [])
        told = ris.performed_steps.get(child["uid"])
        stored = {one.sop_instance_uid for one in archive.instances() if _step_of(one.path) == child["uid"]}
        if told is None:
            assert (stored, states) == (set(), [None] * len(states))  # killed before it was written down that it began
        else:
            assert set(told.instances) == stored
        states.append(told and told.state)
    assert states[0] is None
    assert states[-1] == "COMPLETED"
    known = [state for state in states if state]
    assert known == sorted(known, key=["DISCONTINUED", "COMPLETED"].index)
    assert set(known) == {"DISCONTINUED", "COMPLETED"}
    messages = [one.uid for one in ris.events.of("N-CREATE") if one.status == 0]
    assert len(messages) == len(set(messages)) == len(known)


def _step_of(path: Path) -> str:
    import pydicom

    header = pydicom.dcmread(path, stop_before_pixels=True)
    return str(header.ReferencedPerformedProcedureStepSequence[0].ReferencedSOPInstanceUID)
