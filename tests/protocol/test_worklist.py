"""The worklist query holds every return key, and whatever a RIS answers reads as text."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag

from modality.errors import UsageError
from modality.identity import Patient, patient
from modality.protocol.worklist import ScheduledStep, WorklistQuery, coded, parse_date, referenced, unscheduled

TODAY = date(2024, 3, 1)


def code(**attributes: str) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def scheduled() -> Dataset:
    item, step = Dataset(), Dataset()
    item.SpecificCharacterSet = "ISO_IR 100"
    item.PatientName, item.PatientID, item.PatientSex = "Müller^Jörg", "P1", "M"
    item.PatientSize, item.PatientWeight = "1.8", ""
    item.StudyInstanceUID, item.AccessionNumber = "1.2.3", "A1"
    step.Modality, step.ScheduledStationAETitle = "CT", ["CT01", "CT02"]
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20240301", "093000"
    step.ScheduledProcedureStepID, step.ScheduledProcedureStepDescription = "S1", "Head"
    item.ScheduledProcedureStepSequence = [step]
    return item


def test_every_key_of_a_matching_query_is_asked_back_too() -> None:
    query = WorklistQuery(TODAY, "CT", "CT01", "P1", "M*", "A1", "R1", "Dr*").identifier()
    (step,) = query.ScheduledProcedureStepSequence
    assert (step.Modality, step.ScheduledStationAETitle, step.ScheduledProcedureStepStartDate) == (
        "CT",
        "CT01",
        "20240301",
    )
    assert (query.PatientID, query.PatientName, query.AccessionNumber) == ("P1", "M*", "A1")
    assert (query.RequestedProcedureID, step.ScheduledPerformingPhysicianName) == ("R1", "Dr*")


def test_an_open_query_matches_all_and_still_asks_for_all() -> None:
    query = WorklistQuery().identifier()
    for keyword in (
        "StudyInstanceUID",
        "AccessionNumber",
        "PatientBirthDate",
        "ReferencedStudySequence",
        "AdmissionID",
    ):
        assert keyword in query
    (step,) = query.ScheduledProcedureStepSequence
    assert all(not element.value for element in step if element.VR != "SQ")
    assert {"CodeValue", "CodingSchemeDesignator", "CodeMeaning"} <= set(step.ScheduledProtocolCodeSequence[0].dir())


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("today", "20240301"),
        ("yesterday", "20240229"),
        ("tomorrow", "20240302"),
        ("2024-12-31", "20241231"),
        ("20241231", "20241231"),
        ("today..2024-03-05", "20240301-20240305"),
        ("2024-01-01..", "20240101-"),
        ("..today", "-20240301"),
        ("any", ""),
        ("", ""),
    ],
)
def test_dates_as_people_give_them(text: str, asked: str) -> None:
    query = WorklistQuery(date=parse_date(text, TODAY)).identifier()
    assert (query.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate or "") == asked


@pytest.mark.parametrize(
    "text", ["soon", "2024-13-01", "2024-02-30", "1.3.2024", "today..soon", "2026111", "2026-1-1", ".."]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"give today, any, YYYY-MM-DD|goes from A to B"):
        parse_date(text, TODAY)


def test_a_range_that_runs_backwards_is_refused() -> None:
    with pytest.raises(UsageError, match="goes from A to B"):
        parse_date("tomorrow..yesterday", TODAY)


def test_a_step_reads_as_text() -> None:
    step = ScheduledStep(scheduled())
    assert step.patient == Patient("P1", "Müller^Jörg", "", "M", "ISO_IR 100", "", 1.8, None)
    assert (step.study_uid, step.accession_number, step.step_id, step.description) == ("1.2.3", "A1", "S1", "Head")
    assert (step.modality, step.station_aet, step.start) == ("CT", "CT01\\CT02", "2024-03-01 09:30")


@pytest.mark.parametrize("sequence", [None, []])
def test_an_item_without_anything_reads_as_empty(sequence: object) -> None:
    item = Dataset()
    if sequence is not None:
        item.ScheduledProcedureStepSequence = sequence
    step = ScheduledStep(item)
    assert step.patient == Patient("", "", character_set="")
    assert {step.study_uid, step.step_id, step.start, step.modality, step.performing_physician} == {""}
    assert step.protocol_codes == step.requested_procedure_codes == step.referenced_studies == []


def test_codes_without_a_value_or_a_scheme_are_left_out_and_copies_hold_nothing_else() -> None:
    item = Dataset()
    good = code(CodeValue="C1", CodingSchemeDesignator="L", CodeMeaning="One")
    good.ContextIdentifier = "4"
    item.RequestedProcedureCodeSequence = [
        good,
        code(CodeValue="C2", CodingSchemeDesignator="L"),
        code(CodeValue="C3"),
        code(CodingSchemeDesignator="L", CodeMeaning="none"),
        code(CodeValue="", CodingSchemeDesignator="", CodeMeaning=""),
        code(URNCodeValue="urn:x:1"),
    ]
    found = coded(item, "RequestedProcedureCodeSequence")
    assert [one.CodeMeaning for one in found] == ["One", "C2", "urn:x:1"]
    assert "ContextIdentifier" not in found[0]
    found[0].CodeValue = "changed"
    assert good.CodeValue == "C1"


def test_references_without_a_uid_are_left_out() -> None:
    item = Dataset()
    item.ReferencedStudySequence = [
        code(ReferencedSOPClassUID="1.2", ReferencedSOPInstanceUID="1.3"),
        code(ReferencedSOPClassUID="1.2", ReferencedSOPInstanceUID=""),
        Dataset(),
    ]
    assert [one.ReferencedSOPInstanceUID for one in referenced(item, "ReferencedStudySequence")] == ["1.3"]


def test_an_unscheduled_step_has_a_patient_and_no_order() -> None:
    who = Patient("P2", "Åsa^Å", "19700101", "F", issuer="HOSPITAL")
    step = unscheduled(who, "MR", description="Unknown")
    assert step.patient == who
    assert (step.modality, step.description) == ("MR", "Unknown")
    assert {step.accession_number, step.study_uid, step.step_id, step.requested_procedure_id} == {""}


@pytest.mark.parametrize("seed", range(16))
def test_the_patient_of_an_unscheduled_step_keeps_the_name_in_every_script(seed):
    step = unscheduled(patient(seed), "CT")
    assert (step.patient.name, step.patient.character_set) == (patient(seed).name, patient(seed).character_set)


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        ("ISO_IR 192", "Łukasiewicz^Żaneta=山田^太郎"),
        ("ISO_IR 100", "Müller^Jörg"),
        ("ISO_IR 144", "Люкceмбypг^Роза"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ],
)
def test_an_item_off_the_wire_is_read_in_its_own_character_set_at_every_depth(character_set, name):
    sent = code(PatientName=name)
    sent.SpecificCharacterSet = character_set
    sent.ScheduledProcedureStepSequence = [code(ScheduledPerformingPhysicianName=name)]
    encoded = DicomBytesIO()
    encoded.is_implicit_VR, encoded.is_little_endian = False, True
    write_dataset(encoded, sent)
    step = ScheduledStep(read_dataset(BytesIO(encoded.getvalue()), is_implicit_VR=False, is_little_endian=True))
    assert (step.patient.name, step.performing_physician) == (name, name)


def off_the_wire(item: Dataset, *, implicit: bool = False, name: bytes = b"", seen: bool = False) -> ScheduledStep:
    encoded = DicomBytesIO()
    encoded.is_little_endian, encoded.is_implicit_VR = True, implicit
    write_dataset(encoded, item)
    data = BytesIO(encoded.getvalue().replace(b"@" * len(name), name) if name else encoded.getvalue())
    read = read_dataset(data, is_implicit_VR=implicit, is_little_endian=True)
    if seen:  # as pynetdicom does, for its log
        str(read)
    return ScheduledStep(read)


@pytest.mark.filterwarnings("ignore:Found unknown escape sequence")
@pytest.mark.parametrize(("implicit", "seen"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("declared", [None, "", "ISO_IR 6"])
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
        ("Müller".encode(), "MÃ¼ller"),
        ("Ät".encode(), "Ã?t"),
        (b"Yamada=\x1b$B;3ED", "Yamada=?$B;3ED"),
    ],
)
def test_characters_that_nobody_declared_are_named_and_leave_no_control_character(
    implicit: bool, seen: bool, declared: str | None, name: bytes, read: str
) -> None:
    item = scheduled()
    del item.SpecificCharacterSet
    if declared is not None:
        item.SpecificCharacterSet = declared
    name += b" " * (len(name) % 2)
    item.PatientName = "@" * len(name)
    item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepDescription = "Sch\u00e4del"
    step = off_the_wire(item, implicit=implicit, seen=seen, name=name)
    assert step.undeclared == ["PatientName", "ScheduledProcedureStepDescription"]
    assert step.patient.name == read
    (line,) = step.problems
    assert "PatientName, ScheduledProcedureStepDescription" in line
    assert "ller" not in line


def test_declared_characters_are_no_problem_and_an_item_may_declare_its_own() -> None:
    assert off_the_wire(scheduled()).problems == []
    item = scheduled()
    item.SpecificCharacterSet, item.PatientName = "ISO_IR 6", "PLAIN^A"
    (step,) = item.ScheduledProcedureStepSequence
    step.SpecificCharacterSet, step.ScheduledProcedureStepDescription = "ISO_IR 192", "頭"
    read = off_the_wire(item)
    assert (read.problems, read.description) == ([], "頭")


def test_a_control_character_is_kept_only_where_text_may_be_formatted() -> None:
    item = scheduled()
    item.PatientName, item.AccessionNumber = "A\x07B", "1\n2"
    item["PatientBirthDate"] = DataElement(Tag("PatientBirthDate"), "DA", "2024\x0101", validation_mode=IGNORE)
    item.PatientState, item.ReasonForTheRequestedProcedure, item.AdditionalPatientHistory = (
        "a\tb",
        "a\x85",
        "a\r\nb\x0b",
    )
    step = off_the_wire(item)
    assert (step.patient.name, step.accession_number, step.patient.birth_date) == ("A?B", "1?2", "2024?01")
    assert step.item.PatientState == "a?b"
    assert step.item.ReasonForTheRequestedProcedure == "a?"
    assert step.item.AdditionalPatientHistory == "a\r\nb?"
