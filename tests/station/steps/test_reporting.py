"""Messages about performed steps: kept while the RIS is away, sent in order, and dead letters once they are refused."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from modality.errors import AssociationRejected, ContextRefused, StepRefused
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis
from modality.station.steps import reporting
from tests.station.conftest import TINY

# pynetdicom leaves a refused socket to the garbage collector.


@pytest.fixture
def nobody() -> Iterator[str]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"dicom://RIS@127.0.0.1:{bound.getsockname()[1]}"


def operations(messages: object) -> list[str]:
    return [one.operation for one in messages]  # type: ignore[attr-defined]


def test_two_steps_without_a_ris_are_told_later_each_in_its_order(make_station, ris, step, nobody):
    station = make_station(mpps=nobody)
    performed = []
    for _ in range(2):
        with station.perform(step) as one:
            one.acquire(**TINY)
        performed.append(one)
    assert [one.reported for one in performed] == ["waiting", "waiting"]
    assert [len(one.problems) for one in performed] == [1, 1]
    told = make_station().tell(ris.address)
    assert operations(told.delivered) == ["N-CREATE", "N-SET", "N-CREATE", "N-SET"]
    assert (told.waiting, told.problems, told.refused) == ([], [], [])
    for one in performed:
        step_there = ris.performed_steps[one.uid]
        assert (step_there.state, len(step_there.instances)) == ("COMPLETED", 3)
        assert step_there.dataset.PerformedProcedureStepStartTime == f"{one.started:%H%M%S.%f}"


def test_a_ris_that_is_away_is_asked_once_for_all_that_waits(make_station, step, nobody, monkeypatch):
    station = make_station(mpps=nobody)
    for _ in range(3):
        with station.perform(step):
            pass
    calls = []
    real = reporting.create_step
    monkeypatch.setattr(reporting, "create_step", lambda *arguments: (calls.append(1), real(*arguments)))
    told = station.tell()
    assert (len(calls), len(told.waiting), len(told.problems), told.unreachable) == (1, 6, 1, True)


def test_an_n_create_refused_later_is_a_dead_letter_with_its_reason_and_its_n_set_too(make_station, step, nobody):
    station = make_station(mpps=nobody)
    with station.perform(step) as performed:
        pass
    with SimulatedRis(faults=["status=0106,on=create"]) as strict:
        told = station.tell(strict.address)
        assert station.tell(strict.address).waiting == []
        assert [one.what for one in strict.events if one.what.startswith("N-")] == ["N-CREATE"]
    ((message, why),) = told.refused
    assert (message.operation, message.uid, "0106H" in why) == ("N-CREATE", performed.uid, True)
    created, ended = make_station().reports.queue.dead()
    assert (created.operation, created.problem) == ("N-CREATE", why)
    assert (ended.operation, ended.problem) == ("N-SET", "the N-CREATE before it was refused")
    assert station.reports.queue.forget_refused() == 2
    assert station.reports.queue.dead() == []


def test_a_step_that_exists_there_already_is_a_dead_letter_unless_it_may_be_ours(make_station, ris, step, nobody):
    station = make_station(mpps=nobody)
    with station.perform(step) as performed:
        pass
    create, _ = station.reports.queue.waiting()
    reporting.create_step(station.ris, performed.uid, create.attributes, station.local)
    told = station.tell(ris.address)
    assert [(one.operation, "0111H" in why) for one, why in told.refused] == [("N-CREATE", True)]


def test_an_answer_that_was_lost_is_no_reason_to_fail_the_second_time(make_station, ris, step, nobody):
    station = make_station(mpps=nobody)
    with station.perform(step) as performed:
        pass
    create, end = station.reports.queue.waiting()
    for message, send in ((create, reporting.create_step), (end, reporting.set_step)):
        station.reports.queue.sending(message.number)
        send(station.ris, performed.uid, message.attributes, station.local)
    told = station.tell(ris.address)  # the RIS answers 0111H, and 0110H with A710H
    assert operations(told.delivered) == ["N-CREATE", "N-SET"]
    assert (told.refused, told.waiting) == ([], [])
    assert [one.status for one in ris.events if one.what.startswith("N-")] == [0, 0, 0x0111, 0x0110]


def test_an_end_that_the_ris_refuses_is_kept_with_the_reason(make_station, step):
    with SimulatedRis(faults=["status=0106,on=set"]) as strict:
        station = make_station(mpps=strict.address)
        with station.perform(step) as performed:
            pass
        assert (performed.state, performed.reported) == ("COMPLETED", "refused")
        assert "N-SET of the performed step was refused" in performed.problems[0]
        (dead,) = station.reports.queue.dead()
        assert (dead.operation, "0106H" in dead.problem) == ("N-SET", True)


def test_a_refusal_that_may_pass_is_tried_again_and_no_more_than_ten_times(make_station, step):
    with SimulatedRis(faults=["status=0213,on=create,times=11"]) as busy:
        station = make_station(mpps=busy.address)
        with station.perform(step) as performed:
            pass
        assert performed.reported == "waiting"
        for _ in range(7):
            assert len(station.tell().waiting) == 2
        told = station.tell()
        assert (len(told.refused), told.waiting) == (1, [])
        assert len(busy.events.of("N-CREATE")) == 10


def test_a_refusal_that_passes_delays_the_messages_only(make_station, step):
    with SimulatedRis(faults=["status=0213,on=create,times=1"]) as busy:
        station = make_station(mpps=busy.address)
        with station.perform(step) as performed:
            pass
        assert (performed.reported, busy.performed_steps[performed.uid].state) == ("told", "COMPLETED")


def test_a_peer_that_will_not_hear_us_as_we_are_is_told_of_before_anything_is_scanned(make_station, step, archive):
    with SimulatedRis(faults=["reject=calling-aet"]) as strict:
        station = make_station(mpps=strict.address)
        with pytest.raises(AssociationRejected), station.perform(step):
            pass
    no_mpps = make_station(mpps=archive.address)
    with pytest.raises(ContextRefused), no_mpps.perform(step):
        pass
    with SimulatedRis(faults=["status=0111,on=create"]) as full:
        refused = make_station(mpps=full.address)
        with pytest.raises(StepRefused), refused.perform(step):
            pass
    assert station.reports.queue.waiting() == station.reports.queue.dead() == []


def test_a_step_at_work_elsewhere_is_not_ended_by_another_station_of_the_same_state(make_station, ris, step):
    at_work, other = make_station(), make_station()
    with at_work.perform(step) as performed:
        assert other.tell().delivered == []
        assert ris.performed_steps[performed.uid].state == "IN PROGRESS"
    assert ris.performed_steps[performed.uid].state == "COMPLETED"


def test_messages_are_told_even_if_the_archive_is_away(make_station, ris, archive: SimulatedArchive, step, nobody):
    station = make_station(mpps=nobody)
    archive.stop()
    with station.perform(step) as performed:
        performed.acquire(**TINY)
    with pytest.raises(Exception, match="nobody answers"):
        station.resume(mpps=ris.address)
    assert ris.performed_steps[performed.uid].state == "COMPLETED"
    assert len(ris.performed_steps[performed.uid].instances) == 3


def test_a_message_that_another_process_is_sending_is_left_to_it(make_station, ris, step, nobody):
    station, other = make_station(mpps=nobody), make_station()
    with station.perform(step):
        assert [one.operation for one in station.reports.queue.waiting()] == ["N-CREATE"]
        told = other.tell(ris.address)
        assert (told.delivered, len(told.waiting)) == ([], 1)
    assert [one.operation for one in other.tell(ris.address).delivered] == ["N-CREATE", "N-SET"]
    assert list(station.pending.folder.glob("step-*")) == []
