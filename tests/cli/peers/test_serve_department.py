"""`modality serve department`: says where all of it is, and stops when it is told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from modality.network.address import parse_dicom
from modality.network.store import DicomArchive
from tests.cli.command import ENVIRONMENT, MODALITY, invoke
from tests.network.conftest import LOCAL, series

ANY_PORTS = [text for name in ("", "ris-", "web-", "fhir-") for text in (f"--{name}port", "0")]


def test_all_of_it_answers_is_kept_and_ends_within_seconds(tmp_path: Path) -> None:
    command = [*MODALITY, "serve", "department", *ANY_PORTS, "--storage", str(tmp_path), "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            where = json.loads(process.stdout.readline())
            assert set(where) == {"address", "ris", "web", "fhir", "page"}
            assert DicomArchive(parse_dicom(where["address"]), local=LOCAL).store(series(2)).complete
            DicomArchive(parse_dicom(where["ris"]), local=LOCAL).echo()
            assert httpx.get(f"{where['web']}/studies").status_code == 200
            assert httpx.get(f"{where['fhir']}/metadata").status_code == 200
            assert "Department" in httpx.get(where["page"]).text
            process.send_signal(signal.SIGTERM)
            _, talk = process.communicate(timeout=100)
        finally:
            process.kill()
    assert (process.returncode, talk) == (0, "2 instances and 0 performed steps kept\n")
    assert len(list(tmp_path.rglob("*.dcm"))) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "statu=A700"], "did you mean 'status'"),
        (["--ris-fault", "lose"], "about storing"),
        (["--fhir-fault", "status=A700"], "fault 'status=A700'"),
        (["--destination", "A=x"], "AET=HOST:PORT"),
        (["--web-users", "missing"], "missing: cannot be read"),
        (["--web-key", "x"], "needs a certificate of its own"),
        (["--storage", "/dev/null/x"], "cannot be used"),
    ],
)
def test_what_cannot_be_is_a_usage_error(arguments: list[str], said: str) -> None:
    result = invoke("serve", "department", *ANY_PORTS, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_port_that_is_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = invoke("serve", "department", *ANY_PORTS, "--ris-port", port)
    assert result.exit_code == 2
    assert result.stderr == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"
