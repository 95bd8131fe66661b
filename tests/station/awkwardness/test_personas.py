"""Every persona is legal, loses nothing on our own roads, and has the habits that it is there for."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.encaps import parse_basic_offsets, parse_fragments

from modality.iods.personas.dressing import long_uid
from modality.iods.personas.persona import load_persona, personas
from modality.network.comparison import differences
from modality.transfer.defects.elements import elements
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import from_bytes
from modality.transfer.syntaxes import EXPLICIT_LITTLE, NATIVE, RLE, TransferSyntax
from tests.peers.process import program
from tests.station.awkwardness.made import dressed

EVERY = personas()
KINDS = ("ct", "enhanced-mr", "ecg", "kos")
COUNTS_BYTES = re.compile("Length invalid for this VR|contains invalid data values for Value Representations")


def whole(instance: PreparedInstance) -> Dataset:
    dataset = instance.dataset()
    for element in dataset.iterall():
        assert element.value is not NotImplemented  # each is decoded, and a warning is an error
    return dataset


def said(instance: PreparedInstance, one: Dataset, other: Dataset) -> list[str]:
    return [found.attribute for found in differences(instance.sop_instance_uid, one, other)]


def test_there_are_at_least_five_and_each_has_a_private_creator_of_our_own() -> None:
    assert len(EVERY) >= 5
    for name in EVERY:
        creators = [block.creator for block in load_persona(name).block]
        assert creators
        assert all(creator.startswith("MODALITY PERSONA ") for creator in creators)


@pytest.mark.parametrize("name", EVERY)
def test_a_persona_leaves_the_pixels_and_all_that_it_does_not_say_itself(name: str) -> None:
    persona = load_persona(name)
    own = {*persona.attributes, *persona.times, *persona.encoding.padded, "SpecificCharacterSet", "PatientName",
           "PatientSex", "PatientBirthDate", "IssuerOfPatientID", "PatientAge", "StudyID", "AccessionNumber",
           "DataSetTrailingPadding"}  # fmt: skip
    for plain, made in zip(dressed("ct", ""), dressed("ct", name), strict=True):
        before, after = whole(plain), whole(made)
        assert np.array_equal(before.pixel_array, after.pixel_array)
        changed = {one for one in said(plain, before, after) if not one.endswith("UID") and not one.startswith("(")}
        assert changed <= own
        added = {one for one in set(after.keys()) - set(before.keys()) if not one.is_private and one.element}
        assert {keyword_for_tag(tag) for tag in added} <= own
        assert dressed("ct", name)[0].dataset().PatientID == before.PatientID
        assert str(after.SOPInstanceUID) != str(before.SOPInstanceUID)  # other content, other UIDs


@pytest.mark.peer
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EVERY)
def test_the_validator_finds_no_error(
    name: str, kind: str, tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    path = tmp_path / "one.dcm"
    dressed(kind, name)[-1].write(path)
    errors = dciodvfy(path)
    if name == "multibyte":  # PS3.5 6.2 counts characters, in each component group; dciodvfy the bytes of the whole
        assert any("Length invalid for this VR = 192" in one for one in errors)
        errors = [one for one in errors if not COUNTS_BYTES.search(one)]
    assert errors == []


@pytest.mark.peer
@pytest.mark.parametrize("name", EVERY)
def test_dcmtk_reads_it_without_a_word_and_the_name_in_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / "one.dcm"
    dressed("ct", name)[0].write(path)
    utf8 = [] if name == "kanji" else ["+U8"]  # Debian's DCMTK converts no ISO 2022 IR 87
    run = [program("/usr/bin/dcmdump"), *utf8, "+L", str(path)]
    finished = subprocess.run(run, capture_output=True, timeout=100, check=True, encoding="utf-8", errors="replace")
    # A sequence of VR UN without a length is read in implicit VR, as it has to be, and that is told.
    assert [line for line in finished.stderr.splitlines() if "CP-246" not in line] == []
    if not utf8:
        return
    found = re.search(r"\(0010,0010\) PN \[(.*)\]", finished.stdout)
    assert found is not None
    assert found[1] == str(dressed("ct", name)[0].dataset().PatientName)
    assert found[1] in [patient.name for patient in load_persona(name).patient]


@pytest.mark.parametrize("syntax", [*NATIVE, RLE], ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("name", EVERY)
def test_every_element_survives_another_transfer_syntax_and_the_way_back(name: str, syntax: TransferSyntax) -> None:
    for kind in ("ct", "enhanced-mr", *(("kos", "ecg") if syntax is not RLE else ())):
        one = dressed(kind, name)[0]
        other = transcode(one, syntax)
        back = transcode(other, EXPLICIT_LITTLE)
        assert said(one, whole(one), whole(back)) == []
        kept = set(other.dataset().keys())
        assert {element.tag for element in one.dataset() if element.tag.element} <= kept


@pytest.mark.parametrize("syntax", [*NATIVE, RLE], ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("name", EVERY)
def test_a_persona_is_the_same_in_every_transfer_syntax(name: str, syntax: TransferSyntax) -> None:
    plain, made = dressed("ct", name)[1], dressed("ct", name, syntax.keyword)[1]
    assert made.transfer_syntax_uid == syntax.uid
    assert made.sop_instance_uid == plain.sop_instance_uid
    read = from_bytes(b"".join(made.part10()))
    assert b"".join(read.buffers()) == b"".join(made.buffers())
    there = whole(transcode(read, EXPLICIT_LITTLE))
    assert said(plain, whole(plain), there) == []
    assert np.array_equal(whole(plain).pixel_array, there.pixel_array)


@pytest.mark.parametrize("name", EVERY)
def test_the_names_have_what_the_character_set_can_write_and_are_read_without_a_data_set(name: str) -> None:
    one = dressed("ct", name)[0]
    dataset, persona = one.dataset(), load_persona(name)
    terms = dataset.SpecificCharacterSet
    assert "\\".join(terms if not isinstance(terms, str) else [terms]) == persona.character_set
    assert one.identifier("PatientName") == str(dataset.PatientName)
    stamped = one.stamp({"PatientID": "OTHER"})
    assert stamped.identifier("PatientName") == str(dataset.PatientName)
    assert said(one, one.dataset(), stamped.dataset()) == ["PatientID"]
    for patient in persona.patient:
        groups = patient.name.split("=")
        assert all(len(group) <= 64 for group in groups)


def raw(instance: PreparedInstance) -> bytes:
    return b"".join(instance.buffers())


def test_kanji_writes_three_groups_with_escapes_and_ends_sequences_by_delimiters() -> None:
    one = dressed("ct", "kanji")[0]
    dataset = one.dataset()
    name = dataset.PatientName
    assert name.ideographic
    assert name.phonetic
    assert {part.tag: part.value for part in elements(one)}[0x00100010].count(b"\x1b$B") == 4
    assert re.fullmatch(r"\d{6}\.\d{6}", dataset.StudyTime)
    sequences = [element for element in dataset.iterall() if element.VR == "SQ"]
    assert sequences
    assert all(element.is_undefined_length for element in sequences)
    assert all(item.is_undefined_length_sequence_item for element in sequences for item in element.value if len(item))
    block = dataset.private_block(0x0029, "MODALITY PERSONA KANJI 01")
    assert block[0x08].value == "撮影条件"
    assert [item.CodeMeaning for item in block[0x10].value] == ["胸部", "腹部"]


def test_hangul_pads_codes_and_the_end_and_gives_items_a_length() -> None:
    one = dressed("mr", "hangul")[0]
    parts = {part.tag: part for part in elements(one)}
    assert parts[0x00080060].value == b"MR".ljust(16)
    assert re.fullmatch(rb"\d{4}", parts[0x00080030].value)
    assert re.fullmatch(rb"\d{6}\.\d", parts[0x00080033].value)
    assert parts[0xFFFCFFFC].value == bytes(2046)
    assert raw(one).endswith(bytes(2046))
    assert "ㅎ" not in str(one.dataset().PatientName)
    assert one.dataset().PatientName.phonetic
    assert one.dataset().private_block(0x0019, "MODALITY PERSONA HANGUL")[0x02].value == [1.5, 2.25, -0.125]


def test_hanzi_nests_four_deep_hides_a_sequence_in_un_and_knows_no_birth_date() -> None:
    one = dressed("ct", "hanzi")[0]
    dataset = one.dataset()
    assert dataset.PatientBirthDate == ""
    assert dataset.StudyID == ""
    assert "PatientBirthDate" in dataset
    assert {part.tag: part for part in elements(one)}[0x00291105].vr == b"UN"
    level: Any = dataset
    for depth in range(1, 5):
        level = level.private_block(0x0029, "MODALITY PERSONA HANZI TREE")[depth].value[0]
    assert level.CodeMeaning == "最深处"
    assert len(dataset.private_block(0x0029, "MODALITY PERSONA HANZI HEADER")[0x20].value) == 1 << 18


def test_veteran_counts_its_groups_right_and_its_file_is_a_tiff_too(tmp_path: Path) -> None:
    one = dressed("ct", "veteran")[0]
    parts = elements(one)
    groups = {part.tag >> 16 for part in parts} - {0x7FE0}
    for group in groups:
        (length,) = struct.unpack("<I", next(part.value for part in parts if part.tag == group << 16))
        inside = [part for part in parts if part.tag >> 16 == group and part.tag & 0xFFFF]
        assert length == sum(len(part.encode()) for part in inside)
    assert re.fullmatch(r"\d{4}", one.dataset().StudyTime)
    one.write(tmp_path / "one.dcm")
    assert (tmp_path / "one.dcm").read_bytes()[128:132] == b"DICM"
    with Image.open(tmp_path / "one.dcm") as image:
        assert image.format == "TIFF"
        assert np.array_equal(np.asarray(image), one.dataset().pixel_array)
    colour = dressed("op", "veteran")[0]
    colour.write(tmp_path / "colour.dcm")
    with Image.open(tmp_path / "colour.dcm") as image:
        assert np.array_equal(np.asarray(image), colour.dataset().pixel_array)
    assert b"".join(dressed("ct", "veteran", "RLELossless")[0].part10())[:128] == bytes(128)  # TIFF knows no such code
    assert one.dataset().private_block(0x0019, "MODALITY PERSONA VETERAN 01").block_start == 0xE100


def test_longwinded_and_multibyte_go_to_the_limits() -> None:
    dataset = dressed("ct", "longwinded")[0].dataset()
    assert len(dataset.SOPInstanceUID) == len(dataset.FrameOfReferenceUID) == 64
    assert dataset.SOPInstanceUID.is_valid
    assert {len(str(dataset[key].value)) for key in ("PatientName", "InstitutionName", "SoftwareVersions")} == {64}
    block = dataset.private_block(0x0011, "MODALITY PERSONA LONGWINDED PRIVATE CREATOR OF THE LONGEST KINDS")
    assert (len(block.private_creator), len(block[1].value), len(block[2].value)) == (64, 10240, 1024)
    assert len(block[3].value) == 100_004
    wide = dressed("ct", "multibyte")[0].dataset()
    assert [len(group) for group in str(wide.PatientName).split("=")] == [64, 64, 64]
    assert len(wide.InstitutionName) == 64
    assert len(wide.InstitutionName.encode()) == 192
    assert long_uid("1.2.840.10008.1.1") == "1.2.840.10008.1.1"  # the standard's own stay


def test_patchwork_writes_three_character_sets_rare_vrs_and_many_fragments() -> None:
    pytest.importorskip("imagecodecs")
    one = dressed("ct", "patchwork")[0]
    dataset = one.dataset()
    encoded = {part.tag: part for part in elements(one)}
    assert encoded[0x00100010].value.count(b"\x1b-") == 4  # ESC 02/13: each component of two groups
    block = dataset.private_block(0x0021, "MODALITY PERSONA PATCHWORK VR")
    assert [block[at].VR for at in range(1, 12)] == ["OD", "OF", "OL", "OW", "UC", "UR", "AT", "UI", "US", "AS", "UT"]
    assert encoded[0x0021FFFF].value.startswith(b"the last element")
    assert encoded[0x00771001].vr == b"UN"
    assert encoded[0x00771001].length == 0xFFFFFFFF
    assert dataset[0x00771001].value[0].CodeMeaning == "An open sequence"
    whole_frame = dressed("ct", "", "JPEG2000Lossless")[0].dataset()
    assert len(whole_frame.PixelData) < 4096  # at 32 x 32 there is nothing to cut
    cut = dressed("op", "patchwork", "JPEG2000Lossless")[0].dataset()
    assert not parse_basic_offsets(cut.PixelData)
    assert parse_fragments(cut.PixelData)[0] > 2
    assert np.array_equal(cut.pixel_array, dressed("op", "", "JPEG2000Lossless")[0].dataset().pixel_array)


def test_the_same_seed_gives_the_same_bytes_and_another_persona_another_study() -> None:
    for name in EVERY:
        first = [b"".join(one.part10()) for one in dressed("ct", name)]
        dressed.cache_clear()
        assert [b"".join(one.part10()) for one in dressed("ct", name)] == first
    assert len({dressed("ct", name)[0].study_uid for name in ("", *EVERY)}) == len(EVERY) + 1
