"""The Native DICOM Model read back: what we write, what DCMTK writes, and what nobody should."""

from __future__ import annotations

import subprocess

import pytest
from pydicom import Dataset, dcmread

from modality.protocol.models.as_xml import xml_model
from modality.protocol.models.from_xml import data_set
from tests.peers.process import program
from tests.transfer.datasets import FILES

NAMES = ["CT_small", "MR_small", "rtplan", "test-SR", "reportsi"]


def told(dataset: Dataset) -> dict[str, object]:
    """What a data set says, in the JSON model: private blocks may have moved, and numbers are numbers."""

    def plain(value):
        if isinstance(value, dict) and value.get("vr") == "DS":
            return [float(one) for one in value.get("Value", [])]
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, str):
            return value.strip()  # what stands at the ends of a text is of no consequence (PS3.5 6.2)
        return [plain(one) for one in value] if isinstance(value, list) else value

    model = dataset.to_json_dict(suppress_invalid_tags=True)
    return {key: plain(one) for key, one in model.items() if key[3] in "02468ACE" and key != "00080005"}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", NAMES)
def test_what_we_write_reads_back(name: str) -> None:
    before = dcmread(FILES / f"{name}.dcm", stop_before_pixels=True)
    assert told(data_set(xml_model(before))) == told(before)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", NAMES)
def test_what_dcmtk_writes_is_read(name: str) -> None:
    path = FILES / f"{name}.dcm"
    line = [program("/usr/bin/dcm2xml"), "--native-format", "+U8", "+Ca", "latin-1", "+Eb", str(path)]
    document = subprocess.run(line, capture_output=True, check=True, timeout=100).stdout
    found, before = data_set(document), dcmread(path)
    for keyword in ("SOPInstanceUID", "PatientName", "PatientID", "StudyDate", "Modality", "Rows", "PixelSpacing"):
        assert found.get(keyword) == before.get(keyword), keyword


def test_private_attributes_are_those_of_their_creator() -> None:
    before = Dataset()
    before.private_block(0x11, "OTHER", create=True).add_new(1, "LO", "theirs")
    before.private_block(0x11, "ME", create=True).add_new(1, "DS", ["1.5", "2"])
    after = data_set(xml_model(before))
    assert after.private_block(0x11, "ME")[1].value == [1.5, 2]
    assert after.private_block(0x11, "OTHER")[1].value == "theirs"


def attribute(described: str, content: str = "") -> str:
    return f"<NativeDicomModel><DicomAttribute {described}>{content}</DicomAttribute></NativeDicomModel>"


def test_names_numbers_tags_binary_and_gaps() -> None:
    document = b"""<NativeDicomModel><DicomAttribute Tag="00100010" VR="PN"><PersonName number="1">
        <Alphabetic><FamilyName>Yamada</FamilyName><NameSuffix>Jr</NameSuffix></Alphabetic>
        <Phonetic><FamilyName>x</FamilyName></Phonetic></PersonName></DicomAttribute>
        <DicomAttribute tag="00280009" vr="AT"><Value number="1">00181063</Value></DicomAttribute>
        <DicomAttribute keyword="ImageType"><Value number="3">C</Value><Value number="1">A</Value></DicomAttribute>
        <DicomAttribute tag="00281201" vr="OW"><InlineBinary>AQID
        BA==</InlineBinary></DicomAttribute><DicomAttribute tag="00281050" vr="DS"/>
        <DicomAttribute tag="00000002" vr="UI"><Value number="1">1.2</Value></DicomAttribute></NativeDicomModel>"""
    found = data_set(document)
    assert found.PatientName == "Yamada^^^^Jr==x"
    assert found.FrameIncrementPointer == 0x00181063
    assert found.ImageType == ["A", "", "C"]
    assert found.RedPaletteColorLookupTableData == b"\1\2\3\4"
    assert found.WindowCenter is None
    assert [one.tag for one in found.group_dataset(0)] == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "well-formed"),
        ("<DicomModel/>", "NativeDicomModel"),
        ("<!DOCTYPE a><NativeDicomModel/>", "document type"),
        (attribute('vr="US"'), "without a tag"),
        (attribute('keyword="Nothing"'), "no keyword"),
        (attribute('tag="1" vr="US"'), "eight"),
        (attribute('tag="00280010" vr="XX"'), "no VR"),
        (attribute('tag="00280010" vr="US"', '<Value number="9999999">1</Value>'), "number 9999999"),
        (attribute('tag="00280010" vr="US"', '<Value number="1">x</Value>'), "invalid literal"),
        (attribute('tag="00281201" vr="OW"', "<InlineBinary>!</InlineBinary>"), "base64"),
        (attribute('tag="00281201" vr="OW"', '<BulkData uri="http://a"/>'), "not fetched"),
    ],
)
def test_what_is_no_data_set_is_told(document: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        data_set(document.encode())
