from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from modality.identity import Patient, patient
from modality.iods.images.ct import describe_frame


def every_patient() -> list[Patient]:
    by_name = {who.name: who for who in map(patient, range(400))}
    return list(by_name.values())


def written_and_read(dataset: pydicom.Dataset) -> pydicom.Dataset:
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, dataset, implicit_vr=False, little_endian=True)
    buffer.seek(0)
    return pydicom.dcmread(buffer, force=True)


@pytest.mark.parametrize("who", every_patient(), ids=lambda who: who.name.encode("ascii", "replace").decode())
def test_the_name_is_written_in_the_patients_own_character_set(make_dataset, who):
    dataset = make_dataset("ct", "unscheduled", patient=who)
    assert dataset.SpecificCharacterSet == who.character_set
    assert written_and_read(dataset).PatientName == who.name


def test_all_character_sets_of_the_identities_are_tried():
    assert len({who.character_set for who in every_patient()}) >= 7


def test_utf_8_is_used_where_the_other_text_does_not_fit(make_acquisition, make_context, blank_frame):
    context = make_context("full", patient=Patient("1", "Wójcik^Łukasz", character_set="ISO_IR 101"))
    context = replace(context, study=replace(context.study, referring_physician="山田^太郎"))
    dataset = describe_frame(make_acquisition("ct"), context, blank_frame())
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    read = written_and_read(dataset)
    assert (read.PatientName, read.ReferringPhysicianName) == ("Wójcik^Łukasz", "山田^太郎")


def test_text_within_sequences_counts(make_dataset):
    dataset = make_dataset("ct", "full", patient=Patient("1", "Дмитрий", character_set="ISO_IR 144"))
    assert dataset.SpecificCharacterSet == "ISO_IR 192"


def test_the_default_repertoire_is_not_declared(make_dataset):
    assert "SpecificCharacterSet" not in make_dataset("ct", "sparse", patient=Patient("1", "A^B", character_set=""))


def test_a_data_set_can_be_encoded_as_it_is(make_dataset):
    dataset = make_dataset("mr", "full")
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    assert pydicom.dcmread(BytesIO(buffer.getvalue())).pixel_array.shape == (24, 32)
