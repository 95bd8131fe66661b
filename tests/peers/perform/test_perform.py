"""The main job against wlmscpfs, dcmjs and Orthanc: RAD-5 to RAD-8 and RAD-10, read off what each of them holds."""

from __future__ import annotations

import re

import pytest
from pydicom import Dataset

from tests.peers.perform.conftest import Day, named
from tests.peers.worklist_items import STATION_AET, today

pytestmark = pytest.mark.peer

PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"
EVERY_KEY = {
    "AccessionNumber",
    "ReferencedStudySequence",
    "ReferencedPatientSequence",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientWeight",
    "MedicalAlerts",
    "Allergies",
    "StudyInstanceUID",
    "RequestedProcedureDescription",
    "RequestedProcedureCodeSequence",
    "RequestedProcedureID",
    "ScheduledProcedureStepSequence",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "Modality",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
    "ScheduledProtocolCodeSequence",
    "ScheduledSpecimenSequence",
    "SpecificCharacterSet",
}
PROTOCOLS = {"PEER1": ["CTHEAD"], "PEER2": ["CTTHORAX"], "PEER3": ["MRHEAD"], "PEER4": [], "PEER5": ["NEVERHEARD"]}
NAMES = {
    "PEER1": "Water^Cylinder",
    "PEER2": "Łukasiewicz^Żaneta=山田^太郎=やまだ^たろう",
    "PEER3": "Müller^Jörg",
    "PEER4": "Sparse^Item",
    "PEER5": "Coded^Oddly",
}


def codes(dataset: Dataset, keyword: str) -> list[tuple[str, str, str]]:
    """The codes of a sequence, empty where it is absent."""
    items = dataset.get(keyword) or []
    return [(item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning) for item in items]


def value(dataset: Dataset, keyword: str) -> str:
    """A value as text, empty where it is absent."""
    return str(dataset.get(keyword) or "")


def test_one_query_asks_for_this_station_today_and_for_every_key_at_once(day: Day) -> None:
    (query,) = day.query
    assert set(re.findall(r" (\w+)$", query, re.MULTILINE)) >= EVERY_KEY
    assert re.search(rf"AE \[{STATION_AET} ?\]", query)
    assert f"DA [{today()}]" in query


def test_every_step_for_this_station_today_is_performed_and_no_other(day: Day) -> None:
    assert [step.row["step_id"] for step in day.steps] == ["SPS1", "SPS2", "SPS3", "SPS4", "SPS5"]
    assert len(day.messages) == 2 * len(day.steps)
    assert {one.StudyInstanceUID for one in day.images} == {step.item.StudyInstanceUID for step in day.steps}
    assert len(day.images) == 4 * len(day.steps)


def test_the_document_has_the_keys_of_the_contract_and_counts_what_the_peers_hold(day: Day) -> None:
    assert day.finished.lines == []
    assert day.finished.document["pending"] == 0
    for step in day.steps:
        assert step.row["state"] == "COMPLETED"
        assert step.row["stored"] == step.row["committed"] == len(step.images) == 4
        assert step.row["study_uid"] == step.item.StudyInstanceUID
        assert step.row["mpps_uid"] == step.begun.sop_instance_uid
        assert (step.row["failed"], step.row["refused"], step.row["problems"]) == (0, {}, [])


def test_a_strict_scp_finds_nothing_wrong_with_any_message(day: Day) -> None:
    assert [(one.status, one.problems) for one in day.messages] == [(0x0000, [])] * len(day.messages)
    assert {one.calling_aet for one in day.messages} == {STATION_AET}
    assert [one.service for one in day.messages] == ["N-CREATE", "N-SET"] * len(day.steps)


def test_a_step_begins_in_progress_with_all_that_will_be_set_present_and_empty(day: Day) -> None:
    for step in day.steps:
        begun = step.begun.dataset
        assert begun.PerformedProcedureStepStatus == "IN PROGRESS"
        assert begun.PerformedStationAETitle == STATION_AET
        assert begun.Modality == step.scheduled.Modality
        for keyword in ("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime", "PerformedSeriesSequence"):
            assert not begun[keyword].value
        assert not begun["PerformedProcedureStepDiscontinuationReasonCodeSequence"].value
        assert len(begun.ScheduledStepAttributesSequence) == 1


@pytest.mark.parametrize("keyword", ["PatientName", "PatientID", "PatientBirthDate", "PatientSex"])
def test_the_patient_is_the_worklists_in_images_and_performed_step(day: Day, keyword: str) -> None:
    for step in day.steps:
        assert keyword in step.begun.dataset
        expected = value(step.item, keyword)
        assert {value(one, keyword) for one in (step.begun.dataset, *step.images)} == {expected}


def test_names_in_utf_8_and_latin_1_arrive_intact(day: Day) -> None:
    assert {one.PatientID: str(one.PatientName) for one in day.images} == NAMES
    assert {step.begun.dataset.PatientID: str(step.begun.dataset.PatientName) for step in day.steps} == NAMES
    by_dcmjs = {step.begun.keywords["PatientID"]: str(step.begun.keywords["PatientName"]) for step in day.steps}
    assert "Jörg" in by_dcmjs["PEER3"]
    assert "Żaneta" in by_dcmjs["PEER2"]


def test_the_order_stands_in_the_performed_step_as_the_worklist_has_it(day: Day) -> None:
    for step in day.steps:
        (order,) = step.begun.dataset.ScheduledStepAttributesSequence
        for keyword in ("StudyInstanceUID", "AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription"):
            assert value(order, keyword) == value(step.item, keyword), keyword
        for keyword in ("ScheduledProcedureStepID", "ScheduledProcedureStepDescription"):
            assert value(order, keyword) == value(step.scheduled, keyword), keyword
        assert list(order.ReferencedStudySequence) == list(step.item.get("ReferencedStudySequence", []))
        assert codes(order, "ScheduledProtocolCodeSequence") == codes(step.scheduled, "ScheduledProtocolCodeSequence")


