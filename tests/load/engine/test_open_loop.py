"""The open loop: what the archive does shows in the figures, and nowhere else."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace

import pytest

from modality.errors import UnreachableError
from modality.load.account import Account
from modality.load.outcome import Fate
from modality.network.address import DicomAddress
from modality.network.local import Local, Timeouts
from tests.load.loads import load
from tests.load.sinks import sink
from tests.peers.process import free_port
from tests.timing import durations, measured


def worst(number: int) -> str:
    """Each 40th is dropped, each 25th aborted, each 10th refused, in this order."""
    if number % 40 == 0:
        return "drop"
    if number % 25 == 0:
        return "abort"
    return "refuse" if number % 10 == 0 else "keep"


@measured
def test_every_request_is_sent_once_and_the_plan_is_held() -> None:
    with sink() as peer:
        account = load(peer.address, 200, 1.0).run()
        said = peer.ended()
    assert (account.planned, account.sent, account.failed, account.skipped) == (200, 200, 0, 0)
    assert account.complete
    assert len(said["kept"]) == 200
    assert sorted(said["kept"]) == sorted(uid for _, uid in account.uids(Fate.SENT))
    assert said["associations"] == 2 == account.setup.count == account.first_response.count
    assert account.to_json()["series"][0]["planned"] == 200
    with durations():
        assert account.to_json()["rate_per_s"] == pytest.approx(200, rel=0.05)
    assert account.bytes == account.sent * account.bytes // 200 > 200 * 2048


@measured
def test_a_stall_of_the_archive_shows_in_the_latency_of_all_that_was_planned_in_it() -> None:
    """Whoever waits for the answer before the next request counts one slow request for each association."""
    with sink(stall=(1.0, 0.8)) as peer:
        account = load(peer.address, 50, 4.0).run()
    found = account.to_json()
    assert account.sent == 200
    # A fifth of the run stands still: planned in it, latencies go evenly from 0.8 s to nothing.
    with durations():
        assert found["latency_ms"]["p95"] == pytest.approx(600, abs=150)
        assert found["latency_ms"]["max"] == pytest.approx(800, abs=150)
        assert found["service_ms"]["p95"] < 100 < 700 < found["service_ms"]["max"]
        assert found["queue_ms"]["p95"] > 300
        assert found["send_lag_ms"]["p95"] < 50
        stalled = [row["latency_ms"]["max"] > 300 for row in found["series"]]
        assert stalled[1]
        assert not stalled[0]
        assert not any(stalled[2:])


def test_refused_aborted_and_dropped_requests_are_counted_exactly_and_none_is_tried_again() -> None:
    expected = Counter(worst(number) for number in range(1, 401))
    with sink(worst) as peer:
        account = load(peer.address, 200, 2.0, associations=1).run()
        said = peer.ended()
    assert (expected["drop"], expected["abort"], expected["refuse"]) == (10, 14, 24)
    assert said["requests"] == 400 == account.planned
    found = account.to_json()
    assert found["refused_by_status"] == {"A700": 24}
    assert (found["refused"], found["aborted"], found["failed"]) == (24, 14, 38)
    assert found["sent"] == 400 - 38 == len(said["kept"]) + 10
    acknowledged = {uid for _, uid in account.uids(Fate.SENT)}
    assert acknowledged - set(said["kept"]) == set(said["dropped"])
    assert said["associations"] == 15  # one more after each abort
    assert not account.complete


@measured
def test_what_finds_no_association_waits_and_past_the_backlog_is_skipped() -> None:
    """An archive of 20 a second is sent 100 a second: four fifths cannot be served."""
    with sink(takes_s=0.05) as peer:
        account = load(peer.address, 100, 2.0, associations=2, max_backlog=10).run()
        said = peer.ended()
    assert account.planned == 200
    assert account.sent == 200 - account.skipped == len(said["kept"])
    assert account.failed == 0
    found = account.to_json()
    assert found["engine"]["most_waiting"] == 10
    with durations():
        assert account.skipped == pytest.approx(200 - 40 - 10 - 2, abs=15)
        assert found["queue_ms"]["p50"] == pytest.approx(500, abs=150)  # ten before it, at 20 a second
        assert found["send_lag_ms"]["p90"] < 20
    assert not account.complete


@measured
def test_without_a_bound_in_reach_everything_is_sent_however_late() -> None:
    with sink(takes_s=0.02) as peer:
        account = load(peer.address, 100, 1.0).run()
    assert (account.sent, account.skipped) == (100, 0)
    assert account.elapsed_s > 1.8
    with durations():
        assert account.to_json()["rate_per_s"] == pytest.approx(50, abs=8)


@measured
def test_an_association_that_the_archive_ended_in_between_costs_no_request() -> None:
    with sink(closes_idle=True) as peer:
        account = load(peer.address, 5, 1.6, associations=1).run()
        said = peer.ended()
    assert account.sent + account.counts[Fate.ABORTED] == 8
    with durations():  # the archive's end of the association is heard before the next request is due
        assert account.sent == 8
    assert said["associations"] == 8 == account.setup.count


@measured
def test_an_archive_that_is_away_costs_what_was_planned_meanwhile() -> None:
    """It takes requests for a second, is gone for most of one, and comes back at the same port."""
    with ExitStack() as stack:
        first = stack.enter_context(sink(port=free_port()))
        address, listeners = first.address, []

        def watch(_: Account, moment_s: float, waiting: int) -> None:
            if moment_s > 1.0 and first.process.is_alive():
                stack.close()
            elif moment_s > 1.8 and not listeners:
                listeners.append(socket.create_server((address.host, address.port)))
                threading.Thread(target=_serve_properly, args=(listeners[0],), daemon=True).start()

        account = load(address, 50, 4.0).run(watch)
        listeners[0].shutdown(socket.SHUT_RDWR)  # wakes who waits in accept, and would take the next test's calls
        listeners[0].close()
    assert account.planned == 200 == account.sent + account.failed
    assert account.counts[Fate.UNREACHABLE] + account.counts[Fate.ABORTED] == account.failed
    rows = account.to_json()["series"]
    with durations():
        assert account.counts[Fate.UNREACHABLE] == pytest.approx(38, abs=15)
        assert [row["failed"] > 0 for row in rows[:4]] == [False, True, rows[2]["failed"] > 0, False]
        assert rows[3]["sent"] == pytest.approx(50, abs=15)


def _serve_properly(listener: socket.socket) -> None:
    from tests.load.sinks import _Sink

    works = _Sink(listener, lambda _: "keep", None, 0.0, 16384, False, None)
    works.lock, works.one = threading.Lock(), threading.Lock()
    works.requests = works.associations = 0
    works.began, works.kept, works.dropped = 0.0, [], []
    try:
        works._accept()
    except OSError:
        pass


@measured
def test_a_silent_archive_times_the_requests_out() -> None:
    with sink(stall=(0.0, 30.0)) as peer:
        account = load(peer.address, 10, 1.0, associations=5, response_s=0.5).run()
    assert account.counts[Fate.TIMED_OUT] == 10 == account.planned
    with durations():
        assert account.to_json()["by_status"]["timed_out"]["p50"] == pytest.approx(500, abs=100)


def test_nobody_at_the_address_is_an_error_before_the_run() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = DicomAddress("127.0.0.1", taken.getsockname()[1], "NOBODY")
        with pytest.raises(UnreachableError, match="nobody answers"):
            load(address, 10, 1.0).run()


@measured
def test_the_run_is_watched_as_it_goes() -> None:
    seen: list[tuple[int, float, int]] = []
    with sink() as peer:
        load(peer.address, 50, 0.8).run(lambda account, at, waiting: seen.append((account.sent, at, waiting)))
    assert [one[0] for one in seen] == sorted(one[0] for one in seen)
    with durations():
        assert len(seen) >= 5
        assert 0 < seen[len(seen) // 2][0] <= 40


def test_associations_that_the_archive_lets_wait_take_no_request_and_are_told() -> None:
    """A listener that takes up one connection: the others connect, and nobody answers."""
    from tests.load.sinks import _Sink

    with socket.create_server(("127.0.0.1", 0)) as listener:
        works = _Sink(listener, lambda _: "keep", None, 0.0, 16384, False, None)
        works.lock, works.one = threading.Lock(), threading.Lock()
        works.requests = works.associations = 0
        works.began, works.kept, works.dropped = 0.0, [], []

        def one_only() -> None:
            connection, _ = listener.accept()
            works._serve(connection)

        thread = threading.Thread(target=one_only, daemon=True)
        thread.start()
        address = DicomAddress("127.0.0.1", listener.getsockname()[1], "ONE")
        account = replace(
            load(address, 40, 1.0, associations=3), local=Local(timeouts=Timeouts(association_s=2.5))
        ).run()
    assert (account.sent, account.failed, len(works.kept)) == (40, 0, 40)
    engine = account.to_json()["engine"]
    assert engine["associations_opened"] == 1 == account.setup.count
    assert "no answer to A-ASSOCIATE" in engine["not_opened"]
