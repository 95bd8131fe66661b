"""What belongs together: group case, several steps, several studies, an order that was never performed."""

from __future__ import annotations

from copy import deepcopy

import pytest

from modality.protocol.performed_step import code, reference
from tests.station.consistency.conftest import broken


def _second_step(evidence):
    """The same examination answers two scheduled steps (group case)."""
    item, request = deepcopy(evidence.items[0]), deepcopy(evidence.request)
    item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = "SPS0002"
    request.ScheduledProcedureStepID = "SPS0002"
    evidence.items.append(item)
    evidence.created.ScheduledStepAttributesSequence.append(request)
    for image in evidence.images:
        other = deepcopy(image.RequestAttributesSequence[0])
        other.ScheduledProcedureStepID = "SPS0002"
        image.RequestAttributesSequence.append(other)


def test_the_group_case_breaks_no_rule(evidence, tmp_path):
    _second_step(evidence)
    assert broken(evidence.judged(tmp_path / "case")) == set()


def test_a_request_is_compared_with_its_own_item_in_the_group_case(evidence, tmp_path):
    _second_step(evidence)
    evidence.items[1].ScheduledProcedureStepSequence[0].ScheduledProcedureStepDescription = "Neck"
    judgements = evidence.judged(tmp_path / "case")
    assert broken(judgements) == {"R18"}
    assert {one.finding.right_value for one in judgements["R18"].deviations} == {"Neck"}


def test_a_group_may_have_a_study_and_an_accession_number_of_its_own(evidence, tmp_path):
    _second_step(evidence)
    own = "2.25.222222222222222222222222222222222222222"
    for image in evidence.images:
        image.StudyInstanceUID, image.AccessionNumber = own, ""
    for request in evidence.created.ScheduledStepAttributesSequence:
        request.StudyInstanceUID = own
    assert broken(evidence.judged(tmp_path / "case")) == set()


def test_a_worklist_of_others_does_not_disturb(evidence, tmp_path):
    other = deepcopy(evidence.items[0])
    other.StudyInstanceUID, other.AccessionNumber, other.PatientID = "1.2.3", "ACC9", "PAT9"
    other.RequestedProcedureID, other.PatientName = "RP9", "Other^Patient"
    other.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = "SPS0009"
    evidence.items.insert(0, other)
    assert broken(evidence.judged(tmp_path / "case")) == set()


def test_an_unscheduled_step_breaks_no_rule(evidence, tmp_path):
    evidence.items = []
    request = evidence.request
    for keyword in (
        "ScheduledProcedureStepID", "RequestedProcedureID", "RequestedProcedureDescription",
        "ScheduledProcedureStepDescription",
    ):  # fmt: skip
        setattr(request, keyword, "")
    request.ScheduledProtocolCodeSequence = request.RequestedProcedureCodeSequence = []
    for image in evidence.images:
        del image.RequestAttributesSequence
    judgements = evidence.judged(tmp_path / "case")
    assert broken(judgements) == set()
    assert judgements["R22"].state == "held"


def test_a_discontinued_step_breaks_no_rule(evidence, tmp_path):
    evidence.end.PerformedProcedureStepStatus = "DISCONTINUED"
    reason = [code("110514", "DCM", "Incorrect worklist entry selected")]
    evidence.end.PerformedProcedureStepDiscontinuationReasonCodeSequence = reason
    judgements = evidence.judged(tmp_path / "case")
    assert broken(judgements) == set()
    assert (judgements["R52"].state, judgements["R53"].state) == ("held", "not applicable")


def test_a_step_still_in_progress_need_not_list_its_images(evidence, tmp_path):
    evidence.changes = []
    judgements = evidence.judged(tmp_path / "case")
    assert broken(judgements) == set()
    assert judgements["R31"].state == "not applicable"


def test_series_in_a_later_step_are_of_that_step(evidence, tmp_path):
    """Append case: the second series is another performed step's."""
    images, second = evidence.images[4:], "2.25.333333333333333333333333333333333333333"
    created, end = deepcopy(evidence.created), deepcopy(evidence.end)
    created.SOPInstanceUID = end.SOPInstanceUID = second
    evidence.created.SOPInstanceUID = evidence.end.SOPInstanceUID = evidence.uid
    created.PerformedProcedureStepID = "P2"
    end.PerformedSeriesSequence = [end.PerformedSeriesSequence.pop(1)]
    evidence.end.PerformedSeriesSequence.pop(1)
    evidence.changes += [created, end]
    for image in images:
        image.PerformedProcedureStepID = "P2"
        image.ReferencedPerformedProcedureStepSequence = [reference("1.2.840.10008.3.1.2.3.3", second)]
    assert broken(evidence.judged(tmp_path / "case")) == set()
    images[0].PerformedProcedureStepID = evidence.created.PerformedProcedureStepID
    assert broken(evidence.judged(tmp_path / "again")) == {"R25", "R41"}


@pytest.mark.parametrize("keyword", ["PatientName", "PerformedProcedureStepStartTime"])
def test_the_same_value_in_another_form_is_the_same(evidence, tmp_path, keyword):
    written = {"PatientName": "Okafor^Grace^^^", "PerformedProcedureStepStartTime": None}[keyword]
    if written is None:
        time = str(evidence.images[0][keyword].value)
        written = time.rstrip("0") if "." in time else f"{time}.000"
    setattr(evidence.images[0], keyword, written)
    assert broken(evidence.judged(tmp_path / "case")) == set()


def test_without_a_uid_the_images_still_have_to_name_one_step(evidence, tmp_path):
    evidence.uid = "mpps"  # the name of the file
    assert broken(evidence.judged(tmp_path / "case")) == set()
    other = evidence.images[7].ReferencedPerformedProcedureStepSequence[0]
    other.ReferencedSOPInstanceUID = "1.2.3"
    assert broken(evidence.judged(tmp_path / "again")) == {"R29", "R41"}


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_texts_and_uids_of_the_other_evidence_are_looked_at_too(evidence, tmp_path):
    item = evidence.items[0]
    del item.SpecificCharacterSet
    item.PatientName = "Okafor^Gräce"
    evidence.created.ReferencedPatientSequence = [reference("1.2.840.10008.3.1.2.1.1", "1.2.007")]
    judgements = evidence.judged(tmp_path / "case")
    assert broken(judgements) == {"R02", "R64", "R65"}
    assert judgements["R65"].deviations[0].finding.right_value == "one for PatientName"
    assert judgements["R64"].deviations[0].finding.left_value == "1.2.007"
