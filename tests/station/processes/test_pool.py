"""Processes that share a work end with the one that began them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from modality.station.processes import pool
from modality.station.processes.pool import Others, Shared, forks
from tests.peers.process import is_running, wait_until

pytestmark = pytest.mark.skipif(not forks(), reason="no process here begins as a copy of another")

KILLED = """
import os, signal
from modality.station.processes import pool
from modality.station.processes.pool import Others
others = Others(2, print, "begun")
print("pid", others.pool.submit(os.getpid).result(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def doubled(number: int) -> int:
    return 2 * number


def nothing() -> None:
    pass


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="tells of processes by /proc")
def test_where_the_parent_is_killed_the_others_end() -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    assert ended.returncode == -9, ended.stderr
    (pid,) = (int(line.split()[1]) for line in ended.stdout.splitlines() if line.startswith("pid"))
    wait_until(lambda: not is_running(pid), "the process has ended", 30)


@pytest.mark.parametrize("most_own", [0, 1, 8])
def test_parts_come_in_order_and_once_whoever_made_them(most_own: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_MOST_OWN", most_own)
    made: list[int] = []
    others = Others(2, nothing)

    def ours(number: int) -> str:
        made.append(number)
        return f"{2 * number}"

    try:
        parts = list(Shared(others, doubled, str, ours, ahead=3).in_order(iter(range(200))))
    finally:
        others.end()
    assert parts == [f"{2 * number}" for number in range(200)]
    assert len(made) == len(set(made))
    assert most_own or not made
