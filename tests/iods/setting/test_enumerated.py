"""Enumerated Values: what is set is among them, in one line and with their names, and dciodvfy knows the same."""

from __future__ import annotations

import io
import re
import subprocess
from inspect import signature
from pathlib import Path

import pytest
from pydicom import config, dcmread
from pydicom.datadict import dictionary_description, dictionary_VM
from pydicom.dataset import Dataset

from modality.errors import UsageError
from modality.iods.attributes import set_attributes
from modality.iods.setting.enumerated import _COMMON, _OF_AN_IOD, Enumerated, enumerated, enumerated_keywords
from modality.iods.setting.types import attribute_types
from modality.registry import KINDS
from modality.station.study import generate
from tests.peers.process import program

KINDS_WITH_A_VALIDATOR = [name for name in KINDS.entries if name != "sm"]  # dciodvfy knows it, but it is large


@pytest.mark.parametrize(
    ("kind", "keyword", "text", "allowed"),
    [
        ("ct", "PatientSex", "X", "M, F or O"),
        ("ct", "Modality", "MR", "CT"),
        ("mr", "Modality", "CT", "MR"),
        ("ct", "ImageLaterality", "X", "R, L, U or B"),
        ("ct", "BurnedInAnnotation", "MAYBE", "YES or NO"),
        ("ct", "LossyImageCompression", "2", "00 or 01"),
        ("ct", "PresentationLUTShape", "INVERSE", "IDENTITY"),
        ("ct", "ImageType", "ORIGINAL\\TERTIARY\\AXIAL", "PRIMARY or SECONDARY for TERTIARY"),
        ("ct", "RotationDirection", "NONE", "CW or CC"),
        ("mr", "ScanningSequence", "SE\\XX", "SE, IR, GR, EP or RM for XX"),
        ("enhanced-ct", "BurnedInAnnotation", "YES", "NO"),
        ("enhanced-ct", "ImageType", "ORIGINAL\\SECONDARY\\VOLUME\\NONE", "PRIMARY for SECONDARY"),
    ],
)
def test_what_is_not_enumerated_is_refused_with_what_is(make_dataset, kind, keyword, text, allowed):
    dataset = make_dataset(kind, "full")
    before = dataset.get(keyword)
    with pytest.raises(UsageError) as caught:
        set_attributes(dataset, {keyword: text})
    said = str(caught.value)
    assert re.fullmatch(
        rf"{keyword}={re.escape(text)}: PS3\.3 [^;]+ enumerates {allowed}; --defect not-enumerated lets it be", said
    )
    assert dataset.get(keyword) == before
    set_attributes(dataset, {keyword: text}, not_enumerated=True)
    assert dataset[keyword].value != before


@pytest.mark.parametrize(
    ("kind", "keyword", "text"),
    [
        ("ct", "PatientSex", "O"),
        ("ct", "PatientSex", ""),
        ("ct", "Modality", "CT"),
        ("ct", "PatientPosition", "FFDR"),
        ("ct", "PatientPosition", "SITTING"),  # Defined Terms grow
        ("ct", "RotationDirection", "CC"),
        ("mr", "RotationDirection", "NONE"),  # no attribute of the IOD, so nothing enumerates it
        ("mr", "ScanningSequence", "EP\\GR"),
        ("enhanced-ct", "ImageType", "MIXED\\PRIMARY\\VOLUME\\NONE"),
    ],
)
def test_what_is_enumerated_and_what_is_not_at_all_can_be_set(make_dataset, kind, keyword, text):
    dataset = make_dataset(kind, "full")
    set_attributes(dataset, {keyword: text})
    value = dataset[keyword].value
    assert ("\\".join(value) if dataset[keyword].VM > 1 else value or "") == text


def test_without_a_sop_class_what_all_iods_enumerate_is_known():
    with pytest.raises(UsageError, match="enumerates M, F or O"):
        set_attributes(Dataset(), {"PatientSex": "X"})
    set_attributes(dataset := Dataset(), {"Modality": "XX", "ScanningSequence": "XX"})
    assert dataset.Modality == "XX"


