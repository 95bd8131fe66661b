"""No option of `perform` or `worklist` is taken and ignored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import invoke

NOBODY = "dicom://NOBODY@127.0.0.1:1"
OF_A_QUERY = [
    ("--worklist", NOBODY), ("--date", "any"), ("--modality", "CT"), ("--station-aet", "CT01"), ("--accession", "A1"),
    ("--limit", "1"), ("--patient-id", "P1"), ("--patient-name", "A*"), ("--procedure-id", "RP1"), ("--group", "each"),
    ("--append",), ("--requery",), ("--ups",),
]  # fmt: skip
OF_A_STEP = [
    ("--discontinue", "110514"), ("--phantom", "head"), ("--slices", "2"), ("--rows", "8"),
    ("--columns", "8"), ("--seed", "1"), ("--transfer-syntax", "ImplicitVRLittleEndian"),
    ("--set", "BodyPartExamined=X"), ("--quality", "90"), ("--phantom-option", "nodule_mm=6"),
    ("--protocol-codes", "codes.toml"), ("--commit-again", "2"),
]  # fmt: skip


@pytest.mark.parametrize("option", [*OF_A_QUERY, *OF_A_STEP, ("--unscheduled", "CT")])
def test_resume_refuses_what_only_a_step_would_use(tmp_path: Path, option: tuple[str, ...]) -> None:
    done = invoke("perform", "--resume", "--archive", NOBODY, "--state", tmp_path, *option)
    assert (done.exit_code, f"leave out {option[0]}" in done.stderr) == (2, True)


@pytest.mark.parametrize("option", OF_A_QUERY)
def test_an_unscheduled_step_refuses_what_only_a_worklist_query_would_use(
    tmp_path: Path, option: tuple[str, ...]
) -> None:
    done = invoke("perform", "--unscheduled", "CT", "--archive", NOBODY, "--state", tmp_path, *option)
    assert (done.exit_code, f"leave out {option[0]}" in done.stderr) == (2, True)


def test_nobody_listens_for_a_report_that_was_not_asked_for(tmp_path: Path) -> None:
    common = ("perform", "--unscheduled", "CT", "--archive", NOBODY, "--state", tmp_path)
    assert "leave out --listen" in invoke(*common, "--listen", "0").stderr
    assert "leave out --commit-again" in invoke(*common, "--commit-again", "2").stderr
    assert "leave out --rejection-note" in invoke(*common, "--rejection-note").stderr
    wrong = invoke(*common, "--discontinue", "110513", "--rejection-note")
    assert (wrong.exit_code, "110514" in wrong.stderr) == (2, True)
    assert "leave out --forget-refused" in invoke(*common, "--forget-refused").stderr
    refused = invoke(*common, "--commitment", NOBODY, "--listen-host", "0.0.0.0")
    assert (refused.exit_code, "leave out --listen-host" in refused.stderr) == (2, True)


def test_a_broad_query_refuses_what_would_narrow_it() -> None:
    for option in (("--date", "today"), ("--modality", "CT"), ("--station-aet", "CT01")):
        done = invoke("worklist", "--from", NOBODY, "--broad", *option)
        assert (done.exit_code, f"leave out {option[0]}" in done.stderr) == (2, True)


def test_a_query_for_workitems_refuses_the_keys_that_it_cannot_ask_by() -> None:
    for option in (("--patient-name", "A*"), ("--accession", "A1"), ("--procedure-id", "R1")):
        done = invoke("worklist", "--from", NOBODY, "--ups", *option)
        assert (done.exit_code, f"leave out {option[0]}" in done.stderr) == (2, True)
        done = invoke("perform", "--worklist", NOBODY, "--archive", NOBODY, "--ups", *option)
        assert (done.exit_code, f"leave out {option[0]}" in done.stderr) == (2, True)
    for extra in ("--append", "--requery", "--group"):
        done = invoke("perform", "--worklist", NOBODY, "--archive", NOBODY, "--ups", extra)
        assert (done.exit_code, f"leave out {extra}" in done.stderr) == (2, True)


def test_workitems_are_listed_with_their_uids() -> None:
    from modality.simulated.ris import SimulatedRis

    with SimulatedRis() as ris:
        listed = json.loads(invoke("worklist", "--from", ris.address, "--ups", "--broad", "--json").stdout)["steps"]
        today = json.loads(
            invoke("worklist", "--from", ris.address, "--ups", "--station-aet", "MR01", "--json").stdout
        )["steps"]
        assert [row["workitem_uid"] for row in listed if row["station_aet"] == "MR01"][:2] == [
            row["workitem_uid"] for row in today
        ]
        assert {row["workitem_uid"] for row in listed} == set(ris.workitems)
    assert {row["modality"] for row in today} == {"MR"}
    assert len(listed) == 8
    assert len(today) == 2


def test_a_phantom_is_made_to_order(tmp_path: Path) -> None:
    from pydicom import dcmread

    def performed(name: str, *options: str) -> list[bytes]:
        done = invoke(
            "perform", "--unscheduled", "CT", "--archive", tmp_path / name, "--state", tmp_path / f"{name} state",
            "--phantom", "thorax", "--slices", "3", "--rows", "16", "--columns", "16", "--seed", "4", *options,
        )  # fmt: skip
        assert done.exit_code == 0, done.stderr
        return [dcmread(path).PixelData for path in sorted((tmp_path / name).rglob("*.dcm"))]

    plain, again = performed("plain"), performed("again")
    large = performed("large", "--phantom-option", "nodule_mm=40")
    assert plain == again
    assert len(plain) == len(large) == 3
    assert plain != large


def test_a_phantom_made_to_order_has_to_be_named_and_to_have_the_option(tmp_path: Path) -> None:
    common = ("perform", "--unscheduled", "CT", "--archive", tmp_path / "out", "--state", tmp_path / "state")
    unnamed = invoke(*common, "--phantom-option", "nodule_mm=6")
    assert (unnamed.exit_code, "leave out --phantom-option" in unnamed.stderr) == (2, True)
    unknown = invoke(*common, "--phantom", "thorax", "--phantom-option", "nodul_mm=6")
    assert (unknown.exit_code, "did you mean 'nodule_mm'" in unknown.stderr) == (2, True)
    text = invoke(*common, "--phantom", "thorax", "--phantom-option", "nodule_mm=large")
    assert (text.exit_code, "give float" in text.stderr) == (2, True)
    assert not (tmp_path / "out").exists()
