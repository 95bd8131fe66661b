"""`modality load`: its document, its exit codes, and what it refuses to do."""

from __future__ import annotations

import json
import multiprocessing
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from modality.simulated.archive.archive import SimulatedArchive
from tests.cli.command import document, invoke
from tests.load.sinks import sink
from tests.network.acceptor import Authority
from tests.timing import durations, measured

TINY = """
title = "tiny images"
unit = "instance"
[[exam]]
name = "MR"
kind = "mr"
phantom = "water"
instances = 10
rows = 32
columns = 32
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.toml"
    file.write_text(TINY)
    return file


def test_a_load_is_told_as_one_document_and_ends_with_0(tiny: Path) -> None:
    with sink() as peer:
        result = invoke(
            "load", tiny, "--to", str(peer.address), "--rate", "50", "--duration", "1", "--json", "--run-id", "r1",
            "--seed", "3", "--associations", "2",
        )  # fmt: skip
        kept = peer.ended()["kept"]
    found = document(result)
    assert result.exit_code == 0
    assert (found["planned"], found["sent"], found["failed"], found["skipped"]) == (50, 50, 0, 0)
    assert (found["scenario"], found["run_id"], found["seed"]) == (str(tiny), "r1", 3)
    assert found["configuration"]["associations"] == 2
    assert found["configuration"]["exams"]["MR"]["instances"] == 10
    assert len(kept) == 50
    assert "50 instances in " in result.stderr  # the plan, before it begins
    assert "run id r1" in result.stderr


def test_steady_sends_exactly_rate_times_duration_of_small_instances() -> None:
    with sink() as peer:
        result = invoke("load", "steady", "--to", str(peer.address), "--rate", "80", "--duration", "0.5", "--json")
    found = document(result)
    assert (result.exit_code, found["planned"], found["sent"]) == (0, 40, 40)
    assert found["scenario"] == "steady"
    sizes = [one["mean_bytes"] for one in found["configuration"]["exams"].values()]
    assert 0 < max(filter(None, sizes)) < 512_000  # of an exam that the plan has none of, nothing is made
    assert "seed" in result.stderr


def test_a_seed_and_a_run_id_repeat_a_load_and_a_new_run_is_new(tiny: Path) -> None:
    kept = []
    for run_id in ("a", "a", "b"):
        with sink() as peer:
            invoke("load", tiny, "--to", str(peer.address), "--rate", "40", "--duration", "0.5", "--seed", "1",
                   "--run-id", run_id)  # fmt: skip
            kept.append(set(peer.ended()["kept"]))
    assert len(kept[0]) == 20
    assert kept[0] == kept[1]
    assert not kept[0] & kept[2]


def test_what_failed_ends_it_with_1_and_is_told(tiny: Path) -> None:
    with sink(lambda number: "refuse" if number == 7 else "keep") as peer:
        result = invoke("load", tiny, "--to", str(peer.address), "--rate", "40", "--duration", "0.5")
    assert result.exit_code == 1
    assert "20 planned: 19 sent, 1 failed (1 refused), 0 skipped" in result.stdout
    assert "refused with A700: 1" in result.stderr
    assert "MISSED: failed at most 0, found 0.05" in result.stdout


def test_what_was_skipped_ends_it_with_1(tiny: Path) -> None:
    with sink(takes_s=0.1) as peer:
        result = invoke("load", tiny, "--to", str(peer.address), "--rate", "40", "--duration", "1",
                        "--max-backlog", "5", "--json")  # fmt: skip
    found = document(result)
    assert result.exit_code == 1
    assert found["failed"] == 0 < found["skipped"]
    assert found["planned"] == found["sent"] + found["skipped"] == 40


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_that_is_interrupted_is_told_and_ends_with_1(tiny: Path, end: int, processes: int) -> None:
    goes_on = multiprocessing.get_context("fork").Event()

    def keep(number: int) -> str:
        if number == 20:
            goes_on.set()
        return "keep"

    with sink(keep) as peer:
        running = subprocess.Popen(
            [sys.executable, "-m", "modality", "load", tiny, "--to", str(peer.address), "--rate", "50", "--duration",
             "60", "--processes", str(processes), "--json", "--metrics", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert running.stderr is not None
            while "metrics at" not in (line := running.stderr.readline()):
                assert line
            assert goes_on.wait(60)
            running.send_signal(end)
            said, talk = running.communicate(timeout=100)
        finally:
            running.kill()
        kept = peer.ended()["kept"]
    found = json.loads(said)
    assert running.returncode == 1, talk
    assert found["configuration"]["interrupted"] is True
    assert 0 < found["sent"] == len(kept) < 3000
    assert found["planned"] == found["sent"] + found["skipped"]
    assert talk.count("interrupted: what follows") == 1
    assert "Traceback" not in talk


def test_a_load_goes_over_tls(tiny: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("us.example")
    tls = ("--tls-ca", authority.ca, "--tls-cert", certificate, "--tls-key", key)
    with sink(tls=authority.server(wants_client=True)) as peer:
        options = ("--to", str(peer.address), "--rate", "60", "--duration", "1", "--json")
        refused = invoke("load", tiny, *options)
        result = invoke("load", tiny, *options, *tls)
        kept = peer.ended()["kept"]
    assert refused.exit_code == 3, refused.stderr
    assert "signed by nobody that we trust" in refused.stderr
    assert (result.exit_code, document(result)["sent"], len(kept)) == (0, 60, 60), result.stderr
    assert document(result)["setup_ms"]["max"] > 0


@pytest.mark.parametrize("address", ["dicom://X@127.0.0.1:{}", "http://127.0.0.1:{}/dicom-web"])
def test_nobody_at_the_address_ends_it_with_3(tiny: Path, address: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        result = invoke("load", tiny, "--to", address.format(taken.getsockname()[1]), "--duration", "1")
    assert result.exit_code == 3
    assert "nobody answers" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--to", "dicom://PACS@192.0.2.1:104"), "--i-own-this-archive"),
        (("--to", "https://192.0.2.1/dicom-web"), "--i-own-this-archive"),
        (("--to", "dicom://A@127.0.0.1:104", "--ris", "dicom://RIS@192.0.2.1:104"), "--i-own-this-archive"),
        (("--to", "folder"), "a folder is no archive"),
        (("--to", "dicom://A@127.0.0.1:104", "--rate", "0.001", "--duration", "1"), "give 1 to 10,000,000"),
        (("--to", "dicom://A@127.0.0.1:104", "--objective", "p99=1"), "did you mean"),
        (("--to", "dicom://A@127.0.0.1:104", "--objective", "p99_ms=fast"), "'fast' is no number"),
        (("--to", "dicom://A@127.0.0.1:104", "--repeats", "2"), "--repeats is for --saturate"),
        (("--to", "dicom://A@127.0.0.1:104", "--saturate", "--run-id", "x"), "leave out --run-id"),
        (("--to", "dicom://A@127.0.0.1:104", "--processes", "4", "--associations", "2"), "--associations"),
        ((), "--to"),
    ],
)
def test_what_cannot_be_asked_for_ends_it_with_2(tiny: Path, options: tuple[str, ...], said: str) -> None:
    result = invoke("load", tiny, *options)
    assert result.exit_code == 2
    assert said in result.stderr


def test_an_archive_named_in_the_scenario_and_owned_may_be_elsewhere(tiny: Path) -> None:
    """TEST-NET-1 is nobody's (RFC 5737): it is called, and does not answer."""
    tiny.write_text(TINY + '[target]\naddress = "dicom://PACS@192.0.2.1:104"\ni_own_this_archive = true\n')
    result = invoke("load", tiny, "--to", "dicom://PACS@192.0.2.1:104", "--duration", "1", "--timeout", "0.3")
    assert result.exit_code == 3
    result = invoke("load", tiny, "--to", "dicom://PACS@192.0.2.2:104", "--duration", "1", "--timeout", "0.3")
    assert result.exit_code == 2