def test_presentation_lut_shape_follows_the_photometric_interpretation():
    dataset = Dataset()
    dataset.PhotometricInterpretation = "MONOCHROME1"
    set_attributes(dataset, {"PresentationLUTShape": "INVERSE"})
    with pytest.raises(UsageError, match="enumerates INVERSE"):
        set_attributes(dataset, {"PresentationLUTShape": "IDENTITY"})


@pytest.mark.parametrize(
    ("places", "values", "wrong"),
    [
        ((("A", "B"),), ["A", "B", "A"], None),
        ((("A", "B"),), ["A", "C"], ("C", ("A", "B"))),
        ((("A",), ("B",)), ["A", "B", "anything"], None),
        ((("A",), ("B",)), ["A"], ("", ("B",))),
        ((("A",), ("B",)), ["B", "A"], ("B", ("A",))),
    ],
)
def test_values_are_held_against_what_is_allowed_in_their_place(places, values, wrong):
    assert Enumerated("C.1", places).wrong(values) == wrong


def test_the_iods_of_the_table_are_those_of_the_types():
    assert set(_OF_AN_IOD) <= set(attribute_types().iod_of.values())


def _small(kind: str) -> bytes:
    taken = signature(KINDS.load(kind).acquire).parameters
    asked = {"rows": 64, "columns": 64, "slices": 3} | ({"frames": 1} if kind == "us" else {})
    options = {name: value for name, value in asked.items() if name in taken}
    return b"".join(map(bytes, next(iter(generate(kind, seed=1, **options))).part10()))


def _complaints(dataset: Dataset, path: Path) -> list[tuple[str, str]]:
    """Value and name of each attribute of which dciodvfy says that its value is not enumerated."""
    dataset.save_as(path, enforce_file_format=True)
    run = subprocess.run([program("/usr/bin/dciodvfy"), path], capture_output=True, check=False, timeout=100)
    said = (run.stdout + run.stderr).decode("utf-8", "replace")
    return re.findall(r"Unrecognized enumerated value <([^>]*)> for value \d+ of attribute <([^>]*)>", said)


def _table(dataset: Dataset) -> dict[str, Enumerated]:
    sop_class, colours = str(dataset.SOPClassUID), str(dataset.get("PhotometricInterpretation", ""))
    found = {one: enumerated(one, sop_class, colours) for one in (*enumerated_keywords(sop_class), "Modality")}
    return {keyword: one for keyword, one in found.items() if one and keyword != "PlanarConfiguration"}


def _put(dataset: Dataset, keyword: str, values: list[str]) -> None:
    """Values at their places; those that follow stay."""
    there = dataset.get(keyword)
    kept = list(there)[len(values) :] if dictionary_VM(keyword) != "1" and there and dataset[keyword].VM > 1 else []
    whole = [*values, *kept]
    setattr(dataset, keyword, whole if len(whole) > 1 else whole[0])


@pytest.mark.peer
@pytest.mark.parametrize("kind", KINDS_WITH_A_VALIDATOR)
def test_dciodvfy_knows_every_value_of_the_table_and_takes_no_other(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(config.settings, "_writing_validation_mode", config.IGNORE)
    content = _small(kind)
    table = _table(dcmread(io.BytesIO(content)))
    own = _OF_AN_IOD.get(attribute_types().iod_of[KINDS.load(kind).sop_class_uid], {})
    assert {*_COMMON, *own} - {"PlanarConfiguration"} <= {*table}
    for turn in range(max(len(allowed) for one in table.values() for allowed in one.places)):
        dataset = dcmread(io.BytesIO(content))
        for keyword, one in table.items():
            _put(dataset, keyword, [allowed[turn % len(allowed)] for allowed in one.places])
        names = {dictionary_description(keyword) for keyword in table}
        assert [one for one in _complaints(dataset, tmp_path / "one.dcm") if one[1] in names] == []
    dataset = dcmread(io.BytesIO(content))
    for keyword, one in table.items():
        _put(dataset, keyword, ["BOGUS"] * len(one.places))
    refused = {name for value, name in _complaints(dataset, tmp_path / "other.dcm") if value == "BOGUS"}
    assert {dictionary_description(keyword) for keyword in own} <= refused
    assert {"Patient's Sex", "Longitudinal Temporal Information Modified"} <= refused
