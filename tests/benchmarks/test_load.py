"""What the load engine holds: its plan, the archive's stalls, its limits, two processes, and an archive's own limit.

The figures are of the machine; run them on an idle one.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.queues import Queue

import pytest

from modality.load.account import Account
from modality.load.engine.run import Load, fresh_run_id
from modality.load.engine.saturate import saturate, trial_backlog
from modality.load.exams.material import Material
from modality.load.scenario import Exam, Objectives, Scenario
from modality.network.address import DicomAddress, parse_dicom
from modality.network.local import Local
from tests.benchmarks.senders import TUNED
from tests.load.sinks import sink
from tests.peers.fixtures import Factory
from tests.peers.process import free_port, is_open, wait_until

pytestmark = pytest.mark.benchmark

CT_512K = Exam("CT 512 KB", "ct", phantom="head", instances=30)
MR_256K = Exam("MR 256 KB", "mr", phantom="head", instances=30, rows=360, columns=360)
MR_32K = Exam("MR 32 KB", "mr", phantom="head", instances=30, rows=128, columns=128)
LARGE = Exam("CT 33 MB", "enhanced-ct", phantom="head", options={"slices": 64})


@contextmanager
def forking_storescp() -> Iterator[DicomAddress]:
    """DCMTK's receiver, tuned, a process for each association; it keeps nothing."""
    port = free_port()
    command = ["/usr/bin/storescp", "--ignore", "--fork", "-aet", "BENCH", "--max-pdu", "131072", str(port)]
    process = subprocess.Popen(command, env=os.environ | TUNED, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_open(port), "storescp listens", timeout_s=10)
        yield DicomAddress("127.0.0.1", port, "BENCH")
    finally:
        process.kill()
        process.wait()


def made(to: DicomAddress, exam: Exam, rate: float, duration_s: float, associations: int, processes: int = 1) -> Load:
    scenario = Scenario(exam.name, (exam,), unit="instance")
    return Load(
        exam.name, scenario, to, Local(), rate, duration_s, associations, processes, 5, fresh_run_id(),
        prepared=Material(scenario, 5),
    )  # fmt: skip


def told(what: str, account: Account) -> str:
    found = account.to_json()
    return (
        f"{what}: {found['sent']} of {found['planned']} sent, {found['rate_per_s']:.1f}/s, "
        f"{found['bytes_per_s'] / 1e6:.0f} MB/s, latency p50 {found['latency_ms']['p50']} p99 "
        f"{found['latency_ms']['p99']} ms, send lag p99 {found['send_lag_ms']['p99']} ms, "
        f"CPU {found['engine']['cpu_share']:.0%}"
    )


@pytest.mark.parametrize(
    ("exam", "rate", "associations"),
    [(CT_512K, 50.0, 4), (MR_256K, 500.0, 4), (MR_32K, 2000.0, 4)],
    ids=["50", "500", "2000"],
)
@pytest.mark.parametrize("processes", [1, 2])
def test_the_rate_is_held_and_the_engine_is_on_time(exam: Exam, rate: float, associations: int, processes: int) -> None:
    with forking_storescp() as peer:
        account = made(peer, exam, rate, 20.0, associations, processes).run()
    print("\n" + told(f"{rate:g}/s of {exam.name}, {processes} processes", account))
    assert account.complete
    assert account.to_json()["rate_per_s"] == pytest.approx(rate, rel=0.01)
    assert account.to_json()["send_lag_ms"]["p99"] < 5.0


def test_a_stall_of_two_seconds_in_twenty_shows() -> None:
    with sink(stall=(9.0, 2.0)) as peer:
        account = made(peer.address, MR_32K, 50.0, 20.0, 4).run()
    print("\n" + told("a stall of 2 s", account))
    latency = account.to_json()["latency_ms"]
    assert account.complete
    # A tenth of the run is late, evenly from 2 s to nothing: half of that is above 1 s.
    assert 800 < latency["p95"] < 1200
    assert latency["p50"] < 50
    assert latency["max"] == pytest.approx(2000, rel=0.1)


