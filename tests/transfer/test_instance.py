"""The prepared instance: identity stamped in place is what decoding, changing and encoding again would give."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from modality.errors import UnsupportedError, UsageError
from modality.transfer.encode import prepare
from modality.transfer.reading import encoded
from modality.transfer.syntaxes import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE, TransferSyntax
from tests.transfer.datasets import (
    FILES,
    NATIVE,
    TEXTS,
    UIDS,
    decoded,
    group_length,
    image,
    random_datasets,
    with_group_length,
    written,
)

ALL = (*NATIVE, DEFLATED, RLE)


def renamed(dataset: Dataset, uids: dict[str, str]) -> None:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                renamed(item, uids)
        elif element.VR == "UI" and str(element.value) in uids:
            element.value = uids[str(element.value)]


@given(random_datasets(), st.sampled_from(NATIVE), TEXTS, TEXTS, UIDS, UIDS)
def test_a_stamp_is_what_decoding_changing_and_encoding_by_pydicom_gives(
    dataset: Dataset, syntax: TransferSyntax, name: str, patient_id: str, study: str, reference: str
) -> None:
    uids = {"1.2.3.4": reference}
    stamped = encoded(written(dataset, syntax), syntax.uid).stamp(
        {"PatientName": name, "PatientID": patient_id, "StudyInstanceUID": study}, uids
    )
    changed = deepcopy(dataset)
    changed.PatientName, changed.PatientID, changed.StudyInstanceUID = name, patient_id, study
    renamed(changed, uids)
    assert b"".join(stamped.buffers()) == written(changed, syntax)


@pytest.mark.parametrize("syntax", ALL, ids=lambda one: one.keyword)
@pytest.mark.parametrize("patient_id", ["P2", "a much longer one", ""])
def test_a_stamped_instance_decodes_with_its_new_identity_and_the_same_pixels(
    syntax: TransferSyntax, patient_id: str
) -> None:
    original = prepare(image(), syntax)
    stamped = original.stamp({"PatientID": patient_id, "PatientName": "Ångström^Åsa"}, {"1.2.3.4": "1.2.3.40"})
    dataset = decoded(stamped)
    assert (dataset.PatientID or "", dataset.PatientName) == (patient_id, "Ångström^Åsa")
    assert dataset.SOPInstanceUID == dataset.ReferencedImageSequence[0].ReferencedSOPInstanceUID == "1.2.3.40"
    assert (dataset.pixel_array == decoded(original).pixel_array).all()
    assert (stamped.sop_instance_uid, stamped.identifier("PatientName")) == ("1.2.3.40", "Ångström^Åsa")


def test_copies_share_the_tail() -> None:
    original = prepare(image())
    assert original.stamp({"PatientID": "P9"}).tail[1] is original.tail[1]


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda one: one.keyword)
def test_group_lengths_follow_a_stamp_of_another_length(syntax: TransferSyntax) -> None:
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.PatientName, dataset.PatientID = "A^B", "P1"
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3.4"
    dataset.ReferencedImageSequence = [item]
    data = with_group_length(with_group_length(written(dataset, syntax), 0x00080016, syntax), 0x00100010, syntax)
    stamped = encoded(data, syntax.uid).stamp({"PatientID": "a longer one"}, {"1.2.3.4": "1.2.3.4567"})
    for group in (0x0008, 0x0010):
        said, right = group_length(stamped, group)
        assert said == right


def test_one_uid_of_several_is_replaced() -> None:
    dataset = image(IrradiationEventUID=["1.2.9", "1.2.10"])
    assert decoded(prepare(dataset).stamp(uids={"1.2.10": "1.2.11"})).IrradiationEventUID == ["1.2.9", "1.2.11"]


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        ("ISO_IR 192", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 144", "Люкceмбypг^Роза"),
        ("\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("\\ISO 2022 IR 149", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("ISO 2022 IR 100\\ISO 2022 IR 126", "Müller^Ελένη"),
    ],
)
def test_names_are_stamped_in_the_instances_own_character_sets(character_set: str, name: str) -> None:
    dataset = image(SpecificCharacterSet=character_set.split("\\"), PatientName="A^B")
    stamped = prepare(dataset).stamp({"PatientName": name})
    assert decoded(stamped).PatientName == name
    assert stamped.identifier("PatientName") == name


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        ({"PatientName": "山田"}, UnsupportedError, "ISO_IR 100"),
        ({"StudyTime": "1200"}, UsageError, "no StudyTime to stamp"),
        ({"Rows": "5"}, UsageError, "Rows is not an identifier"),
        ({"SpecificCharacterSet": "ISO_IR 192"}, UsageError, "encoded anew"),
        ({"SOPInstanceUID": "ü"}, UsageError, "is no UID"),
        ({"PatientID": "x" * 70000}, UsageError, "too long"),
    ],
)
def test_what_cannot_be_stamped_is_said(values: dict[str, str], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        prepare(image()).stamp(values)


@pytest.mark.parametrize("size", range(4))
def test_a_deflated_data_set_travels_as_it_came_until_it_is_stamped(size: int) -> None:
    dataset = image(ImageComments="x" * size)
    data = b"".join(prepare(dataset, DEFLATED).buffers())
    read = encoded(data, DEFLATED.uid)
    assert b"".join(read.buffers()) == data
    assert len(data) % 2 == 0
    again = decoded(read.stamp({"PatientID": "P7"}).stamp({"PatientName": "C^D"}))
    assert (again.PatientID, again.PatientName, again.PixelData) == ("P7", "C^D", dataset.PixelData)


def test_size_is_that_of_what_travels() -> None:
    for syntax in ALL:
        instance = prepare(image(), syntax)
        assert instance.size == len(b"".join(instance.buffers()))


def test_uids_are_padded_with_null_and_texts_with_a_space() -> None:
    head = prepare(image(), IMPLICIT_LITTLE).stamp({"SOPClassUID": "1.2.3", "PatientID": "abc"}).head
    assert b"1.2.3\0" in head
    assert b"abc " in head


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, EXPLICIT_BIG], ids=lambda one: one.keyword)
def test_a_reference_in_a_private_sequence_follows(syntax: TransferSyntax) -> None:
    dataset = image()
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3.4"
    dataset.private_block(0x0009, "A VENDOR", create=True).add_new(1, "SQ", [item])
    stamped = decoded(prepare(dataset, syntax).stamp(uids={"1.2.3.4": "1.2.3.456"}))
    assert stamped[0x0009, 0x1001].value[0].ReferencedSOPInstanceUID == "1.2.3.456"


def test_an_example_of_a_syntax_that_the_table_lacks_is_stamped_too() -> None:
    data = (FILES / "JPEG2000.dcm").read_bytes()
    from modality.transfer.reading import from_bytes

    instance = from_bytes(data)
    stamped = dcmread(BytesIO(b"".join(instance.stamp({"PatientID": "another"}).part10())))
    assert stamped.PatientID == "another"
    assert stamped.PixelData == dcmread(BytesIO(data)).PixelData
