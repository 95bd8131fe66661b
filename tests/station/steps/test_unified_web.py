"""Workitems performed over the web: UPS-RS in the place of DIMSE, with the same end."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from modality.errors import ResponseTimeout, StepRefused, UnreachableError, UsageError, WebRefused
from modality.identity import patient
from modality.network import ups as wire
from modality.network.address import WebAddress
from modality.network.local import Local, Timeouts
from modality.network.unified.channel import Channel
from modality.protocol.ups.workitem import workitem
from modality.protocol.worklist import unscheduled
from modality.simulated.dicomweb.web import Web
from modality.simulated.ris import SimulatedRis
from modality.station.rounds import Plan, Result, carry_out
from modality.station.steps.unified import Claim, workitems
from tests.peers.process import free_port, wait_until
from tests.station.conftest import TINY


@pytest.fixture
def ris():
    with SimulatedRis(web=Web(free_port())) as running:
        yield running


@pytest.fixture
def station(make_station, ris):
    return make_station(ris=ris.web_address)


def claims(station):
    return [Claim(station, station.ris, item) for item in workitems(station, station.ris)]


def performed(station, claim, progress=None, **plan):
    result = Result(claim.item.step, station.perform(claim.item.step), claim=claim)
    carry_out(result, Plan(options=TINY, **plan), progress=progress)
    return result


def test_the_workitems_are_those_that_dimse_has(make_station, ris, station):
    over_dimse = make_station()
    mine, theirs = workitems(station, station.ris), workitems(over_dimse, over_dimse.ris)
    assert [one.uid for one in mine] == [one.uid for one in theirs]
    assert len(mine) == 4
    assert [str(one.step.patient.name) for one in mine] == [str(one.step.patient.name) for one in theirs]
    assert workitems(station, station.ris, day="tomorrow") == []
    assert [one.step.modality for one in workitems(station, station.ris, station_aet="", modality="MR")] == ["MR"] * 2


def test_a_workitem_is_claimed_told_of_and_completed(station, ris, archive):
    claim = claims(station)[0]
    result = performed(station, claim)
    assert (result.good, result.notes) == (True, []), result.problems
    done = ris.workitems[claim.item.uid]
    assert (done.ProcedureStepState, done.TransactionUID) == ("COMPLETED", claim.transaction_uid)
    (output,) = done.UnifiedProcedureStepPerformedProcedureSequence[0].OutputInformationSequence
    named = [one.ReferencedSOPInstanceUID for one in output.ReferencedSOPSequence]
    assert sorted(named) == sorted(one.sop_instance_uid for one in archive.instances())
    assert done.PatientName == claim.item.step.patient.name
    assert ris.performed_steps == {}  # nobody is told of MPPS at an address of the web
    assert {one.what for one in ris.events} == {"UPS-RS"}


def test_one_that_somebody_wants_cancelled_is_abandoned(station, ris, archive):
    claim = claims(station)[1]

    def wish(done):
        if done == 1:
            wire.request_cancel(station.ris, claim.item.uid, "The patient left", station.local)
            wait_until(lambda: bool(claim._wish), "the wish to be told")

    result = performed(station, claim, progress=wish)
    assert result.performed.state == "DISCONTINUED"
    assert "The patient left" in " ".join(result.problems)
    done = ris.workitems[claim.item.uid]
    assert done.ProcedureStepState == "CANCELED"
    assert 0 < len(archive.instances()) < TINY["slices"]


def test_a_workitem_that_another_has_claimed_is_not_performed(make_station, ris, station, archive):
    other = make_station(state=None)
    claims(other)[0].take()
    taken = next(uid for uid, one in ris.workitems.items() if one.ProcedureStepState == "IN PROGRESS")
    theirs = Claim(station, station.ris, wire.get_workitem(station.ris, taken, station.local))
    result = performed(station, theirs)
    assert "400" in result.problems[0]
    assert "Transaction UID" in result.problems[0]
    assert (result.performed.state, archive.instances()) == ("", [])
    assert station.reports.queue.waiting() == []


def test_refusals_have_the_status_that_dimse_has_for_them(station, ris):
    address, local = station.ris, station.local
    waiting, taken, over, *_ = ris.workitems
    wire.change_state(address, taken, "IN PROGRESS", "1.2.3", local)
    for state in ("IN PROGRESS", "CANCELED"):
        wire.change_state(address, over, state, "1.2.5", local)
    for status, call in {
        "C307H": lambda: wire.get_workitem(address, "1.2.3.4", local),
        "C301H": lambda: wire.change_state(address, taken, "IN PROGRESS", "1.2.4", local),
        "C304H": lambda: wire.change_state(address, taken, "COMPLETED", "1.2.3", local),
        "C310H": lambda: wire.change_state(address, waiting, "COMPLETED", "1.2.3", local),
        "C300H": lambda: wire.change_state(address, over, "IN PROGRESS", "1.2.5", local),
        "C312H": lambda: wire.request_cancel(address, taken, "", local),
    }.items():
        with pytest.raises(StepRefused) as caught:
            call()
        assert f"{caught.value.status:04X}H" == status
    step = unscheduled(patient(9), "CT", description="Pushed")
    step.step.ScheduledProcedureStepStartDate = "20261125"
    item = workitem(step)
    wire.create_workitem(address, "1.2.3.77", item, local)
    with pytest.raises(StepRefused, match="409"):
        wire.create_workitem(address, "1.2.3.77", item, local)


def test_a_ris_that_goes_away_is_told_of_the_end_later(make_station, station, ris):
    claim = claims(station)[0]
    port = urlsplit(ris.web_address).port
    result = performed(station, claim, progress=lambda _: ris.stop())
    assert any("told of the workitem later" in one for one in result.problems)
    with SimulatedRis(web=Web(port)) as again:
        again.unified.workitems.update(ris.unified._workitems)
        told = make_station(ris=again.web_address).tell()
        assert [one.operation for one in told.delivered] == ["UPS N-SET", "UPS N-ACTION"]
        assert again.workitems[claim.item.uid].ProcedureStepState == "COMPLETED"


def test_a_channel_says_what_is_wrong_with_it(ris):
    local = Local("A", Timeouts(30, 30, 30))
    with Channel(WebAddress(ris.web_address), local) as channel, pytest.raises(ResponseTimeout, match="no event"):
        next(channel.events(0.05))
    with pytest.raises(UnreachableError):
        Channel(WebAddress("http://127.0.0.1:9/dicom-web"), local)
    with pytest.raises(WebRefused, match=r"40[34]"):
        Channel(WebAddress(ris.web_address + "/nowhere"), local)


def test_what_a_station_asks_of_a_web_address(make_station, station):
    with pytest.raises(UsageError, match="--ups"):
        station.worklist()
    assert station.mpps is None
    with pytest.raises(UsageError, match="--passcode-file"):
        make_station(ris="https://me:secret@host/dicom-web")
