"""C-FIND matching: PS3.4 C.2.2.2, type by type."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag

from modality.protocol.matching import InvalidIdentifier, answer, matches


def dataset(**values: object) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        tag = Tag(keyword)
        made[tag] = DataElement(tag, dictionary_VR(tag), value, validation_mode=IGNORE)
    return made


@pytest.mark.parametrize(
    ("keyword", "wanted", "value", "expected"),
    [
        ("PatientID", "", "A1", True),
        ("PatientID", "A1", "A1", True),
        ("PatientID", "a1", "A1", False),
        ("PatientID", "A1", "A12", False),
        ("PatientID", "A*", "A12", True),
        ("PatientID", "A?", "A12", False),
        ("PatientID", "A?2", "A12", True),
        ("PatientID", "*1*2*", "A12", True),
        ("PatientID", "*", "", True),
        ("PatientID", "A.", "AB", False),
        ("PatientName", "mül*", "Müller^Jörg", True),
        ("PatientName", "MÜLLER^JÖRG", "Müller^Jörg", True),
        ("PatientName", "Müller^Jörg^^", "Müller^Jörg", True),
        ("PatientName", "山田*", "Yamada^Tarou=山田^太郎", True),
        ("PatientName", "yamada*", "Yamada^Tarou=山田^太郎", True),
        ("PatientName", "=山田*", "Yamada^Tarou=山田^太郎", True),
        ("PatientName", "Yamada*=王*", "Yamada^Tarou=山田^太郎", False),
        ("StudyDate", "20261124", "20261124", True),
        ("StudyDate", "20261123-20261125", "20261124", True),
        ("StudyDate", "-20261124", "20261124", True),
        ("StudyDate", "20261125-", "20261124", False),
        ("StudyTime", "1030", "103000", True),
        ("StudyTime", "10-11", "113059", True),
        ("StudyTime", "1000-1030", "103100", False),
        ("InstanceNumber", "7", "7", True),
        ("InstanceNumber", "7", "8", False),
        ("Rows", 512, 512, True),
        ("StudyInstanceUID", ["1.2", "1.3"], "1.3", True),
        ("StudyInstanceUID", ["1.2", "1.3"], "1.4", False),
        ("ModalitiesInStudy", "CT", ["MR", "CT"], True),
        ("ModalitiesInStudy", ["CT", "US"], ["MR"], False),
    ],
)
def test_a_key_matches_as_its_representation_says(keyword, wanted, value, expected):
    assert matches(dataset(**{keyword: wanted}), dataset(**{keyword: value})) is expected


def test_an_unknown_value_matches_an_empty_key_only():
    assert matches(dataset(PatientID=""), Dataset())
    assert not matches(dataset(PatientID="A"), Dataset())
    assert not matches(dataset(StudyDate="19000101-"), dataset(StudyDate=""))


@pytest.mark.parametrize("value", ["20261124120000", "20261124130000+0100", "20261124"])
def test_date_times_take_their_offset_from_utc_into_account(value):
    query = dataset(AcquisitionDateTime="20261124110000-20261124125959+0000")
    assert matches(query, dataset(AcquisitionDateTime=value)) is (value != "20261124")


def start(day: str, time: str) -> Dataset:
    step = dataset(ScheduledProcedureStepStartDate=day, ScheduledProcedureStepStartTime=time)
    return dataset(ScheduledProcedureStepSequence=[step])


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("20260705", "0959", False),
        ("20260705", "2000", True),
        ("20260706", "0300", True),
        ("20260707", "1800", True),
        ("20260707", "1801", False),
    ],
)
def test_ranges_of_start_date_and_time_are_one_range(day, time, expected):
    assert matches(start("20260705-20260707", "1000-1800"), start(day, time)) is expected


def test_a_single_date_and_a_range_of_times_are_matched_apart():
    query = start("20260706", "1000-1800")
    assert matches(query, start("20260706", "1200"))
    assert not matches(query, start("20260706", "0300"))


def codes(*values: str) -> Dataset:
    items = [dataset(CodeValue=value, CodeMeaning=f"meaning of {value}") for value in values]
    return dataset(ProcedureCodeSequence=items)


def test_one_item_of_a_sequence_is_enough_and_the_answer_holds_only_such_items():
    query = dataset(ProcedureCodeSequence=[dataset(CodeValue="B")])
    assert matches(query, codes("A", "B"))
    assert not matches(query, codes("A"))
    found = answer(query, codes("A", "B")).ProcedureCodeSequence
    assert [list(item.keys()) for item in found] == [[0x00080100]]
    assert found[0].CodeValue == "B"


@pytest.mark.parametrize("sequence", [[], [Dataset()]])
def test_a_sequence_asked_for_whole_matches_all_and_comes_whole(sequence):
    query = dataset(ProcedureCodeSequence=sequence)
    assert matches(query, Dataset())
    found = answer(query, codes("A", "B")).ProcedureCodeSequence
    assert [(item.CodeValue, item.CodeMeaning) for item in found] == [("A", "meaning of A"), ("B", "meaning of B")]


def test_a_sequence_of_empty_keys_matches_an_entity_without_it():
    query = dataset(ProcedureCodeSequence=[dataset(CodeValue="")])
    assert matches(query, Dataset())
    assert answer(query, Dataset()).ProcedureCodeSequence == []


def test_an_answer_holds_the_keys_asked_for_and_empty_ones_where_nothing_is_known():
    found = answer(dataset(PatientID="A*", StudyDate="", Rows=None), dataset(PatientID="A1", PatientName="Not^Asked"))
    assert [element.keyword for element in found] == ["StudyDate", "PatientID", "Rows"]
    assert found.PatientID == "A1"
    assert not found.StudyDate
    assert found.Rows is None


@pytest.mark.parametrize(
    ("name", "declared", "expected"),
    [
        ("Smith", None, None),
        ("Smith", "ISO_IR 100", "ISO_IR 100"),
        ("Müller", "ISO_IR 100", "ISO_IR 100"),
        ("Müller", None, "ISO_IR 192"),
        ("山田", "ISO_IR 100", "ISO_IR 192"),
        ("Yamada=山田", ["", "ISO 2022 IR 87"], ["", "ISO 2022 IR 87"]),
    ],
)
def test_an_answer_declares_a_character_set_that_holds_its_texts(name, declared, expected):
    candidate = dataset(PatientName=name)
    if declared:
        candidate.SpecificCharacterSet = declared
    found = answer(dataset(PatientName="", SpecificCharacterSet="ISO_IR 6"), candidate)
    assert found.get("SpecificCharacterSet") == expected


@pytest.mark.parametrize(
    "query",
    [
        dataset(StudyDate="soon"),
        dataset(StudyDate="20261332"),
        dataset(StudyTime="-"),
        dataset(AcquisitionDateTime="2026-2027-2028"),
        dataset(ProcedureCodeSequence=[dataset(CodeValue="A"), dataset(CodeValue="B")]),
    ],
)
def test_a_key_that_no_matching_is_defined_for_is_an_invalid_identifier(query):
    candidate = dataset(StudyDate="20261124", StudyTime="10", AcquisitionDateTime="2026", ProcedureCodeSequence=[])
    with pytest.raises(InvalidIdentifier) as caught:
        matches(query, candidate)
    assert caught.value.tags


def test_a_wildcard_takes_time_in_proportion_to_the_texts():
    assert not matches(dataset(PatientComments="*a" * 500 + "b"), dataset(PatientComments="a" * 5000))


KEYWORDS = (
    "SpecificCharacterSet StudyDate StudyTime QueryRetrieveLevel PatientName PatientID StudyInstanceUID InstanceNumber "
    "Rows DateTime ScheduledProcedureStepSequence ProcedureCodeSequence WindowCenter PixelData"
)
TAGS = st.sampled_from([0x00080000, 0x00091001, *(int(Tag(keyword)) for keyword in KEYWORDS.split())])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TAGS, st.binary(max_size=24)), max_size=6), st.booleans())
@pytest.mark.filterwarnings("ignore")
def test_rubbish_from_the_wire_matches_or_is_an_invalid_identifier(elements, explicit):
    stream = b"".join(
        tag.to_bytes(4, "little")[2:] + tag.to_bytes(4, "little")[:2] + len(value).to_bytes(4, "little") + value
        for tag, value in sorted(elements)
    )
    try:
        query = read_dataset(BytesIO(stream), is_implicit_VR=not explicit, is_little_endian=True)
    except Exception:  # noqa: BLE001 - what pydicom cannot parse is the listener's to refuse
        return
    candidate = dataset(
        PatientName="A^B", PatientID="A", StudyDate="20261124", StudyTime="10", InstanceNumber=1, Rows=2
    )
    try:
        if matches(query, candidate):
            answer(query, candidate)
    except InvalidIdentifier:
        pass


@given(st.text(alphabet="*?ab", max_size=8), st.text(alphabet="ab", max_size=8))
def test_wildcards_agree_with_a_reference_by_recursion(pattern, text):
    def reference(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return reference(pattern[1:], text) or bool(text and reference(pattern, text[1:]))
        return bool(text) and pattern[0] in ("?", text[0]) and reference(pattern[1:], text[1:])

    if pattern and text:
        assert matches(dataset(PatientID=pattern), dataset(PatientID=text)) is reference(pattern, text)


def test_an_answer_can_be_encoded_whatever_was_asked():
    query = Dataset()
    for tag, vr in [(0x00280106, "US"), (0x00091001, "UN"), (0x00281050, "DS"), (0x00081032, "SQ"), (0x7FE00010, "OW")]:
        query[tag] = DataElement(tag, vr, [] if vr == "SQ" else None)
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = False, True
    write_dataset(stream, answer(query, Dataset()))
    assert len(read_dataset(BytesIO(stream.getvalue()), False, True)) == 5
