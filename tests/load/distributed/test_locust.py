"""Locust with processes of its own: a master and two workers hold the rate, and their accounts become one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from modality.errors import ConfigurationError, UsageError
from modality.load.distributed.schedule import endless
from modality.load.distributed.settings import locust_path, settings
from tests.load.loads import TINY, material, scenario
from tests.load.sinks import Sink, sink
from tests.network.acceptor import Authority
from tests.peers.process import free_port
from tests.timing import durations, measured

ROOT = Path(__file__).parents[3]
TOML = """
title = "tiny images"
unit = "instance"
timeout_s = 30.0
duration_s = 3.0
steps = ["store", "query"]

[[exam]]
name = "MR tiny"
kind = "mr"
phantom = "water"
instances = 10
rows = 32
columns = 32
distinct = 2
"""


def locust(*arguments: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "locust", "-f", str(locust_path()), *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONWARNINGS": "ignore", **environment},
    )  # fmt: skip


def told(running: Sink, folder: Path, rate: float) -> dict[str, str]:
    (folder / "tiny.toml").write_text(TOML)
    return {
        "MODALITY_LOAD_TO": str(running.address),
        "MODALITY_LOAD_SCENARIO": str(folder / "tiny.toml"),
        "MODALITY_LOAD_RATE": str(rate),
        "MODALITY_LOAD_JSON": str(folder / "out.json"),
    }


def swarm(environment: Mapping[str, str], users: int, seconds: int) -> list[tuple[int, str]]:
    """A master and two workers; exit code and talk of each."""
    port = free_port()
    master = ("--master", "--headless", "--expect-workers", "2", "-u", str(users), "-r", "100", "-t", f"{seconds}s")
    processes = [locust(*master, "--only-summary", "--master-bind-port", str(port), environment=environment)]
    processes += [locust("--worker", "--master-port", str(port), environment=environment) for _ in range(2)]
    try:
        return [(process.wait(100), process.communicate()[0].decode()) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.timeout(600)
@measured
def test_two_workers_hold_the_rate_and_a_stall_shows_in_the_merged_account(tmp_path: Path) -> None:
    # Four users of 10 a second for 8 s; the sink answers nothing from second 3 to second 5.
    with sink(stall=(3.0, 2.0)) as running:
        ended = swarm(told(running, tmp_path, 10.0), users=4, seconds=8)
        said = running.ended()
    assert [code for code, _ in ended] == [0, 0, 0], ended
    document: dict[str, Any] = json.loads((tmp_path / "out.json").read_text())
    assert document["failed"] == 0
    assert document["sent"] == len(said["kept"]) == len(set(said["kept"]))
    assert document["sent"] + document["skipped"] == document["planned"]
    with durations():
        assert document["rate_per_s"] == pytest.approx(40.0, rel=0.05)
        # A quarter of the requests was planned in the stall: late by up to 2 s, however quick the others were.
        assert document["latency_ms"]["p95"] > 800
        assert 1800 < document["latency_ms"]["max"] < 3000
        assert document["latency_ms"]["p50"] < 200
        assert document["service_ms"]["p50"] < 200
    assert document["configuration"]["workers"] == 2
    assert document["configuration"]["workers whose last figures are missing"] == 0
    assert document["engine"]["processes"] == 2
    assert document["steps"]["query"]["left_out"]
    # Locust's own table has them too, as requests of C-STORE.
    line = next(line for line in ended[0][1].splitlines() if line.startswith("C-STORE"))
    assert int(line.split()[3]) == document["sent"]


@pytest.mark.timeout(600)
@measured
def test_one_process_writes_the_report_too_and_failures_make_its_exit_code(tmp_path: Path) -> None:
    with sink(lambda number: "refuse" if number % 10 == 0 else "keep") as running:
        environment = {**told(running, tmp_path, 20.0), "MODALITY_LOAD_REPORT": str(tmp_path / "out.html")}
        process = locust("--headless", "-u", "1", "-t", "3s", "--only-summary", environment=environment)
        talk = process.communicate(timeout=100)[0].decode()
        said = running.ended()
    document = json.loads((tmp_path / "out.json").read_text())
    with durations():
        assert document["duration_s"] == pytest.approx(3.0, abs=0.7)  # what was prepared before took nothing of it
    assert process.returncode == 1, talk
    assert document["refused_by_status"] == {"A700": said["requests"] // 10}
    assert document["sent"] == len(said["kept"])
    assert f"{document['refused']} failed" in talk
    assert "://" not in (tmp_path / "out.html").read_text()


@pytest.mark.timeout(600)
@measured
def test_users_call_over_tls_with_the_certificate_that_the_environment_names(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("us.example")
    with sink(tls=authority.server(wants_client=True)) as running:
        environment = {
            **told(running, tmp_path, 20.0), "MODALITY_LOAD_TLS_CA": str(authority.ca),
            "MODALITY_LOAD_TLS_CERT": str(certificate), "MODALITY_LOAD_TLS_KEY": str(key),
        }  # fmt: skip
        process = locust("--headless", "-u", "3", "-r", "10", "-t", "3s", "--only-summary", environment=environment)
        talk = process.communicate(timeout=100)[0].decode()
        said = running.ended()
    document = json.loads((tmp_path / "out.json").read_text())
    assert process.returncode == 0, talk
    assert document["sent"] == len(said["kept"])
    assert (document["failed"], said["associations"]) == (0, 3)
    with durations():
        assert document["sent"] > 100
        assert document["latency_ms"]["p50"] < 200


def test_a_mistake_in_the_environment_is_one_line(tmp_path: Path) -> None:
    environment = {"MODALITY_LOAD_TO": "dicom://A@127.0.0.1:1", "MODALITY_LOAD_REPORT": str(tmp_path / "no" / "r.html")}
    process = locust("--headless", "-u", "1", "-t", "1s", environment=environment)
    talk = process.communicate(timeout=100)[0].decode()
    assert process.returncode == 1
    assert "no file can be written there" in talk
    assert "Traceback" not in talk


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_worker_ends_with_its_master(tmp_path: Path) -> None:
    port = str(free_port())
    with sink() as running:
        environment = told(running, tmp_path, 10.0)
        master = locust("--master", "--headless", "--expect-workers", "1", "-u", "1", "--master-bind-port", port,
                        environment=environment)  # fmt: skip
        worker = locust("--worker", "--master-port", port, environment=environment)
        assert master.stdout is not None
        while b"All users spawned" not in (line := master.stdout.readline()):
            assert line, "the master ended before its users were there"
        time.sleep(1)
        master.terminate()
        try:
            assert worker.wait(20) == 0
            assert master.wait(20) == 0
        finally:
            for process in (master, worker):
                process.kill()
                process.communicate()
    assert json.loads((tmp_path / "out.json").read_text())["sent"] > 0


def test_a_schedule_goes_on_after_its_scenario_with_new_studies() -> None:
    of = scenario(TINY, duration_s=2.0)
    found = list(islice(endless(of, 5.0, 1, "user", material().sizes), 30))
    moments = [one.planned_s for one in found]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps == pytest.approx([0.2] * 29)
    assert 0 <= moments[0] < 0.2
    assert len({(one.study.uid, one.index) for one in found}) == 30
    other = next(endless(of, 5.0, 1, "another", material().sizes))
    assert other.study.uid != found[0].study.uid
    assert other.planned_s != moments[0]


def test_the_environment_is_read_and_a_mistake_in_it_told(tmp_path: Path) -> None:
    made = settings({"MODALITY_LOAD_TO": "dicom://A@localhost:104", "MODALITY_LOAD_RATE": "2.5"})
    assert (made.name, made.rate, made.seed, made.owned, made.json) == ("steady", 2.5, 1, False, None)
    for environment, error, said in (
        ({}, ConfigurationError, "MODALITY_LOAD_TO: say which archive"),
        ({"MODALITY_LOAD_TO": "dicom://A@localhost:104", "MODALITY_LOAD_RATE": "fast"}, ConfigurationError, "above 0"),
        ({"MODALITY_LOAD_TO": "dicom://A@localhost:104", "MODALITY_LOAD_RAET": "1"}, ConfigurationError, "unknown"),
        ({"MODALITY_LOAD_TO": str(tmp_path)}, UsageError, "is a folder"),
        ({"MODALITY_LOAD_TO": "dicom://A@localhost:104", "MODALITY_LOAD_AET": "A" * 17}, UsageError, "AE title"),
    ):
        with pytest.raises(error, match=said):
            settings(environment)
    secured = {"MODALITY_LOAD_TLS_CA": str(tmp_path / "ca.pem")}
    with pytest.raises(UsageError, match="is not secured"):
        settings({"MODALITY_LOAD_TO": "dicom://A@localhost:104", **secured}).local()
    with pytest.raises(UsageError, match=r"ca\.pem: cannot be read"):
        settings({"MODALITY_LOAD_TO": "dicoms://A@localhost:104", **secured}).local()
