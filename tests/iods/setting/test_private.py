"""Private attributes by a dictionary in TOML, written and read."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from modality import config
from modality.errors import ConfigurationError, UsageError
from modality.iods.attributes import set_attributes
from modality.iods.setting.file import AttributeFile, assignments
from modality.iods.setting.private import PrivateDictionary, PrivateKey

TOML = """
[attributes]
StationName = "ROOM 1"
EchoNumbers = 2
DoseIndex = [1.5, 2.5]
Operator = "山田"

[[private]]
creator = "ACME 1.1"
group = 0x0029
attribute = [
    { element = 0x10, vr = "FD", vm = "2", name = "DoseIndex" },
    { element = 0x11, vr = "LO", name = "Operator" },
]

[[private]]
creator = "OTHER"
group = 0x0029
attribute = [{ element = 0x10, vr = "US", vm = "1-n", name = "Counts" }]
"""


def read(text: str = TOML) -> AttributeFile:
    return config.parse(text, AttributeFile, source="attributes.toml")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_attributes_are_written_in_their_creators_block_and_read_by_name(syntax):
    told = read()
    dataset = Dataset()
    set_attributes(dataset, told.assignments({"Counts": "1\\2\\3", "StationName": "ROOM 2"}))
    assert (dataset.StationName, dataset.EchoNumbers) == ("ROOM 2", 2)
    assert (dataset[0x0029, 0x0010].value, dataset[0x0029, 0x0011].value) == ("ACME 1.1", "OTHER")
    assert (dataset[0x0029, 0x1010].VR, dataset[0x0029, 0x1010].value) == ("FD", [1.5, 2.5])
    assert (dataset[0x0029, 0x1110].VR, dataset[0x0029, 0x1110].value) == ("US", [1, 2, 3])
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    file = BytesIO()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = syntax, "1.2", "1.2.3"
    dataset.file_meta = meta
    dcmwrite(file, dataset, enforce_file_format=True)
    file.seek(0)
    values = PrivateDictionary(told.private).values(dcmread(file))
    plain = {
        name: list(value) if not isinstance(value, str) else value
        for name, value in values.items()
        if name != "Operator"
    }
    assert plain == {"DoseIndex": [1.5, 2.5], "Counts": [1, 2, 3]}
    assert values["Operator"] == "山田"
    assert list(values) == ["DoseIndex", "Operator", "Counts"]


def test_a_block_that_is_taken_is_left_to_its_creator():
    dataset = Dataset()
    dataset.private_block(0x0029, "SOMEBODY", create=True).add_new(0x10, "LO", "theirs")
    set_attributes(dataset, read().assignments())
    assert dataset[0x0029, 0x1010].value == "theirs"
    assert dataset[0x0029, 0x1110].value == [1.5, 2.5]
    assert PrivateDictionary(read().private).values(dataset)["DoseIndex"] == [1.5, 2.5]


def test_what_is_not_there_is_left_out():
    assert PrivateDictionary(read().private).values(Dataset()) == {}


@pytest.mark.parametrize(("name", "text", "said"), [
    ("DoseIndex", "1.5", "1 values where its dictionary has 2"),
    ("Counts", "many", "does not fit VR US"),
    ("Operator", "x" * 65, "does not fit VR LO"),
])  # fmt: skip
def test_a_value_that_does_not_fit_its_dictionary_is_refused(name, text, said):
    with pytest.raises(UsageError, match=said) as caught:
        set_attributes(Dataset(), read().assignments({name: text}))
    assert "private (0029,xx1" in str(caught.value)


@pytest.mark.parametrize(("old", "new", "said"), [
    ("group = 0x0029", "group = 0x0028", "an odd one"),
    ("group = 0x0029", "group = 0x0007", "an odd one"),
    ('creator = "ACME 1.1"', 'creator = " "', "1 to 64"),
    ("element = 0x11", "element = 0x10", "two attributes have one element"),
    ("element = 0x11", "element = 0x111", "0x00 to 0xFF"),
    ('vr = "LO"', 'vr = "SQ"', "text can write"),
    ('vm = "2"', 'vm = "two"', "such as 1"),
    ('name = "Operator"', 'name = "PatientName"', r"no keyword of PS3\.6"),
    ('name = "Operator"', 'nam = "Operator"', "did you mean 'name'"),
])  # fmt: skip
def test_a_dictionary_that_cannot_be_is_refused(old, new, said):
    with pytest.raises(ConfigurationError, match=said):
        read(TOML.replace(old, new, 1))


def test_two_attributes_of_one_name_are_refused():
    with pytest.raises(UsageError, match="Counts: there are two"):
        read(TOML.replace('name = "Operator"', 'name = "Counts"')).assignments()


def test_a_key_is_its_text():
    key = PrivateKey(0x0029, 0x1A, "LO", "1-n", "ACME (1) x")
    assert PrivateKey.of(str(key)) == key
    assert PrivateKey.of("PatientName") is None


def test_toml_values_become_text_and_later_tables_prevail():
    assert assignments({"A": 1, "B": [1.5, "x"]}, {"A": "two"}) == {"A": "two", "B": "1.5\\x"}
    with pytest.raises(UsageError, match="C: give text"):
        assignments({"C": True})
