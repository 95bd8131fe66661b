"""What may not be emptied: by the IOD's own tables, which are highdicom's."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from modality.errors import UsageError
from modality.identity import Identity, patient, time_of
from modality.iods.attributes import set_attributes
from modality.iods.context import Context, Series, Study
from modality.iods.setting.types import attribute_types, needs_value
from modality.registry import KINDS


@pytest.fixture
def ct(make_dataset) -> Dataset:
    return make_dataset("ct", "full")


@pytest.mark.parametrize(
    ("keyword", "text"),
    [("Modality", ""), ("ImageType", ""), ("RescaleSlope", ""), ("ImageType", "\\\\"), ("Modality", "  "),
     ("FrameOfReferenceUID", ""), ("ImageOrientationPatient", "")],
)  # fmt: skip
def test_a_type_1_attribute_cannot_be_emptied_and_is_named(ct, keyword, text):
    before = ct[keyword].value
    with pytest.raises(
        UsageError, match=rf"^{keyword} cannot be emptied: it is Type 1 in the .* module of the ct-image"
    ):
        set_attributes(ct, {keyword: text})
    assert ct[keyword].value == before


@pytest.mark.parametrize(
    "keyword", ["PatientID", "PatientSex", "StudyDate", "KVP", "StudyDescription", "AcquisitionDate"]
)
def test_a_type_2_or_3_attribute_can(ct, keyword):
    set_attributes(ct, {keyword: ""})
    assert ct[keyword].is_empty


def test_type_1c_counts_where_there_is_a_value(ct):
    del ct.RescaleType
    assert needs_value(ct, "RescaleType") == ""
    ct.RescaleType = "HU"
    assert "Type 1C in the ct-image module" in needs_value(ct, "RescaleType")


def test_what_an_optional_module_asks_for_counts_where_the_module_is(ct):
    assert needs_value(ct, "ClinicalTrialSubjectID") == needs_value(ct, "ClinicalTrialSponsorName") == ""
    ct.ClinicalTrialSponsorName, ct.ClinicalTrialProtocolID = "Sponsor", "P1"
    assert "clinical-trial-subject module" in needs_value(ct, "ClinicalTrialSponsorName")


def test_each_iod_has_its_own():
    kind = KINDS.load("ecg")
    acquisition = kind.acquire(None, seed=1, seconds=2.0)
    identity = Identity(1)
    study, series = Study("1.2", time_of(1)), Series("1.2.3", 1, time_of(1), "1.2.4")
    ecg = next(kind.describe(acquisition, Context(patient(1), study, series, identity)))
    assert needs_value(ecg, "RescaleSlope") == ""
    with pytest.raises(UsageError, match=r"AcquisitionDateTime cannot be emptied: .* 12-lead-ecg"):
        set_attributes(ecg, {"AcquisitionDateTime": ""})


def test_nothing_is_known_without_a_sop_class():
    set_attributes(dataset := Dataset(), {"Modality": ""})
    assert dataset["Modality"].is_empty


def test_every_kind_is_in_the_table():
    types = attribute_types()
    for name in KINDS.entries:
        iod = types.iod_of[KINDS.load(name).sop_class_uid]
        assert "SOPInstanceUID" in {one for module in types.mandatory[iod] for one in types.type_1.get(module, ())}


def test_the_table_is_that_of_highdicom():
    found = find_spec("highdicom")
    if found is None or found.origin is None:
        pytest.skip("highdicom is not installed")
    folder = Path(found.origin).parent / "_standard"

    def read(name: str):
        return json.loads((folder / f"{name}.json").read_text())

    iods, modules, attributes = map(read, ("sop_class_iod_map", "iod_module_map", "module_attribute_map"))
    types = attribute_types()
    assert types.iod_of == iods
    for iod in set(iods.values()):
        for wanted, table in ((True, types.mandatory), (False, types.optional)):
            named = {one["key"] for one in modules[iod] if (one["usage"] == "M") == wanted}
            constrained = {one for one in named if one in types.type_1 or one in types.type_1c}
            assert set(table[iod]) == constrained
            for module in named:
                for kind, has in (("1", types.type_1), ("1C", types.type_1c)):
                    top = {
                        one["keyword"] for one in attributes.get(module, ())
                        if one["type"] == kind and not one["path"] and tag_for_keyword(one["keyword"] or "x")
                    }  # fmt: skip
                    assert set(has.get(module, ())) == top
