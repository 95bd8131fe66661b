from __future__ import annotations

import importlib
import re
from inspect import signature

import pytest
from pydicom.datadict import keyword_dict
from pydicom.dataset import Dataset

from modality.errors import UnknownNameError, UsageError
from modality.iods.attributes import set_attributes
from modality.iods.setting.fixed import follows_from
from modality.registry import KINDS
from modality.transfer.defects.table import DEFECTS


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


@pytest.mark.parametrize(
    ("keyword", "instead"),
    [
        ("Rows", "--rows sets it; --defect wrong-rows"),
        ("Columns", "--columns sets it"),
        ("NumberOfFrames", "--slices or --option frames"),
        ("BitsStored", "--defect bits-stored"),
        ("TransferSyntaxUID", "--transfer-syntax sets it; --defect wrong-meta-syntax"),
        ("SOPClassUID", "another KIND has another; --defect other-sop-class"),
        ("StudyInstanceUID", "--seed sets it; --defect two-studies"),
    ],
)
def test_what_cannot_be_set_is_answered_with_what_sets_it_instead(dataset, keyword, instead):
    with pytest.raises(UsageError, match=instead) as caught:
        set_attributes(dataset, {keyword: "1"})
    assert "\n" not in str(caught.value)


def test_every_defect_and_option_that_is_named_instead_exists():
    command = importlib.import_module("modality.cli.studies.generate").generate
    options = {name for option in command.params for name in option.opts}
    kinds = {name for kind in map(KINDS.load, KINDS.entries) for name in signature(kind.acquire).parameters}
    told = " ".join(map(follows_from, (one for one in keyword_dict if one)))
    named = re.findall(r"--[a-z-]+(?: [a-z-]+)?", told)
    assert len(named) > 10
    for one in named:
        option, _, name = one.partition(" ")
        assert option in options
        assert option != "--defect" or name in DEFECTS
        assert option != "--option" or name in kinds


def test_an_unknown_keyword_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'PatientName'"):
        set_attributes(Dataset(), {"PatientNam": "x"})


@pytest.mark.parametrize("keyword", ["qqqqqqqq", ""])  # elements retired long ago have an empty one
def test_an_unknown_keyword_that_is_near_to_none_is_answered_in_one_line(keyword):
    with pytest.raises(UnknownNameError, match=r"PS3\.6"):
        set_attributes(Dataset(), {keyword: "x"})


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
