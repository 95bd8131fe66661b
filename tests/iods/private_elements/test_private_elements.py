"""Private elements by their dictionaries, whatever the file tells of their VRs."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from modality.errors import ConfigurationError
from modality.iods.personas.persona import load_persona, personas
from modality.iods.private_elements.dictionary import Dictionaries
from modality.iods.private_elements.reading import PrivateElement, private_elements
from modality.station.study import generate

ACME = """
[[private]]
creator = "ACME 1.1"
group = 0x0029
attribute = [
    { element = 0x10, vr = "FD", vm = "2", name = "DoseIndex" },
    { element = 0x11, vr = "LO", name = "Operator" },
    { element = 0x12, vr = "SQ", name = "Parts" },
    { element = 0x13, vr = "US", vm = "1-n", name = "Counts" },
    { element = 0x14, vr = "OB", name = "Blob" },
]
"""


def dictionaries(folder: Path, text: str = ACME) -> Dictionaries:
    path = folder / "acme.toml"
    path.write_text(text, encoding="utf-8")
    return Dictionaries([path])


def acme(creator: str = "ACME 1.1") -> Dataset:
    """A data set with a private block at its top, in a private sequence, and in one of the standard's."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    block = dataset.private_block(0x0029, creator, create=True)
    block.add_new(0x10, "FD", [1.5, -2.5])
    block.add_new(0x11, "LO", "山田")
    part = Dataset()
    part.CodeValue = "P-1"
    part.private_block(0x0029, creator, create=True).add_new(0x13, "US", [1, 65535])
    block.add_new(0x12, "SQ", [part])
    block.add_new(0x14, "OB", b"\1\2\3\4")
    request = Dataset()
    request.private_block(0x0029, creator, create=True).add_new(0x11, "LO", "within")
    dataset.RequestAttributesSequence = [request]
    return dataset