def raw_loopback_bytes_per_s(size: int, seconds: float) -> float:
    """The same bytes from memory through a loopback socket into a process that throws them away, an answer to each."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = multiprocessing.get_context("fork").Process(target=_swallow, args=(listener, size))
        process.start()
        content = os.urandom(size)
        with socket.create_connection(listener.getsockname()) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            began, sent = time.perf_counter(), 0
            while (took := time.perf_counter() - began) < seconds:
                connection.sendall(content)
                connection.recv(16)
                sent += size
        process.join(10)
    return sent / took


def _swallow(listener: socket.socket, size: int) -> None:
    connection, _ = listener.accept()
    buffer = bytearray(1 << 20)
    with connection:
        while True:
            left = size
            while left:
                got = connection.recv_into(buffer, min(left, len(buffer)))
                if not got:
                    return
                left -= got
            connection.sendall(b"thank you")


def throughput(account: Account) -> float:
    return account.bytes / account.elapsed_s


def test_one_process_comes_near_the_limit_of_the_loopback() -> None:
    with sink() as peer:
        load = made(peer.address, LARGE, 1.0, 5.0, 1)
        size = round(load.material.bytes_of(LARGE.name))
        limit = raw_loopback_bytes_per_s(size, 5.0)
        account = replace(load, rate=1.2 * limit / size, max_backlog=10_000).run()
    print("\n" + told(f"raw loopback {limit / 1e6:.0f} MB/s; the engine", account))
    assert account.failed == 0
    assert throughput(account) > 0.6 * limit


def test_two_processes_to_two_sinks_send_more_than_one() -> None:
    """Each is planned half of what a loopback socket carries: what one alone holds, two together have to hold twice."""
    with sink() as one, sink() as other:
        load = made(one.address, LARGE, 1.0, 5.0, 1)
        size = round(load.material.bytes_of(LARGE.name))
        rate = 0.5 * raw_loopback_bytes_per_s(size, 3.0) / size
        alone = replace(load, rate=rate, run_id=fresh_run_id()).run()
        context = multiprocessing.get_context("fork")
        accounts = context.Queue()
        runs = [
            context.Process(
                target=_into, args=(accounts, replace(load, to=peer.address, rate=rate, run_id=fresh_run_id()))
            )
            for peer in (one, other)
        ]
        for run in runs:
            run.start()
        both = sum(accounts.get(timeout=60) for _ in runs)
        for run in runs:
            run.join()
    print(f"\none {throughput(alone) / 1e6:.0f} MB/s, two on two sinks {both / 1e6:.0f} MB/s")
    assert both > 1.6 * throughput(alone)


def _into(accounts: Queue[float], load: Load) -> None:
    accounts.put(throughput(load.run()))


@pytest.mark.peer
@pytest.mark.timeout(1800)
def test_the_rate_found_on_orthanc_holds_at_four_fifths_and_not_at_half_as_much_again(orthanc: Factory) -> None:
    objectives = Objectives(p99_ms=1000.0)
    with orthanc() as archive:
        _find_and_check(made(parse_dicom(archive.address), MR_256K, 20.0, 10.0, 4), objectives)


def _find_and_check(load: Load, objectives: Objectives) -> None:

    def run(rate: float, duration_s: float = 10.0) -> Account:
        backlog = trial_backlog(objectives, rate)
        return replace(load, rate=rate, duration_s=duration_s, run_id=fresh_run_id(), max_backlog=backlog).run()

    found = saturate(run, objectives, start=20.0, repeats=3)
    print("\n" + "\n".join(str(one.to_json()) for one in found.trace))
    assert found.rate is not None, found.why
    print(f"{found.rate:.1f}/s, interval {found.to_json()['interval']}, the {found.gave_way} gave way first")
    below, above = run(0.8 * found.rate, 60.0), run(1.5 * found.rate, 60.0)
    print(told("at 80 %", below) + "\n" + told("at 150 %", above))
    assert all(one.held for one in objectives.judge(below))
    assert not all(one.held for one in objectives.judge(above))
