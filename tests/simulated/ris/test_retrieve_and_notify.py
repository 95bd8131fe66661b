"""Performed steps retrieved by N-GET, and told of by N-EVENT-REPORT with the roles reversed (PS3.4 F.8, F.9)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from modality.errors import ContextRefused, StepRefused
from modality.identity import patient
from modality.network.address import DicomAddress, parse_dicom
from modality.network.local import Local, Timeouts
from modality.network.mpps import NotificationListener, StepNotification, create_step, get_step, set_step
from modality.network.upper_layer.reactor import Entity
from modality.protocol.performed_step import PerformedSeries, StepStart, create, finish
from modality.protocol.worklist import unscheduled
from modality.simulated.archive import SimulatedArchive
from modality.simulated.events import EventLog
from modality.simulated.ris import SimulatedRis, notifying
from modality.simulated.ris.notifying import Notice, Notifier
from tests.peers.process import PATIENCE_S

LOCAL = Local("WATCHER", Timeouts(30, 30, 30))
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=timezone.utc)
UID = "1.2.3.4"


def begun():
    scheduled = unscheduled(patient(3), "CT")
    return create(StepStart("CT01", "CT", "P1", "1.2.3", "S1", NOW, scheduled, description="Wohlgefällig"))


def ended(reason=None):
    return finish(NOW, [PerformedSeries("1.2.3.9", "head", images=[("1.2", "1.2.3.9.1")])], reason=reason)


@pytest.fixture
def ris() -> Iterator[SimulatedRis]:
    with SimulatedRis() as running:
        create_step(parse_dicom(running.address), UID, begun(), LOCAL)
        yield running


def test_a_step_is_retrieved_whole_as_it_stands(ris):
    address = parse_dicom(ris.address)
    assert get_step(address, UID, LOCAL).PerformedProcedureStepStatus == "IN PROGRESS"
    set_step(address, UID, ended(), LOCAL)
    step = get_step(address, UID, LOCAL)
    assert step == ris.performed_steps[UID].dataset
    assert (step.PerformedProcedureStepStatus, step.PerformedProcedureStepDescription) == ("COMPLETED", "Wohlgefällig")
    assert step.PerformedSeriesSequence[0].ReferencedImageSequence[0].ReferencedSOPInstanceUID == "1.2.3.9.1"


def test_only_what_is_asked_for_comes_and_what_is_not_there_is_a_warning(ris):
    step = get_step(parse_dicom(ris.address), UID, LOCAL, "PatientName", "StudyID")
    assert sorted(one.keyword for one in step) == ["PatientName", "SpecificCharacterSet", "StudyID"]
    assert ris.events.of("N-GET")[-1].status == 0x0000
    step = get_step(parse_dicom(ris.address), UID, LOCAL, "StudyID", "SeriesDate")
    assert sorted(one.keyword for one in step) == ["SpecificCharacterSet", "StudyID"]
    assert ris.events.of("N-GET")[-1].status == 0x0001


def test_a_step_that_nobody_created_is_a_refusal_and_an_archive_is_not_asked(ris):
    with pytest.raises(StepRefused, match="0112H") as raised:
        get_step(parse_dicom(ris.address), "1.2.3.5", LOCAL)
    assert raised.value.status == 0x0112
    with SimulatedArchive() as archive, pytest.raises(ContextRefused):
        get_step(parse_dicom(archive.address), UID, LOCAL)


def test_a_fault_strikes_retrieval():
    with SimulatedRis(faults=["status=0213,on=get"]) as ris, pytest.raises(StepRefused, match="0213H"):
        get_step(parse_dicom(ris.address), UID, LOCAL)


class Watching:
    def __init__(self) -> None:
        self.events: list[StepNotification] = []
        self.came = threading.Condition()

    def __call__(self, event: StepNotification) -> None:
        with self.came:
            self.events.append(event)
            self.came.notify_all()

    def wait(self, count: int) -> list[str]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.events) >= count, timeout=30)
            return [event.event for event in self.events]


@pytest.mark.parametrize(("reason", "last"), [(None, "COMPLETED"), ("110514", "DISCONTINUED")])
def test_who_wants_to_know_is_told_of_each_change_in_its_order(reason, last):
    watching = Watching()
    with NotificationListener(LOCAL, 0, watching) as listener:
        where = DicomAddress("127.0.0.1", listener.port, LOCAL.aet)
        with SimulatedRis(notify=[where]) as ris:
            address = parse_dicom(ris.address)
            create_step(address, UID, begun(), LOCAL)
            changes = ended()
            del changes.PerformedProcedureStepStatus
            set_step(address, UID, changes, LOCAL)
            set_step(address, UID, ended(reason), LOCAL)
            with pytest.raises(StepRefused):
                set_step(address, UID, ended(), LOCAL)
            assert watching.wait(3) == ["IN PROGRESS", "updated", last]
            ris.events.wait_for("N-EVENT-REPORT", 3)
        assert [one.status for one in ris.events.of("N-EVENT-REPORT")] == [0, 0, 0]
        assert {event.uid for event in watching.events} == {UID}


def test_a_ris_that_stops_tells_what_it_is_about_to_tell():
    told = threading.Event()

    def slow(_: StepNotification) -> None:
        told.set()
        time.sleep(0.3)

    with (
        NotificationListener(LOCAL, 0, slow) as listener,
        SimulatedRis(notify=[DicomAddress("127.0.0.1", listener.port, LOCAL.aet)]) as ris,
    ):
        create_step(parse_dicom(ris.address), UID, begun(), LOCAL)
        assert told.wait(PATIENCE_S)
    assert [one.status for one in ris.events.of("N-EVENT-REPORT")] == [0]


def test_a_ris_that_stops_does_not_wait_for_the_answer_of_whom_it_tells():
    told, may_answer = threading.Event(), threading.Event()

    def slow(_: StepNotification) -> None:
        told.set()
        may_answer.wait(PATIENCE_S)

    with NotificationListener(LOCAL, 0, slow) as listener:
        with SimulatedRis(notify=[DicomAddress("127.0.0.1", listener.port, LOCAL.aet)]) as ris:
            create_step(parse_dicom(ris.address), UID, begun(), LOCAL)
            assert told.wait(PATIENCE_S)
            began = time.monotonic()
        took = time.monotonic() - began
        may_answer.set()
    assert took < PATIENCE_S / 2
    assert [one.status for one in ris.events.of("N-EVENT-REPORT")] == [None]


def test_whom_nobody_reaches_costs_the_modality_nothing():
    with SimulatedRis(notify=["dicom://GONE@127.0.0.1:1"]) as ris:
        create_step(parse_dicom(ris.address), UID, begun(), LOCAL)
        (event,) = ris.events.wait_for("N-EVENT-REPORT")
        assert (event.status, "nobody answers" in event.detail) == (None, True)


def test_an_event_of_no_such_type_is_answered_as_that():
    context = "1.2.840.10008.3.1.2.3.5"
    with NotificationListener(LOCAL, 0, Watching()) as listener:
        from pynetdicom import build_role

        role = build_role(context, scp_role=True)
        entity = Entity("RIS")
        entity.add_requested_context(context)
        association = entity.associate("127.0.0.1", listener.port, ae_title=LOCAL.aet, ext_neg=[role])
        status, _ = association.send_n_event_report(None, 9, "1.2.840.10008.3.1.2.3.3", UID, meta_uid=context)
        association.release()
    assert status.Status == 0x0113


def test_two_who_tell_something_for_the_first_time_at_once_have_one_thread(monkeypatch):
    made: list[threading.Thread] = []

    class HeldUp(threading.Thread):
        def __init__(self, **options: Any) -> None:
            made.append(self)
            time.sleep(0.1)
            super().__init__(**options)

    monkeypatch.setattr(
        notifying, "threading", SimpleNamespace(Thread=HeldUp, Lock=threading.Lock, Condition=threading.Condition)
    )
    log, both = EventLog(), threading.Barrier(2)
    with SimulatedRis() as ris:
        notifier = Notifier(ris.listener, log)

        def tell() -> None:
            both.wait(PATIENCE_S)
            notifier.send(Notice(DicomAddress("127.0.0.1", 1, "GONE"), "1.2", "1.3", UID, 1))

        tellers = [threading.Thread(target=tell) for _ in range(2)]
        for one in tellers:
            one.start()
        log.wait_for("N-EVENT-REPORT", 2)
        assert len(made) == 1
        notifier.stop()
        for one in tellers:
            one.join()
    assert not made[0].is_alive()


class Ended:
    """An association that ends when it was seen to stand."""

    is_established = True

    def send_n_event_report(self, *_: object, **__: object) -> None:
        raise RuntimeError("the association must be established")

    def release(self) -> None:
        pass


def test_an_association_that_ends_before_something_is_told_over_it_ends_no_thread(monkeypatch):
    with SimulatedArchive() as other, SimulatedRis(notify=[other.address]) as ris:
        monkeypatch.setattr(ris.listener.ae, "associate", lambda *_, **__: Ended())
        create_step(parse_dicom(ris.address), UID, begun(), LOCAL)
        set_step(parse_dicom(ris.address), UID, ended(), LOCAL)
        first, second = ris.events.wait_for("N-EVENT-REPORT", 2)
    assert first.status is second.status is None
    assert "must be established" in second.detail
