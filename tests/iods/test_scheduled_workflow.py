"""What the images owe the worklist and the performed step (IHE RAD-8)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.macros.code import copied_codes


def test_the_request_stands_in_request_attributes(make_dataset):
    (item,) = make_dataset("ct", "full").RequestAttributesSequence
    assert item.AccessionNumber == "ACC1"
    assert item.StudyInstanceUID == "1.2.276.0.7230010.3.1.2.1"
    assert item.RequestedProcedureID == "RP1"
    assert item.RequestedProcedureDescription == "Schädel"
    assert item.RequestedProcedureCodeSequence[0].CodeValue == "24725-4"
    assert item.ReasonForTheRequestedProcedure == "Fall"
    assert item.ReferencedStudySequence[0].ReferencedSOPInstanceUID == "1.2.276.0.7230010.3.1.2.1"
    assert item.ScheduledProcedureStepID == "SPS1"
    assert item.ScheduledProcedureStepDescription == "Scan of the head"
    assert item.ScheduledProtocolCodeSequence[0].CodeValue == "P1"


def test_a_group_has_an_item_for_each_request(make_dataset):
    dataset = make_dataset("ct", "grouped")
    assert [item.ScheduledProcedureStepID for item in dataset.RequestAttributesSequence] == ["SPS1", "SPS2"]
    assert [item.CodeValue for item in dataset.PerformedProtocolCodeSequence] == ["P1", "P2"]
    assert len(dataset.ReferencedStudySequence) == 1
    assert len(dataset.ProcedureCodeSequence) == 1


def test_study_and_patient_references_and_codes_are_copied_to_the_top(make_dataset):
    dataset = make_dataset("mr", "full")
    assert dataset.ReferencedStudySequence[0].ReferencedSOPClassUID == "1.2.840.10008.3.1.2.3.1"
    assert dataset.ReferencedPatientSequence[0].ReferencedSOPInstanceUID == "1.2.3.4"
    assert dataset.ProcedureCodeSequence[0].CodeMeaning == "CT Head"
    assert (dataset.AccessionNumber, dataset.StudyID) == ("ACC1", "S1")
    assert dataset.ReferringPhysicianName == "Weiß^Anna"
    assert (dataset.Allergies, dataset.PregnancyStatus) == ("Latex", 4)


def test_the_performed_step_is_named_and_referenced(make_dataset, make_context):
    dataset, context = make_dataset("ct", "full"), make_context("full")
    assert dataset.PerformedProcedureStepID == "PPS1"
    assert dataset.PerformedProcedureStepStartDate == "20240517"
    assert dataset.PerformedProcedureStepStartTime == "093015.250000"
    assert dataset.PerformedProcedureStepDescription == "Head"
    assert dataset.PerformedProtocolCodeSequence[0].CodeValue == "P1"
    (reference,) = dataset.ReferencedPerformedProcedureStepSequence
    assert reference.ReferencedSOPClassUID == "1.2.840.10008.3.1.2.3.3"
    assert reference.ReferencedSOPInstanceUID == context.series.performed_step.uid


def test_a_step_that_is_not_reported_is_not_referenced(make_dataset):
    dataset = make_dataset("ct", "full", mpps=False)
    assert dataset.PerformedProcedureStepID == "PPS1"
    assert "ReferencedPerformedProcedureStepSequence" not in dataset


def test_a_sparse_item_leaves_out_what_it_does_not_know(make_dataset):
    dataset = make_dataset("ct", "sparse")
    absent = "RequestAttributesSequence ReferencedStudySequence ReferencedPatientSequence ProcedureCodeSequence"
    assert [keyword for keyword in absent.split() if keyword in dataset] == []
    assert dataset.AccessionNumber == ""


def test_codes_without_a_scheme_are_left_out_and_a_missing_meaning_is_the_value():
    nameless, without_meaning, uri = Dataset(), Dataset(), Dataset()
    nameless.CodeValue, nameless.CodeMeaning = "X1", "no scheme"
    without_meaning.CodeValue, without_meaning.CodingSchemeDesignator = "X2", "99LAB"
    uri.URNCodeValue, uri.CodeMeaning = "urn:lex:x", "by URN"
    copies = copied_codes([nameless, without_meaning, uri])
    assert [copy.CodeMeaning for copy in copies] == ["X2", "by URN"]
    assert "CodingSchemeDesignator" not in copies[1]


def test_the_copy_of_a_code_shares_nothing_with_the_worklist_item(make_dataset, make_context):
    make_dataset("ct", "full").ProcedureCodeSequence[0].CodeMeaning = "changed"
    assert make_context("full").study.requests[0].requested_procedure_codes[0].CodeMeaning == "CT Head"
