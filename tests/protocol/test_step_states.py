"""The MPPS state machine and its attribute rules: PS3.4 Table F.7.2-1."""

from __future__ import annotations

from datetime import datetime

import pytest
from pydicom.dataset import Dataset

from modality.protocol import performed_step, step_states
from modality.protocol.performed_step import PerformedSeries, StepStart
from modality.protocol.worklist import ScheduledStep

NOON = datetime.fromisoformat("2026-11-24 12:00")


def created() -> Dataset:
    start = StepStart("CT01", "CT", "PPS1", "1.2.3", "S1", NOON, ScheduledStep(Dataset()))
    return performed_step.create(start)


def finished(**changes: object) -> Dataset:
    series = PerformedSeries("1.2.3.4", "Head", images=[("1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.5")])
    end = performed_step.finish(NOON, [series])
    for keyword, value in changes.items():
        setattr(end, keyword, value)
    return end


def test_what_our_modality_creates_and_finishes_is_accepted():
    assert step_states.judge_create(created()).accepted
    assert step_states.judge_set(created(), finished()).accepted


@pytest.mark.parametrize("keyword", [name for name, rule in step_states.CREATE_ATTRIBUTES.items() if rule[0] != "3"])
def test_each_required_attribute_that_is_left_out_is_named(keyword):
    step = created()
    del step[keyword]
    decision = step_states.judge_create(step)
    assert decision.status == step_states.MISSING_ATTRIBUTE
    assert decision.comment == f"missing: {keyword}"
    assert len(decision.tags) == 1


@pytest.mark.parametrize("keyword", [name for name, rule in step_states.CREATE_ATTRIBUTES.items() if rule[0] == "1"])
def test_each_type_1_attribute_without_a_value_is_named(keyword):
    step = created()
    step[keyword].value = [] if step[keyword].VR == "SQ" else ""
    assert step_states.judge_create(step).status == step_states.MISSING_ATTRIBUTE_VALUE


def test_an_attribute_of_a_scheduled_step_that_is_left_out_is_named_with_its_path():
    step = created()
    del step.ScheduledStepAttributesSequence[0].AccessionNumber
    assert step_states.judge_create(step).comment == "missing: ScheduledStepAttributesSequence[1].AccessionNumber"


@pytest.mark.parametrize("status", ["COMPLETED", "SCHEDULED", "DONE"])
def test_a_step_begins_in_progress_or_not_at_all(status):
    step = created()
    step.PerformedProcedureStepStatus = status
    assert step_states.judge_create(step).status == step_states.INVALID_ATTRIBUTE_VALUE


def test_a_uid_is_created_once():
    assert step_states.judge_create(created(), exists=True).status == step_states.DUPLICATE_SOP_INSTANCE


def test_what_was_not_created_cannot_be_set():
    assert step_states.judge_set(None, finished()).status == step_states.NO_SUCH_SOP_INSTANCE


@pytest.mark.parametrize("state", sorted(step_states.FINAL_STATES))
def test_nothing_follows_a_final_state(state):
    step = created()
    step.PerformedProcedureStepStatus = state
    decision = step_states.judge_set(step, finished())
    assert (decision.status, decision.error_id) == (step_states.PROCESSING_FAILURE, 0xA710)
    assert decision.comment == "Performed Procedure Step Object may no longer be updated"


@pytest.mark.parametrize("keyword", ["PatientName", "Modality", "StudyID", "PerformedProcedureStepStartDate"])
def test_patient_scheduling_and_start_are_not_set_again(keyword):
    decision = step_states.judge_set(created(), finished(**{keyword: "20261124"}))
    assert decision.status == step_states.NO_SUCH_ATTRIBUTE
    assert keyword in decision.comment


def test_an_attribute_that_was_never_created_is_not_set():
    step = created()
    del step.PerformedProcedureStepDiscontinuationReasonCodeSequence
    end = performed_step.finish(NOON, [PerformedSeries("1.2", "P")], reason="110513")
    assert step_states.judge_set(step, end).status == step_states.NO_SUCH_ATTRIBUTE
    assert step_states.judge_set(created(), end).accepted


@pytest.mark.parametrize("keyword", sorted(step_states.FINAL_ATTRIBUTES))
def test_a_final_state_needs_an_end_and_a_series(keyword):
    end = finished()
    del end[keyword]
    decision = step_states.judge_set(created(), end)
    assert decision.status == step_states.MISSING_ATTRIBUTE_VALUE
    assert keyword in decision.comment


@pytest.mark.parametrize("keyword", sorted(step_states.SERIES_ATTRIBUTES))
def test_a_series_item_holds_every_attribute_both_reference_sequences_among_them(keyword):
    end = finished()
    del end.PerformedSeriesSequence[0][keyword]
    assert step_states.judge_set(created(), end).status == step_states.MISSING_ATTRIBUTE


def test_a_step_in_progress_may_be_told_more_of():
    more = Dataset()
    more.PerformedSeriesSequence = finished().PerformedSeriesSequence
    assert step_states.judge_set(created(), more).accepted
    more.PerformedProcedureStepStatus = "PAUSED"
    assert step_states.judge_set(created(), more).status == step_states.INVALID_ATTRIBUTE_VALUE


def test_a_code_without_a_value_is_refused():
    step = created()
    step.PerformedProtocolCodeSequence = [performed_step.code("", "DCM", "nothing")]
    decision = step_states.judge_create(step)
    assert decision.comment == "without a value: PerformedProtocolCodeSequence[1].CodeValue"


def test_the_meaning_is_optional_in_codes_of_what_was_performed_alone():
    """PS3.4 Table F.7.2-1e against F.7.2-1a."""
    step = created()
    bare = Dataset()
    bare.CodeValue, bare.CodingSchemeDesignator = "P1", "99X"
    step.ProcedureCodeSequence = step.PerformedProtocolCodeSequence = [bare]
    assert step_states.judge_create(step).accepted
    step.ScheduledStepAttributesSequence[0].ScheduledProtocolCodeSequence = [bare]
    decision = step_states.judge_create(step)
    where = "ScheduledStepAttributesSequence[1].ScheduledProtocolCodeSequence[1].CodeMeaning"
    assert decision.comment == f"missing: {where}"


def test_a_set_replaces_whole_sequences_and_leaves_the_rest():
    step = step_states.changed(created(), finished())
    again = step_states.changed(step, finished(PerformedSeriesSequence=[]))
    assert again.PerformedStationAETitle == "CT01"
    assert len(again.PerformedSeriesSequence) == 0
    assert len(step.PerformedSeriesSequence) == 1
