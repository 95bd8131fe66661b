"""What a peer that we call may do to us: answers without end, credentials led astray."""

from __future__ import annotations

import gzip
import socket
import struct
import tracemalloc
from http.server import BaseHTTPRequestHandler

import pytest

from modality.errors import InvalidResponse, ModalityError
from modality.network import query
from modality.network.address import WebAddress
from modality.network.dicomweb import client as dicomweb
from modality.network.dicomweb.client import DicomWebClient
from modality.network.fhir import exchange
from modality.network.fhir.client import FhirClient
from modality.network.local import Local, Timeouts
from modality.network.upper_layer.storage import StorageAssociation
from modality.protocol.upper_layer import pdu
from tests.network.scripted import pdu as next_pdu
from tests.network.scripted import peer
from tests.security.attacks import CT, EXPLICIT
from tests.security.servers import serving

PATIENT = Local(timeouts=Timeouts(30, 30, 30))
BOMB = {"Content-Type": "application/dicom+json", "Content-Encoding": "gzip"}


def test_an_answer_that_unpacks_to_gigabytes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert exchange.LARGEST_ANSWER == 256 << 20
    monkeypatch.setattr(exchange.read_bounded, "__defaults__", (4 << 20,))
    bomb = gzip.compress(bytes(256 << 20), 1)
    assert len(bomb) < 2 << 20
    with serving(bomb, BOMB) as url:
        tracemalloc.start()
        try:
            with DicomWebClient(WebAddress(url), PATIENT) as web, pytest.raises(InvalidResponse, match="longer than"):
                web.search_studies({})
            with FhirClient(WebAddress(url), PATIENT) as fhir, pytest.raises(InvalidResponse, match="longer than"):
                fhir.capabilities()
            assert tracemalloc.get_traced_memory()[1] < 160 << 20
        finally:
            tracemalloc.stop()


def test_pages_of_results_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dicomweb._MOST_MATCHES == 1_000_000
    monkeypatch.setattr(dicomweb, "_MOST_MATCHES", 20)
    count = 0

    def another(handler: BaseHTTPRequestHandler) -> None:
        nonlocal count
        count += 1
        body = f'[{{"0020000D":{{"vr":"UI","Value":["1.2.{count}"]}}}}]'.encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with (
        serving(another) as url,
        DicomWebClient(WebAddress(url), PATIENT) as web,
        pytest.raises(InvalidResponse, match="no end of them"),
    ):
        web.search_studies({})
    assert count == 21


def test_a_redirection_to_another_server_carries_no_credentials() -> None:
    seen: list[str | None] = []

    def thief(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers.get("Authorization"))
        handler.send_response(204)
        handler.end_headers()

    with serving(thief) as elsewhere:

        def redirects(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(307)
            handler.send_header("Location", elsewhere + "/studies")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with serving(redirects) as url:
            secret = url.replace("http://", "http://user:a-passcode@")
            with DicomWebClient(WebAddress(secret), PATIENT) as web:
                assert web.search_studies({}) == []
            with FhirClient(WebAddress(secret), PATIENT) as fhir, pytest.raises(ModalityError):
                fhir.capabilities()
    assert seen == [None]  # the FHIR client does not follow at all


def accepts_and_floods(connection: socket.socket) -> None:
    """Announces a PDU of 4 GiB in answer to A-ASSOCIATE-RQ, and sends what it can."""
    next_pdu(connection)
    connection.sendall(struct.pack(">BBI", 2, 0, 0xFFFFFFFF))
    while True:
        connection.sendall(bytes(1 << 20))


def drips(connection: socket.socket) -> None:
    next_pdu(connection)
    connection.sendall(b"\2\0\0\0")
    while not connection.send(b"") and next_byte(connection):
        pass


def next_byte(connection: socket.socket) -> bool:
    connection.settimeout(0.1)
    try:
        return bool(connection.recv(1))
    except TimeoutError:
        connection.sendall(b"\0")
        return True


def test_a_pdu_without_end_is_not_read_by_who_stores_nor_by_who_asks() -> None:
    assert pdu.LARGEST_PDU == 1 << 20
    tracemalloc.start()
    try:
        with peer(accepts_and_floods) as address:
            with pytest.raises(ModalityError):
                StorageAssociation(address, [(CT, (EXPLICIT,))], PATIENT)
            with pytest.raises(ModalityError):
                query.find_studies(address, {}, PATIENT)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def test_an_answer_that_drips_is_waited_for_no_longer_than_one_that_does_not_come() -> None:
    hasty = Local(timeouts=Timeouts(1, 0.5, 0.5))
    with peer(drips) as address:
        with pytest.raises(ModalityError):
            StorageAssociation(address, [(CT, (EXPLICIT,))], hasty)
        with pytest.raises(ModalityError):
            query.find_studies(address, {}, hasty)


def test_the_defaults_of_who_calls() -> None:
    assert Timeouts() == Timeouts(connect_s=10.0, association_s=15.0, response_s=60.0)
