"""Unified Procedure Steps: each cell of the state table, and what a workitem needs to begin, change and end."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from pydicom import Dataset

from modality.identity import patient
from modality.protocol.performed_step import PerformedSeries, code
from modality.protocol.ups import states
from modality.protocol.ups.states import CANCELED, COMPLETED, IN_PROGRESS, SCHEDULED
from modality.protocol.ups.workitem import Workitem, performed, progress, workitem
from modality.protocol.worklist import unscheduled

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=timezone.utc)
MINE, OTHER = "1.2.3.1", "1.2.3.2"


def scheduled():
    step = unscheduled(patient(3), "CT", description="CT head")
    item, inner = step.item, step.step
    item.AccessionNumber, item.StudyInstanceUID, item.RequestedProcedureID = "A1", "1.2.9", "RP1"
    inner.ScheduledStationAETitle, inner.ScheduledProcedureStepID = "CT01", "S1"
    inner.ScheduledProcedureStepStartDate, inner.ScheduledProcedureStepStartTime = "20261124", "083000"
    inner.ScheduledProtocolCodeSequence = [code("CT-HEAD", "99MODALITY", "Head")]
    return step


def ups(state: str) -> Dataset:
    made = workitem(scheduled())
    made.ProcedureStepState = state
    if state != SCHEDULED:
        made.TransactionUID = MINE
        made.update(performed(MINE, scheduled(), NOW, NOW, ("CT01", ""), [("1.2.9", PerformedSeries("1.2.9.1", "p"))]))
    return made


# PS3.4 Table CC.1.1-2: from, asked for, status with the right Transaction UID.
TABLE = [
    (SCHEDULED, IN_PROGRESS, 0x0000), (SCHEDULED, SCHEDULED, 0xC303), (SCHEDULED, COMPLETED, 0xC310),
    (SCHEDULED, CANCELED, 0xC310), (IN_PROGRESS, IN_PROGRESS, 0xC302), (IN_PROGRESS, SCHEDULED, 0xC303),
    (IN_PROGRESS, COMPLETED, 0x0000), (IN_PROGRESS, CANCELED, 0x0000), (COMPLETED, IN_PROGRESS, 0xC300),
    (COMPLETED, SCHEDULED, 0xC303), (COMPLETED, COMPLETED, 0xB306), (COMPLETED, CANCELED, 0xC300),
    (CANCELED, IN_PROGRESS, 0xC300), (CANCELED, SCHEDULED, 0xC303), (CANCELED, COMPLETED, 0xC300),
    (CANCELED, CANCELED, 0xB304),
]  # fmt: skip


@pytest.mark.parametrize(("state", "asked", "status"), TABLE)
def test_each_change_of_state_has_the_status_of_the_table(state, asked, status):
    assert states.judge_change(ups(state), asked, MINE).status == status
    assert states.judge_change(None, asked, MINE).status == 0xC307
    if asked == SCHEDULED:
        return
    assert states.judge_change(ups(state), asked, "").status == 0xC301
    if state != SCHEDULED:
        assert states.judge_change(ups(state), asked, OTHER).status == 0xC301


def test_a_ups_is_not_completed_before_it_says_what_was_done_and_by_whom():
    bare = ups(IN_PROGRESS)
    bare.UnifiedProcedureStepPerformedProcedureSequence = []
    assert states.judge_change(bare, COMPLETED, MINE).status == 0xC304
    assert states.judge_change(bare, CANCELED, MINE).accepted
    for keyword in (*states._PERFORMED, "OutputInformationSequence"):
        lacking = ups(IN_PROGRESS)
        del lacking.UnifiedProcedureStepPerformedProcedureSequence[0][keyword]
        decision = states.judge_change(lacking, COMPLETED, MINE)
        assert (decision.status, keyword in decision.comment) == (0xC304, True)


@pytest.mark.parametrize(("state", "transaction", "status"), [
    (SCHEDULED, MINE, 0xC310), (SCHEDULED, "", 0), (IN_PROGRESS, MINE, 0), (IN_PROGRESS, OTHER, 0xC301),
    (IN_PROGRESS, "", 0xC301), (COMPLETED, MINE, 0xC300), (CANCELED, MINE, 0xC300),
])  # fmt: skip
def test_a_ups_is_changed_before_it_is_claimed_or_by_its_performer_while_it_is_in_progress(state, transaction, status):
    assert states.judge_set(ups(state), progress(transaction, 50, "half")).status == status


def test_the_state_is_not_changed_by_n_set():
    changes = progress(MINE, 50, "half")
    changes.ProcedureStepState = COMPLETED
    assert states.judge_set(ups(IN_PROGRESS), changes).status == 0x0105
    assert states.judge_set(None, changes).status == 0xC307


@pytest.mark.parametrize(
    ("state", "status"), [(SCHEDULED, 0), (IN_PROGRESS, 0xC312), (COMPLETED, 0xC311), (CANCELED, 0xB304)]
)
def test_a_request_to_cancel_is_granted_only_while_nobody_performs_it(state, status):
    assert states.judge_cancel(ups(state)).status == status


def test_a_ups_is_created_scheduled_complete_and_once():
    assert states.judge_create(workitem(scheduled())).accepted
    assert states.judge_create(workitem(scheduled()), exists=True).status == 0x0111
    assert states.judge_create(ups(IN_PROGRESS)).status == 0xC309
    for keyword, status in (("ProcedureStepLabel", 0x0120), ("InputInformationSequence", 0x0120)):
        lacking = workitem(scheduled())
        del lacking[keyword]
        assert states.judge_create(lacking).status == status
    empty = workitem(scheduled())
    empty.ProcedureStepLabel = ""
    assert states.judge_create(empty).status == 0x0121


def test_a_workitem_reads_back_as_the_step_that_it_was_made_from():
    before, after = scheduled(), Workitem("1.2", workitem(scheduled())).step
    for name in ("study_uid", "accession_number", "requested_procedure_id", "step_id", "description", "modality",
                 "station_aet", "start", "protocol_codes"):  # fmt: skip
        assert getattr(after, name) == getattr(before, name), name
    assert after.patient.name == before.patient.name
    assert after.patient.patient_id == before.patient.patient_id
