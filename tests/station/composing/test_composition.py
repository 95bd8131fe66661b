"""A study of several kinds: one patient, one study, one order, and reports that refer to what is really in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from modality import config
from modality.errors import ConfigurationError, UsageError
from modality.identity import patient
from modality.station.composing.composition import compose, whole_truth
from modality.station.composing.plan import ComposedPlan, SeriesOfKind

SMALL = "slices = 2, rows = 16, columns = 16"
SEVERAL = f"""
[study]
description = "Work-up"
accession = "ACC1"
started = 2024-05-17T08:15:00
minutes_between = 10.0
set = {{ InstitutionName = "St. Elsewhere" }}

[patient]
name = "Doe^Jane"
sex = "F"

[[series]]
kind = "ct"
description = "Head"
phantom = "head-stroke"
options = {{ {SMALL} }}

[[series]]
kind = "ct"
description = "Thin"
phantom = "head-stroke"
options = {{ {SMALL}, slice_thickness_mm = 1.0 }}

[[series]]
kind = "mr"
options = {{ {SMALL}, sequence = "FLAIR" }}
transfer_syntax = "RLELossless"
set = {{ InstitutionName = "Elsewhere", EchoNumbers = 2, ImageType = ["DERIVED", "SECONDARY"] }}

[[series]]
kind = "ecg"

