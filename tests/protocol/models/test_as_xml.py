"""The Native DICOM Model against DCMTK's, and what XML makes hard."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom._dicom_dict import DicomDictionary

from modality.protocol.models.as_xml import NAMESPACE, xml_model
from tests.peers.process import program
from tests.transfer.datasets import FILES

SAME = ["CT_small", "MR_small", "JPEG2000", "rtplan", "test-SR", "examples_overlay",
        "liver_1frame", "reportsi", "MR_small_bigendian", "SC_rgb_jpeg_gdcm"]  # fmt: skip

RETIRED = {entry[4] for entry in DicomDictionary.values() if entry[3]}


def told(document: bytes, namespace: str = "") -> list[object]:
    """What a document says, whatever its white space and its way to name bulk data."""

    def node(one: ET.Element) -> object:
        tag = one.tag.replace(f"{{{namespace}}}", "")
        if tag in ("BulkData", "InlineBinary"):
            return "binary"
        text = "" if len(one) else (one.text or "").strip()
        attributes = dict(one.attrib)
        # DCMTK knows no keyword of what is retired, PS3.6 does.
        if attributes.get("keyword", "") in RETIRED or "keyword" not in attributes:
            attributes["keyword"] = "retired or private"
        return tag, attributes, text, [node(child) for child in one]

    root = ET.fromstring(document)
    assert root.tag == (f"{{{namespace}}}" if namespace else "") + "NativeDicomModel"
    # DCMTK adds a character set where the file has none.
    read = [child for child in root if child.get("keyword") != "SpecificCharacterSet"]
    return [node(child) for child in read if "0002" < child.get("tag", "")[:4] < "7FE0"]


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", SAME)
def test_it_says_what_dcm2xml_says(name: str) -> None:
    path = FILES / f"{name}.dcm"
    line = [program("/usr/bin/dcm2xml"), "--native-format", "+U8", "+Ca", "latin-1", "+M", str(path)]
    theirs = subprocess.run(line, capture_output=True, check=True, timeout=100).stdout
    dataset = dcmread(path, stop_before_pixels=True)
    ours = told(xml_model(dataset), NAMESPACE)
    wanted = told(theirs)
    assert len(ours) > 10
    for mine, other in zip(ours, wanted, strict=True):
        assert rounded(mine) == rounded(other)


def rounded(node: object) -> object:
    """Numbers as numbers: DCMTK writes floats with other digits."""
    if isinstance(node, str):
        return node
    tag, attributes, text, children = node
    if attributes.get("vr") in ("FL", "FD"):
        return tag, attributes, [pytest.approx(float(child[2]), rel=1e-5) for child in children]
    return tag, attributes, text, [rounded(child) for child in children]


def one(dataset: Dataset, keyword: str) -> ET.Element:
    root = ET.fromstring(xml_model(dataset))
    found = root.find(f"n:DicomAttribute[@keyword='{keyword}']", {"n": NAMESPACE})
    assert found is not None
    return found


def texts(element: ET.Element) -> list[tuple[str, str | None, str | None]]:
    return [(part.tag.partition("}")[2], part.get("number"), part.text) for part in element.iter()][1:]


def test_a_name_in_three_scripts_comes_in_its_components() -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = "Yamada^Tarou^^Dr=山田^太郎=やまだ^たろう"
    name = one(dataset, "PatientName")
    assert [text for _, _, text in texts(name) if text and text.strip()] == [
        "Yamada", "Tarou", "Dr", "山田", "太郎", "やまだ", "たろう",
    ]  # fmt: skip
    assert [tag for tag, _, _ in texts(name)][:5] == [
        "PersonName",
        "Alphabetic",
        "FamilyName",
        "GivenName",
        "NamePrefix",
    ]
    assert name.find("n:PersonName/n:Ideographic/n:GivenName", {"n": NAMESPACE}).text == "太郎"


def test_markup_line_ends_and_control_characters_come_back() -> None:
    dataset = Dataset()
    dataset.PatientComments = "a < b & c > d\r\nand \x1b an escape"
    assert texts(one(dataset, "PatientComments")) == [("Value", "1", "a < b & c > d\r\nand \ufffd an escape")]


def test_values_are_numbered_and_an_empty_one_keeps_its_place() -> None:
    dataset = Dataset()
    dataset.ImageType = ["ORIGINAL", "", "AXIAL"]
    dataset.PixelSpacing = ["0.50", "0.5"]
    dataset.FrameIncrementPointer = 0x00181063
    assert texts(one(dataset, "ImageType")) == [
        ("Value", "1", "ORIGINAL"),
        ("Value", "2", None),
        ("Value", "3", "AXIAL"),
    ]
    assert [text for _, _, text in texts(one(dataset, "PixelSpacing"))] == ["0.50", "0.5"]
    assert texts(one(dataset, "FrameIncrementPointer")) == [("Value", "1", "00181063")]


def test_private_elements_name_their_creator_and_not_their_block() -> None:
    dataset = Dataset()
    block = dataset.private_block(0x0009, 'A "VENDOR"', create=True)
    block.add_new(0x01, "OB", b"\0\1")
    root = ET.fromstring(xml_model(dataset))
    creator, element = root
    assert (creator.get("tag"), creator[0].text) == ("00090010", 'A "VENDOR"')
    assert (element.get("tag"), element.get("privateCreator")) == ("00090001", 'A "VENDOR"')
    assert texts(element) == [("InlineBinary", None, "AAE=")]


def test_what_is_large_or_elsewhere_is_named_by_url() -> None:
    dataset = Dataset()
    item = Dataset()
    item.add_new(0x54001010, "OW", bytes(2048))
    dataset.WaveformSequence = [item]
    elsewhere = {0x7FE00010: ("OW", "http://a/?b&c")}
    root = ET.fromstring(xml_model(dataset, lambda path: f"http://a/{path}", elsewhere))
    assert [bulk.get("uri") for bulk in root.iter(f"{{{NAMESPACE}}}BulkData")] == [
        "http://a/54000100/0/54001010",
        "http://a/?b&c",
    ]


def test_a_value_that_is_none_of_its_kind_leaves_its_attribute_without_one() -> None:
    path = Path(FILES / "CT_small.dcm")
    dataset = dcmread(path, stop_before_pixels=True)
    raw = dataset.get_item(0x00280010)._replace(value=b"x")
    dataset._dict[raw.tag] = raw
    assert not list(one(dataset, "Rows"))
