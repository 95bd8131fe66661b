from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from modality.errors import UnknownNameError, UsageError
from modality.iods.attributes import set_attributes


@pytest.fixture
def dataset(make_dataset) -> Dataset:
    return make_dataset("ct", "full")


@pytest.mark.parametrize(
    ("keyword", "text", "value"),
    [
        ("PatientName", "Doe^Jane", "Doe^Jane"),
        ("KVP", "80", 80),
        ("SeriesNumber", "12", 12),
        ("CTDIvol", "1.5", 1.5),
        ("PixelSpacing", "0.5\\0.25", [0.5, 0.25]),
        ("ImageType", "DERIVED\\SECONDARY\\AXIAL", ["DERIVED", "SECONDARY", "AXIAL"]),
        ("PatientComments", "a\\b", "a\\b"),
        ("PatientID", "", None),
        ("StudyDate", "", None),
        ("SmallestImagePixelValue", "7", 7),
        ("FrameIncrementPointer", "00181063", 0x00181063),
        ("RequestAttributesSequence", "", []),
    ],
)
def test_text_becomes_a_value_of_the_attributes_vr(dataset, keyword, text, value):
    set_attributes(dataset, {keyword: text})
    got = dataset[keyword].value
    assert (list(got) if isinstance(value, list) else got) == value


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("KVP", "high"),
        ("KVP", "1" * 17),
        ("SeriesNumber", "1.5"),
        ("SeriesNumber", "99999999999"),
        ("StudyDate", "2024-05-17"),
        ("PatientSex", "female"),
        ("AccessionNumber", "x" * 17),
        ("FrameOfReferenceUID", "1.02"),
        ("SmallestImagePixelValue", "-1"),
        ("PixelSpacing", "1"),
        ("PatientID", "a\\b"),
        ("RequestAttributesSequence", "x"),
        ("SpecificCharacterSet", "ISO_IR 144"),
    ],
)
def test_text_that_does_not_fit_is_refused_with_the_attribute_named(dataset, keyword, text):
    with pytest.raises(UsageError, match=keyword) as caught:
        set_attributes(dataset, {keyword: text})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "keyword",
    ["Rows", "BitsAllocated", "PixelData", "SOPClassUID", "SOPInstanceUID", "TransferSyntaxUID", "MessageID"],
)
def test_what_follows_from_pixels_or_identity_cannot_be_set(dataset, keyword):
    with pytest.raises(UsageError, match=f"{keyword} cannot be set"):
        set_attributes(dataset, {keyword: "1"})


def test_an_unknown_keyword_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'PatientName'"):
        set_attributes(Dataset(), {"PatientNam": "x"})


def test_an_unknown_keyword_that_is_near_to_none_is_answered_in_one_line():
    with pytest.raises(UnknownNameError, match=r"PS3\.6"):
        set_attributes(Dataset(), {"qqqqqqqq": "x"})


def test_the_character_set_follows_the_text(dataset):
    set_attributes(dataset, {"PatientName": "山田^太郎"})
    assert dataset.SpecificCharacterSet == "ISO_IR 192"


def test_a_chosen_character_set_that_holds_the_text_is_kept(dataset):
    set_attributes(dataset, {"SpecificCharacterSet": "ISO_IR 192"})
    assert dataset.SpecificCharacterSet == "ISO_IR 192"


@pytest.mark.parametrize(
    ("count", "fits"), [(1, False), (2, True), (3, False), (4, True)], ids=["one", "two", "three", "four"]
)
def test_values_come_in_the_steps_of_the_multiplicity(count, fits):
    # PS3.6 has VM 2-2n for it.
    assignment = {"VerticesOfThePolygonalShutter": "\\".join(["1"] * count)}
    if fits:
        set_attributes(Dataset(), assignment)
    else:
        with pytest.raises(UsageError):
            set_attributes(Dataset(), assignment)
