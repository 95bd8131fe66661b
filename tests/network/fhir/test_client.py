"""The client against our server, and against one that says anything: what it sends, gives back, and hides."""

from __future__ import annotations

import copy
import logging
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from modality.errors import (
    AssociationAborted,
    HandshakeFailed,
    InvalidResponse,
    MissingExtraError,
    PeerError,
    ResponseTimeout,
    UnreachableError,
    UsageError,
    WebRefused,
)
from modality.network.address import WebAddress
from modality.network.fhir import FhirClient
from modality.network.local import Local, Timeouts
from modality.protocol.upper_layer.user_information import IdentityType, UserIdentity
from modality.simulated.fhir import SimulatedFhir
from tests.fhir.samples import STUDY_UID, changed, one, stroke_bundle
from tests.network.fhir.scripted import Scripted, outcome, scripted

LOCAL = Local("CT01", Timeouts(connect_s=30, association_s=30, response_s=30))
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}


def client_of(server: SimulatedFhir | Scripted, local: Local = LOCAL, **options: Any) -> FhirClient:
    return FhirClient(WebAddress(server.address), local, **options)


@pytest.fixture
def server() -> Iterator[SimulatedFhir]:
    with SimulatedFhir() as running:
        yield running


def test_a_transaction_sent_twice_changes_nothing(server: SimulatedFhir) -> None:
    bundle = stroke_bundle()
    with client_of(server) as client:
        first = client.transaction(bundle)
        before = copy.deepcopy(server.resources())
        again = client.transaction(bundle)
    assert server.resources() == before
    assert [one.created for one in first] == [True] * len(first)
    assert [one.created for one in again] == [False] * len(first)
    assert [one.reference for one in again] == [one.reference for one in first]
    assert [one.full_url for one in first] == [entry["fullUrl"] for entry in bundle["entry"]]
    assert first[0].reference == "Patient/1"


def test_what_was_sent_is_found_and_read_back(server: SimulatedFhir) -> None:
    with client_of(server) as client:
        client.transaction(stroke_bundle())
        criteria = {"identifier": f"urn:dicom:uid|urn:oid:{STUDY_UID}", "_include": "ImagingStudy:endpoint"}
        (study,) = client.search("ImagingStudy", criteria)
        assert [one["resourceType"] for one in client.search("ImagingStudy", criteria, included=True)] == [
            "ImagingStudy", "Endpoint",
        ]  # fmt: skip
        endpoint = client.read(study["endpoint"][0]["reference"])
        assert client.read(f"{server.address}/{study['endpoint'][0]['reference']}") == endpoint
        vitals = list(client.search("Observation", {"category": "vital-signs", "_count": "3"}))
        assert len(vitals) == 7  # over three pages
        between = {"date": ["ge2026-11-25", "lt2026-11-26"], "code": "72089-6", "patient.identifier": "EDGE1"}
        (score,) = client.search("Observation", between)
        assert client.capabilities()["fhirVersion"] == "4.0.1"
    assert endpoint["address"] == "https://centre.example/dicom-web"
    assert (score["valueQuantity"]["value"], len(score["component"])) == (8, 15)


def test_one_resource_is_created_once(server: SimulatedFhir) -> None:
    with client_of(server) as client:
        made = client.create(one("Patient"))
        assert client.create(one("Patient")) == made
    assert len(server.resources()) == 1


def test_a_refusal_is_one_line_with_the_servers_reason(server: SimulatedFhir) -> None:
    with client_of(server) as client, pytest.raises(WebRefused) as failure:
        client.transaction(changed(stroke_bundle(), "entry.6.resource.valueQuantity.code", "bpm"))
    assert failure.value.status == 422
    assert str(failure.value) == (
        f"{server.address}: the transaction refused with 422 Unprocessable Entity "
        "(Bundle.entry[6].resource.valueQuantity.code: 8867-4: 'bpm' is no unit of UCUM: did you mean '/min'?)"
    )
    assert server.resources() == []


def test_a_server_that_repeats_what_it_was_told_is_not_repeated() -> None:
    def repeat(asked: Any) -> tuple[int, Any]:
        said = "EDGE1 Grace Okafor 1958-07-04 A1B2 Ana Silva: HAPI-0550\n\nsecond line " + "x" * 1000
        return 400, outcome(said)

    bundle = changed(stroke_bundle(), "entry.3.resource.identifier.0.value", "A1B2")
    with scripted(repeat) as server, client_of(server) as client:
        with pytest.raises(WebRefused, match="HAPI-0550 second line") as failure:
            client.transaction(bundle)
        for secret in ("EDGE1", "Grace", "Okafor", "1958-07-04", "A1B2", "Silva", "\n"):
            assert secret not in str(failure.value)
        assert len(str(failure.value)) < 400
        with pytest.raises(WebRefused) as failure:
            list(client.search("Patient", {"identifier": "urn:x|EDGE1"}))
        assert "EDGE1" not in str(failure.value)


