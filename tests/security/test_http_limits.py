"""What an HTTP peer may cost the DICOMweb, UPS-RS and FHIR servers: bytes, parts, connections and time."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
from pydicom.uid import EncapsulatedPDFStorage

from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb import storing
from modality.simulated.dicomweb.web import Web
from modality.simulated.faults import Fault
from modality.simulated.fhir import SimulatedFhir, application
from tests.peers.process import wait_until
from tests.security.attacks import dataset, dial, ended_within, file
from tests.timing import durations, measured

MULTIPART = 'multipart/related; type="application/dicom"; boundary=B'
PATIENCE_S = 1.0


@pytest.fixture(scope="module")
def web() -> Iterator[SimulatedArchive]:
    with SimulatedArchive(web=Web(connections=6, largest_request=300_000, largest_part=100_000)) as running:
        yield running


@pytest.fixture(scope="module")
def hasty_web() -> Iterator[SimulatedArchive]:
    with SimulatedArchive(web=Web(patience_s=PATIENCE_S)) as running:
        yield running


@pytest.fixture(scope="module")
def fhir() -> Iterator[SimulatedFhir]:
    with SimulatedFhir(connections=6) as running:
        yield running


@pytest.fixture(scope="module")
def hasty_fhir() -> Iterator[SimulatedFhir]:
    with SimulatedFhir(patience_s=PATIENCE_S) as running:
        yield running


@pytest.fixture(params=["dicomweb", "fhir"])
def port(request: pytest.FixtureRequest, web: SimulatedArchive, fhir: SimulatedFhir) -> int:
    return fhir.port if request.param == "fhir" else port_of(web)


@pytest.fixture(params=["dicomweb", "fhir"])
def hasty_port(request: pytest.FixtureRequest, hasty_web: SimulatedArchive, hasty_fhir: SimulatedFhir) -> int:
    return hasty_fhir.port if request.param == "fhir" else port_of(hasty_web)


def port_of(web: SimulatedArchive) -> int:
    return int(urlsplit(web.web_address).port or 0)


def part(content: bytes, headers: bytes = b"Content-Type: application/dicom\r\n") -> bytes:
    return b"\r\n--B\r\n" + headers + b"\r\n" + content


def stow(web: SimulatedArchive, body: bytes, **headers: str) -> httpx.Response:
    given = {"Content-Type": MULTIPART, "Accept": "application/dicom+json", **headers}
    return httpx.post(f"{web.web_address}/studies", content=body, headers=given)


def received(connection: socket.socket) -> int:
    """How many bytes come before the connection ends."""
    count = 0
    try:
        while more := connection.recv(1 << 20):
            count += len(more)
    except ConnectionError:
        pass
    return count


@measured
def test_a_connection_that_says_nothing_is_closed(hasty_port: int) -> None:
    with dial(hasty_port) as connection:
        took = ended_within(connection, 30)
    with durations():
        assert took > PATIENCE_S * 0.3


def test_headers_that_drip_are_given_up(hasty_port: int) -> None:
    with dial(hasty_port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Drip: ")
        ended_within(connection, 30, drip=b"a")


def test_headers_that_drip_after_a_first_request_are_given_up(hasty_port: int) -> None:
    with dial(hasty_port) as connection:
        connection.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nX-Drip: ")
        ended_within(connection, 30, drip=b"a")


def test_a_body_that_drips_is_given_up(hasty_port: int) -> None:
    with dial(hasty_port) as connection:
        head = b"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
        connection.sendall(head + b"Content-Length: 9999\r\n\r\n")
        ended_within(connection, 30, drip=b" ")


def test_a_stow_that_drips_is_given_up_and_leaves_no_file(hasty_web: SimulatedArchive) -> None:
    with dial(port_of(hasty_web)) as connection:
        head = f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: {MULTIPART}\r\n"
        connection.sendall(head.encode() + b"Content-Length: 99999\r\n\r\n" + part(b"")[2:])
        ended_within(connection, 30, drip=b"D")
    wait_until(lambda: not list((hasty_web.files.folder / "incoming").iterdir()), "the half of an instance is removed")


@measured
def test_an_upload_that_is_slow_but_comes_is_not_given_up(hasty_web: SimulatedArchive) -> None:
    def slowly() -> Iterator[bytes]:
        whole = part(file(dataset(SOPInstanceUID="1.2.3.77")))[2:] + b"\r\n--B--\r\n"
        for at in range(0, len(whole), 40):
            time.sleep(PATIENCE_S / 8)
            yield whole[at : at + 40]

    # Where the machine holds the sender up, too little has come indeed.
    with durations(httpx.TransportError):
        answered = httpx.post(f"{hasty_web.web_address}/studies", content=slowly(), headers={"Content-Type": MULTIPART})
    assert answered.status_code == 200


def test_an_answer_that_nobody_reads_is_given_up(hasty_web: SimulatedArchive, caplog: pytest.LogCaptureFixture) -> None:
    made = dataset(SOPInstanceUID="1.2.3.88", StudyInstanceUID="1.2.88")
    made.EncapsulatedDocument = bytes(64 << 20)  # larger than what the kernel takes for a reader that sleeps
    made.SOPClassUID = EncapsulatedPDFStorage
    incoming = hasty_web.files.incoming([file(made)])
    assert hasty_web.filing.take(incoming, Fault(), {}, "").status == 0
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port_of(hasty_web)))
        connection.settimeout(30)
        connection.sendall(b"GET /dicom-web/studies/1.2.88 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n")
        wait_until(lambda: "nothing of an answer was read" in caplog.text, "it is closed")
        assert received(connection) < 64 << 20


def test_too_many_connections_are_closed_at_once_and_the_others_still_served(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(dial(port))
        ended_within(stack.enter_context(dial(port)), 20)  # the others have 30 s
    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 404


def test_a_head_without_end_is_refused(port: int) -> None:
    with dial(port) as connection:
        try:
            for _ in range(100):
                connection.sendall(b"X" * 16384)
            said = connection.recv(100)
        except ConnectionError:
            said = b""
        assert not said or said.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_long_is_refused(web: SimulatedArchive, fhir: SimulatedFhir, announced: bool) -> None:
    def pieces(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield bytes(1 << 20)

    headers = {"Content-Type": MULTIPART} | ({"Content-Length": str(1 << 40)} if announced else {})
    with dial(port_of(web)) as connection:
        if announced:
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            connection.sendall(f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
            assert connection.recv(20).startswith(b"HTTP/1.1 413")
        else:
            answered = httpx.post(f"{web.web_address}/studies", content=pieces(1), headers=headers)
            assert answered.status_code == 413


def test_a_fhir_body_is_cut_off_at_64_mib(fhir: SimulatedFhir, monkeypatch: pytest.MonkeyPatch) -> None:
    assert application._LARGEST == 64 << 20
    monkeypatch.setattr(application, "_LARGEST", 1000)
    headers = {"Content-Type": "application/fhir+json"}
    assert httpx.post(f"{fhir.address}/Patient", content=b" " * 1001, headers=headers).status_code == 413


def test_an_instance_that_is_too_large_fails_alone(web: SimulatedArchive) -> None:
    small, large = (file(dataset(SOPInstanceUID=f"1.2.3.{n}", TextValue="x" * n)) for n in (10, 120_000))
    answered = stow(web, part(large)[2:] + part(small) + b"\r\n--B--\r\n")
    assert answered.status_code == 202
    assert [len(answered.json().get(tag, {}).get("Value", [])) for tag in ("00081199", "0008119A")] == [1, 1]


def test_the_defaults_are_64_gib_a_request_and_4_gib_a_part() -> None:
    assert (Web().largest_request, Web().largest_part) == (64 << 30, 4 << 30)
    assert (Web().patience_s, Web().connections) == (30.0, 256)


def test_headers_of_a_part_without_end_are_refused(web: SimulatedArchive) -> None:
    assert stow(web, part(b"", b"X: " + b"y" * 70_000 + b"\r\n")[2:] + b"\r\n--B--\r\n").status_code == 400


def test_parts_without_number_are_refused(web: SimulatedArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    assert storing._MOST_PARTS == 100_000
    monkeypatch.setattr(storing, "_MOST_PARTS", 20)
    assert stow(web, part(b"") * 30 + b"\r\n--B--\r\n").status_code == 400


def test_compressed_bodies_are_not_unpacked(web: SimulatedArchive, fhir: SimulatedFhir) -> None:
    """A gzip bomb stays what it is: bytes that are no multipart, and no JSON."""
    bomb = gzip.compress(bytes(50 << 20))
    assert stow(web, bomb, **{"Content-Encoding": "gzip"}).status_code == 400
    headers = {"Content-Type": "application/fhir+json", "Content-Encoding": "gzip"}
    patient = gzip.compress(json.dumps({"resourceType": "Patient"}).encode())
    for body in (bomb, patient):
        assert httpx.post(f"{fhir.address}/Patient", content=body, headers=headers).status_code == 400
