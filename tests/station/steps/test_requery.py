"""A patient renamed, an order cancelled, between the worklist and the scan, and during it: asked again, and told."""

from __future__ import annotations

import pydicom

from modality.simulated.faults import Fault
from modality.simulated.ris import SimulatedRis
from modality.station.rounds import Plan, perform_step
from tests.station.conftest import TINY

AGAIN = Plan(options=TINY, requery=True)


def test_a_patient_renamed_before_the_scan_is_scanned_by_the_new_name_and_that_is_noted(make_station, ris, archive):
    station = make_station()
    step = station.worklist()[0]
    before = step.patient.name
    item = ris.steps[0].item
    item.PatientName, item.PatientID = "New^Name", "NEWID"
    result = perform_step(station, step, AGAIN)
    assert result.good
    assert result.notes == [
        f"changed in the worklist since it was chosen: Patient's Name was {before!r} and is 'New^Name'",
        "changed in the worklist since it was chosen: Patient ID was 'PAT1001' and is 'NEWID'",
    ]
    told = ris.performed_steps[result.performed.uid].dataset
    images = [pydicom.dcmread(one.path) for one in archive.instances()]
    assert {(str(one.PatientName), one.PatientID) for one in [told, *images]} == {("New^Name", "NEWID")}


def test_a_patient_renamed_during_the_scan_is_a_problem_to_tell_and_images_and_step_agree(make_station, ris, archive):
    station = make_station()
    step = station.worklist()[0]
    before = step.patient.name

    def rename(_: int) -> None:
        ris.steps[0].item.PatientName = "New^Name"

    result = perform_step(station, step, AGAIN, progress=rename)
    change = f"Patient's Name was {before!r} and is 'New^Name'"
    kept = "images and performed step keep the former"
    assert result.problems == [f"changed in the worklist during the scan: {change}; {kept}"]
    assert not result.good
    told = ris.performed_steps[result.performed.uid]
    assert told.state == "COMPLETED"
    images = [pydicom.dcmread(one.path) for one in archive.instances()]
    assert {str(one.PatientName) for one in [told.dataset, *images]} == {before}


def test_an_order_that_was_cancelled_is_not_performed(make_station, ris, archive):
    station = make_station()
    step = station.worklist()[0]
    ris._department.steps.pop(0)
    result = perform_step(station, step, AGAIN)
    assert result.problems == ["the RIS lists the scheduled step no more: it is not performed"]
    assert (result.performed.state, ris.performed_steps, archive.instances()) == ("", {}, [])


def test_without_requery_nobody_is_asked_again(make_station, ris):
    station = make_station()
    step = station.worklist()[0]
    perform_step(station, step, Plan(options=TINY))
    assert len(ris.events.of("C-FIND")) == 1
    perform_step(station, station.worklist()[0], AGAIN)
    assert len(ris.events.of("C-FIND")) == 4


def test_a_ris_that_fails_when_asked_at_the_end_costs_no_step(make_station, archive):
    with SimulatedRis(faults=[Fault(on=("find",), every=3, status=0xA700)]) as ris:
        station = make_station(ris=ris.address)
        result = perform_step(station, station.worklist()[0], AGAIN)
        assert ["A700H" in line for line in result.problems] == [True]
        assert ris.performed_steps[result.performed.uid].state == "COMPLETED"
        assert len(archive.instances()) == 3