[[series]]
kind = "kos"
about = "Thin"
"""


def plan(text: str = SEVERAL) -> ComposedPlan:
    return config.parse(text, ComposedPlan, source="study.toml")


def test_all_series_are_of_one_patient_one_study_and_one_order():
    study = compose(plan(), seed=3)
    datasets = [next(iter(scan)).dataset() for scan in study.series]
    assert [one.Modality for one in datasets] == ["CT", "CT", "MR", "ECG", "KO"]
    same = {
        "PatientID": patient(3).patient_id, "PatientName": "Doe^Jane", "PatientSex": "F", "AccessionNumber": "ACC1",
        "StudyDescription": "Work-up", "StudyDate": "20240517", "StudyTime": "081500", "StudyInstanceUID": study.uid,
    }  # fmt: skip
    for keyword, value in same.items():
        assert {str(one[keyword].value) for one in datasets} == {value}
    assert [one.SeriesTime for one in datasets] == ["081500", "082500", "083500", "084500", "085500"]
    assert [one.SeriesNumber for one in datasets] == [1, 2, 3, 4, 5]
    for keyword in ("SeriesInstanceUID", "SOPInstanceUID"):
        assert len({one[keyword].value for one in datasets}) == 5
    requests = [one.RequestAttributesSequence[0] for one in datasets if "RequestAttributesSequence" in one]
    assert len(requests) >= 4
    assert len({one.RequestedProcedureID for one in requests}) == 1
    steps = [one.ScheduledProcedureStepID for one in requests]
    assert steps[0] == steps[1] != steps[2]  # a step for each modality


def test_series_of_one_machine_share_a_frame_of_reference_and_others_do_not():
    study = compose(plan(), seed=3)
    first, second, other = (next(iter(scan)).dataset().FrameOfReferenceUID for scan in study.series[:3])
    assert first == second != other


def test_attributes_of_a_series_prevail_over_those_of_the_study():
    study = compose(plan(), seed=3)
    ct, mr = (next(iter(study.series[index])).dataset() for index in (0, 2))
    assert (ct.InstitutionName, mr.InstitutionName) == ("St. Elsewhere", "Elsewhere")
    assert (mr.EchoNumbers, list(mr.ImageType)) == (2, ["DERIVED", "SECONDARY"])
    assert mr.file_meta.TransferSyntaxUID.name == "RLE Lossless"


def test_a_report_refers_to_instances_of_the_series_that_it_is_about():
    study = compose(plan(), seed=3)
    (report,) = (one.dataset() for one in study.series[4])
    (evidence,) = report.CurrentRequestedProcedureEvidenceSequence
    assert evidence.StudyInstanceUID == study.uid
    (series,) = evidence.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == study.series[1].uid
    there = {one.sop_instance_uid for one in study.series[1]}
    assert {one.ReferencedSOPInstanceUID for one in series.ReferencedSOPSequence} <= there


def test_without_about_a_report_takes_the_first_series_of_its_kind():
    study = compose(plan(SEVERAL.replace('about = "Thin"', "")), seed=3)
    (report,) = (one.dataset() for one in study.series[4])
    series = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == study.series[0].uid


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_uids():
    two = replace(plan(), series=plan().series[::3])
    first, again, other = (compose(two, seed=seed) for seed in (3, 3, 4))

    def contents(study):
        return [b"".join(map(bytes, made.part10())) for made in study]

    assert contents(first) == contents(again)
    uids = [{one.sop_instance_uid for one in study} for study in (first, other)]
    assert not uids[0] & uids[1]


def test_what_the_plan_says_sets_its_uids_apart_and_how_it_is_encoded_does_not():
    whole = plan()
    renamed = replace(whole, study=replace(whole.study, description="Other"))
    encoded = replace(whole, series=tuple(replace(one, transfer_syntax="RLELossless") for one in whole.series[:3]))
    short = replace(whole, series=whole.series[:3])
    assert compose(renamed, seed=3).uid != compose(whole, seed=3).uid
    assert [one.uid for one in compose(encoded, seed=3).series] == [one.uid for one in compose(short, seed=3).series]


def test_a_study_may_be_at_another_time_than_its_plan_says():
    study = compose(plan(), seed=3, started=datetime(2020, 1, 2, 9))
    dataset = next(iter(study)).dataset()
    assert (dataset.StudyDate, dataset.SeriesTime) == ("20200102", "090000")
    assert study.uid != compose(plan(), seed=3).uid


def test_the_truth_is_that_of_every_series():
    truth = whole_truth(compose(plan(), seed=3))
    assert (truth["seed"], truth["accession_number"], truth["patient"]["name"]) == (3, "ACC1", "Doe^Jane")
    assert [one["kind"] for one in truth["series"]] == ["ct", "ct", "mr", "ecg", "kos"]
    assert [one["instances"] for one in truth["series"]] == [2, 2, 2, 1, 1]
    assert {one["name"] for one in truth["series"][0]["truth"]["structures"]} & {"ischaemic core"}


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ('kind = "ctt"', "did you mean 'ct'"),
        ('kind = "ct"\noptions = { slice = 2 }', "did you mean 'slices'"),
        ('kind = "ct"\noptions = { rows = "x" }', r"series 1 \(ct\)"),
        ('kind = "ct"\nphantom = "hed"', "did you mean 'head'"),
        ('kind = "ct"\nabout = "Head"', "only reports"),
        ('kind = "ecg"\nphantom = "head"', "scans no phantom"),
        ('kind = "sr"', "let one come before it"),
        ('kind = "sr"\nabout = "x"', "let one come before it"),
        ('kind = "ct"\n[[series]]\nkind = "kos"\nabout = "x"', "unknown earlier series"),
        ('kind = "ct"\n[[series]]\nkind = "kos"\nphantom = "head"', "leave out phantom"),
        ('kind = "ct"\n[[series]]\nkind = "kos"\noptions = { rows = 16 }', "which has it already"),
        ('kind = "ct"\ntransfer_syntax = "RLE"', "RLELossless"),
        ('kind = "ct"\nset = { InstitutionName = true }', "give text, a number"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_by_its_name(series, said):
    with pytest.raises(UsageError, match=said) as caught:
        compose(plan(f"[[series]]\n{series}\n"), seed=3)
    assert "\n" not in str(caught.value)


def test_reports_about_two_series_are_refused():
    both = SEVERAL + '\n[[series]]\nkind = "rdsr"\nabout = "Head"\n'
    with pytest.raises(UsageError, match="'Head' and 'Thin'"):
        compose(plan(both), seed=3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("series = []", "at least one"),
        ('[study]\naccession = "01234567890123456"\n[[series]]\nkind = "ct"', "accession"),
        ('[study]\nstarted = 2024-01-01T08:00:00Z\n[[series]]\nkind = "ct"', "without an offset"),
        ('[study]\nminutes_between = -1.0\n[[series]]\nkind = "ct"', "minutes_between"),
        ('[patient]\nsex = "X"\n[[series]]\nkind = "ct"', "enumerates M, F or O"),
        ('[patient]\nbirth_date = "1951-03-12"\n[[series]]\nkind = "ct"', "birth_date"),
        ('[patient]\nsize_m = 172.0\n[[series]]\nkind = "ct"', "no height"),
        ('[[series]]\nkind = "ct"\noptions = { seed = 3 }', "seed"),
        ('[[series]]\nkind = "ct"\nrows = 3', "rows"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(text, said):
    with pytest.raises(ConfigurationError, match=said):
        plan(text)


def test_a_name_brings_a_character_set_that_holds_it():
    named = compose(plan(SEVERAL.replace("Doe^Jane", "山田^太郎")), seed=5)
    assert named.patient.character_set == "ISO_IR 192"
    assert next(iter(named)).dataset().PatientName == "山田^太郎"


def test_the_shipped_study_can_be_made():
    made = compose(config.load(config.shipped("study_stroke.toml"), ComposedPlan), seed=3)
    assert [one.kind.name for one in made.series] == ["ct", "ecg", "sr", "pdf"]
    assert isinstance(made.series[0].acquisition.phantom.name, str)
    assert SeriesOfKind("ct") == SeriesOfKind("ct", options={})


RADIOTHERAPY = """
[[series]]
kind = "ct"
phantom = "spheres"
options = { rows = 48, columns = 48, slices = 12 }
[[series]]
kind = "rtstruct"
options = { target = "ball 1" }
[[series]]
kind = "rtplan"
options = { beams = 2 }
[[series]]
kind = "rtdose"
options = { grid_mm = 10.0 }
"""


def test_reports_may_be_about_reports_and_all_are_of_one_scan():
    study = compose(plan(RADIOTHERAPY), seed=3)
    ct, structures, planned, dose = ([one.dataset() for one in scan] for scan in study.series)
    assert {one.StudyInstanceUID for part in (ct, structures, planned, dose) for one in part} == {study.uid}
    assert len({one.FrameOfReferenceUID for part in (ct, structures, planned, dose) for one in part}) == 1
    assert len({scan.uid for scan in study.series}) == 4
    shown = structures[0].ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    assert shown.ReferencedSOPInstanceUID == study.uid
    (series,) = shown.RTReferencedSeriesSequence
    assert series.SeriesInstanceUID == study.series[0].uid
    assert [one.ReferencedSOPInstanceUID for one in series.ContourImageSequence] == [one.SOPInstanceUID for one in ct]
    assert planned[0].ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID == structures[0].SOPInstanceUID
    assert dose[0].ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == planned[0].SOPInstanceUID
    assert dose[0].ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID == structures[0].SOPInstanceUID
    assert len(planned[0].BeamSequence) == 2
    assert len(dose[0].DVHSequence) == len(structures[0].StructureSetROISequence)


def test_the_same_plan_reported_on_twice_is_refused_and_another_is_not():
    twice = RADIOTHERAPY.replace('[[series]]\nkind = "rtdose"', '[[series]]\nkind = "rtplan"\ndescription = "B"\n'
                                 'options = { beams = 2 }\n[[series]]\nkind = "rtdose"\nabout = "B"\n'
                                 'options = { grid_mm = 12.0 }\n[[series]]\nkind = "rtdose"')  # fmt: skip
    with pytest.raises(UsageError, match="two series that others are about are the same"):
        compose(plan(twice), seed=3)
    compose(plan(twice.replace("beams = 2", "beams = 3", 1)), seed=3)


def test_an_option_of_what_a_report_is_about_is_refused():
    with pytest.raises(UsageError, match=r"series 4 .*target: an option of the series that it is about"):
        compose(plan(RADIOTHERAPY.replace("grid_mm = 10.0", 'target = "ball 2"')), seed=3)


def test_the_shipped_study_of_radiotherapy_can_be_made():
    made = compose(config.load(config.shipped("study_radiotherapy.toml"), ComposedPlan), seed=3)
    assert [scan.kind.name for scan in made.series] == ["ct", "rtstruct", "rtplan", "rtdose"]
    (planned,) = made.series[2]
    assert planned.dataset().FractionGroupSequence[0].NumberOfBeams == 5


def test_a_study_with_a_mammogram_is_of_a_woman_unless_its_plan_says_otherwise(tmp_path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        '[[series]]\nkind = "ecg"\noptions = { seconds = 2.0 }\n'
        '[[series]]\nkind = "mg"\noptions = { rows = 16, columns = 12 }\n'
    )
    plan = config.load(path, ComposedPlan)
    seed = next(seed for seed in range(99) if patient(seed).sex == "M")
    assert compose(plan, seed=seed).patient == patient(seed, "F")
    assert compose(replace(plan, series=plan.series[:1]), seed=seed).patient == patient(seed)
    man = compose(replace(plan, patient=replace(plan.patient, sex="M")), seed=seed)
    assert (man.patient.sex, man.patient.name) == ("M", patient(seed).name)


SCANS = """
[[series]]
kind = "mr"
description = "T1"
phantom = "head"
options = { slices = 4, rows = 16, columns = 16 }

