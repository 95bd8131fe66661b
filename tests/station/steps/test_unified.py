"""Workitems of the unified worklist: found, claimed, told of, completed or cancelled, watched, and not lost (CC)."""

from __future__ import annotations

import threading

import pytest
from pynetdicom import AE, build_context, evt

from modality.errors import StepRefused
from modality.identity import patient
from modality.network import ups as wire
from modality.network.address import DicomAddress, parse_dicom
from modality.network.listening import ListeningEntity
from modality.network.local import Local, Timeouts
from modality.protocol.negotiation import FALLBACKS
from modality.protocol.ups.workitem import UPS_EVENT, workitem
from modality.protocol.worklist import unscheduled
from modality.simulated.ris import SimulatedRis
from modality.station.rounds import Plan, Result, carry_out
from modality.station.steps.unified import Claim, workitems
from tests.station.conftest import TINY


def claims(station):
    return [Claim(station, station.ris, item) for item in workitems(station, station.ris)]


def performed(station, claim, **plan):
    result = Result(claim.item.step, station.perform(claim.item.step), claim=claim)
    carry_out(result, Plan(options=TINY, **plan))
    return result


def test_the_workitems_of_a_station_and_day_are_those_of_its_worklist(make_station, ris):
    station = make_station()
    found = workitems(station, station.ris)
    due = station.worklist()
    assert [item.step.step_id for item in found] == [step.step_id for step in due]
    assert len(found) == 4
    assert [str(item.step.patient.name) for item in found] == [str(step.patient.name) for step in due]
    assert workitems(station, station.ris, day="tomorrow") == []
    assert [item.step.modality for item in workitems(station, station.ris, station_aet="", modality="MR")] == ["MR"] * 2
    (one,) = workitems(station, station.ris, patient_id="PAT1002")
    assert one.step.accession_number == "ACC1002"


def test_a_workitem_is_claimed_told_of_and_completed(make_station, ris, archive):
    station = make_station()
    claim = claims(station)[0]
    result = performed(station, claim)
    assert result.good, result.problems
    done = ris.workitems[claim.item.uid]
    assert (done.ProcedureStepState, done.TransactionUID) == ("COMPLETED", claim.transaction_uid)
    actions = [(one.what, one.status) for one in ris.events if one.uid == claim.item.uid]
    assert actions == [("N-ACTION", 0), ("N-SET", 0), ("N-SET", 0), ("N-ACTION", 0)]
    (work,) = done.UnifiedProcedureStepPerformedProcedureSequence
    assert work.PerformedStationNameCodeSequence[0].CodeValue == "CT01"
    assert work.PerformedWorkitemCodeSequence[0].CodeValue == "CT-HEAD"
    (output,) = work.OutputInformationSequence
    named = [one.ReferencedSOPInstanceUID for one in output.ReferencedSOPSequence]
    assert sorted(named) == sorted(one.sop_instance_uid for one in archive.instances())
    assert output.StudyInstanceUID == result.performed.study_uid == claim.item.step.study_uid
    assert done.ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 100
    assert ris.performed_steps[result.performed.uid].state == "COMPLETED"
    assert len(workitems(station, station.ris)) == 3


def test_a_workitem_that_another_station_has_claimed_is_not_performed(make_station, ris, archive):
    first, second = make_station(), make_station(state=None)
    mine, theirs = claims(first)[0], claims(second)[0]
    mine.take()
    result = performed(second, theirs)
    assert "C301H" in result.problems[0]
    assert (result.performed.state, archive.instances(), ris.performed_steps) == ("", [], {})
    assert ris.workitems[mine.item.uid].TransactionUID == mine.transaction_uid
    assert second.reports.queue.waiting() == []


def test_an_abandoned_workitem_is_cancelled_with_the_reason_and_the_half_that_was_made(make_station, ris, archive):
    station = make_station(mpps=None)
    claim = claims(station)[0]
    performed(station, claim, discontinue="110514")
    done = ris.workitems[claim.item.uid]
    assert done.ProcedureStepState == "CANCELED"
    (told,) = done.ProcedureStepProgressInformationSequence
    assert told.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110514"
    (output,) = done.UnifiedProcedureStepPerformedProcedureSequence[0].OutputInformationSequence
    assert len(output.ReferencedSOPSequence) == len(archive.instances()) == 2


def test_a_ris_that_goes_away_during_the_work_is_told_of_the_end_later(make_station, ris):
    station = make_station(mpps=None)
    claim = claims(station)[0]
    result = Result(claim.item.step, station.perform(claim.item.step), claim=claim)
    carry_out(result, Plan(options=TINY), progress=lambda _: ris.stop())
    assert "the RIS is told of the workitem later" in result.problems[0]
    assert [one.operation for one in station.reports.queue.waiting()] == ["UPS N-SET", "UPS N-ACTION"]
    ris.start()
    told = make_station().tell(ris.address)
    assert [one.operation for one in told.delivered] == ["UPS N-SET", "UPS N-ACTION"]
    assert ris.workitems[claim.item.uid].ProcedureStepState == "COMPLETED"


