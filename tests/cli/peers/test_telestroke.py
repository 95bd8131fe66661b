"""`modality telestroke`: its table, its document, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import document, invoke

SMALL = ("--slices", "2", "--rows", "32", "--columns", "32", "--seed", "6")
AWAY = "http://127.0.0.1:9/x"


def test_json_gives_the_hops_and_what_was_made(tmp_path: Path) -> None:
    result = invoke("telestroke", "--out", tmp_path, "--json", *SMALL)
    assert result.exit_code == 0, result.stderr
    found = document(result)
    assert (found["good"], found["identical"], len(found["instances"]), found["error"]) == (True, 2, 2, None)
    assert [hop["number"] for hop in found["hops"]] == list(range(1, 14))
    assert set(found["hops"][0]) == {
        "number", "from", "to", "transaction", "detail", "latency_ms", "bytes", "error",
    }  # fmt: skip
    assert found["resources"]["ImagingStudy"][0].startswith("ImagingStudy/")
    assert len(found["resources"]["Observation"]) == 7
    assert Path(found["page"]).is_file()
    assert result.stderr.count(" ms\n") == 13


def test_people_get_a_table_with_each_latency(tmp_path: Path) -> None:
    result = invoke("telestroke", "--out", tmp_path, *SMALL)
    assert result.exit_code == 0, result.stderr
    for said in ("STOW-RS", "WADO-RS", "FHIR transaction", "2 of 2 images equal", "telestroke.html"):
        assert said in result.stdout
    assert result.stderr == ""


def test_a_run_without_a_seed_says_which_it_drew(tmp_path: Path) -> None:
    result = invoke("telestroke", "--out", tmp_path, "--json", *SMALL[:-2], "--fhir", AWAY)
    assert f"seed {document(result)['seed']}\n" in result.stderr


@pytest.mark.parametrize(("option", "hop"), [("--archive", "STOW-RS"), ("--fhir", "FHIR transaction")])
def test_a_hop_that_fails_is_named(tmp_path: Path, option: str, hop: str) -> None:
    result = invoke("telestroke", "--out", tmp_path, "--json", *SMALL, option, AWAY)
    assert result.exit_code == 3
    found = document(result)
    assert [one["transaction"] for one in found["hops"] if one["error"]] == [hop]
    assert found["error"]["type"] == "UnreachableError"
    assert result.stderr.splitlines()[-1].startswith(f"Error: {hop} (clinic ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--archive", "dicom://A@host:104"),
        ("--fhir", "folder"),
        ("--user", "anna"),
        ("--slices", "0"),
        ("--out", "/dev/null/x"),
    ],
)
def test_what_cannot_be_is_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = invoke("telestroke", "--out", tmp_path, *SMALL, *arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
