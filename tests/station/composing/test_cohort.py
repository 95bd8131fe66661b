"""A cohort: patients with priors, the same whatever number of processes makes them, and a manifest that is true."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from pydicom import dcmread

from modality import config
from modality.errors import ConfigurationError, UsageError
from modality.station.composing.cohort import make_cohort
from modality.station.composing.cohort_plan import CohortPlan, sorts_of

COHORT = """
[[study]]
config = "head.toml"
priors = [1, 2]
days_between = [30, 60]

[[study]]
config = "heart.toml"
share = 2.0
priors = [0, 0]
"""
HEAD = """
[[series]]
kind = "ct"
phantom = "spheres"
options = { slices = 2, rows = 16, columns = 16 }

[[series]]
kind = "kos"
"""
HEART = '[[series]]\nkind = "ecg"\noptions = { seconds = 2.0 }\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("cohort", COHORT), ("head", HEAD), ("heart", HEART)):
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


def cohort(folder: Path, name: str, **options) -> Path:
    options = {"patients": 6, "seed": 3, **options}
    make_cohort(sorts_of(folder / "cohort.toml"), folder / name, **options)
    return folder / name


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_any_number_of_processes_gives_the_same_files(folder):
    done: list[int] = []
    alone = contents(cohort(folder, "one", progress=done.append))
    assert contents(cohort(folder, "three", processes=3)) == alone
    assert done == [1, 2, 3, 4, 5, 6]
    assert contents(cohort(folder, "other", seed=4)).keys() & alone.keys() == {"manifest.csv", "manifest.json"}


def test_a_larger_cohort_begins_with_the_smaller_one(folder):
    small, large = (contents(cohort(folder, str(count), patients=count)) for count in (2, 3))
    files = {name for name in small if name.endswith(".dcm")}
    assert files < large.keys()
    assert all(small[name] == large[name] for name in files)


def test_the_manifest_says_what_the_files_are(folder):
    out = cohort(folder, "out")
    patients = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["patients"]
    assert [one["number"] for one in patients] == [1, 2, 3, 4, 5, 6]
    assert len({one["patient_id"] for one in patients}) == 6
    seen = 0
    for who in patients:
        for study in who["studies"]:
            for series in study["series"]:
                files = [
                    path
                    for path in sorted((out / series["folder"]).iterdir())
                    if series["series_uid"][-8:] in path.name
                ]
                datasets = [dcmread(path) for path in files]
                seen += len(files)
                assert len(files) == series["instances"]
                assert hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest() == series["sha256"]
                assert sum(path.stat().st_size for path in files) == series["bytes"]
                for keyword, value in (
                    ("PatientID", who["patient_id"]), ("PatientName", who["name"]),
                    ("PatientBirthDate", who["birth_date"]), ("StudyInstanceUID", study["study_uid"]),
                    ("AccessionNumber", study["accession_number"]), ("SeriesInstanceUID", series["series_uid"]),
                ):  # fmt: skip
                    assert {str(one[keyword].value) for one in datasets} == {value}
    assert seen == len(list(out.rglob("*.dcm")))


def test_priors_are_earlier_by_the_days_that_are_said_and_of_the_same_anatomy(folder):
    out = cohort(folder, "out")
    patients = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["patients"]
    with_priors = [one for one in patients if one["studies"][0]["config"] == "head.toml"]
    assert 0 < len(with_priors) < 6
    for who in patients:
        studies = who["studies"]
        assert [one["prior"] for one in studies] == [True] * (len(studies) - 1) + [False]
        assert len(studies) in ((2, 3) if who in with_priors else (1,))
        days = [datetime.fromisoformat(one["started"]).date() for one in studies]
        assert all(30 <= (later - earlier).days <= 60 for earlier, later in pairwise(days))
        assert all(date.fromisoformat(f"{who['birth_date'][:4]}-01-01") < day for day in days)
        assert len({one["study_uid"] for one in studies}) == len(studies)
        if who in with_priors:
            truths = [study["series"][0]["truth"]["structures"] for study in studies]
            assert all(one == truths[0] for one in truths)
            assert truths[0]


def test_the_table_has_a_line_for_each_series(folder):
    out = cohort(folder, "out")
    patients = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["patients"]
    with (out / "manifest.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    series = [one for who in patients for study in who["studies"] for one in study["series"]]
    assert [one["series_uid"] for one in lines] == [one["series_uid"] for one in series]
    assert [one["instances"] for one in lines] == [str(one["instances"]) for one in series]
    for line, one in zip(lines, series, strict=True):
        assert line["structures"] == "; ".join(each["name"] for each in one["truth"].get("structures", ()))
    assert any(line["structures"] for line in lines)
    assert {line["prior"] for line in lines} == {"yes", "no"}


def test_the_two_series_of_a_pair_are_told_apart(folder):
    pair = (
        '[[series]]\nkind = "dx"\nphantom = "spheres"\noptions = { rows = 96, columns = 80, presentation = "both" }\n'
    )
    (folder / "head.toml").write_text(f"{pair}\n[study]\nset = {{ PatientName = 'Doe^Jane', AccessionNumber = 'A1' }}")
    out = cohort(folder, "out", patients=3)
    patients = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["patients"]
    with (out / "manifest.csv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["kind"] == "dx"]
    found = {}
    for who in patients:
        for study in who["studies"]:
            if study["config"] != "head.toml":
                continue
            assert (who["name"], study["accession_number"]) == ("Doe^Jane", "A1")
            assert [one["presentation_intent"] for one in study["series"]] == ["FOR PROCESSING", "FOR PRESENTATION"]
            assert [one["instances"] for one in study["series"]] == [1, 1]
            found |= {one["series_uid"]: one for one in study["series"]}
    assert found
    assert [line["series_uid"] for line in lines] == list(found)
    for line in lines:
        one = found[line["series_uid"]]
        assert line["presentation_intent"] == one["presentation_intent"]
        (path,) = (out / one["folder"]).glob(f"*{one['series_uid'][-8:]}*.dcm")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == one["sha256"] == line["sha256"]
        assert path.stat().st_size == one["bytes"]
        dataset = dcmread(path)
        assert (dataset.SeriesInstanceUID, dataset.PresentationIntentType, dataset.SeriesDescription) == (
            one["series_uid"], one["presentation_intent"], one["description"],
        )  # fmt: skip
        assert (dataset.PatientName, dataset.AccessionNumber) == ("Doe^Jane", "A1")


def test_a_folder_with_a_cohort_is_left_alone(folder):
    before = contents(cohort(folder, "out", patients=1))
    with pytest.raises(UsageError, match="holds a cohort already"):
        cohort(folder, "out", seed=4)
    assert contents(folder / "out") == before


@pytest.mark.parametrize("processes", [1, 2])
def test_what_goes_wrong_is_said_with_the_patients_number(folder, processes):
    (folder / "head.toml").write_text(HEAD.replace('"kos"', '"kos"\nset = { SeriesInstanceUID = "1.2" }'))
    with pytest.raises(UsageError, match=r"patient \d: .*SeriesInstanceUID"):
        cohort(folder, "out", processes=processes)
    assert not (folder / "out" / "manifest.json").exists()


def test_a_wrong_study_is_refused_before_anything_is_written(folder):
    (folder / "heart.toml").write_text('[[series]]\nkind = "eeg"\n')
    with pytest.raises(UsageError, match=r"heart\.toml: .*eeg"):
        cohort(folder, "out")
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("study = []", "at least one"),
        ('[[study]]\nconfig = "head.toml"\nshare = 0.0', "share"),
        ('[[study]]\nconfig = "head.toml"\npriors = [2, 1]', "priors"),
        ('[[study]]\nconfig = "head.toml"\ndays_between = [0, 1]', "days_between"),
        ('[[study]]\nconfig = "head.toml"\npriors = [1]', "priors"),
        ('[[study]]\nconfig = "none.toml"', "none.toml"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(folder, text, said):
    (folder / "cohort.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        sorts_of(folder / "cohort.toml")


@pytest.mark.parametrize("key", ['[patient]\nname = "Doe"', '[study]\naccession = "1"', '[study]\nstudy_id = "1"'])
def test_what_a_cohort_draws_cannot_be_laid_down(folder, key):
    (folder / "head.toml").write_text(f"{key}\n{HEAD}")
    with pytest.raises(ConfigurationError, match="a cohort draws it"):
        sorts_of(folder / "cohort.toml")


def test_the_shipped_cohort_can_be_read():
    path = config.shipped("cohort_stroke.toml")
    assert config.load(path, CohortPlan).study[0].config == "study_stroke.toml"
    assert [one.kind for one in sorts_of(path)[0].plan.series] == ["ct", "ecg", "sr", "pdf"]


def test_patients_of_mammograms_are_the_same_women_in_their_other_studies(folder: Path) -> None:
    (folder / "breast.toml").write_text('[[series]]\nkind = "mg"\noptions = { rows = 16, columns = 12 }\n')
    (folder / "screening.toml").write_text(
        '[[study]]\nconfig = "breast.toml"\nprior = "heart.toml"\npriors = [1, 1]\ndays_between = [30, 60]\n'
    )
    made = make_cohort(sorts_of(folder / "screening.toml"), folder / "women", patients=6, seed=3)
    assert [len(one["studies"]) for one in made] == [2] * 6
    for one in made:
        images = [dcmread(path) for path in (folder / "women" / one["patient_id"]).rglob("*.dcm")]
        assert {image.Modality for image in images} == {"MG", "ECG"}
        assert {(str(image.PatientName), image.PatientSex) for image in images} == {(one["name"], "F")}
