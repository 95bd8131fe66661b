"""A cohort as one file-set: what pydicom, DCMTK and dicom3tools say of it, and what an interruption leaves."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from modality.errors import UsageError
from modality.station.composing import media
from modality.station.composing.cohort import make_cohort
from modality.station.composing.cohort_plan import sorts_of
from tests.peers.dcmtk import run
from tests.peers.process import program
from tests.peers.validators import dciodvfy

COHORT = """
[[study]]
config = "head.toml"
priors = [1, 2]

[[study]]
config = "heart.toml"
priors = [0, 1]
"""
HEAD = """
persona = "kanji"

[[series]]
kind = "ct"
phantom = "spheres"
options = { slices = 3, rows = 16, columns = 16 }

[[series]]
kind = "kos"
"""
HEART = '[[series]]\nkind = "ecg"\noptions = { seconds = 2.0 }\n'
PATIENTS = 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("cohort", COHORT), ("head", HEAD), ("heart", HEART)):
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


def cohort(folder: Path, name: str, **options) -> Path:
    options = {"patients": PATIENTS, "seed": 3, "media": True, **options}
    make_cohort(sorts_of(folder / "cohort.toml"), folder / name, **options)
    return folder / name


def patients_of(out: Path) -> list[dict]:
    return json.loads((out / "manifest.json").read_text(encoding="utf-8"))["patients"]


def listed(out: Path) -> list[Path]:
    records = dcmread(out / "DICOMDIR").DirectoryRecordSequence
    return [out.joinpath(*one.ReferencedFileID) for one in records if "ReferencedFileID" in one]


def test_the_directory_lists_every_file_and_the_manifest_tells_where_each_series_is(folder):
    out = cohort(folder, "cd")
    files = sorted(path for path in out.rglob("*") if path.is_file())
    beside = [out / name for name in ("DICOMDIR", "manifest.csv", "manifest.json")]
    assert files == sorted([*listed(out), *beside])
    told = []
    for who in patients_of(out):
        for study in who["studies"]:
            for series in study["series"]:
                here = sorted((out / series["folder"]).iterdir())
                told += here
                assert len(here) == series["instances"]
                assert hashlib.sha256(b"".join(path.read_bytes() for path in here)).hexdigest() == series["sha256"]
                for path in here:
                    image = dcmread(path)
                    assert image.PatientID == who["patient_id"]
                    assert image.StudyInstanceUID == study["study_uid"]
                    assert image.SeriesInstanceUID == series["series_uid"]
    assert sorted(told) == sorted(listed(out))
    table = (out / "manifest.csv").read_text(encoding="utf-8")
    assert set(re.findall(r"PT\d{6}/ST\d{6}/SE\d{6}", table)) == {
        path.parent.relative_to(out).as_posix() for path in told
    }


def test_the_files_are_those_of_the_cohort_without_media_whatever_number_of_processes(folder):
    plain = cohort(folder, "plain", media=False)
    whole = [{p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()} for out in
             (cohort(folder, "one"), cohort(folder, "two", processes=2))]  # fmt: skip
    assert whole[0] == whole[1]
    digests = sorted(hashlib.sha256(path.read_bytes()).digest() for path in plain.rglob("*.dcm"))
    assert digests == sorted(hashlib.sha256(path.read_bytes()).digest() for path in listed(folder / "one"))
    series = [[s for who in patients_of(out) for study in who["studies"] for s in study["series"]] for out in
              (plain, folder / "one")]  # fmt: skip
    for one, other in zip(*series, strict=True):
        assert {**one, "folder": ""} == {**other, "folder": ""}


def test_pydicom_writes_the_same_directory(folder):
    out = cohort(folder, "cd")
    theirs = FileSet()
    for path in listed(out):
        seen = dcmread(path, stop_before_pixels=True)
        if "ContentSequence" in seen:
            del seen.ContentSequence  # a key object's record has none of it (PS3.3 F.5.25)
        theirs.add(seen)
    theirs.UID = dcmread(out / "DICOMDIR").file_meta.MediaStorageSOPInstanceUID
    theirs.write(folder / "theirs")
    assert (folder / "theirs" / "DICOMDIR").read_bytes() == (out / "DICOMDIR").read_bytes()
    read = FileSet(out / "DICOMDIR")
    assert len(read) == len(listed(out))
    for one in (theirs, read):
        one._stage["t"].cleanup()


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interruption_while_patients_are_made_leaves_nothing(folder, processes):
    def interrupted(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cohort(folder, "cd", processes=processes, progress=interrupted)
    assert list((folder / "cd").iterdir()) == []


def test_an_interruption_while_the_file_set_takes_its_place_leaves_nothing(folder, monkeypatch):
    whole = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if path.name == "DICOMDIR":
            raise KeyboardInterrupt
        return whole(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        cohort(folder, "cd")
    assert list((folder / "cd").iterdir()) == []


def test_what_another_file_set_left_is_not_mixed_with(folder):
    (folder / "cd" / "PT000001").mkdir(parents=True)
    with pytest.raises(UsageError, match="holds PT000001 of another file-set"):
        cohort(folder, "cd")
    assert [path.name for path in (folder / "cd").iterdir()] == ["PT000001"]


def test_instances_with_defects_are_refused_before_anything_is_written(folder):
    (folder / "heart.toml").write_text(HEART + 'defects = ["no-sop-class-uid"]\n')
    with pytest.raises(UsageError, match=r"heart\.toml: .*defects"):
        cohort(folder, "cd")
    assert not (folder / "cd").exists()


def test_an_instance_that_is_twice_in_a_file_set_is_refused(folder):
    out = cohort(folder, "plain", media=False, patients=1)
    path = next(iter(sorted(out.rglob("*.dcm"))))
    twin = path.with_name("twin.dcm")
    twin.write_bytes(path.read_bytes())
    with pytest.raises(UsageError, match="two files hold this instance"):
        media.into_media([path, twin], folder / "cd")
    assert path.exists()


@pytest.mark.peer
def test_dcmtk_and_dicom3tools_read_the_whole_cohort(folder):
    out = cohort(folder, "cd")
    assert dciodvfy(out / "DICOMDIR") == []
    names = sorted(path.relative_to(out).as_posix().replace("/", "\\") for path in listed(out))
    dump = run("dcmdump", "DICOMDIR", folder=out)
    assert sorted(re.findall(r"\(0004,1500\) CS \[([^\]]+)\]", dump)) == names
    tree = subprocess.run(
        [program("/usr/bin/dcdirdmp"), out / "DICOMDIR"],
        capture_output=True,
        encoding="latin-1",
        timeout=30,
        check=True,
    )
    text = tree.stdout + tree.stderr
    assert "Error" not in text
    assert [text.count(one["patient_id"]) for one in patients_of(out)] == [1] * PATIENTS
    # DCMTK makes the same directory of the same files, by following nothing of ours but their names.
    (out / "DICOMDIR").unlink()
    run("dcmmkdir", "-Pfl", "+id", ".", "+D", "DICOMDIR", *[name.replace("\\", "/") for name in names], folder=out)
    theirs = run("dcmdump", "DICOMDIR", folder=out)
    for pattern in (
        r"\(0004,1500\) CS \[([^\]]+)\]",
        r"\(0010,0020\) LO \[([^\]]+)\]",
        r"\(0020,000d\) UI \[([^\]]+)\]",
    ):
        assert sorted(re.findall(pattern, theirs)) == sorted(re.findall(pattern, dump))
