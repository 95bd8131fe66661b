"""`modality serve`: starts, says where, does its work, and stops when it is told."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from modality.network.address import parse_dicom
from modality.network.local import Local
from modality.network.store import DicomArchive
from modality.protocol.upper_layer.pdu import PresentationContext, Proposal, associate_rq
from modality.simulated.fault_text import ARCHIVE_MAIN, ARCHIVE_SERVICES, KEYS, RIS_MAIN, RIS_SERVICES
from modality.simulated.faults import Faults
from modality.transfer.encode import prepare
from tests.cli.command import ENVIRONMENT, MODALITY, invoke
from tests.network.conftest import LOCAL, series
from tests.timing import durations, measured
from tests.transfer.datasets import pixels


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and the line it printed."""
    command = [*MODALITY, "serve", *arguments, "--port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("what", ["archive", "ris"])
@measured
def test_a_peer_prints_its_address_answers_and_stops_within_a_second(what: str, number: signal.Signals) -> None:
    with serving(what) as (process, line):
        address = parse_dicom(line)
        DicomArchive(address, local=LOCAL).echo()
        began = time.monotonic()
        process.send_signal(number)
        rest, talk = process.communicate(timeout=100)
        took = time.monotonic() - began
    assert (process.returncode, rest) == (0, "")
    assert talk.count("\n") == 1
    with socket.create_server(("127.0.0.1", address.port)):
        pass
    with durations():
        assert took < 3  # one second, and what a busy machine takes to notice


def test_an_association_left_open_does_not_hold_it_up() -> None:
    with serving("archive") as (process, line):
        address = parse_dicom(line)
        with socket.create_connection((address.host, address.port)):
            process.terminate()
            process.communicate(timeout=100)
    assert process.returncode == 0


def test_json_prints_the_address_as_one_document(tmp_path: Path) -> None:
    with serving("archive", "--json", "--aet", "KEEP", "--storage", str(tmp_path)) as (process, line):
        address = parse_dicom(json.loads(line)["address"])
        assert address.aet == "KEEP"
        assert DicomArchive(address, local=Local()).store(series(2)).complete
        process.terminate()
        _, talk = process.communicate(timeout=100)
    assert "2 instances kept" in talk
    assert len(list(tmp_path.rglob("*.dcm"))) == 2


@pytest.mark.parametrize("what", ["archive", "ris"])
def test_a_port_in_use_is_one_line_and_exit_2(what: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke("serve", what, "--port", str(port))
    assert result.exit_code == 2
    assert result.stderr == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize(
    ("arguments", "address"),
    [(["--host", "::1"], "dicom://ARCHIVE@[::1]:"), (["--aet", "A/B@C"], "dicom://A%2FB%40C@127.0.0.1:")],
)
def test_the_address_printed_is_one_that_is_understood(arguments: list[str], address: str) -> None:
    with serving("archive", *arguments) as (_, line):
        assert line.startswith(address)
        DicomArchive(parse_dicom(line), local=LOCAL).echo()


@pytest.mark.parametrize("where", ["::1:104", "CT@host:104", "host:0", "host:99999"])
def test_a_destination_that_is_none_is_one_line_and_exit_2(where: str) -> None:
    result = invoke("serve", "archive", "--destination", f"A={where}")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert where in result.stderr


def test_a_storage_folder_that_cannot_be_made_is_named() -> None:
    result = invoke("serve", "archive", "--port", "0", "--storage", "/dev/null/x")
    assert result.exit_code == 2
    assert result.stderr == "Error: the storage folder /dev/null/x cannot be used: Not a directory\n"


def test_two_archives_do_not_share_a_folder(tmp_path: Path) -> None:
    with serving("archive", "--storage", str(tmp_path)):
        result = invoke("serve", "archive", "--port", "0", "--storage", tmp_path)
    assert result.exit_code == 2
    assert result.stderr == f"Error: the storage folder {tmp_path} is another archive's: give each its own\n"


@pytest.mark.parametrize(
    ("what", "services", "main"), [("archive", ARCHIVE_SERVICES, ARCHIVE_MAIN), ("ris", RIS_SERVICES, RIS_MAIN)]
)
def test_help_explains_every_key_of_a_fault_and_its_examples_are_faults(
    what: str, services: tuple[str, ...], main: tuple[str, ...]
) -> None:
    text = invoke("serve", what, "--help").output
    explained = text.partition("\n  Faults:")[2]
    assert all(len(line) <= 80 for line in explained.splitlines())
    keys = [name for name, key in KEYS.items() if what == "archive" or not key.storing]
    assert re.findall(r"^    ([a-z_]+)(?:=\S+)?  ", explained, re.MULTILINE) == keys
    assert f"SERVICE: {' '.join(services)}\n" in explained
    examples = re.findall(r"--fault (\S+)", explained.partition("Examples:")[2])
    assert len(examples) == 2
    for example in examples:
        Faults([example], services, main)


def test_a_fault_that_the_peer_cannot_have_is_wrong_usage() -> None:
    result = invoke("serve", "ris", "--fault", "lose")
    assert result.exit_code == 2
    assert result.stderr == "Error: fault 'lose': coerce, drop and lose are about storing: on=store\n"


def test_illegal_proposals_are_one_line_each() -> None:
    with serving("archive") as (process, line):
        even = PresentationContext(2, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",))
        illegal = associate_rq(Proposal("ARCHIVE", "CT01", [even]))
        address = parse_dicom(line)
        for _ in range(2):
            with socket.create_connection((address.host, address.port)) as connection:
                connection.sendall(illegal)
                assert connection.recv(1) == b"\7"
        process.terminate()
        _, talk = process.communicate(timeout=100)
    said = "ARCHIVE: association aborted: presentation context ID 2 is even"
    assert talk.splitlines() == [said, said, "0 instances kept"]


def test_memory_stays_flat_however_large_an_instance_is(tmp_path: Path) -> None:
    large = prepare(pixels(np.zeros((64, 512, 1024), np.uint16), NumberOfFrames=64))  # 64 MiB
    with serving("archive", "--storage", str(tmp_path)) as (process, line):
        store = DicomArchive(parse_dicom(line), local=LOCAL)

        def peak_kib() -> int:
            status = Path(f"/proc/{process.pid}/status").read_text()
            return int(status.partition("VmHWM:")[2].split()[0])

        assert store.store(series(1)).complete
        before = peak_kib()
        assert store.store([large]).complete
        assert peak_kib() - before < 8 * 1024
    (kept,) = tmp_path.rglob("1.2.3.4.dcm")
    assert kept.stat().st_size > 64 << 20


def test_an_archive_has_a_web_service_beside_it_where_that_is_asked_for(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("anna:secret\n")
    with serving("archive", "--web-port", "0", "--web-users", str(users), "--json") as (process, line):
        addresses = json.loads(line)
        parse_dicom(addresses["address"])
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/dicom-web", addresses["web"])
        assert httpx.get(f"{addresses['web']}/studies").status_code == 401
        assert httpx.get(f"{addresses['web']}/studies", auth=("anna", "secret")).status_code == 204
        process.send_signal(signal.SIGTERM)
        _, talk = process.communicate(timeout=100)
    assert process.returncode == 0
    assert talk == "0 instances kept\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--web-users", "x"], "without --web-port there is no web service: leave out --web-users"),
        (["--web-port", "0", "--web-key", "x"], "needs a certificate of its own"),
        (["--web-port", "0", "--web-users", "missing"], "missing: cannot be read"),
        (["--web-port", "0", "--web-cert", "missing"], "missing: certificate, key or authorities cannot be used"),
        (["--web-port", "70000"], "--web-port"),
    ],
)
def test_a_web_service_that_cannot_be_is_a_usage_error(options: list[str], said: str, tmp_path: Path) -> None:
    result = invoke("serve", "archive", "--port", "0", *options)
    assert result.exit_code == 2
    assert said in result.stderr