def written(dataset: Dataset, syntax: UID = ExplicitVRLittleEndian) -> Dataset:
    """The data set as it is read back from a file."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = syntax, "1.2", "1.2.3"
    dataset.file_meta = meta
    file = BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    file.seek(0)
    return dcmread(file)


def found(dataset: Dataset, known: Dictionaries) -> dict[tuple[str, ...], PrivateElement]:
    return {(*one.path, str(one.tag)): one for one in private_elements(dataset, known)}


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_elements_are_named_and_decoded_at_any_depth(tmp_path, syntax):
    listed = found(written(acme(), syntax), dictionaries(tmp_path))
    assert {place: (one.name, one.vr) for place, one in listed.items()} == {
        ("(0029,1010)",): ("DoseIndex", "FD"),
        ("(0029,1011)",): ("Operator", "LO"),
        ("(0029,1012)",): ("Parts", "SQ"),
        ("(0029,1012)[1]", "(0008,0100)"): ("CodeValue", "SH"),
        ("(0029,1012)[1]", "(0029,1013)"): ("Counts", "US"),
        ("(0029,1014)",): ("Blob", "OB"),
        ("(0040,0275)[1]", "(0029,1011)"): ("Operator", "LO"),
    }
    values = {place: one.value for place, one in listed.items()}
    assert list(values["(0029,1010)",]) == [1.5, -2.5]
    assert (values["(0029,1011)",], values["(0029,1012)",], values["(0029,1014)",]) == ("山田", 1, b"\1\2\3\4")
    assert list(values["(0029,1012)[1]", "(0029,1013)"]) == [1, 65535]
    told = {"" if syntax == ImplicitVRLittleEndian else "FD"}
    assert {listed["(0029,1010)",].told_vr} == told
    assert {one.problem for one in listed.values()} == {""}
    assert {one.source for one in listed.values() if one.private} == {str(tmp_path / "acme.toml")}


def test_what_travels_as_un_is_decoded_too(tmp_path):
    """As it leaves a system that did not know the VRs (PS3.5 6.2.2): the bytes of implicit VR."""
    implicit = written(acme(), ImplicitVRLittleEndian)
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for element in (0x0010, 0x1010, 0x1011):
        dataset.add_new((0x0029, element), "UN", implicit.get_item((0x0029, element)).value)
    item = b"\x08\0\0\x01\x04\0\0\0P-1 " + b"\x29\0\x10\0\x08\0\0\0ACME 1.1" + b"\x29\0\x13\x10\x02\0\0\0\x07\0"
    dataset.add_new((0x0029, 0x1012), "UN", b"\xfe\xff\x00\xe0" + len(item).to_bytes(4, "little") + item)
    listed = found(written(dataset), dictionaries(tmp_path))
    assert {one.told_vr for one in listed.values() if not one.path} == {"UN"}
    assert list(listed["(0029,1010)",].value) == [1.5, -2.5]
    assert listed["(0029,1011)",].value == "山田"
    assert listed["(0029,1012)",].value == 1
    assert listed["(0029,1012)[1]", "(0029,1013)"].value == 7
    assert listed["(0029,1012)[1]", "(0008,0100)"].value == "P-1"


def test_what_no_dictionary_knows_stays_as_the_file_has_it(tmp_path):
    known = dictionaries(tmp_path)
    strange = found(written(acme("STRANGER 7"), ImplicitVRLittleEndian), known)
    assert not known.knows("STRANGER 7")
    assert {(one.creator, one.name, one.source) for one in strange.values() if one.private} == {("STRANGER 7", "", "")}
    assert isinstance(strange["(0029,1010)",].value, bytes)
    told = found(written(acme("STRANGER 7")), known)
    assert (told["(0029,1010)",].vr, list(told["(0029,1010)",].value)) == ("FD", [1.5, -2.5])
    nobodys = Dataset()
    nobodys.add_new((0x0029, 0x2001), "LO", "of nobody")
    (one,) = private_elements(written(nobodys), known)
    assert (one.creator, one.name, one.value) == ("", "", "of nobody")


def test_a_value_that_does_not_fit_its_dictionary_is_told_and_the_rest_goes_on(tmp_path):
    dataset = Dataset()
    block = dataset.private_block(0x0029, "ACME 1.1", create=True)
    block.add_new(0x10, "UN", b"seven b")
    block.add_new(0x11, "LO", "all right")
    first, second = private_elements(written(dataset), dictionaries(tmp_path))
    assert "does not fit FD of" in first.problem
    assert (first.value, second.value, second.problem) == (b"seven b", "all right", "")


def test_the_names_of_vendors_are_those_of_pydicoms_table(tmp_path):
    dataset = Dataset()
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", 1000)
    (one,) = private_elements(written(dataset, ImplicitVRLittleEndian), dictionaries(tmp_path))
    assert (one.name, one.source, one.vr, one.value) == ("B_value", "pydicom", "IS", 1000)
    assert dictionaries(tmp_path).knows("SIEMENS MR HEADER")
    own = dictionaries(
        tmp_path,
        '[[private]]\ncreator = "SIEMENS MR HEADER"\ngroup = 0x0019\n'
        'attribute = [{ element = 0x0C, vr = "IS", name = "DiffusionWeight" }]',
    )
    (one,) = private_elements(written(dataset, ImplicitVRLittleEndian), own)
    assert one.name == "DiffusionWeight"  # the user's goes before


@pytest.mark.parametrize("name", personas())
@pytest.mark.parametrize("syntax", ["ExplicitVRLittleEndian", "ImplicitVRLittleEndian"])
def test_every_private_element_of_a_persona_has_a_name_and_its_vr(name, syntax):
    (instance,) = generate("mr", seed=3, slices=1, rows=16, columns=16, persona=name, transfer_syntax=syntax)
    listed = [one for one in private_elements(instance.dataset(), Dictionaries()) if one.private]
    assert listed
    assert {one.source for one in listed} == {f"persona {name}"}
    assert all(one.name and not one.problem for one in listed)
    blocks = load_persona(name).block
    top = {(block.creator, one.element): one for block in blocks for one in block.element}
    for one in listed:
        said = top.get((one.creator, one.tag.element & 0xFF))
        if said is not None and not one.path:
            assert one.vr == ("SQ" if said.item else said.vr)
            assert one.value == len(said.item) if said.item else one.value not in (None, "")


def test_the_name_of_a_vendors_element_is_no_part_of_what_a_persona_makes():
    """Names came later than the personas: their instances keep their UIDs."""
    persona = load_persona("veteran")
    assert "Coefficients" not in repr(persona)
    assert persona.block[0].element[0].name == "Coefficients"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"no \[\[private\]\] block"),
        (ACME.replace('vr = "SQ"', 'vr = "XX"'), "there is no 'XX'"),
        (ACME.replace('name = "Parts"', 'name = "PatientName"'), "no keyword of PS3.6"),
        (ACME.replace("group = 0x0029", "group = 0x0028"), "an odd one"),
        (ACME.replace('name = "Parts"', 'title = "Parts"'), "title"),
        (ACME.replace("element = 0x11", "element = 0x10"), "Operator: .* is DoseIndex in .* already"),
    ],
)
def test_a_dictionary_that_cannot_be_is_refused(tmp_path, text, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        dictionaries(tmp_path, text)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_of_attributes_is_a_dictionary_too(tmp_path):
    known = dictionaries(tmp_path, '[attributes]\nStationName = "ROOM 1"\n' + ACME)
    assert known.meaning("ACME 1.1", 0x0029, 0x11) == ("Operator", "LO", str(tmp_path / "acme.toml"))
    assert known.meaning("ACME 1.1", 0x0029, 0x7F) is None
