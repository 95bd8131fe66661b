"""`modality serve fhir`: starts, says where, refuses what is wrong, and stops when it is told."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.command import document, invoke
from tests.cli.test_serve import serving
from tests.fhir.samples import stroke_bundle


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_answers_and_stops(tmp_path: Path, number: signal.Signals) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("to.ke.n\n")
    with serving("fhir", "--json", "--storage", str(tmp_path / "kept"), "--tokens", str(tokens)) as (process, line):
        address = json.loads(line)["address"]
        assert httpx.get(f"{address}/Patient").status_code == 401
        headers = {"Authorization": "Bearer to.ke.n"}
        response = httpx.post(address, json=stroke_bundle(), headers=headers, timeout=100)
        assert response.status_code == 200
        process.send_signal(number)
        rest, talk = process.communicate(timeout=100)
    assert (process.returncode, rest) == (0, "")
    assert talk == f"{len(stroke_bundle()['entry'])} resources kept\n"


def test_what_cannot_be_served_is_one_line(tmp_path: Path) -> None:
    result = invoke("serve", "fhir", "--key", tmp_path / "key.pem")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {tmp_path}/key.pem: a private key needs its certificate beside it\n"
    result = invoke("serve", "fhir", "--tokens", tmp_path / "none", "--json")
    assert result.exit_code == 2
    assert document(result)["error"]["type"] == "UsageError"


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = invoke("serve", "fhir")
    assert result.exit_code == 2
    assert "pip install 'modality-simulator[fhir]'" in result.stderr
