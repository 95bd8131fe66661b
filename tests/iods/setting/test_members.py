"""Which attributes an IOD has: by the tables of highdicom, and none that our own kinds write is a stranger."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydicom.datadict import tag_for_keyword

from modality.iods.setting.members import attribute_members, notes, strangers
from modality.iods.setting.types import attribute_types
from modality.pytest_plugin import _DEFAULTS
from modality.registry import KINDS
from modality.station.study import generate, load_phantom


def test_an_attribute_of_another_iod_is_named_with_the_iod():
    ecg = KINDS.load("ecg").sop_class_uid
    assert notes(ecg, ["KVP", "PatientName"]) == [
        "KVP is of no module of the 12-lead-ecg IOD (PS3.3), and set all the same"
    ]
    assert strangers(KINDS.load("ct").sop_class_uid, ["KVP", "EchoTime"]) == ("ct-image", ["EchoTime"])


def test_at_the_top_of_the_data_set_an_enhanced_image_has_not_what_its_frames_have():
    assert strangers(KINDS.load("enhanced-ct").sop_class_uid, ["KVP", "PatientID"])[1] == ["KVP"]


def test_nothing_is_said_of_overlays_of_what_is_no_keyword_and_of_an_unknown_class():
    assert strangers(KINDS.load("ct").sop_class_uid, ["OverlayRows", "PatientNam", "(0029,xx10,A)"])[1] == []
    assert strangers("1.2.3", ["KVP"]) == ("", [])


def test_every_kind_is_in_the_table():
    types, members = attribute_types(), attribute_members()
    assert {types.iod_of[KINDS.load(name).sop_class_uid] for name in KINDS.entries} == set(members.modules)


@pytest.mark.parametrize("kind", sorted((set(KINDS.entries) & set(_DEFAULTS)) - {"mg", "sm"}))  # slow; as dx
def test_no_attribute_that_a_kind_writes_is_a_stranger(kind):
    if kind == "sr":
        pytest.importorskip("highdicom")
    options = dict(_DEFAULTS[kind])
    named = options.pop("phantom", None)
    study = generate(kind, load_phantom(named) if named else None, seed=3, **options)
    dataset = next(iter(study)).dataset()
    assert strangers(str(dataset.SOPClassUID), [one.keyword for one in dataset if one.keyword])[1] == []


def test_the_table_is_that_of_highdicom():
    found = find_spec("highdicom")
    if found is None or found.origin is None:
        pytest.skip("highdicom is not installed")
    folder = Path(found.origin).parent / "_standard"
    modules, attributes = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("iod_module_map", "module_attribute_map")
    )
    members = attribute_members()
    for iod, named in members.modules.items():
        assert set(named) == {one["key"] for one in modules[iod]}
    for module in {one for named in members.modules.values() for one in named}:
        top = {
            one["keyword"] for one in attributes.get(module, ())
            if not one["path"] and tag_for_keyword(one["keyword"] or "x")
        }  # fmt: skip
        assert set(members.attributes.get(module, ())) == top
