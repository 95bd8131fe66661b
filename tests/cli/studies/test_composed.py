"""`modality generate study`, `cohort`, `--media` and `--attributes`: what is written, said and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.cli.command import document, invoke

STUDY = """
[[series]]
kind = "ct"
description = "Head"
options = { slices = 2, rows = 16, columns = 16 }
phantom = "spheres"
set = { Marker = "A" }

[[series]]
kind = "mr"
options = { slices = 3, rows = 16, columns = 16 }
phantom = "spheres"

[[private]]
creator = "ACME 1.1"
group = 0x0029
attribute = [{ element = 0x10, vr = "LO", name = "Marker" }]
"""
SMALL = ("--rows", "16", "--columns", "16", "--slices", "2", "--seed", "7")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def test_a_study_of_several_kinds_and_its_truth(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = document(invoke("generate", "study", study, "-o", out, "--seed", "7", "--truth", "--preview", "--json"))
    assert (found["kind"], found["seed"], found["instances"]) == ("study", 7, 5)
    assert [(one["kind"], one["instances"]) for one in found["series"]] == [("ct", 2), ("mr", 3)]
    datasets = [dcmread(path) for path in found["files"]]
    assert {one.StudyInstanceUID for one in datasets} == {found["study_uid"]}
    assert [one.Modality for one in datasets] == ["CT"] * 2 + ["MR"] * 3
    assert [Path(path).name[:3] for path in found["files"]] == ["ct-"] * 2 + ["mr-"] * 3
    assert datasets[0][0x0029, 0x1010].value == "A"
    truth = json.loads((out / "truth.json").read_text(encoding="utf-8"))
    assert [one["series_uid"] for one in truth["series"]] == [one["series_uid"] for one in found["series"]]
    assert sorted(path.name for path in out.iterdir() if path.suffix != ".dcm") == ["preview.png", "truth.json"]


def test_media_of_a_study_hold_every_instance_below_its_directory(study: Path, tmp_path: Path) -> None:
    plain = document(invoke("generate", "study", study, "-o", tmp_path / "plain", "--seed", "7", "--json"))
    found = document(invoke("generate", "study", study, "-o", tmp_path / "cd", "--seed", "7", "--media", "--json"))
    assert found["media"] == str(tmp_path / "cd" / "DICOMDIR")
    assert [Path(one).read_bytes() for one in found["files"]] == [Path(one).read_bytes() for one in plain["files"]]
    assert all(Path(one).is_relative_to(tmp_path / "cd" / "PT000000" / "ST000000") for one in found["files"])
    assert sorted(path.name for path in (tmp_path / "cd").iterdir()) == ["DICOMDIR", "PT000000"]
    again = invoke("generate", "study", study, "-o", tmp_path / "cd", "--media")
    assert (again.exit_code, "DICOMDIR already" in again.stderr) == (2, True)


def test_media_of_one_kind_with_its_segmentation_beside_its_truth(tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    found = document(invoke("generate", "mr", "-o", tmp_path, *SMALL, "--media", "--seg", "--truth", "--json"))
    records = dcmread(tmp_path / "DICOMDIR").DirectoryRecordSequence
    listed = [str(tmp_path.joinpath(*one.ReferencedFileID)) for one in records if "ReferencedFileID" in one]
    assert sorted(listed) == sorted(found["files"] + found["derived"])
    assert dcmread(found["derived"][0]).Modality == "SEG"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["DICOMDIR", "PT000000", "labels.npy", "truth.json"]


def test_a_cohort_and_its_manifest(study: Path, tmp_path: Path) -> None:
    (tmp_path / "cohort.toml").write_text('[[study]]\nconfig = "study.toml"\npriors = [1, 1]\n')
    out = tmp_path / "out"
    options = ("-o", out, "--patients", "2", "--processes", "2", "--seed", "7", "--json")
    found = document(invoke("generate", "cohort", tmp_path / "cohort.toml", *options))
    assert (found["patients"], found["studies"], found["priors"], found["instances"]) == (2, 4, 2, 20)
    assert len(list(out.rglob("*.dcm"))) == 20
    assert found["bytes"] == sum(path.stat().st_size for path in out.rglob("*.dcm"))
    assert found["manifest"] == [str(out / "manifest.csv"), str(out / "manifest.json")]
    assert len((out / "manifest.csv").read_text(encoding="utf-8").splitlines()) == 1 + 8


def test_a_cohort_on_media(study: Path, tmp_path: Path) -> None:
    (tmp_path / "cohort.toml").write_text('[[study]]\nconfig = "study.toml"\npriors = [0, 0]\n')
    out = tmp_path / "out"
    options = ("-o", out, "--patients", "3", "--processes", "2", "--seed", "7", "--media", "--json")
    found = document(invoke("generate", "cohort", tmp_path / "cohort.toml", *options))
    assert found["media"] == str(out / "DICOMDIR")
    assert sorted(path.name for path in out.iterdir()) == [
        "DICOMDIR", "PT000000", "PT000001", "PT000002", "manifest.csv", "manifest.json",
    ]  # fmt: skip
    assert found["instances"] == len(list(out.rglob("IM0*"))) == 15
    again = invoke("generate", "cohort", tmp_path / "cohort.toml", *options)
    assert (again.exit_code, "holds a cohort already" in again.stderr) == (2, True)


def test_attributes_of_a_file_and_over_them_those_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "set.toml").write_text(
        '[attributes]\nStationName = "A"\nInstitutionName = "B"\nMarker = "C"\n' + STUDY[STUDY.index("[[private]]") :]
    )
    options = ("--attributes", tmp_path / "set.toml", "--set", "StationName=D", "--set", "Marker=E")
    assert invoke("generate", "ct", "-o", tmp_path / "out", *SMALL, *options).exit_code == 0
    dataset = dcmread(next((tmp_path / "out").iterdir()))
    assert (dataset.StationName, dataset.InstitutionName) == ("D", "B")
    assert (dataset[0x0029, 0x0010].value, dataset[0x0029, 0x1010].value) == ("ACME 1.1", "E")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ct", "--set", "Modality="), "Modality cannot be emptied: it is Type 1"),
        (("ct", "--set", "PatientNam=x"), "did you mean 'PatientName'"),
        (("ct", "--attributes", "none.toml"), "none.toml: cannot be read"),
        (("ct", "study.toml"), "takes no configuration"),
        (("ct", "--patients", "2"), "leave out --patients"),
        (("study",), "give a configuration"),
        (("study", "none.toml"), "no such file"),
        (("study", "study_stroke.toml", "--rows", "3"), "leave out --rows"),
        (("study", "study_stroke.toml", "--set", "A=b"), "leave out --set"),
        (("cohort", "cohort_stroke.toml"), "give --patients"),
        (("cohort", "cohort_stroke.toml", "--patients", "1", "--truth"), "manifest.json holds the truth"),
        (("cohort", "cohort_stroke.toml", "--patients", "1", "--seg"), "leave out --seg"),
        (("stuty",), "unknown kind"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = invoke("generate", *arguments, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_attribute_that_the_kind_does_not_have_is_set_and_noted(tmp_path: Path) -> None:
    options = ("-o", tmp_path, "--option", "seconds=2", "--seed", "1", "--set", "KVP=120", "--set", "StationName=A")
    result = invoke("generate", "ecg", *options, "--json")
    found = document(result)
    assert [line for line in result.stderr.splitlines() if line.startswith("note:")] == [
        "note: KVP is of no module of the 12-lead-ecg IOD (PS3.3), and set all the same"
    ]
    assert dcmread(found["files"][0]).KVP == 120
    assert "note:" not in invoke("generate", "ct", "-o", tmp_path / "ct", *SMALL, "--set", "KVP=99").stderr


@pytest.mark.parametrize(
    ("place", "noted"),
    [("kind = \"mr\"\nset = { KVP = 99.0 }", ["KVP"]), ("[study]\nset = { KVP = 99.0 }", []),
     ("[study]\nset = { DoseUnits = \"GY\" }", ["DoseUnits"])],
)  # fmt: skip
def test_of_a_study_what_none_of_its_series_has_is_noted(tmp_path: Path, study: Path, place: str, noted: list) -> None:
    text = STUDY.replace('kind = "mr"', place) if place.startswith("kind") else f"{STUDY}\n{place}\n"
    study.write_text(text)
    result = invoke("generate", "study", study, "-o", tmp_path / "out", "--seed", "1")
    assert result.exit_code == 0
    lines = [line for line in result.stderr.splitlines() if line.startswith("note:")]
    assert [line.split()[1] for line in lines] == noted
