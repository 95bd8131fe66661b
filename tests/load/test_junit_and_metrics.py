"""The account of a load for machines: a JUnit file for a gate, and figures for Prometheus while it runs."""

from __future__ import annotations

import urllib.request
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from modality.errors import UsageError
from modality.load.account import Account, Process
from modality.load.junit import Suite, check_writable, document
from modality.load.metrics import Metrics
from modality.load.outcome import Fate, Outcome
from modality.load.scenario import Objectives


def account() -> Account:
    """100 requests: each 10th refused, one skipped, the others answered in 20 ms."""
    made = Account("steady", "r1", 3, 10.0)
    for number in range(100):
        moment = number / 10
        fate, status = (Fate.REFUSED, "A700") if number % 10 == 9 else (Fate.SENT, "0000")
        if number == 50:
            made.record(Outcome("x", "1.2", number, 100, moment, moment, None, moment, Fate.SKIPPED))
            continue
        made.record(Outcome("x", "1.2", number, 100, moment, moment, moment, moment + 0.02, fate, status, size=1000))
    made.processes = [Process(0.2, 0.1, 3)]
    return made


def cases(made: Account, objectives: Objectives) -> dict[str, ET.Element]:
    root = ET.fromstring(document([Suite("steady on X", made, objectives.judge(made))]))
    found = root.findall("testsuite/testcase")
    assert root.get("tests") == str(len(found))
    assert root.get("failures") == str(sum(one.find("failure") is not None for one in found))
    return {str(one.get("name")): one for one in found}


def test_each_objective_is_a_test_case_that_fails_when_it_is_missed() -> None:
    found = cases(account(), Objectives(p99_ms=30.0, p50_ms=10.0, failed=0.05, skipped=0.01, rate=0.5))
    failed = {name for name, case in found.items() if case.find("failure") is not None}
    assert failed == {"p50_ms <= 10", "failed <= 0.05"}
    failure = found["failed <= 0.05"].find("failure")
    assert failure is not None
    assert failure.get("message") == "found 0.1, expected at most 0.05"
    assert {"p99_ms <= 30", "skipped <= 0.01", "rate >= 0.5"} <= found.keys()


def test_whether_anything_is_lost_passes_only_when_somebody_looked() -> None:
    made = account()
    assert cases(made, Objectives())["lost <= 0"].find("skipped") is not None
    made.verification = {"unknown": 0}
    assert len(cases(made, Objectives())["lost <= 0"]) == 0
    made.verification = {"unknown": 4}
    assert cases(made, Objectives())["lost <= 0"].find("failure") is not None
    made.verification, made.lost_uids = {"unknown": 0}, ["1.2.3"]
    assert cases(made, Objectives())["lost <= 0"].find("failure") is not None


def test_a_run_that_was_interrupted_passes_no_gate() -> None:
    made = account()
    assert "the whole plan was run" not in cases(made, Objectives())
    made.configuration["interrupted"] = True
    assert cases(made, Objectives())["the whole plan was run"].find("failure") is not None


def test_an_engine_at_its_limit_says_nothing_of_the_archive() -> None:
    made = account()
    assert len(cases(made, Objectives())["the engine kept to its plan"]) == 0
    made.processes = [Process(0.99, 0.1, 3)]
    assert cases(made, Objectives())["the engine kept to its plan"].find("skipped") is not None


def test_a_file_in_a_folder_that_is_not_there_is_refused_before_the_load(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.xml")
    for path in (tmp_path, tmp_path / "no" / "a.xml"):
        with pytest.raises(UsageError, match="no file can be written there"):
            check_writable(path)


def test_prometheus_reads_the_account_of_a_running_load() -> None:
    with Metrics(0) as metrics:
        metrics.watch(account(), 10.0, 7)
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics.port}/metrics", timeout=100) as answer:
            text = answer.read().decode()
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["modality_load_requests_total", "sent"] == 90 - 1
    assert samples["modality_load_requests_total", "refused"] == 10
    assert samples["modality_load_requests_total", "skipped"] == 1
    assert samples["modality_load_statuses_total", "A700"] == 10
    assert samples["modality_load_sent_bytes_total",] == 89_000
    assert samples["modality_load_waiting",] == 7
    assert samples["modality_load_latency_seconds_bucket", "0.01"] == 0
    assert samples["modality_load_latency_seconds_bucket", "0.025"] == 99
    assert samples["modality_load_latency_seconds_count",] == 99


def test_a_port_that_is_taken_is_told_before_the_load() -> None:
    with Metrics(0) as metrics, pytest.raises(UsageError, match=f"127.0.0.1:{metrics.port} for metrics"):
        Metrics(metrics.port)
