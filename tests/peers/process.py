"""Peers as processes: found by absolute path, started on a free loopback port, ended by the id of the process."""

from __future__ import annotations

import contextlib
import itertools
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
START_TIMEOUT_S = 60.0
PATIENCE_S = 30.0
"""How long a test waits for what must come; nobody waits so long but on a machine that stands still."""

_LOWEST_PORT = 15000


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
    """A TCP port that nobody listens on, nor will before the caller does.

    It is none of those that the system itself gives to connections and listeners, it belongs to this worker of
    pytest-xdist alone, and it is not given a second time before all others were.
    """
    for number in _PORTS:
        with socket.socket() as listener:
            if _is_bound(listener, number):
                return number
    raise AssertionError("no end of ports")


def _is_bound(listener: socket.socket, number: int) -> bool:
    try:
        listener.bind((HOST, number))
    except OSError:
        return False
    return True


def _own_ports() -> Iterator[int]:
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")  # by Linux to whoever asks for no port in particular
    first_of_system = int(given.read_text(encoding="ascii").split()[0]) if given.exists() else 0
    first_of_system = first_of_system if first_of_system > _LOWEST_PORT + 1000 else 32768
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    share = range(_LOWEST_PORT + int(worker), first_of_system, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    begin = os.getpid() * 101 % len(share)  # another run beside this one begins elsewhere
    return itertools.cycle([*share[begin:], *share[:begin]])


_PORTS = _own_ports()


def is_open(port: int) -> bool:
    """Whether somebody listens on the loopback port."""
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex((HOST, port)) == 0


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
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


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended, by Linux's /proc; one that nobody has waited for has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
