"""Peers as processes: found by absolute path, started on a free loopback port, ended by the id of the process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

HOST = "127.0.0.1"
START_TIMEOUT_S = 20.0


def missing(what: str) -> NoReturn:
    """Skips the test on a laptop, fails it where the peers are required."""
    message = f"{what} is missing: run `make peers`"
    if os.environ.get("MODALITY_REQUIRE_PEERS") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def program(path: str) -> str:
    """The program at an absolute path (pynetdicom's scripts have DCMTK's names, so PATH is not asked)."""
    if not os.access(path, os.X_OK):
        missing(path)
    return path


def command(name: str) -> str:
    """A program whose name nobody else uses, wherever it is installed."""
    found = shutil.which(name)
    if found is None:
        missing(name)
    return found


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def is_open(port: int) -> bool:
    """Whether somebody listens on the loopback port."""
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex((HOST, port)) == 0


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 5.0) -> None:
    """Asks every 10 ms until the condition holds; for what other processes do, where no event can be had."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {timeout_s} s", pytrace=False)
        time.sleep(0.01)


@contextlib.contextmanager
def running(
    arguments: Sequence[str | Path],
    *,
    log: Path,
    ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a peer in a process group of its own until the block ends.

    Args:
        arguments: the command line.
        log: where its output goes.
        ready: says whether the peer answers.
        environment: variables added to a plain environment.
    """
    plain = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(log.parent)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env=plain | dict(environment or {}),
            start_new_session=True,
        )
    try:
        _await_ready(process, ready, log)
        yield process
    finally:
        _end(process)


def _await_ready(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    def settled() -> bool:
        return process.poll() is not None or ready()

    wait_until(settled, f"{log.stem} starts", START_TIMEOUT_S)
    if process.poll() is not None:
        pytest.fail(f"{log.stem} ended with {process.returncode}:\n{log.read_text(errors='replace')}", pytrace=False)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills the whole group: DCMTK forks for each association, Orthanc takes 2 s to say goodbye, nothing is kept."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