@pytest.mark.parametrize("claimed", [True, False])
def test_a_claim_whose_process_is_gone_is_cancelled_by_the_next_run(make_station, ris, claimed):
    station = make_station()
    claim = claims(station)[0]
    if claimed:
        claim.take()
    else:  # killed before the N-ACTION went
        from modality.protocol.ups.workitem import state_change

        station.reports.queue.claimed(claim.item.uid, ris.address, state_change("CANCELED", claim.transaction_uid))
    assert make_station().tell().delivered == []  # it is at work
    station.reports.queue.close()
    told = make_station().tell()
    assert ([one.operation for one in told.delivered], told.refused) == (["UPS N-ACTION"], [])
    assert ris.workitems[claim.item.uid].ProcedureStepState == ("CANCELED" if claimed else "SCHEDULED")
    assert make_station().tell().delivered == []


def test_the_lock_is_never_given_away_and_a_wrong_one_opens_nothing(make_station, ris):
    station = make_station()
    claim = claims(station)[0]
    claim.take()
    found = wire.get_workitem(station.ris, claim.item.uid, station.local)
    assert (found.state, "TransactionUID" in found.attributes) == ("IN PROGRESS", False)
    with pytest.raises(StepRefused, match="C301H"):
        wire.change_state(station.ris, claim.item.uid, "CANCELED", "1.2.3", station.local)
    with pytest.raises(StepRefused, match="C312H"):
        wire.request_cancel(station.ris, claim.item.uid, "Not needed", station.local)
    other = claims(station)[0].item.uid
    wire.request_cancel(station.ris, other, "Not needed", station.local)
    assert ris.workitems[other].ProcedureStepState == "CANCELED"
    with pytest.raises(StepRefused, match="C307H"):
        wire.get_workitem(station.ris, "1.2.3", station.local)


def test_a_workitem_pushed_by_another_system_is_found_and_performed(make_station, ris):
    station = make_station(mpps=None)
    step = unscheduled(patient(9), "CT", description="Pushed")
    step.step.ScheduledStationAETitle = "CT01"
    step.step.ScheduledProcedureStepStartDate = f"{station.clock():%Y%m%d}"
    wire.create_workitem(station.ris, "1.2.3.77", workitem(step), station.local)
    with pytest.raises(StepRefused, match="0111H"):
        wire.create_workitem(station.ris, "1.2.3.77", workitem(step), station.local)
    (claim,) = [one for one in claims(station) if one.item.uid == "1.2.3.77"]
    assert performed(station, claim).good
    assert ris.workitems["1.2.3.77"].ProcedureStepState == "COMPLETED"


def test_who_subscribes_is_told_of_each_state_and_others_are_not(archive):
    came, states = threading.Condition(), []

    def take(event):
        with came:
            states.append((event.request.AffectedSOPInstanceUID, event.event_information.ProcedureStepState))
            came.notify_all()
        return 0x0000, None

    context = build_context(UPS_EVENT, list(FALLBACKS))
    context.scu_role = context.scp_role = True
    watcher = ListeningEntity(AE("WATCHER"), ("127.0.0.1", 0), [context], [(evt.EVT_N_EVENT_REPORT, take)])
    local = Local("WATCHER", Timeouts(30, 30, 30))
    try:
        with SimulatedRis(notify=[DicomAddress("127.0.0.1", watcher.port, "WATCHER")]) as ris:
            address = parse_dicom(ris.address)
            first, second, *_ = ris.workitems
            wire.subscribe(address, first, local)
            for state in ("IN PROGRESS", "CANCELED"):
                wire.change_state(address, first, state, "1.2.3.5", local)
            wire.change_state(address, second, "IN PROGRESS", "1.2.3.6", local)
            with came:
                assert came.wait_for(lambda: len(states) >= 3, timeout=30)
            with pytest.raises(StepRefused, match="C308H"):
                wire.subscribe(address, first, Local("STRANGER", local.timeouts))
            wire.subscribe(address, second, local)
            wire.subscribe(address, second, local, end=True)
            wire.change_state(address, second, "CANCELED", "1.2.3.6", local)
        assert states == [
            (first, "SCHEDULED"), (first, "IN PROGRESS"), (first, "CANCELED"), (second, "IN PROGRESS"),
        ]  # fmt: skip
    finally:
        watcher.close()


def test_workitems_follow_the_orders_until_somebody_has_claimed_them(make_station, ris):
    station = make_station(mpps=None)
    renamed, gone, taken = claims(station)[:3]
    taken.take()
    for number, step in enumerate(ris.steps[:3]):
        if step.step.ScheduledProcedureStepID in (renamed.item.step.step_id, taken.item.step.step_id):
            step.item.PatientName = f"New^Name{number}"
    cancelled = next(one for one in ris.steps if one.step.ScheduledProcedureStepID == gone.item.step.step_id)
    ris._department.reschedule(lambda steps: [one for one in steps if one is not cancelled])
    found = {item.uid: item for item in workitems(station, station.ris)}
    assert str(found[renamed.item.uid].step.patient.name).startswith("New^Name")
    assert gone.item.uid not in found
    assert ris.workitems[gone.item.uid].ProcedureStepState == "CANCELED"
    assert ris.workitems[taken.item.uid].ProcedureStepState == "IN PROGRESS"
    assert ris.workitems[taken.item.uid].PatientName == taken.item.step.patient.name
