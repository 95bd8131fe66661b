"""`modality check` says which rules are broken, with both values, and names what it cannot read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modality import config
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis
from modality.station.consistency.table import RULES
from modality.station.study import generate
from tests.cli.command import document, invoke


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for number, instance in enumerate(generate("ct", seed=4, slices=3, rows=8, columns=8)):
        instance.write(tmp_path / "study" / f"{number}.dcm")
    return tmp_path / "study"


def test_a_study_of_ours_alone_breaks_nothing(study: Path) -> None:
    done = invoke("check", "--study", study, "--json")
    found = document(done)
    assert (done.exit_code, found["broken"], found["images"], found["problems"]) == (0, 0, 3, [])
    assert [one["id"] for one in found["rules"]] == [rule.id for rule in RULES]
    assert {one["state"] for one in found["rules"]} == {"held", "not applicable"}
    assert found["held"] + found["not_applicable"] == len(RULES)


def test_both_values_are_shown_and_the_exit_code_is_1(study: Path, tmp_path: Path) -> None:
    step = {"patient_id": "OTHER", "modality": "CT", "step_id": "SPS1", "study_uid": "1.2.3"}
    (tmp_path / "worklist.json").write_text(json.dumps({"steps": [step]}))
    done = invoke("check", "--study", study, "--worklist", tmp_path / "worklist.json", "--json")
    found = {one["id"]: one for one in document(done)["rules"]}
    (deviation,) = found["R01"]["deviations"]
    assert (done.exit_code, found["R01"]["state"], deviation["count"]) == (1, "broken", 3)
    assert deviation["right"] == {"source": f"{tmp_path / 'worklist.json'}[0]", "value": "OTHER"}
    assert deviation["left"]["value"].startswith("SIM")
    assert found["R06"]["deviations"][0]["right"]["value"] == "1.2.3"
    text = invoke("check", "--study", study, "--worklist", tmp_path / "worklist.json")
    assert text.exit_code == 1
    assert "R01 PatientID: 'SIM" in text.stdout
    assert "'OTHER'" in text.stdout


def test_a_file_that_is_no_dicom_is_named_and_the_others_are_judged(study: Path) -> None:
    (study / "notes.txt").write_text("not DICOM")
    done = invoke("check", "--study", study, "--json")
    found = document(done)
    assert (done.exit_code, found["images"], found["broken"]) == (1, 3, 0)
    assert "notes.txt" in found["problems"][0]
    assert "notes.txt" in done.stderr


def test_nothing_but_rubbish_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not DICOM")
    done = invoke("check", "--study", tmp_path)
    assert (done.exit_code, "notes.txt" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_a_worklist_of_serve_ris_is_taken_and_its_other_steps_do_not_disturb(study: Path) -> None:
    done = invoke("check", "--study", study, "--worklist", config.shipped("worklist.toml"), "--json")
    found = document(done)
    assert (done.exit_code, found["worklist_items"] > 3, found["broken"]) == (0, True, 0)


def test_several_files_may_follow_the_option(study: Path) -> None:
    found = document(invoke("check", "--study", *sorted(study.iterdir()), "--json"))
    assert found["images"] == 3


def test_all_shows_the_rules_that_hold_too(study: Path) -> None:
    assert "R60" not in invoke("check", "--study", study).stdout
    shown = invoke("check", "--study", study, "--all").stdout
    assert all(rule.id in shown for rule in RULES)


def test_what_does_not_exist_is_wrong_usage(study: Path) -> None:
    assert invoke("check").exit_code == 2
    assert invoke("check", "--study", study / "absent").exit_code == 2
    assert invoke("check", "--study", study, "--mpps", study / "absent").exit_code == 2


def test_what_perform_leaves_with_our_own_peers_breaks_nothing(tmp_path: Path) -> None:
    """The worklist as `worklist --json` gives it, the performed step as the RIS keeps it."""
    with SimulatedArchive(tmp_path / "archive") as archive, SimulatedRis(storage=tmp_path / "steps") as ris:
        common = ("--aet", "CT01", "--worklist", ris.address, "--accession", "ACC1001")
        where = ("--archive", archive.address, "--mpps", ris.address, "--state", tmp_path / "state")
        small = ("--phantom", "water", "--slices", "3", "--rows", "8", "--columns", "8")
        worklist = invoke("worklist", "--from", ris.address, "--station-aet", "CT01", "--json")
        (tmp_path / "worklist.json").write_text(worklist.stdout)
        assert invoke("perform", *common, *where, *small).exit_code == 0
        files = [part for one in archive.instances() for part in ("--study", one.path)]
        (step,) = (tmp_path / "steps").iterdir()
        done = invoke("check", *files, "--worklist", tmp_path / "worklist.json", "--mpps", step, "--json")
    found = {one["id"]: one["state"] for one in document(done)["rules"]}
    assert (done.exit_code, [number for number, state in found.items() if state == "broken"]) == (0, [])
    # Patient, study, order, step and listing were all compared.
    compared = ("R01", "R06", "R07", "R14", "R15", "R16", "R19", "R25", "R29", "R30", "R31", "R43", "R49", "R82")
    assert {found[number] for number in compared} == {"held"}


def test_the_folder_of_an_archive_of_ours_is_judged_without_its_databases(tmp_path: Path) -> None:
    with SimulatedArchive(tmp_path / "archive") as archive:
        small = ("--unscheduled", "CT", "--phantom", "water", "--slices", "3", "--rows", "8", "--columns", "8")
        assert invoke("perform", *small, "--archive", archive.address, "--state", tmp_path / "state").exit_code == 0
        assert list((tmp_path / "archive").glob("*.sqlite"))
        done = invoke("check", "--study", tmp_path / "archive", "--json")
    assert (done.exit_code, document(done)["images"], document(done)["problems"]) == (0, 3, [])
