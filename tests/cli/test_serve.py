"""`modality serve`: starts, says where, does its work, and stops when it is told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modality.network.address import parse_dicom
from modality.network.local import Local
from modality.network.store import DicomArchive
from tests.cli.command import ENVIRONMENT, MODALITY, invoke
from tests.network.conftest import LOCAL, series


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
def test_a_peer_prints_its_address_answers_and_stops_within_a_second(what: str, number: signal.Signals) -> None:
    with serving(what) as (process, line):
        address = parse_dicom(line)
        DicomArchive(address, local=LOCAL).echo()
        began = time.monotonic()
        process.send_signal(number)
        rest, talk = process.communicate(timeout=10)
        assert time.monotonic() - began < 3  # one second, and what a busy machine takes to notice
    assert (process.returncode, rest) == (0, "")
    assert talk.count("\n") == 1
    with socket.create_server(("127.0.0.1", address.port)):
        pass


def test_an_association_left_open_does_not_hold_it_up() -> None:
    with serving("archive") as (process, line):
        address = parse_dicom(line)
        with socket.create_connection((address.host, address.port)):
            process.terminate()
            process.communicate(timeout=10)
    assert process.returncode == 0


def test_json_prints_the_address_as_one_document(tmp_path: Path) -> None:
    with serving("archive", "--json", "--aet", "KEEP", "--storage", str(tmp_path)) as (process, line):
        address = parse_dicom(json.loads(line)["address"])
        assert address.aet == "KEEP"
        assert DicomArchive(address, local=Local()).store(series(2)).complete
        process.terminate()
        _, talk = process.communicate(timeout=10)
    assert "2 instances kept" in talk
    assert len(list(tmp_path.rglob("*.dcm"))) == 2


@pytest.mark.parametrize("what", ["archive", "ris"])
def test_a_port_in_use_is_one_line_and_exit_2(what: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke("serve", what, "--port", str(port))
    assert result.exit_code == 2
    assert result.stderr == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"
