"""`modality generate`: the series that JSON and truth tell of are those of the files, and what is set is drawn."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from tests.cli.command import document, invoke

PAIR = ("--option", "presentation=both", "--rows", "96", "--columns", "80", "--seed", "3")


def in_files(found: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    """Series UID, description, intent and number of instances, as the files have them."""
    images = [dcmread(path) for path in found["files"]]
    counted = Counter(
        (str(one.SeriesInstanceUID), str(one.SeriesDescription), str(one.get("PresentationIntentType", "")))
        for one in images
    )
    return [(*key, count) for key, count in counted.items()]


def told(series: list[dict[str, Any]]) -> list[tuple[str, str, str, int]]:
    return [
        (one["series_uid"], one["description"], one.get("presentation_intent", ""), one["instances"]) for one in series
    ]


@pytest.mark.parametrize("kind", ["dx", "mg"])
def test_both_series_of_a_pair_are_told(kind: str, tmp_path: Path) -> None:
    found = document(invoke("generate", kind, *PAIR, "-o", tmp_path, "--truth", "--json"))
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert told(found["series"]) == told(truth["series"]) == in_files(found)
    assert [one["presentation_intent"] for one in found["series"]] == ["FOR PROCESSING", "FOR PRESENTATION"]
    assert found["series_uid"] == found["series"][1]["series_uid"]  # that of the pictures
    assert found["instances"] == sum(one["instances"] for one in found["series"]) == 2
    for path, one in zip(found["files"], found["series"], strict=True):
        assert Path(path).name == f"{kind}-{one['series_uid'][-8:]}-0001.dcm"


def test_people_are_told_of_both_too(tmp_path: Path) -> None:
    assert "2 images of 2 series of study" in invoke("generate", "dx", *PAIR, "-o", tmp_path).output


def test_a_pair_of_a_composed_study_is_two_series_with_one_truth(tmp_path: Path) -> None:
    plan = tmp_path / "study.toml"
    plan.write_text("""
[study]
set = { PatientID = "HOSP-1", PatientSex = "O" }

[[series]]
kind = "dx"
phantom = "spheres"
options = { rows = 96, columns = 80, presentation = "both" }

[[series]]
kind = "ct"
phantom = "spheres"
options = { rows = 32, columns = 32, slices = 3 }
set = { SeriesDescription = "Thin" }
""")
    out = tmp_path / "out"
    found = document(invoke("generate", "study", plan, "-o", out, "--seed", "3", "--truth", "--json"))
    truth = json.loads((out / "truth.json").read_text(encoding="utf-8"))
    assert told(found["series"]) == told(truth["series"]) == in_files(found)
    assert [one["kind"] for one in found["series"]] == ["dx", "dx", "ct"]
    assert truth["series"][0]["truth"] == truth["series"][1]["truth"]
    assert found["series"][2]["description"] == "Thin"
    assert "presentation_intent" not in found["series"][2]
    (who,) = {(str(one.PatientID), str(one.PatientSex)) for one in map(dcmread, found["files"])}
    assert who == ("HOSP-1", "O") == (truth["patient"]["patient_id"], truth["patient"]["sex"])


def test_attributes_of_a_file_are_drawn_and_told(tmp_path: Path) -> None:
    attributes = tmp_path / "who.toml"
    attributes.write_text('[attributes]\nPatientName = "Doe^Jane"\nPatientID = "OVER"\n')
    given = ("--attributes", attributes, "--set", "PatientID=HOSP-1", "--rows", "64", "--columns", "64")
    invoke("generate", "sc", *given, "--slices", "3", "--seed", "4", "-o", tmp_path / "out", "--truth", "--json")
    truth = json.loads((tmp_path / "out" / "truth.json").read_text(encoding="utf-8"))
    shown = {one["keyword"]: (one["value"], one["text"]) for one in truth["burned_in_text"]}
    assert shown["PatientName"] == ("Doe^Jane", "DOE JANE")
    assert shown["PatientID"] == ("HOSP-1", "HOSP-1")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["PatientSex=X"], "PS3.3 C.7.1.1 enumerates M, F or O; --defect not-enumerated lets it be"),
        (["Modality=MR"], "enumerates CT; --defect not-enumerated lets it be"),
        (["PixelRepresentation=5"], "PixelRepresentation cannot be set: it follows from the pixels"),
        (["Rows=5"], "--rows sets it"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_line_and_nothing_is_written(
    given: list[str], says: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = [part for one in given for part in ("--set", one)]
    result = invoke("generate", "ct", *options, "--rows", "32", "--columns", "32", "--slices", "2", "-o", out)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len([line for line in result.stderr.splitlines() if line.startswith("Error")]) == 1
    assert not list(out.rglob("*.dcm"))
