"""Worklist items from TOML and from data sets."""

from __future__ import annotations

from datetime import date

import pytest
from pydicom import Dataset, dcmread

from modality import config
from modality.errors import ConfigurationError, InputError
from modality.simulated.ris import worklist_file

TODAY = date(2026, 11, 24)
ENTRY = """
[[step]]
station_aet = "CT01"
modality = "CT"
start = "today 08:30"
patient_name = "A^B"
patient_id = "P1"
"""


def read(tmp_path, text: str) -> list[Dataset]:
    path = tmp_path / "list.toml"
    path.write_text(text, encoding="utf-8")
    return worklist_file.read(path, TODAY)


def test_a_step_of_the_least_keys_is_an_item_with_the_identifiers_that_it_must_have(tmp_path):
    (item,) = read(tmp_path, ENTRY)
    step = item.ScheduledProcedureStepSequence[0]
    assert (step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime) == ("20261124", "083000")
    assert (item.RequestedProcedureID, step.ScheduledProcedureStepID) == ("RP0001", "SPS0001")
    assert item.StudyInstanceUID.startswith("2.25.")
    assert "AccessionNumber" not in item


def test_the_same_seed_makes_the_same_study_and_another_seed_another(tmp_path):
    uids = [read(tmp_path, f"seed = {seed}\n{ENTRY}")[0].StudyInstanceUID for seed in (1, 1, 2)]
    assert uids[0] == uids[1] != uids[2]


def test_steps_of_one_accession_number_share_a_study(tmp_path):
    first, second, other = read(
        tmp_path, f'{ENTRY}accession_number = "A"\n{ENTRY}accession_number = "A"\n{ENTRY}accession_number = "B"\n'
    )
    assert first.StudyInstanceUID == second.StudyInstanceUID != other.StudyInstanceUID


def test_an_empty_identifier_is_left_to_the_modality(tmp_path):
    (item,) = read(tmp_path, f'{ENTRY}study_instance_uid = ""\nrequested_procedure_id = ""\n')
    assert (item.StudyInstanceUID, item.RequestedProcedureID) == ("", "")


def test_any_attribute_can_be_given_by_its_keyword_sequences_too(tmp_path):
    extra = """
extra = { RequestedProcedurePriority = "STAT", ReferencedPatientSequence = [{ ReferencedSOPInstanceUID = "1.2" }] }
step_extra = { PreMedication = "none" }
protocol_codes = [{ value = "X", scheme = "99M", meaning = "an X" }]
"""
    (item,) = read(tmp_path, ENTRY + extra)
    step = item.ScheduledProcedureStepSequence[0]
    assert item.RequestedProcedurePriority == "STAT"
    assert item.ReferencedPatientSequence[0].ReferencedSOPInstanceUID == "1.2"
    assert step.PreMedication == "none"
    assert step.ScheduledProtocolCodeSequence[0].CodeMeaning == "an X"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('pateint_sex = "F"', r"list\.toml.*pateint_sex.*did you mean 'patient_sex'"),
        ("patient_sex = 1", r"list\.toml.*patient_sex"),
        ('extra = { PateintSex = "F" }', r"list\.toml: step\[1\].*did you mean 'PatientSex'"),
        ('patient_sex = "unknown value"', r"PatientSex"),
        ('performing_physician = "山田"\ncharacter_set = "ISO_IR 100"', r"character_set: 'ISO_IR 100' cannot write"),
    ],
)
def test_what_does_not_fit_is_named_with_file_and_key(tmp_path, line, message):
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, f"{ENTRY}{line}\n")


@pytest.mark.parametrize("start", ["soon", "today 25:00", "2026-13-01 08:00"])
def test_a_start_that_is_no_time_is_named(tmp_path, start):
    with pytest.raises(ConfigurationError, match="start"):
        read(tmp_path, ENTRY.replace("today 08:30", start))


@pytest.mark.parametrize(
    ("start", "day", "time"),
    [
        ("tomorrow 07:05", "20261125", "070500"),
        ("2026-12-01 23:59", "20261201", "235900"),
        ("2026-12-01T23:59", "20261201", "235900"),
        ("yesterday", "20261123", "000000"),
    ],
)
def test_a_start_is_a_day_and_a_time(tmp_path, start, day, time):
    (item,) = read(tmp_path, ENTRY.replace("today 08:30", start))
    step = item.ScheduledProcedureStepSequence[0]
    assert (step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime) == (day, time)


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path):
    (tmp_path / "b.toml").write_text(ENTRY.replace("P1", "second"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
    (item,) = worklist_file.read(tmp_path, TODAY)
    item.PatientID = "first"
    item.save_as(tmp_path / "a.wl", implicit_vr=False, little_endian=True)
    assert [one.PatientID for one in worklist_file.read(tmp_path, TODAY)] == ["first", "second"]
    assert dcmread(tmp_path / "a.wl", force=True).PatientID == "first"


def test_a_data_set_that_is_no_worklist_item_is_named(tmp_path):
    for name, content in (("rubbish.wl", b"\x00" * 50), ("empty.wl", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=name):
            worklist_file.read(tmp_path / name, TODAY)


def test_the_shipped_worklist_has_work_for_every_station_today():
    items = worklist_file.read(config.shipped("worklist.toml"), TODAY)
    steps = [item.ScheduledProcedureStepSequence[0] for item in items]
    today = [step for step in steps if step.ScheduledProcedureStepStartDate == "20261124"]
    assert {step.ScheduledStationAETitle for step in today} == {"CT01", "MR01", "SM01"}
    assert len(today) >= 5
    assert {item.SpecificCharacterSet for item in items} > {"ISO_IR 100", "ISO_IR 192"}
    assert [item.StudyInstanceUID for item in items].count("") == 1
