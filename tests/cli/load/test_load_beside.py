"""`modality load` with all that belongs beside it: faults, verification, report, JUnit, comparison."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modality.simulated.archive.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from tests.cli.command import document, invoke
from tests.load.distributed.test_locust import TOML
from tests.load.sinks import sink


@pytest.fixture(scope="module")
def archive() -> Iterator[SimulatedArchive]:
    with SimulatedArchive(faults=["lose,every=15,times=2"], web=Web()) as running:
        yield running


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "tiny.toml").write_text(TOML.replace('"store", "query"', '"store"'))
    return tmp_path / "tiny.toml"


def test_what_an_archive_loses_is_listed_and_written_everywhere(archive: Any, tiny: Path, tmp_path: Path) -> None:
    ended = invoke(
        "load", tiny, "--to", archive.address, "--rate", "20", "--duration", "2", "--seed", "3", "--json", "--verify",
        "--verify-wait", "0.3", "--report", tmp_path / "r.html", "--junit", tmp_path / "j.xml",
    )  # fmt: skip
    found = document(ended)
    held = {one.sop_instance_uid for one in archive.instances()}
    assert ended.exit_code == 1
    assert (found["planned"], found["sent"], found["lost"]) == (40, 40, 2)
    assert len(found["lost_uids"]) == 2
    assert not held & set(found["lost_uids"])
    assert found["verification"]["sample"]["identical"] == 10
    html = (tmp_path / "r.html").read_text()
    assert all(uid in html for uid in found["lost_uids"])
    assert "peer · maximum pdu" in html
    assert "://" not in html
    failed = [
        one.get("name") for one in ET.parse(tmp_path / "j.xml").iter("testcase") if one.find("failure") is not None
    ]
    assert failed == ["lost <= 0"]


def test_faults_are_counted_beside_the_load_and_not_in_it(archive: Any, tiny: Path) -> None:
    ended = invoke(
        "load", tiny, "--to", archive.address, "--rate", "20", "--duration", "1", "--seed", "3", "--json", "--verify",
        "--fault", "malformed,every=10,defect=rubbish", "--fault", "duplicate-uid,every=20",
    )  # fmt: skip
    found = document(ended)
    assert (found["planned"], found["sent"], found["failed"]) == (20, 20, 0)
    malformed, duplicate = found["faults"]
    assert (malformed["done"], malformed["by_defect"], malformed["held"]) == (2, {"rubbish": {"C000H": 2}}, 0)
    assert (duplicate["answers"], duplicate["held"], duplicate["sent"]) == ({"2 x 0000H": 1}, 1, 1)


def test_the_same_load_on_two_destinations_is_told_side_by_side(archive: Any, tiny: Path, tmp_path: Path) -> None:
    ended = invoke(
        "load", tiny, "--compare", archive.address, archive.web_address, "--rate", "20", "--duration", "1", "--seed",
        "3", "--json",
    )  # fmt: skip
    found = document(ended)
    one, other = found["compared"]
    assert (one["to"], other["to"]) == (archive.address, archive.web_address)
    assert (one["sent"], other["sent"]) == (20, 20)
    assert one["bytes"] == other["bytes"]  # the same content, under other identifiers
    assert one["run_id"] != other["run_id"]
    assert next(row for row in found["comparison"] if row["what"] == "sent")["values"] == ["20", "20"]
    (tmp_path / "old.json").write_text(json.dumps(one))
    ended = invoke(
        "load", tiny, "--to", archive.address, "--rate", "20", "--duration", "1", "--json", "--baseline",
        tmp_path / "old.json",
    )  # fmt: skip
    assert document(ended)["baseline"]["comparison"][0]["values"] == ["20", "20"]


def test_an_archive_that_cannot_be_asked_is_told_and_nothing_is_called_lost(tiny: Path) -> None:
    with sink() as peer:
        options = ("--rate", "20", "--duration", "1", "--json", "--verify", "--timeout", "10")
        ended = invoke("load", tiny, "--to", str(peer.address), *options)
    found = document(ended)
    assert ended.exit_code == 1
    assert (found["sent"], found["lost"], found["verification"]["unknown"]) == (20, 0, 20)
    assert "not verified: of 20 acknowledged instances it is not known" in ended.stderr
    assert "faults" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fault", "chrun"), "did you mean 'churn'"),
        (("--report", "/no/such/folder/r.html"), "no file can be written there"),
        (("--verify-sample", "3"), "leave out --verify-sample"),
        (("--metrics-host", "0.0.0.0"), "leave out --metrics-host"),
        (("--baseline", __file__), "no JSON of an earlier run"),
        (("--saturate", "--verify"), "leave out --verify"),
        (("--compare", "dicom://A@127.0.0.1:1", "dicom://B@127.0.0.1:1"), "give --to ADDRESS, or --compare A B"),
    ],
)
def test_what_would_have_no_effect_is_refused_before_the_load(arguments: tuple[str, ...], said: str) -> None:
    ended = invoke("load", "steady", "--to", "dicom://A@127.0.0.1:1", *arguments)
    assert ended.exit_code == 2
    assert said in ended.stderr


def test_the_path_of_the_locustfile_is_printed_without_a_scenario() -> None:
    ended = invoke("load", "--print-locustfile")
    assert ended.exit_code == 0
    assert Path(ended.stdout.strip()).name == "locustfile.py"
    assert Path(ended.stdout.strip()).is_file()