@pytest.mark.timeout(600)
@measured
def test_saturation_is_told_with_its_trace(tiny: Path) -> None:
    """An archive of 40 a second: 10 ms within what it can do, and the backlog's wait above it."""
    with sink(takes_s=0.025) as peer:
        result = invoke(
            "load", tiny, "--to", str(peer.address), "--saturate", "--rate", "20", "--duration", "0.8",
            "--repeats", "1", "--objective", "p99_ms=300", "--json", "--seed", "1",
        )  # fmt: skip
    found = document(result)["saturation"]
    assert found["objectives"]["p99_ms"] == 300.0
    assert (result.exit_code == 0) == (found["verdict"] == "found")
    with durations():  # else not even 20 a second held
        assert [one["rate"] for one in found["trace"][:2]] == [20.0, 40.0]
        assert len(found["trace"]) >= 3
    if found["verdict"] == "found":  # a busy machine may leave it open, and has to say so
        assert found["gave_way"] == "archive"
        with durations():
            assert 25 < found["rate"] < 60
    else:
        assert found["why"]


def test_the_tables_are_listed() -> None:
    scenarios = document(invoke("list", "scenarios", "--json"))["scenarios"]
    assert "steady" in [one["name"] for one in scenarios]
    laws = document(invoke("list", "arrivals", "--json"))["arrivals"]
    assert {one["name"]: one["options"] for one in laws}["ramp"] == "start, end"


