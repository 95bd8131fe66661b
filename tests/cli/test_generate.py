"""`modality generate` and `list`: what is written, what is said, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from modality.transfer.encode import transcode
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE
from tests.cli.command import document, invoke

SMALL = ("--rows", "16", "--columns", "16", "--slices", "2", "--seed", "7")


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_one_series_of_dicom_files_and_nothing_else(tmp_path: Path) -> None:
    found = document(invoke("generate", "ct", "-o", tmp_path, *SMALL, "--json"))
    assert (found["kind"], found["seed"], found["instances"]) == ("ct", 7, 2)
    assert sorted(found["files"]) == [str(tmp_path / name) for name in files(tmp_path)]
    datasets = [dcmread(path) for path in found["files"]]
    assert {one.SeriesInstanceUID for one in datasets} == {found["series_uid"]}
    assert {one.StudyInstanceUID for one in datasets} == {found["study_uid"]}
    assert {(one.Rows, one.Columns, one.Modality) for one in datasets} == {(16, 16, "CT")}


def test_truth_and_a_preview_beside_them_when_asked_for(tmp_path: Path) -> None:
    assert invoke("generate", "mr", "-o", tmp_path, *SMALL, "--truth", "--preview").exit_code == 0
    others = [name for name in files(tmp_path) if not name.endswith(".dcm")]
    assert others == ["labels.npy", "preview.png", "truth.json"]
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    labels = np.load(tmp_path / "labels.npy")
    assert (labels.dtype, labels.shape) == (np.uint8, (2, 16, 16))
    assert set(np.unique(labels)) & {one["label"] for one in truth["structures"]}
    with Image.open(tmp_path / "preview.png") as preview:
        assert preview.size[0] > 100


def test_the_same_twice_into_one_folder_is_the_same_files(tmp_path: Path) -> None:
    for _ in range(2):
        assert invoke("generate", "ct", "-o", tmp_path, *SMALL).exit_code == 0
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    assert len(before) == 2
    assert invoke("generate", "ct", "-o", tmp_path, *SMALL[:-1], "8").exit_code == 0
    assert len(files(tmp_path)) == 4
    assert all((tmp_path / name).read_bytes() == content for name, content in before.items())


def test_without_a_seed_it_says_which_one_it_drew(tmp_path: Path) -> None:
    result = invoke("generate", "ct", "-o", tmp_path, *SMALL[:-2], "--json")
    assert result.stderr == f"seed {document(result)['seed']}\n"


def test_attributes_are_set(tmp_path: Path) -> None:
    result = invoke("generate", "ct", "-o", tmp_path, *SMALL, "--set", "PatientName=Doe^Jane", "--set", "PatientSex=")
    assert result.exit_code == 0
    dataset = dcmread(next(tmp_path.iterdir()))
    assert (dataset.PatientName, dataset.PatientSex) == ("Doe^Jane", "")


def test_a_lossy_twin_is_worse_for_a_lower_quality(tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")

    def made(name: str, *options: str) -> tuple[str, Any]:
        found = document(invoke("generate", "ct", "-o", tmp_path / name, *SMALL, *options, "--json"))
        return found["series_uid"], transcode(read(Path(found["files"][0])), EXPLICIT_LITTLE).dataset()

    plain, good, bad = (
        made(name, "--transfer-syntax", *syntax)
        for name, syntax in (
            ("plain", ("RLELossless",)),
            ("good", ("JPEGLSNearLossless", "--quality", "1")),
            ("bad", ("JPEGLSNearLossless", "--quality", "50")),
        )
    )
    assert len({series for series, _ in (plain, good, bad)}) == 1
    errors = [abs(one.pixel_array.astype(int) - plain[1].pixel_array).max() for _, one in (plain, good, bad)]
    assert errors[0] == 0
    assert errors[1] < errors[2]
    assert plain[1].LossyImageCompression == "00"
    assert bad[1].LossyImageCompression == "01"


def test_an_mr_series_has_an_image_of_each_slice_for_each_time(tmp_path: Path) -> None:
    options = ("--phantom", "relaxometry", "--echo-times", "20,40.5,80", "--orientation", "oblique")
    found = document(invoke("generate", "mr", "-o", tmp_path, *SMALL, *options, "--json"))
    assert found["instances"] == 6
    datasets = [dcmread(path) for path in found["files"]]
    assert [float(one.EchoTime) for one in datasets] == [20, 20, 40.5, 40.5, 80, 80]
    assert max(abs(value) for value in datasets[0].ImageOrientationPatient) < 0.99


def test_a_protocol_of_several_series_is_one_study(tmp_path: Path) -> None:
    found = document(invoke("generate", "mr", "--protocol", "relaxometry", "-o", tmp_path, *SMALL, "--json"))
    assert [(one["description"], one["instances"]) for one in found["series"]] == [
        ("Inversion recovery", 16),
        ("Multi-echo spin echo", 18),
    ]
    assert found["instances"] == len(files(tmp_path)) == 34
    datasets = [dcmread(path) for path in found["files"]]
    assert {one.StudyInstanceUID for one in datasets} == {found["study_uid"]}
    assert len({one.FrameOfReferenceUID for one in datasets}) == 1
    assert len({one.SeriesInstanceUID for one in datasets}) == 2


@pytest.mark.parametrize("keyword", ["ImplicitVRLittleEndian", "DeflatedExplicitVRLittleEndian", "RLELossless"])
def test_a_transfer_syntax_by_keyword(tmp_path: Path, keyword: str) -> None:
    assert invoke("generate", "ct", "-o", tmp_path, *SMALL, "--transfer-syntax", keyword).exit_code == 0
    assert dcmread(next(tmp_path.iterdir())).file_meta.TransferSyntaxUID.keyword == keyword


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mr", "--kvp", "100"), "--kvp is not an option of mr"),
        (("ct", "--protocol", "T1"), "unknown ct protocol 'T1': there is head-ct"),
        (("ct", "--set", "PatientName"), "--set PatientName: give Keyword=Value"),
        (("ct", "--set", "PatienName=X"), "did you mean 'PatientName'?"),
        (("ct", "--set", "StudyInstanceUID=1.2"), "StudyInstanceUID cannot be set"),
        (("ct", "--set", "Rows=5"), "Rows cannot be set"),
        (("ct", "--set", "PatientBirthDate=tomorrow"), "PatientBirthDate=tomorrow"),
        (("ct", "--kernel", "SHARPER"), "SHARPER"),
        (("mr", "--protocol", "T7"), "unknown mr protocol 'T7': there is T1, T2"),
        (("ct", "--echo-times", "10,20"), "--echo-times is not an option of ct"),
        (("ct", "--b-values", "0"), "--b-values is not an option of ct"),
        (("ct", "--pixel-bandwidth", "100"), "--pixel-bandwidth is not an option of ct"),
        (("mr", "--sequence", "FLASH"), "FLASH"),
        (("mr", "--orientation", "transverse"), "transverse"),
        (("mr", "--echo-times", "nan"), "echo times must be a positive number"),
        (("mr", "--sequence", "TSE", "--echo-times", "10,20"), "TSE has one"),
        (("mr", "--field-strength", "11.7"), "field strength 11.7 T"),
        (("mr", "--option", "field_of_view_mm=1e-9"), "pixels of less than 0.0001 mm"),
        (("ct", "--mas", "0.01"), "at least 0.5, which is a tube current of 1 mA"),
        (("ct", "--rows", "60000", "--columns", "60000"), "more than the 4 GiB that one element holds"),
        (("ct", "--option", "rows=5"), "--option rows: given by --rows too"),
        (("ct", "--option", "phantom=water"), "unknown option of ct 'phantom'"),
        (("ct", "--transfer-syntax", "JPEG2000", "--set", "LossyImageCompression=00"), "JPEG2000 is lossy"),
        (("ct", "--set", "ConcatenationUID=1.2"), "ConcatenationUID cannot be set"),
    ],
)
def test_what_does_not_fit_is_one_line_and_exit_2(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    kind, *rest = arguments
    result = invoke("generate", kind, "-o", tmp_path / "out", *SMALL, *rest)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert files(tmp_path) == []


def test_terms_of_dicom_may_be_typed_in_any_case(tmp_path: Path) -> None:
    for name, kernel in (("typed", "sharp"), ("meant", "SHARP")):
        invoke("generate", "ct", "-o", tmp_path / name, *SMALL, "--kernel", kernel)
    typed, meant = (sorted(folder.iterdir()) for folder in (tmp_path / "typed", tmp_path / "meant"))
    assert [path.read_bytes() for path in typed] == [path.read_bytes() for path in meant]
    assert len(typed) == 2


def test_too_little_memory_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("modality.transfer.instance.PreparedInstance.write", full)
    result = invoke("generate", "ct", "-o", tmp_path / "out", *SMALL)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "memory" in result.stderr


def test_an_error_as_json_is_one_document_too(tmp_path: Path) -> None:
    result = invoke("generate", "mr", "-o", tmp_path, *SMALL, "--kvp", "100", "--json")
    assert document(result)["error"]["type"] == "UsageError"
    assert result.exit_code == 2


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = invoke("generate", "ct", "-o", tmp_path / "file" / "below", *SMALL)
    assert result.exit_code == 2
    assert "cannot be written: Not a directory" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("what", ["phantoms", "kinds", "transfer-syntaxes"])
def test_list_gives_the_table_and_json(what: str) -> None:
    rows = document(invoke("list", what, "--json"))[what]
    assert rows
    table = invoke("list", what).stdout
    first = next(iter(rows[0]))
    assert all(str(row[first]) in table for row in rows)