def test_a_search_stands_in_no_url(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted(lambda _: (200, EMPTY)) as server, client_of(server) as client:
        assert list(client.search("Patient", {"identifier": "EDGE1"})) == []
        (asked,) = server.requests
    assert (asked.method, asked.path, asked.body) == ("POST", "/fhir/Patient/_search", b"identifier=EDGE1")
    assert "EDGE1" not in caplog.text


PAGES = [
    ("https://elsewhere.example/fhir?page=2", "the next page is on another server"),
    ("//elsewhere.example/fhir", "the next page is on another server"),
    ("http://h:port/", "the link to the next page is no URL"),
    ("?same", "a page follows itself"),
]


@pytest.mark.parametrize(("link", "reason"), PAGES)
def test_pages_lead_nowhere_else_and_not_in_circles(link: str, reason: str) -> None:
    page = {**EMPTY, "link": [{"relation": "next", "url": link}]}
    with scripted(lambda _: (200, page)) as server, client_of(server) as client:
        with pytest.raises(InvalidResponse, match=reason):
            list(client.search("Patient"))
        assert len(server.requests) <= 2


@pytest.mark.parametrize(
    ("status", "document", "error", "reason"),
    [
        (200, b"<html>", InvalidResponse, "is no JSON"),
        (200, b"[]", InvalidResponse, "no JSON object"),
        (200, b"[" * 100_000, InvalidResponse, "is no JSON"),
        (200, {"resourceType": "Patient"}, InvalidResponse, "the answer to the transaction is no Bundle"),
        (200, {"resourceType": "Bundle", "entry": []}, InvalidResponse, "had 1 entries"),
        (200, {"resourceType": "Bundle", "entry": [{}]}, InvalidResponse, "what became of an entry"),
        (200, {"resourceType": "Bundle", "entry": [{"response": {"status": "201"}}]}, InvalidResponse, "what became"),
        (302, {}, WebRefused, "refused with 302 Found"),
        (401, b"", WebRefused, "refused with 401 Unauthorized"),
        (503, b"<html>down</html>", WebRefused, "refused with 503 Service Unavailable"),
        (500, {"resourceType": "OperationOutcome", "issue": "x"}, WebRefused, "refused with 500"),
        (422, outcome("", details={"text": "told in details"}), WebRefused, r"\(told in details\)"),
        (200, None, PeerError, "the connection broke|RemoteProtocolError"),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit(status: int, document: Any, error: type[Exception], reason: str) -> None:
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": stroke_bundle()["entry"][:1]}
    with scripted(lambda _: (status, document)) as server, client_of(server) as client:
        with pytest.raises(error, match=reason) as failure:
            client.transaction(bundle)
        assert getattr(failure.value, "retryable", False) is (status == 503 or error is AssociationAborted)


def test_other_servers_forms_of_a_location_are_read() -> None:
    places = ["Patient/17/_history/1", "http://host/fhir/Patient/17/_history/3", "http://host/fhir/Patient/17"]
    for place in places:
        answer = {"resourceType": "Bundle", "entry": [{"response": {"status": "201 Created", "location": place}}]}
        with scripted(lambda _, answer=answer: (200, answer)) as server, client_of(server) as client:
            (stored,) = client.transaction({"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:1"}]})
        assert (stored.reference, stored.created) == ("Patient/17", True)


def test_nobody_there_and_nobody_answering() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        local = Local("CT01", Timeouts(connect_s=30, response_s=0.2))
        with (
            FhirClient(WebAddress(f"http://127.0.0.1:{port}/fhir"), local) as client,
            pytest.raises(ResponseTimeout, match="no answer to capabilities in time"),
        ):
            client.capabilities()
    with FhirClient(WebAddress(f"http://127.0.0.1:{port}/fhir"), LOCAL) as client, pytest.raises(UnreachableError):
        client.capabilities()


def test_a_certificate_is_verified_unless_its_authority_is_known(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = tmp_path / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(certificate)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with SimulatedFhir(host="localhost", certificate=certificate) as server:
        with client_of(server) as client, pytest.raises(HandshakeFailed, match="no TLS connection"):
            client.capabilities()
        with client_of(server, Local("CT01", tls=context)) as client:
            assert client.capabilities()["fhirVersion"] == "4.0.1"


def test_a_user_is_a_password_or_a_token_and_neither_is_shown() -> None:
    def user(kind: IdentityType, primary: bytes, secondary: bytes = b"") -> Local:
        return Local("CT01", user=UserIdentity(kind, primary, secondary))

    with scripted(lambda _: (401, outcome("who?"))) as server:
        with_password = WebAddress(server.address.replace("://", "://me:secret@"))
        clients = [
            (FhirClient(with_password, LOCAL), "Basic bWU6c2VjcmV0"),
            (client_of(server, user(IdentityType.USERNAME_AND_PASSCODE, b"me", b"secret")), "Basic bWU6c2VjcmV0"),
            (client_of(server, user(IdentityType.JWT, b"to.ke.n")), "Bearer to.ke.n"),
        ]
        for client, header in clients:
            with client, pytest.raises(WebRefused) as failure:
                client.capabilities()
            assert server.requests[-1].headers["authorization"] == header
            assert "secret" not in str(failure.value)
            assert "to.ke.n" not in str(failure.value)
        with pytest.raises(UsageError, match="takes a user with a passcode, or a JSON Web Token"):
            client_of(server, user(IdentityType.SAML, b"<saml/>"))


def test_our_token_opens_our_server() -> None:
    with SimulatedFhir(tokens=["to.ke.n"]) as server:
        local = Local("CT01", user=UserIdentity(IdentityType.JWT, b"to.ke.n"))
        with client_of(server, local) as client:
            assert list(client.search("Patient")) == []
        with (
            client_of(server) as client,
            pytest.raises(WebRefused, match=r"401 Unauthorized \(a bearer token is needed"),
        ):
            list(client.search("Patient"))


def test_what_is_no_reference_is_not_asked_for(server: SimulatedFhir) -> None:
    with client_of(server) as client:
        for reference in (
            "Patient",
            "urn:uuid:1",
            "https://elsewhere.example/Patient/1",
            "../Patient/1",
            "Patient/1?x",
        ):
            with pytest.raises(UsageError, match="TYPE/ID"):
                client.read(reference)


def test_without_httpx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r"modality-simulator\[fhir\]"):
        FhirClient(WebAddress("http://127.0.0.1:1/fhir"))
