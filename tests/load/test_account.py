"""The account: counts that add up, honest times, and parts that merge into the whole."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from modality.errors import (
    AssociationAborted,
    AssociationRejected,
    ContextRefused,
    HandshakeFailed,
    InvalidResponse,
    ModalityError,
    ResponseTimeout,
    StoreRefused,
    UnreachableError,
    WebRefused,
)
from modality.load.account import Account, Process
from modality.load.distribution import HIGHEST_US, PERCENTILES, Distribution
from modality.load.outcome import Fate, Outcome, fate_of, instance_uid
from modality.load.plain import from_plain, to_plain


def outcome(number: int, fate: Fate = Fate.SENT, *, latency_s: float = 0.01, status: str | None = None) -> Outcome:
    """One of a run at 10 requests a second, in studies of five; it waits 1 ms for an association."""
    planned = number / 10
    if status is None:
        status = {Fate.SENT: "0000", Fate.REFUSED: "A700"}.get(fate, "")
    error = ("SomeError", f"number {number}") if fate.failed else ("", "")
    started = None if fate is Fate.SKIPPED else planned + 0.003
    finished = planned + 0.002 if started is None else planned + latency_s
    return Outcome(
        "ct" if number // 5 % 2 else "mr", f"2.25.{number // 5}", number % 5, 5, planned, planned + 0.002, started,
        finished, fate, status, error, 1000, first=number == 0,
    )  # fmt: skip


def run(outcomes: list[Outcome], **more: object) -> Account:
    account = Account("steady", "run", 7, 10.0, **more)  # type: ignore[arg-type]
    for one in outcomes:
        account.record(one)
    return account


MIXED = [outcome(number, list(Fate)[number % 7], latency_s=0.004 + number / 1000) for number in range(100)]


def test_the_counts_add_up_and_every_fate_is_a_key() -> None:
    document = run(MIXED).to_json()
    failures = ("refused", "aborted", "timed_out", "not_accepted", "unreachable")
    assert document["planned"] == 100 == document["sent"] + document["failed"] + document["skipped"]
    assert document["failed"] == sum(document[name] for name in failures)
    assert [document[name] for name in ("sent", "skipped", *failures)] == [15, 14, 15, 14, 14, 14, 14]
    assert document["refused_by_status"] == {"A700": 15}
    assert document["errors"]["SomeError"] == {"count": 71, "first": "number 1"}


def test_the_document_has_the_keys_of_the_contract() -> None:
    document = run([outcome(0)]).to_json()
    contract = (
        "scenario planned sent failed skipped refused refused_by_status aborted lost lost_uids rate_per_s bytes_per_s "
        "latency_ms service_ms queue_ms send_lag_ms run_id out_of_range series timed_out not_accepted unreachable"
    )
    assert set(contract.split()) <= set(document)
    for name in ("latency_ms", "service_ms", "queue_ms", "send_lag_ms"):
        assert list(document[name]) == ["p50", "p90", "p95", "p99", "p99.9", "p99.99", "max"]
    assert json.loads(json.dumps(document)) == document


def test_a_warning_counts_as_sent() -> None:
    refused = outcome(4, Fate.REFUSED, status="HTTP 503")
    warned = [outcome(number, status=status) for number, status in enumerate(("B000", "0001", "0107"))]
    document = run([*warned, outcome(3), refused]).to_json()
    assert (document["sent"], document["failed"]) == (4, 1)
    assert document["warnings"] == {"0001": 1, "0107": 1, "B000": 1}
    assert document["refused_by_status"] == {"HTTP 503": 1}


def test_latency_is_from_the_planned_moment_and_is_lag_queue_and_service_together() -> None:
    account = run([outcome(0, latency_s=0.5)])
    assert account.latency.max_s == pytest.approx(0.5)
    assert account.send_lag.max_s == pytest.approx(0.002)
    assert account.queue.max_s == pytest.approx(0.001)
    assert account.service.max_s == pytest.approx(0.497)
    parts = account.send_lag.sum_s + account.queue.sum_s + account.service.sum_s
    assert account.latency.sum_s == pytest.approx(parts)


def test_what_was_skipped_has_no_latency() -> None:
    account = run([outcome(0, Fate.SKIPPED)])
    assert account.latency.count == 0
    assert account.send_lag.count == 1
    assert account.to_json()["latency_ms"]["p99"] is None
    assert account.to_json()["series"][0]["skipped"] == 1


def test_what_failed_is_in_the_latency_and_apart_by_fate() -> None:
    account = run([outcome(0), outcome(1, Fate.TIMED_OUT, latency_s=30.0)])
    assert account.to_json()["latency_ms"]["max"] == 30000.0
    assert account.by_status["timed_out"].max_s == pytest.approx(30.0)
    assert account.by_status["0000"].max_s == pytest.approx(0.01)


def test_rates_are_over_the_plan_or_to_the_end_of_the_last_request() -> None:
    document = run([outcome(number) for number in range(100)]).to_json()
    assert (document["rate_per_s"], document["bytes_per_s"], document["studies_per_s"]) == (10.0, 10000.0, 2.0)
    late = run([outcome(number, latency_s=20.1 if number == 99 else 0.01) for number in range(100)]).to_json()
    assert late["elapsed_s"] == pytest.approx(30.0)
    assert late["rate_per_s"] == pytest.approx(100 / 30, abs=0.001)


def test_the_series_shows_a_stall_where_it_was_planned_and_the_answers_where_they_came() -> None:
    rows = run([outcome(n, latency_s=3.0 - n / 10 if n < 30 else 0.01) for n in range(50)]).to_json()["series"]
    assert [row["planned"] for row in rows] == [10] * 5
    assert [row["sent"] for row in rows] == [0, 0, 0, 40, 10]
    assert [row["latency_ms"]["max"] for row in rows] == [3000, 2000, 1000, 10, 10]
    assert rows[0]["latency_ms"]["p50"] == 2500


def test_percentiles_are_those_of_the_values_to_three_digits() -> None:
    values = [n / 10000 for n in range(1, 10001)]
    random.Random(5).shuffle(values)
    times = Distribution()
    for value in values:
        times.record(value)
    found = times.to_json()
    for name, percentile in PERCENTILES.items():
        assert found[name] == pytest.approx(percentile * 10, rel=0.001)
    assert found["max"] == 1000.0


def test_a_value_out_of_range_is_counted_and_stands_at_the_bound() -> None:
    times = Distribution()
    for value in (-0.001, 0.001, 7200.0, float("nan")):
        times.record(value)
    assert (times.count, times.out_of_range) == (4, 3)
    assert times.percentile_ms(99) == pytest.approx(HIGHEST_US / 1e3, rel=0.001)
    assert run([outcome(0, latency_s=4000.0)]).to_json()["out_of_range"] == 3  # latency, service, first response


def test_parts_merge_into_the_whole() -> None:
    whole, parts = run(MIXED), [run(MIXED[at::3]) for at in range(3)]
    merged = Account()
    for part in parts:
        merged.merge(from_plain(json.loads(json.dumps(to_plain(part)))))
    expected, found = whole.to_json(), merged.to_json()
    for document in (expected, found):
        document["errors"]["SomeError"].pop("first")
        document["by_exam"] = sorted(document["by_exam"].items())
        document["by_status"] = sorted(document["by_status"].items())
    assert found == expected
    assert sorted(merged.uids(Fate.ABORTED)) == sorted(whole.uids(Fate.ABORTED))


def test_plain_data_holds_all_of_an_account() -> None:
    account = run(MIXED, started_at=1000.0)
    account.step("commitment").latency.record(0.2)
    account.step("commitment").failed["ResponseTimeout"] = 2
    account.processes.append(Process(0.5, 1.0, 3))
    account.lost_uids.append("2.25.1")
    account.verification = {"found": 3}
    back = from_plain(json.loads(json.dumps(to_plain(account))))
    assert back.to_json() == account.to_json()
    assert to_plain(back) == to_plain(account)


def test_machines_that_started_apart_are_laid_on_one_clock() -> None:
    first, second = run(MIXED[:10], started_at=1000.0), run(MIXED[:10], started_at=1004.0)
    first.merge(second)
    assert [row["planned"] for row in first.to_json()["series"]] == [10, 0, 0, 0, 10]
    assert first.finished_s == pytest.approx(4.0 + second.finished_s)


def test_the_uids_of_each_fate_can_be_told_afterwards() -> None:
    account = run([outcome(0), outcome(1, Fate.REFUSED), outcome(7)])
    assert list(account.uids(Fate.SENT)) == [
        ("2.25.0", instance_uid("2.25.0", 0)),
        ("2.25.1", instance_uid("2.25.1", 2)),
    ]
    assert account.fates["2.25.0"] == ("mr", bytearray(b"SR..."))


@pytest.mark.parametrize(
    ("error", "fate", "status"),
    [
        (StoreRefused("x", status=0xA700), Fate.REFUSED, "A700"),
        (WebRefused("x", status=503), Fate.REFUSED, "HTTP 503"),
        (AssociationAborted("x"), Fate.ABORTED, ""),
        (InvalidResponse("x"), Fate.ABORTED, ""),
        (ResponseTimeout("x"), Fate.TIMED_OUT, ""),
        (AssociationRejected("x"), Fate.NOT_ACCEPTED, ""),
        (ContextRefused("x"), Fate.NOT_ACCEPTED, ""),
        (UnreachableError("x"), Fate.UNREACHABLE, ""),
        (HandshakeFailed("x"), Fate.UNREACHABLE, ""),
    ],
)
def test_each_error_has_its_fate(error: ModalityError, fate: Fate, status: str) -> None:
    assert fate_of(error) == (fate, status)


def test_the_engine_says_when_it_is_the_bottleneck() -> None:
    account = run([outcome(0)])
    assert not account.limits()["bottleneck"]
    account.processes.append(Process(0.97, 1.0, 0))
    assert "97% of a processor" in account.limits()["why"]
    for _ in range(100):
        account.send_lag.record(0.008)
    assert account.limits()["why"].startswith("the engine was late")


def test_the_histogram_is_loaded_when_it_is_needed() -> None:
    code = "import sys, modality.load.account as a; a.Account(); print('hdrh' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
