"""What UPS-RS answers to what it does not grant, and what becomes of a workitem that is changed or cancelled."""

from __future__ import annotations

from datetime import datetime

from pydicom import Dataset

from modality.network import ups as wire
from modality.network.address import parse_dicom
from modality.network.mpps import create_step, set_step
from modality.protocol.performed_step import PerformedSeries, StepStart, create, finish
from modality.protocol.worklist import ScheduledStep
from tests.simulated.upsrs.asking import LOCAL, TRANSACTION, channel, claim, events, found, model, states


def test_one_that_waits_goes_by_way_of_in_progress_and_says_when_and_why_it_was_cancelled(ris, http):
    """PS3.4 CC.2.2.3, and the final state of Table CC.2.5-3."""
    first, second, *_ = ris.workitems
    with channel(ris, "WATCHER") as socket:
        http.post(f"/workitems/{first}/subscribers/WATCHER")
        reason = Dataset()
        reason.CodeValue, reason.CodingSchemeDesignator, reason.CodeMeaning = "110504", "DCM", "Patient died"
        asked = model(ReasonForCancellation="Gone", ProcedureStepDiscontinuationReasonCodeSequence=[reason])
        assert http.post(f"/workitems/{first}/cancelrequest", content=asked).status_code == 202
        assert [state for _, state in states(events(socket, 3))] == ["SCHEDULED", "IN PROGRESS", "CANCELED"]
    assert http.post(f"/workitems/{second}/cancelrequest").status_code == 202
    for uid, meaning in ((first, "Patient died"), (second, "Discontinued for unspecified reason")):
        (item,) = http.get(f"/workitems/{uid}").json()
        (told,) = Dataset.from_json(item).ProcedureStepProgressInformationSequence
        assert len(told.ProcedureStepCancellationDateTime) == 14
        assert told.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeMeaning == meaning
    assert http.get(f"/workitems/{first}").json()[0]["00741002"]["Value"][0]["00741238"]["Value"] == ["Gone"]


def test_each_refusal_has_the_status_and_the_warning_of_its_table(ris, http):
    """PS3.18 Tables 11.6.3-1, 11.7.3-1, 11.8.3-1 and 11.11.3-1; 11.6.3.2, 11.7.3.2 and 11.8.3.2."""
    waits, mine, done, *_ = ris.workitems
    claim(http, mine)
    claim(http, done)
    assert claim(http, done, state="CANCELED").status_code == 200
    label = model(WorklistLabel="X")
    unclaimed = "The target URI did not reference a claimed Workitem."
    inconsistent = "The submitted request is inconsistent with the current state of the Workitem."
    of_the_instance = "The submitted request is inconsistent with the state of the UPS Instance."
    state = model(ProcedureStepState="IN PROGRESS", TransactionUID="1.2.3.5")
    ended = model(ProcedureStepState="COMPLETED", TransactionUID=TRANSACTION)
    for method, path, payload, status, said in (
        ("POST", f"/{mine}", label, 400, unclaimed),
        ("POST", f"/{mine}?transaction-uid=1.2.3.5", label, 400, unclaimed),
        ("POST", f"/{done}?transaction-uid={TRANSACTION}", label, 400, inconsistent),
        ("POST", f"/{waits}?transaction-uid={TRANSACTION}", label, 409, unclaimed),
        ("POST", f"/{mine}?{TRANSACTION}", model(ProcedureStepState="COMPLETED"), 400, inconsistent),
        ("POST", "/1.2.3.4", label, 404, unclaimed),
        ("PUT", f"/{mine}/state", state, 400, "The Transaction UID is incorrect."),
        ("PUT", f"/{mine}/state", model(ProcedureStepState="COMPLETED"), 400, "The Transaction UID is missing."),
        ("PUT", f"/{mine}/state", ended, 409, of_the_instance),
        ("PUT", f"/{done}/state", ended, 409, of_the_instance),
        ("PUT", f"/{waits}/state", ended, 409, of_the_instance),
        ("PUT", "/1.2.3.4/state", ended, 404, of_the_instance),
        ("POST", f"/{mine}/cancelrequest", b"", 409, "The performer cannot be contacted."),
        ("POST", "/1.2.3.4/cancelrequest", b"", 404, "there is no such UPS"),
        ("DELETE", f"/{mine}/subscribers/NOBODY", b"", 404, "NOBODY has no such subscription"),
        ("POST", "/1.2.840.10008.5.1.4.34.5/subscribers/NOBODY/suspend", b"", 404, "NOBODY has no such subscription"),
    ):
        response = http.request(method, f"/workitems{path}", content=payload)
        assert (response.status_code, response.headers["Warning"]) == (status, f'299 modality: "{said}"'), path


def test_one_that_nobody_has_claimed_is_changed_without_a_transaction_uid_and_stays_so(ris, http):
    """PS3.4 CC.2.6.2; the orders that the workitem comes from do not undo it."""
    uid = next(iter(ris.workitems))
    assert http.post(f"/workitems/{uid}", content=model(WorklistLabel="Moved")).status_code == 200
    assert [one.SOPInstanceUID for one in found(http, WorklistLabel="Moved")] == [uid]
    changes = Dataset()
    changes.InputReadinessState = "INCOMPLETE"
    wire.update(parse_dicom(ris.address), uid, changes, LOCAL)
    seen = wire.get_workitem(parse_dicom(ris.address), uid, LOCAL).attributes
    assert (seen.WorklistLabel, seen.InputReadinessState) == ("Moved", "INCOMPLETE")
    assert claim(http, uid).status_code == 200
    assert http.get(f"/workitems/{uid}").json()[0]["00741202"]["Value"] == ["Moved"]


def test_one_whose_step_a_modality_has_told_the_end_of_by_mpps_is_over_too(ris, http):
    first, second, *_ = ris.workitems
    mpps = parse_dicom(ris.address)
    for number, (step, reason) in enumerate(zip(ris.steps, (None, "110513"), strict=False)):
        scheduled = ScheduledStep(step.item)
        uid, now = f"1.2.3.{number + 50}", datetime(2026, 11, 26, 9, 0)
        begun = StepStart("CT01", "CT", "PPS1", scheduled.study_uid or "1.2.3", "S1", now, scheduled)
        create_step(mpps, uid, create(begun), LOCAL)
        set_step(mpps, uid, finish(now, [PerformedSeries("1.2.9", "p")], reason=reason), LOCAL)
    assert [ris.workitems[uid].ProcedureStepState for uid in (first, second)] == ["COMPLETED", "CANCELED"]
    assert claim(http, first).status_code == 400
