"""The server on a real port: it starts, answers, keeps, and stops."""

from __future__ import annotations

import socket
import ssl
import sys
from pathlib import Path

import httpx
import pytest
import trustme

from modality.errors import MissingExtraError, UsageError
from modality.simulated.fhir import SimulatedFhir
from tests.fhir.samples import one, stroke_bundle


def test_it_answers_while_it_runs_and_gives_the_port_back() -> None:
    with SimulatedFhir() as server:
        assert httpx.get(f"{server.address}/metadata").json()["resourceType"] == "CapabilityStatement"
        assert httpx.post(server.address, json=stroke_bundle(), timeout=30).status_code == 200
        assert len(server.resources()) == len(stroke_bundle()["entry"])
        assert [each["resourceType"] for each in server.resources("Endpoint")] == ["Endpoint"]
        port = server.port
        server.start()  # harmless
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert server.resources() == []
    server.stop()  # harmless


def test_a_folder_outlives_it(tmp_path: Path) -> None:
    for expected in (201, 200):
        with SimulatedFhir(tmp_path) as server:
            headers = {"If-None-Exist": "identifier=EDGE1"}
            response = httpx.post(f"{server.address}/Patient", json=one("Patient"), headers=headers)
            assert response.status_code == expected
            with pytest.raises(UsageError, match="give each its own"):
                SimulatedFhir(tmp_path).start()


def test_over_tls_with_a_token(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    certificate = tmp_path / "server.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(certificate)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with SimulatedFhir(host="localhost", certificate=certificate, tokens=["secret"]) as server:
        assert server.address.startswith("https://localhost:")
        assert httpx.get(f"{server.address}/Patient", verify=context).status_code == 401
        headers = {"Authorization": "Bearer secret"}
        page = httpx.get(f"{server.address}/Patient", headers=headers, verify=context)
        assert page.json()["link"][0]["url"] == f"{server.address}/Patient"


def test_what_cannot_be_served_is_said(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("nothing")
    with pytest.raises(UsageError, match=r"no\.pem: certificate or key cannot be used"):
        SimulatedFhir(certificate=tmp_path / "no.pem").start()
    with pytest.raises(UsageError, match="needs its certificate"):
        SimulatedFhir(key=tmp_path / "no.pem")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        SimulatedFhir(tmp_path / "kept", port=taken.getsockname()[1]).start()
    with SimulatedFhir(tmp_path / "kept"):  # the folder was given back
        pass


def test_without_the_libraries_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r"modality-simulator\[fhir\]"):
        SimulatedFhir()
