"""Several processes: one plan, one account."""

from __future__ import annotations

import json
import multiprocessing
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from modality.errors import UnreachableError
from modality.load.account import Account
from modality.load.engine import processes
from modality.load.outcome import Fate
from modality.network.address import DicomAddress
from tests.load.loads import load
from tests.load.sinks import sink
from tests.timing import durations, measured


@measured
def test_processes_do_one_plan_together_and_their_accounts_merge() -> None:
    seen: list[Account] = []
    with sink(lambda number: "refuse" if number % 10 == 0 else "keep") as peer:
        made = load(peer.address, 150, 2.0, associations=4, processes=2)
        account = made.run(lambda one, _, __: seen.append(one))
        said = peer.ended()
    found = account.to_json()
    assert (found["planned"], found["sent"], found["refused"]) == (300, 270, 30)
    assert sorted(said["kept"]) == sorted(uid for _, uid in account.uids(Fate.SENT))
    assert said["associations"] == 4 == account.setup.count
    assert account.latency.count == 300
    assert found["engine"]["processes"] == 2
    assert {row["second"]: row["planned"] for row in found["series"] if row["planned"]} == {0: 150, 1: 150}
    assert set(account.fates) == {one.uid for one in made.plan.studies}
    with durations():
        assert found["latency_ms"]["p50"] < 200
    assert [one.planned for one in seen] == sorted(one.planned for one in seen)
    assert seen[-1].statuses.get("A700", 0) > 0  # what Prometheus is told while it runs


def test_nobody_at_the_address_is_an_error_and_leaves_no_process() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = DicomAddress("127.0.0.1", taken.getsockname()[1], "NOBODY")
        with pytest.raises(UnreachableError, match="nobody answers"):
            load(address, 10, 1.0, processes=2).run()


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interruption_ends_a_run_early_with_its_account(processes: int) -> None:
    """Ctrl-C after a second of a long run: what went out is counted, and the rest of the plan is not made up."""
    code = textwrap.dedent(
        f"""
        import json, os, signal
        from tests.load.loads import load
        from tests.load.sinks import sink
        with sink() as peer:
            made = load(peer.address, 50, 60.0, processes={processes})
            made.plan.studies
            once = []
            def watch(account, moment_s, waiting):
                if moment_s > 1.0 and not once:
                    once.append(moment_s)
                    os.kill(os.getpid(), signal.SIGINT)
            account = made.run(watch)
            kept = peer.ended()["kept"]
        print(json.dumps({{**account.to_json(), "kept": len(kept)}}))
        """
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    found = json.loads(said.stdout)
    assert found["configuration"]["interrupted"] is True
    assert 20 < found["planned"] < 1500  # of 3000
    assert found["planned"] == found["sent"] + found["skipped"]
    assert found["kept"] == found["sent"]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, whatever an earlier test has set."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_while_an_account_comes_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    receive, came = processes._message, []

    def interrupted(pipe: Connection) -> tuple[str, Any]:
        kind, value = receive(pipe)
        came.append(kind)
        if came.count("account") == 2:
            signal.raise_signal(signal.SIGINT)
        return kind, value

    monkeypatch.setattr(processes, "_message", interrupted)
    with sink() as peer:
        account = load(peer.address, 40, 0.5, processes=2).run()
        kept = peer.ended()["kept"]
    assert account.sent == len(kept) == 20


class _Told:
    """A pipe on which an account is cut off by an interruption."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.recv, self.close = pipe.recv, pipe.close

    def send(self, message: tuple[str, Any]) -> None:
        if message[0] == "account":
            signal.raise_signal(signal.SIGTERM)
        self.pipe.send(message)


def test_a_process_that_is_interrupted_while_it_gives_its_account_gives_it() -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    with sink() as peer, ours:
        made = load(peer.address, 20, 0.5)
        made.material.prepare(made.planned_exams)
        child = context.Process(target=processes._part, args=(made, 0, _Told(theirs)), daemon=True)
        child.start()
        theirs.close()
        assert ours.recv() == ("ready", None)
        ours.send(time.time())
        while (message := ours.recv())[0] == "so far":
            pass
        child.join()
    assert message[0] == "account", message