[[series]]
kind = "pt"
description = "Uptake"
phantom = "nema-pet"
options = { slices = 4, rows = 16, columns = 16 }

"""


@pytest.mark.parametrize(
    ("said", "about"),
    [("", "mr"), ('about = "Uptake"', "pt"), ('about = "T1"', "mr"), ('options = { about = "pt" }', "pt")],
)
def test_reports_are_about_series_of_the_kinds_that_they_fit(said, about):
    study = compose(plan(f'{SCANS}[[series]]\nkind = "kos"\n{said}'), seed=3)
    report = study.series[-1]
    (dataset,) = (instance.dataset() for instance in report)
    named = {one.value for one in dataset.iterall() if one.keyword == "ReferencedSOPInstanceUID"}
    (source,) = [scan for scan in study.series if scan.kind.name == about]
    assert named
    assert named <= {instance.sop_instance_uid for instance in source}
    assert report.acquisition.scan is source.acquisition
    assert {scan.context.study.uid for scan in study.series} == {dataset.StudyInstanceUID}


def test_a_ct_series_is_reported_on_before_others():
    before = (
        f'{SCANS}[[series]]\nkind = "ct"\nphantom = "spheres"\noptions = {{ slices = 2, rows = 16, columns = 16 }}\n'
    )
    study = compose(plan(f'{before}[[series]]\nkind = "kos"'), seed=3)
    assert study.series[-1].acquisition.scan is study.series[2].acquisition


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('options = { about = "ct" }', "about a series of kind ct: let one come before it"),
        ('about = "T2"', "unknown earlier series of kind ct or mr or pt"),
        ('about = "T1"\noptions = { about = "pt" }', "unknown earlier series of kind pt"),
    ],
)
def test_a_report_about_what_is_not_there_is_refused(said, message):
    with pytest.raises(UsageError, match=message):
        compose(plan(f'{SCANS}[[series]]\nkind = "kos"\n{said}'), seed=3)
