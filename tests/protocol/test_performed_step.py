"""N-CREATE and N-SET of a performed step: what PS3.4 Table F.7.2-1 asks for, and what the strict rules take."""

from __future__ import annotations

from datetime import datetime

import pytest
from pydicom import Dataset
from pydicom.sr.codedict import codes

from modality.identity import Patient
from modality.protocol.performed_step import (
    DISCONTINUATION_REASONS,
    PerformedSeries,
    StepStart,
    create,
    finish,
)
from modality.protocol.worklist import ScheduledStep, unscheduled
from modality.registry import KINDS
from tests.protocol.test_worklist import code, scheduled

STARTED, ENDED = datetime(2024, 3, 1, 9, 30, 5), datetime(2024, 3, 1, 9, 45, 0, 250000)

# PS3.4 Table F.7.2-1, column N-CREATE usage SCU: types 1 and 2.
TYPE_1 = (
    "ScheduledStepAttributesSequence", "PerformedProcedureStepID", "PerformedStationAETitle", "Modality",
    "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "PerformedProcedureStepStatus",
)  # fmt: skip
TYPE_2 = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "ReferencedPatientSequence", "PerformedStationName",
    "PerformedLocation", "PerformedProcedureStepDescription", "PerformedProcedureTypeDescription",
    "ProcedureCodeSequence", "PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime", "StudyID",
    "PerformedProtocolCodeSequence", "PerformedSeriesSequence",
)  # fmt: skip


def start(step: ScheduledStep) -> StepStart:
    return StepStart("CT01", "CT", "PPS1", "1.2.3", "77", STARTED, step, description="Head")


@pytest.mark.parametrize(
    "step", [ScheduledStep(scheduled()), unscheduled(Patient("P", "A^B"), "CT"), ScheduledStep(Dataset())]
)
def test_a_created_step_holds_every_attribute_of_the_table(step: ScheduledStep) -> None:
    created = create(start(step))
    assert [one for one in TYPE_1 if not created.get(one)] == []
    assert [one for one in TYPE_2 if one not in created] == []
    (item,) = created.ScheduledStepAttributesSequence
    assert item.StudyInstanceUID == "1.2.3"
    assert {"AccessionNumber", "RequestedProcedureID", "ScheduledProcedureStepID", "ReferencedStudySequence"} <= set(
        item.dir()
    )


def test_a_created_step_is_in_progress_since_it_started() -> None:
    created = create(start(ScheduledStep(scheduled())))
    assert created.PerformedProcedureStepStatus == "IN PROGRESS"
    assert (created.PerformedProcedureStepStartDate, created.PerformedProcedureStepStartTime) == ("20240301", "093005")
    assert not created.PerformedProcedureStepEndDate
    assert created.PerformedSeriesSequence == []
    assert created.ScheduledStepAttributesSequence[0].AccessionNumber == "A1"


def test_codes_and_references_come_from_the_worklist() -> None:
    item = scheduled()
    item.ScheduledProcedureStepSequence[0].ScheduledProtocolCodeSequence = [
        code(CodeValue="P", CodingSchemeDesignator="L", CodeMeaning="Protocol"), Dataset()
    ]  # fmt: skip
    item.RequestedProcedureCodeSequence = [code(CodeValue="R", CodingSchemeDesignator="L", CodeMeaning="Requested")]
    item.ReferencedPatientSequence = [code(ReferencedSOPClassUID="1.2", ReferencedSOPInstanceUID="1.3")]
    created = create(start(ScheduledStep(item)))
    assert [one.CodeValue for one in created.PerformedProtocolCodeSequence] == ["P"]
    assert [one.CodeValue for one in created.ProcedureCodeSequence] == ["R"]
    assert [one.ReferencedSOPInstanceUID for one in created.ReferencedPatientSequence] == ["1.3"]


def test_a_completed_step_names_every_series_and_instance() -> None:
    series = [
        PerformedSeries("1.2.3.1", "Head", images=[("1.2", "1.9.1"), ("1.2", "1.9.2")], others=[("1.4", "1.9.3")]),
        PerformedSeries("1.2.3.2", "Head"),
    ]
    changes = finish(ENDED, series)
    assert changes.PerformedProcedureStepStatus == "COMPLETED"
    assert (changes.PerformedProcedureStepEndDate, changes.PerformedProcedureStepEndTime) == (
        "20240301",
        "094500.250000",
    )
    first, second = changes.PerformedSeriesSequence
    assert [one.ReferencedSOPInstanceUID for one in first.ReferencedImageSequence] == ["1.9.1", "1.9.2"]
    others = first.ReferencedNonImageCompositeSOPInstanceSequence
    assert [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in others] == [("1.4", "1.9.3")]
    assert (second.SeriesInstanceUID, second.ReferencedImageSequence) == ("1.2.3.2", [])
    assert "PerformedProcedureStepDiscontinuationReasonCodeSequence" not in changes


@pytest.mark.parametrize("name", KINDS.entries)
def test_what_is_no_image_is_listed_apart(name: str) -> None:
    kind = KINDS.load(name)
    made = (kind.sop_class_uid, "1.9.1")
    (item,) = finish(ENDED, [PerformedSeries("1.2.3.1", "Head", images=[made])]).PerformedSeriesSequence
    images, others = item.ReferencedImageSequence, item.ReferencedNonImageCompositeSOPInstanceSequence
    documents = ("ecg", "kos", "pdf", "rdsr", "rtplan", "rtstruct", "sr")
    assert (len(images), len(others)) == ((0, 1) if name in documents else (1, 0))
    assert (*images, *others)[0].ReferencedSOPClassUID == kind.sop_class_uid


@pytest.mark.parametrize("reason", DISCONTINUATION_REASONS)
def test_a_discontinued_step_says_why_by_a_code_of_the_table(reason: str) -> None:
    changes = finish(ENDED, [PerformedSeries("1.2.3.1", "Head")], reason=reason)
    assert changes.PerformedProcedureStepStatus == "DISCONTINUED"
    (found,) = changes.PerformedProcedureStepDiscontinuationReasonCodeSequence
    assert (found.CodeValue, found.CodingSchemeDesignator) == (reason, "DCM")
    assert found.CodeMeaning == DISCONTINUATION_REASONS[reason]


def test_the_reasons_are_those_of_context_group_9300() -> None:
    listed = [getattr(codes.cid9300, name) for name in codes.cid9300.dir()]
    known = {str(one.value): str(one.meaning).lower() for one in listed if one.scheme_designator == "DCM"}
    assert {value: meaning.lower() for value, meaning in DISCONTINUATION_REASONS.items()}.items() <= known.items()
