"""Commitment transactions: taken on whichever association, in parts, once, and known after a restart."""

from __future__ import annotations

import pytest

from modality.errors import UsageError
from modality.protocol.commitment import CommitmentReport
from modality.station.commit import Outcome
from tests.station.conftest import TINY


@pytest.fixture
def stored(make_station, archive, step):
    """A station that has stored three images which nobody has committed, and their UIDs."""
    station = make_station()
    with station.perform(step) as performed:
        performed.acquire(**TINY)
    return station, [uid for _, uid in performed.series[0].images]


def test_what_is_committed_may_go_and_what_failed_is_to_be_sent_again(stored):
    station, (one, two, three) = stored
    station.pending.asked("1.2.3", {one, two, three})
    report = CommitmentReport("1.2.3", frozenset({one, two}), {three: 0x0112})
    assert station.commitments.take(report)
    (left,) = station.pending.list()
    assert (left.uid, left.stored, left.problem) == (three, False, "not committed: no such object instance")


def test_reports_in_parts_end_the_transaction_with_the_last(stored):
    station, (one, two, three) = stored
    station.pending.asked("1.2.3", {one, two, three})
    assert station.commitments.take(CommitmentReport("1.2.3", frozenset({one})))
    assert station.pending.asked_in("1.2.3")
    assert station.commitments.take(CommitmentReport("1.2.3", frozenset({two, three})))
    assert station.pending.list() == []
    # Again, since the archive may not have had our answer: no error, no change, written down.
    assert station.commitments.take(CommitmentReport("1.2.3", frozenset({one})))
    assert [kind for _, kind, _, _ in station.pending.reports()] == ["late", "late", "again"]


def test_a_report_of_an_unknown_transaction_or_of_instances_not_asked_for_changes_nothing(stored):
    station, (one, two, three) = stored
    assert not station.commitments.take(CommitmentReport("9.9", frozenset({one})))
    station.pending.asked("1.2.3", {one})
    station.commitments.take(CommitmentReport("1.2.3", frozenset({one, two}), {three: 0x0110}))
    assert [(one.uid, one.stored) for one in station.pending.list()] == [(two, True), (three, True)]


def test_an_embedded_archive_commits_all_and_nothing_is_left(stored):
    station, uids = stored
    settled = station.resume(timeout_s=30)
    assert [outcome.committed for outcome in settled.outcomes] == [frozenset(uids)]
    assert (settled.waiting, settled.problems, settled.receipt.stored) == (0, [], [])


def test_nothing_is_asked_for_when_there_is_nothing_to_commit(make_station, archive):
    station = make_station()
    archive.stop()
    outcome = station.commit([])
    assert outcome.complete
    assert outcome.committed == frozenset()


def test_a_station_without_anybody_to_ask_says_so(make_station):
    with pytest.raises(UsageError, match="nobody to ask"):
        make_station(commitment=None).commit([("1", "2")])
    with pytest.raises(UsageError, match="no archive"):
        make_station(archive=None, commitment=None).resume()


def test_an_outcome_says_what_is_not_committed_and_why():
    outcome = Outcome("1.2.3", frozenset({"1"}), {"2": 0x0112, "3": 0x0112, "4": 0x7777}, frozenset({"5"}))
    assert not outcome.complete
    assert outcome.problems == [
        "commitment of 2 images failed: no such object instance",
        "commitment of 1 image failed: 7777H",
        "no commitment of 1 image within the time; it stays pending",
    ]