@pytest.mark.peer
@pytest.mark.parametrize("processes", [1, 2])
def test_storescp_takes_every_instance(tiny: Path, processes: int, storescp, dciodvfy) -> None:
    with storescp("--fork") as archive:
        result = invoke("load", tiny, "--to", archive.address, "--rate", "60", "--duration", "0.5", "--json",
                        "--processes", processes)  # fmt: skip
        files = sorted(archive.folder.iterdir())
    found = document(result)
    assert found["engine"]["associations_opened"] == 4
    assert result.exit_code == 0, result.stderr
    assert found["sent"] == 30 == len(files)
    assert [dciodvfy(one) for one in files[:3]] == [[], [], []]


@pytest.mark.peer
@pytest.mark.timeout(600)
@measured
def test_an_archive_of_one_association_at_a_time_is_loaded_over_that_one(tiny: Path, storescp) -> None:
    """DCMTK's storescp lets the others wait, as long as the first stands."""
    with storescp() as archive:
        result = invoke("load", tiny, "--to", archive.address, "--rate", "60", "--duration", "0.5", "--json")
    found = document(result)
    assert (result.exit_code, found["sent"]) == (0, 30), result.stderr
    with durations():
        assert found["latency_ms"]["p50"] < 200


def test_a_load_on_the_embedded_archive_is_there_afterwards(tiny: Path) -> None:
    with SimulatedArchive() as archive:
        result = invoke("load", tiny, "--to", archive.address, "--rate", "60", "--duration", "0.5", "--json")
        found = document(result)
        assert len(archive.studies) == found["studies"] == found["studies_sent"]
        assert len(archive.instances()) == found["sent"] == 30


def test_what_names_another_than_the_studys_patient_is_told_before_it_begins(tmp_path: Path) -> None:
    pytest.importorskip("segno")
    slides = tmp_path / "slides.toml"
    slides.write_text(
        'title = "slides"\n[[exam]]\nname = "glass"\nkind = "sm"\nphantom = "tissue-section"\n'
        'transfer_syntax = "JPEGBaseline8Bit"\n'
        "options = { rows = 96, columns = 80, tile_size = 64, mpp = 4.0, levels = 2 }\n"
    )
    with sink() as peer:
        result = invoke("load", slides, "--to", str(peer.address), "--rate", "10", "--duration", "1", "--json")
    (caution,) = document(result)["configuration"]["cautions"]
    assert "exam 'glass'" in caution
    told = result.stderr.splitlines()
    assert told.index(caution) < next(number for number, line in enumerate(told) if line.startswith("run id"))
