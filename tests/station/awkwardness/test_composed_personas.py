"""Personas and defects where several series, patients or files are made: studies, cohorts, media, slides, derived."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

import modality
from modality.config import parse
from modality.errors import ConfigurationError, UnknownNameError, UsageError
from modality.iods.personas.persona import Persona, load_persona
from modality.pytest_plugin import _DEFAULTS
from modality.station.composing.cohort import make_cohort
from modality.station.composing.cohort_plan import CohortStudy, Sort
from modality.station.composing.composition import compose, whole_truth
from modality.station.composing.plan import ComposedPlan
from modality.station.study import generate, load_phantom
from modality.transfer.defects import tags
from modality.transfer.defects.elements import elements, value_of
from modality.transfer.reading import read

CT = """
[[series]]
kind = "ct"
phantom = "spheres"
options = { rows = 32, columns = 32, slices = 2 }
"""
KOS = """
[[series]]
kind = "kos"
"""
OTHER = """
[[series]]
kind = "mr"
phantom = "spheres"
persona = "veteran"
defects = ["bad-date", "two-patients"]
options = { rows = 32, columns = 32, slices = 2 }
"""


def plan(text: str) -> ComposedPlan:
    return parse(text, ComposedPlan, source="study.toml")


def test_the_studys_persona_names_the_patient_and_each_machine_has_its_own_habits() -> None:
    study = compose(plan('persona = "hanzi"\n' + CT + OTHER), seed=7)
    ct, mr = ([one.dataset() for one in scan] for scan in study.series)
    names = {str(one.PatientName) for one in (*ct, *mr)}
    assert names == {study.patient.name} <= {patient.name for patient in load_persona("hanzi").patient}
    assert ct[0].private_block(0x0029, "MODALITY PERSONA HANZI TREE")
    assert mr[0].private_block(0x0043, "MODALITY PERSONA VETERAN 02")
    with pytest.raises(KeyError):
        mr[0].private_block(0x0029, "MODALITY PERSONA HANZI TREE")
    truth = whole_truth(study)
    assert truth["patient"]["name"] == study.patient.name
    assert [series.get("persona") for series in truth["series"]] == ["hanzi", "veteran"]
    assert "defects" not in truth["series"][0]
    assert [(one["name"], one["in"]) for one in truth["series"][1]["defects"]] == [
        ("bad-date", "each instance"),
        ("two-patients", "the last instance"),
    ]
    assert [value_of(elements(one), tags.STUDY_DATE) for one in study.series[1]] == [b"20261399"] * 2
    assert [value_of(elements(one), tags.PATIENT_ID) for one in study.series[1]] == [
        study.patient.patient_id.encode(),
        b"ANOTHER",
    ]


def test_what_a_study_without_persona_is_does_not_change_and_a_defect_changes_no_uid() -> None:
    plain, broken = (compose(plan(text), seed=7) for text in (CT, CT + 'defects = ["bad-date"]\n'))
    dressed = compose(plan('persona = "kanji"\n' + CT), seed=7)
    assert plain.uid == broken.uid != dressed.uid
    assert plan(CT).digest == plan('persona = "kanji"\n' + CT).digest  # what it holds counts, not what it is called


def test_references_follow_long_uids_and_a_report_of_another_persona_is_refused() -> None:
    study = compose(plan('persona = "longwinded"\n' + CT + KOS), seed=7)
    images = {str(one.dataset().SOPInstanceUID) for one in study.series[0]}
    (kos,) = (one.dataset() for one in study.series[1])
    assert all(len(uid) == 64 for uid in images)
    (evidence,) = kos.CurrentRequestedProcedureEvidenceSequence
    (series,) = evidence.ReferencedSeriesSequence
    referenced = {str(item.ReferencedSOPInstanceUID) for item in series.ReferencedSOPSequence}
    assert referenced
    assert referenced <= images
    with pytest.raises(UsageError, match=r"series 2 \(kos\): .*give both one persona"):
        compose(plan(CT + 'persona = "longwinded"\n' + KOS), seed=7)


def test_a_segmentation_refers_to_the_images_as_the_persona_names_them() -> None:
    pytest.importorskip("highdicom")
    study = generate(
        "ct", load_phantom("spheres"), seed=3, persona="longwinded", rows=32, columns=32, slices=2
    )  # fmt: skip
    (scan,) = study.series
    (segmentation, *_) = scan.segmentations()
    (series,) = segmentation.ReferencedSeriesSequence
    referenced = {str(item.ReferencedSOPInstanceUID) for item in series.ReferencedInstanceSequence}
    assert referenced == {str(one.dataset().SOPInstanceUID) for one in scan}


def test_a_cohort_tells_of_personas_and_defects_in_its_manifest(tmp_path: Path) -> None:
    wanted = plan('persona = "hangul"\n' + CT + 'defects = ["old-date"]\n')
    said = CohortStudy("study.toml", priors=(0, 0))
    (one,) = make_cohort([Sort(said, wanted, wanted)], tmp_path, patients=1, seed=5)
    document = json.loads((tmp_path / "manifest.json").read_text())
    (series,) = document["patients"][0]["studies"][0]["series"]
    assert series["persona"] == "hangul"
    assert series["defects"][0]["clause"] == "PS3.5 6.2: DA"
    assert one["name"] in [patient.name for patient in load_persona("hangul").patient]
    files = sorted((tmp_path / series["folder"]).glob("*.dcm"))
    assert [value_of(elements(read(path)), tags.STUDY_DATE) for path in files] == [b"2026.11.26"] * 2


def test_a_slide_wears_a_persona_too_as_instances_and_as_files(tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    pytest.importorskip("segno")
    options = {"rows": 96, "columns": 80, "tile_size": 64, "mpp": 4.0, "levels": 1}
    made = generate("sm", seed=3, persona="kanji", **options)
    plain = list(generate("sm", seed=3, **options))
    files = []
    for number, path in enumerate(made.series[0].files()):
        files.append(path.rename(tmp_path / f"{number}.dcm"))
    instances = list(made)
    assert len(files) == len(instances) == len(plain) == len(made)
    for path, one, other in zip(files, instances, plain, strict=True):
        assert b"".join(one.part10()) == path.read_bytes()
        assert dcmread(path).private_block(0x0029, "MODALITY PERSONA KANJI 01")[0x08].value == "撮影条件"
        if other.dataset().ImageType[2] != "LABEL" and other.dataset().ImageType[2] != "OVERVIEW":  # they show the name
            assert dcmread(path).PixelData == other.dataset().PixelData


BROKEN = {
    'times = { StudyDate = "HHMM" }': "an attribute of VR TM or DT",
    'times = { StudyTime = "MM" }': "HH, HHMM, HHMMSS",
    'long_uids = ["StudyInstanceUID"]': "unknown UID 'StudyInstanceUID'",
    '[[patient]]\nname = "山田"': "character_set: name one",
    "[encoding]\ntrailing_padding = 3": "trailing_padding: an even number",
    "[encoding]\nfragment = 7": "fragment: an even number",
    '[encoding]\nlengths = "none"': "unknown value 'none'",
    "[encoding.padded]\nStudyDate = 16": "an attribute of VR AE, CS, LO, SH",
    "[encoding.padded]\nModality = 64": "an even number up to 16",
    '[[block]]\ncreator = "X"\ngroup = 0x0028\nelement = []': "group 0x0028: an odd one",
    '[[block]]\ncreator = "X"\ngroup = 0x7FE1\nelement = []': "one before the pixels",
    '[[block]]\ncreator = "X"\ngroup = 0x0029\nat = 1\nelement = []': "0x10 to 0xFF",
    '[[block]]\ncreator = "X"\ngroup = 0x0029\nelement = []': "at least one element",
    '[[block]]\ncreator = "X"\ngroup = 0x0029\n[[block.element]]\nelement = 1\nvr = "OW"\nsize = 3': "whole words",
    '[[block]]\ncreator = "X"\ngroup = 0x0029\n[[block.element]]\nelement = 1\nvr = "ZZ"': "there is no 'ZZ'",
    '[[block]]\ncreator = "X"\ngroup = 0x0029\n[[block.element]]\nelement = 1\nvr = "SQ"\nopen = true': "open: of a UN",
    '[[block]]\ncreator = "X"\ngroup = 0x0029\n[[block.element]]\nelement = 1\nvr = "LO"\nvalue = "a "\n'
    "characters = 4": "end in a space",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_persona_that_cannot_be_is_told_with_its_place(text: str) -> None:
    with pytest.raises(ConfigurationError, match=BROKEN[text]):
        parse('title = "X"\n' + text, Persona, source="mine.toml")


def test_a_private_value_that_does_not_fit_is_told() -> None:
    persona = parse(
        'title = "X"\n[[block]]\ncreator = "X"\ngroup = 0x0029\n'
        '[[block.element]]\nelement = 1\nvr = "US"\nvalue = "many"',
        Persona, source="mine.toml",
    )  # fmt: skip
    with pytest.raises(UsageError, match=r"private \(0029,xx01\) of X=many: does not fit VR US"):
        list(generate("ct", load_phantom("spheres"), seed=1, persona=persona, rows=32, columns=32, slices=1))


def test_the_fixture_and_the_functions_of_a_kind_take_both(dicom_study: Any) -> None:
    study = dicom_study("ct", persona="veteran", defects=["bad-age"], slices=2)
    assert [value_of(elements(one), tags.AGE) for one in study] == [b"47"] * 2
    made = modality.ct(load_phantom("spheres"), seed=1, persona="veteran", rows=32, columns=32, slices=1)
    (one,) = made
    assert one.dataset().private_block(0x0019, "MODALITY PERSONA VETERAN 01")
    with pytest.raises(UnknownNameError, match="did you mean 'veteran'"):
        dicom_study("ct", persona="vetran")
    plain = dicom_study("ct", seed=9, slices=2)
    dressed = dicom_study("ct", seed=9, slices=2, persona="veteran")
    pixels = [[one.dataset().pixel_array for one in study] for study in (plain, dressed)]
    assert np.array_equal(*map(np.stack, pixels))
    assert "persona" not in _DEFAULTS