def test_the_order_stands_in_the_request_attributes_of_every_image(day: Day) -> None:
    for step in day.steps:
        for image in step.images:
            (request,) = image.RequestAttributesSequence
            assert image.StudyInstanceUID == request.StudyInstanceUID == step.item.StudyInstanceUID
            assert value(image, "AccessionNumber") == value(step.item, "AccessionNumber")
            for keyword in ("AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription"):
                assert value(request, keyword) == value(step.item, keyword), keyword
            for keyword in ("ScheduledProcedureStepID", "ScheduledProcedureStepDescription"):
                assert value(request, keyword) == value(step.scheduled, keyword), keyword
            protocol = codes(step.scheduled, "ScheduledProtocolCodeSequence")
            assert codes(request, "ScheduledProtocolCodeSequence") == protocol
            references = list(step.item.get("ReferencedStudySequence", []))
            assert list(image.get("ReferencedStudySequence", [])) == references


@pytest.mark.parametrize(
    "keyword",
    [
        "PerformedProcedureStepID",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "PerformedProcedureStepDescription",
        "StudyID",
        "Modality",
    ],
)
def test_what_the_modality_makes_is_equal_in_images_and_performed_step(day: Day, keyword: str) -> None:
    for step in day.steps:
        told = value(step.begun.dataset, keyword)
        assert told
        assert {value(image, keyword) for image in step.images} == {told}


def test_codes_are_reported_back_as_they_were_scheduled_even_unknown_ones(day: Day) -> None:
    for step in day.steps:
        expected = codes(step.scheduled, "ScheduledProtocolCodeSequence")
        assert [one[0] for one in expected] == PROTOCOLS[step.item.PatientID]
        for dataset in (step.begun.dataset, *step.images):
            assert codes(dataset, "PerformedProtocolCodeSequence") == expected
            assert codes(dataset, "ProcedureCodeSequence") == codes(step.item, "RequestedProcedureCodeSequence")


def test_no_code_carries_an_empty_attribute(day: Day) -> None:
    for step in day.steps:
        begun = step.begun.dataset
        items = [*begun.ProcedureCodeSequence, *begun.PerformedProtocolCodeSequence]
        for order in begun.ScheduledStepAttributesSequence:
            items += [*order.ScheduledProtocolCodeSequence, *order.RequestedProcedureCodeSequence]
        assert [item for item in items if not all(element.value for element in item)] == []


def test_every_image_points_to_its_performed_step(day: Day) -> None:
    for step in day.steps:
        for image in step.images:
            (reference,) = image.ReferencedPerformedProcedureStepSequence
            assert reference.ReferencedSOPClassUID == PERFORMED_STEP
            assert reference.ReferencedSOPInstanceUID == step.begun.sop_instance_uid


def test_the_final_message_names_every_image_stored_and_no_other(day: Day) -> None:
    for step in day.steps:
        ended = step.ended.dataset
        (series,) = ended.PerformedSeriesSequence
        assert ended.PerformedProcedureStepStatus == "COMPLETED"
        assert sorted(named(ended)) == sorted(image.SOPInstanceUID for image in step.images)
        assert not series["ReferencedNonImageCompositeSOPInstanceSequence"].value
        assert {image.SeriesInstanceUID for image in step.images} == {series.SeriesInstanceUID}
        assert {image.ProtocolName for image in step.images} == {series.ProtocolName}
        assert {image.SeriesDescription for image in step.images} == {series.SeriesDescription}
        assert value(series, "PerformingPhysicianName") == value(step.images[0], "PerformingPhysicianName")
        assert series.RetrieveAETitle == "ORTHANC"
        assert "OperatorsName" in series


def test_a_step_begins_before_its_first_image_and_ends_after_its_last(day: Day) -> None:
    for step in day.steps:
        begun, ended = step.begun.time_ms / 1000, step.ended.time_ms / 1000
        assert begun <= min(step.stored_at)
        assert max(step.stored_at) <= ended
    told = [(step.begun.time_ms, step.ended.time_ms) for step in day.steps]
    assert told == sorted(told)


def test_what_is_committed_is_what_is_stored_each_time_in_a_new_transaction(day: Day) -> None:
    assert len({step.row["transaction_uid"] for step in day.steps}) == len(day.steps)
    assert [(step.row["commitment_failed"], step.row["commitment_pending"]) for step in day.steps] == [(0, 0)] * 5
    assert list((day.state / "instances").iterdir()) == []


def test_a_sparse_item_is_performed_with_what_is_known(day: Day) -> None:
    (step,) = [step for step in day.steps if step.item.PatientID == "PEER4"]
    (order,) = step.begun.dataset.ScheduledStepAttributesSequence
    assert value(order, "AccessionNumber") == value(step.images[0], "AccessionNumber") == ""
    assert not order["ScheduledProtocolCodeSequence"].value
    assert "PerformedProtocolCodeSequence" not in step.images[0]
    assert step.images[0].PatientBirthDate == ""


def test_all_images_of_the_day_are_their_own(day: Day) -> None:
    for keyword in ("SOPInstanceUID", "PixelData"):
        assert len({one[keyword].value for one in day.images}) == len(day.images), keyword
    for keyword in ("SeriesInstanceUID", "FrameOfReferenceUID", "PerformedProcedureStepID"):
        assert len({one[keyword].value for one in day.images}) == len(day.steps), keyword
