"""`modality edge outbox`: lists before the first run and beside a running box, and lets a person decide."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.item import Item
from tests.cli.command import document, invoke
from tests.edge.box import pdf
from tests.edge.describing.bench import Bench

CHOICE = {"step": "SPS1", "patient_id": "P1", "patient_name": "Doe^Jane", "birth_date": "", "accession_number": "A1"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(
        '[edge]\nstate = "state"\n[archive]\naddress = "dicom://A@127.0.0.1:1"\n'
        '[[device]]\nname = "device"\ndriver = "folder"\npath = "inbox"\nkind = "pdf"\nmatching = "device"\n'
    )
    return path


@pytest.fixture
def bench(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = Bench(tmp_path / "state", "folder", kind="pdf", matching="device")
    yield made
    made.outbox.close()


def _held(bench: Bench) -> Item:
    item = bench.capture(pdf(1), "pdf", file="a.pdf")
    assert item.state == "held"
    return item


def test_before_the_first_run_there_is_nothing_and_nothing_is_made(config: Path) -> None:
    result = invoke("edge", "outbox", "list", config, "--json")
    assert (result.exit_code, document(result)) == (0, {"items": []})
    assert invoke("edge", "outbox", "list", config).exit_code == 0
    result = invoke("edge", "outbox", "retry", config, "1.2.3", "--json")
    assert (result.exit_code, document(result)["error"]["type"]) == (2, "WorkflowError")
    assert not (config.parent / "state").exists()


def test_a_held_item_is_listed_shown_and_assigned(config: Path, bench: Bench) -> None:
    item = _held(bench)
    (listed,) = document(invoke("edge", "outbox", "list", config, "--json"))["items"]
    assert (listed["sop_instance_uid"], listed["state"]) == (item.uid, "held")
    assert listed["reason"] == "the device named no patient"
    assert document(invoke("edge", "outbox", "list", config, "--state", "dead", "--json")) == {"items": []}
    shown = invoke("edge", "outbox", "show", config, item.uid)
    assert "a.pdf" in shown.stdout
    result = invoke("edge", "outbox", "assign", config, item.uid, "--patient-id", "P1", "--name", "Doe^Jane", "--json")
    assert (result.exit_code, document(result)["state"]) == (0, "captured")
    bench.describer.work(threading.Event())
    (made,) = bench.objects(item)
    assert (made.PatientID, made.PatientName, made.SOPInstanceUID) == ("P1", "Doe^Jane", item.uid)


def test_the_choices_of_a_held_item_are_shown(config: Path, bench: Bench) -> None:
    item = _held(bench)
    bench.outbox.assign(item.uid, {"patient_id": "x"})
    bench.outbox.hold(item.uid, "2 entries of the worklist fit", {"choices": [CHOICE]})
    shown = invoke("edge", "outbox", "show", config, item.uid)
    assert "SPS1" in shown.stdout
    assert "Doe^Jane" in shown.stdout
    assert document(invoke("edge", "outbox", "show", config, item.uid, "--json"))["details"]["choices"] == [CHOICE]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "give --patient-id or --step, and not both"),
        (["--patient-id", "P", "--step", "S"], "give --patient-id or --step, and not both"),
        (["--step", "S", "--name", "N"], "leave out --name"),
    ],
)
def test_an_assignment_says_one_thing(config: Path, bench: Bench, options: list[str], said: str) -> None:
    result = invoke("edge", "outbox", "assign", config, _held(bench).uid, *options)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_what_was_set_aside_is_sent_again_or_made_anew_under_its_uid(config: Path, bench: Bench) -> None:
    item = _held(bench)
    bench.outbox.assign(item.uid, {"patient_id": "P1"})
    bench.describer.work(threading.Event())
    deliveries = Deliveries(bench.outbox)
    for options in ([], ["--anew"]):
        deliveries.refused("archive", item.uid, "refused with status C000H", dead=True)
        (shown,) = document(invoke("edge", "outbox", "show", config, item.uid, "--json"))["deliveries"]
        assert (shown["state"], shown["reason"]) == ("dead", "refused with status C000H")
        assert invoke("edge", "outbox", "retry", config, item.uid, *options).exit_code == 0
        bench.describer.work(threading.Event())
        assert [one.uid for one in deliveries.due("archive", limit=9)] == [item.uid]


def test_what_an_archive_refused_for_good_is_given_to_another_patient(config: Path, bench: Bench) -> None:
    """As on the page: it is made anew for whom it is, under its own UID."""
    item = _held(bench)
    bench.outbox.assign(item.uid, {"patient_id": "P1"})
    bench.describer.work(threading.Event())
    Deliveries(bench.outbox).refused("archive", item.uid, "no such patient", dead=True)
    assert bench.outbox.item(item.uid).state == "dead"
    result = invoke("edge", "outbox", "assign", config, item.uid, "--patient-id", "P2", "--json")
    assert (result.exit_code, document(result)["state"]) == (0, "captured")
    bench.describer.work(threading.Event())
    (made,) = bench.objects(item)
    assert (made.PatientID, made.SOPInstanceUID) == ("P2", item.uid)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--patient-id", "A\\B"], "patient id: at most 64 characters"),
        (["--patient-id", "x" * 65], "patient id: at most 64 characters"),
        (["--patient-id", "P1", "--name", "A=B"], "name: at most 64"),
        (["--patient-id", "P1", "--birth-date", "19800101x"], "birth date: at most 8 characters"),
        (["--patient-id", "P1", "--birth-date", "1980-1-1"], "birth date: YYYYMMDD"),
    ],
)
def test_what_no_object_can_hold_is_refused_at_once(config: Path, bench: Bench, options: list[str], said: str) -> None:
    item = _held(bench)
    result = invoke("edge", "outbox", "assign", config, item.uid, *options)
    assert (result.exit_code, said in result.output) == (2, True), result.output
    assert bench.outbox.item(item.uid).state == "held"


def test_a_discarded_item_is_kept_and_not_delivered(config: Path, bench: Bench) -> None:
    item = _held(bench)
    result = invoke("edge", "outbox", "discard", config, item.uid, "--reason", "a test page", "--json")
    found = document(result)
    assert (found["state"], found["reason"]) == ("discarded", "a test page")
    assert item.raw.exists()
    assert invoke("edge", "outbox", "assign", config, item.uid, "--patient-id", "P").exit_code == 2


def test_an_unknown_command_has_a_nearest_one() -> None:
    assert "did you mean 'list'" in invoke("edge", "outbox", "lst").stderr
