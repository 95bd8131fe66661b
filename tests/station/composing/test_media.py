"""A file-set: files where its DICOMDIR says, unchanged, as DCMTK reads it and dicom3tools judges it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydicom import dcmread

from modality.errors import UsageError
from modality.pytest_plugin import _DEFAULTS
from modality.registry import KINDS
from modality.station.composing.media import into_media
from modality.station.study import generate, load_phantom
from tests.peers.dcmtk import run
from tests.peers.validators import dciodvfy

_FILE_ID = re.compile(r"[A-Z0-9_]{1,8}(/[A-Z0-9_]{1,8}){0,7}")  # PS3.10 8.2


def written(folder: Path, *kinds: str) -> dict[Path, bytes]:
    made = {}
    for kind in kinds:
        options = dict(_DEFAULTS[kind])
        named = options.pop("phantom", None)
        phantom = load_phantom(named) if named else None
        for number, instance in enumerate(generate(kind, phantom, seed=3, **options)):
            path = folder / "made" / f"{kind}-{number}.dcm"
            instance.write(path)
            made[path] = path.read_bytes()
    return made


def test_each_file_is_moved_unchanged_to_where_the_directory_says(tmp_path):
    made = written(tmp_path, "ct", "mr", "ecg")
    placed = into_media(made, tmp_path / "out")
    assert list(placed) == list(made)
    assert {path: placed[path].read_bytes() for path in made} == made
    assert not any(path.exists() for path in made)
    records = dcmread(tmp_path / "out" / "DICOMDIR").DirectoryRecordSequence
    listed = [tmp_path.joinpath("out", *one.ReferencedFileID) for one in records if "ReferencedFileID" in one]
    assert sorted(listed) == sorted(placed.values())
    found = [path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert sorted(found) == sorted(["DICOMDIR", *(p.relative_to(tmp_path / "out").as_posix() for p in placed.values())])
    assert all(_FILE_ID.fullmatch(name) for name in found)


@pytest.mark.parametrize("out", ["out", "link", "./in/../out"])
def test_the_folder_may_be_relative_or_a_link(tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("link").symlink_to("in", target_is_directory=True)
    made = written(Path("in"), "ecg")
    placed = into_media(made, Path(out))
    assert {path: placed[path].read_bytes() for path in made} == made
    assert Path(out, "DICOMDIR").is_file()


def test_one_patient_has_one_record_and_each_kind_a_study_and_a_series(tmp_path):
    into_media(written(tmp_path, "ct", "mr"), tmp_path / "out")
    records = dcmread(tmp_path / "out" / "DICOMDIR").DirectoryRecordSequence
    types = [one.DirectoryRecordType for one in records]
    assert {name: types.count(name) for name in ("PATIENT", "STUDY", "SERIES")} == {
        "PATIENT": 1, "STUDY": 2, "SERIES": 2,
    }  # fmt: skip


def test_the_same_instances_give_the_same_directory(tmp_path):
    directories = []
    for name in ("a", "b"):
        into_media(written(tmp_path / name, "ct"), tmp_path / name / "out")
        directories.append((tmp_path / name / "out" / "DICOMDIR").read_bytes())
    assert directories[0] == directories[1]


def test_a_folder_with_a_directory_is_left_alone(tmp_path):
    into_media(written(tmp_path, "ct"), tmp_path / "out")
    before = (tmp_path / "out" / "DICOMDIR").read_bytes()
    again = written(tmp_path, "mr")
    with pytest.raises(UsageError, match="DICOMDIR already"):
        into_media(again, tmp_path / "out")
    assert (tmp_path / "out" / "DICOMDIR").read_bytes() == before
    assert all(path.exists() for path in again)


def test_an_instance_that_fits_no_record_is_named(tmp_path):
    (path,) = written(tmp_path, "ecg")
    dataset = dcmread(path)
    del dataset.StudyDate
    dataset.save_as(path)
    with pytest.raises(UsageError, match=rf"{dataset.SOPInstanceUID}: fits no record"):
        into_media([path], tmp_path / "out")
    assert path.exists()


@pytest.mark.peer
def test_dcmtk_reads_the_directory_and_every_file_of_it(tmp_path):
    placed = into_media(written(tmp_path, "ct", "mr", "ecg", "pdf", "kos"), tmp_path / "out")
    dump = run("dcmdump", "DICOMDIR", folder=tmp_path / "out")
    listed = re.findall(r"\(0004,1500\) CS \[([^\]]+)\]", dump)
    assert sorted(listed) == sorted(
        path.relative_to(tmp_path / "out").as_posix().replace("/", "\\") for path in placed.values()
    )
    # dcmmkdir takes the files by their names as they are, and refuses what no USB medium (PS3.11 annex J) may hold.
    (tmp_path / "out" / "DICOMDIR").unlink()
    run("dcmmkdir", "+r", "-Pfl", "+id", ".", "+D", "DICOMDIR", folder=tmp_path / "out")
    theirs = re.findall(r"\(0004,1500\) CS \[([^\]]+)\]", run("dcmdump", "DICOMDIR", folder=tmp_path / "out"))
    assert sorted(theirs) == sorted(listed)


@pytest.mark.peer
def test_dicom3tools_finds_no_error_in_the_directory(tmp_path):
    into_media(written(tmp_path, "ct", "ecg", "sr"), tmp_path / "out")
    assert dciodvfy(tmp_path / "out" / "DICOMDIR") == []


@pytest.mark.parametrize("kind", sorted((set(KINDS.entries) & set(_DEFAULTS)) - {"mg", "sm"}))  # slow; images as cr
def test_every_kind_fits_a_record(tmp_path, kind):
    made = written(tmp_path, kind)
    assert len(into_media(made, tmp_path / "out")) == len(made)
