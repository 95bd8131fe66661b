"""A load whose process is killed sends no more, by whatever processes it was sent."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.load.sinks import sink
from tests.peers.process import is_running, wait_until

KILLED = """
import os, signal
from modality.network.address import parse_dicom
from tests.load.loads import load

def killed(account, moment, waiting):
    if account.counts:
        from multiprocessing import active_children
        print(*(child.pid for child in active_children()), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

load(parse_dicom("{address}"), 50, 60.0, associations=2, processes=2).run(killed)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="tells of processes by /proc")
def test_the_processes_of_a_killed_load_end() -> None:
    with sink() as peer:
        code = textwrap.dedent(KILLED.format(address=peer.address))
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert ended.returncode == -9, ended.stderr
        pids = [int(word) for word in ended.stdout.split()]
        assert len(pids) == 2
        wait_until(lambda: not any(map(is_running, pids)), "the processes have ended", 30)
