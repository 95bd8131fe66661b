"""STOW-RS as user: batches, failures by instance, what is tried again, and what ends a run."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import modality
from modality.errors import AddressError, HandshakeFailed, UnreachableError, WebRefused
from modality.network.address import WebAddress
from modality.network.dicomweb.archive import WebArchive
from modality.network.dicomweb.client import DicomWebClient
from modality.network.local import Local, Timeouts
from modality.network.upper_layer.tls import client_context
from modality.network.verify import verify_instances
from modality.protocol.upper_layer.user_information import IdentityType, UserIdentity
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.transfer.destination import Receipt
from modality.transfer.encode import prepare
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import BY_KEYWORD
from tests.network.acceptor import Authority
from tests.network.conftest import LOCAL, series
from tests.transfer.datasets import image

SHORT = Local("CT01", Timeouts(connect_s=30, association_s=30, response_s=0.4))
Start = Callable[..., SimulatedArchive]


def web(archive: Start, *faults: str, **options: Any) -> SimulatedArchive:
    return archive(*faults, web=Web(**options))


def send(peer: SimulatedArchive, instances: list[PreparedInstance], local: Local = LOCAL, **options: Any) -> Receipt:
    return WebArchive(peer.web_address, local=local, **options).store(iter(instances))


def test_what_is_stored_is_there_identical_in_every_syntax_and_of_several_studies(archive: Start) -> None:
    peer = web(archive)
    sent = [
        *series(3),
        *(
            prepare(image(SOPInstanceUID=f"1.2.4.1.{at}", StudyInstanceUID="1.2.4"), BY_KEYWORD[name])
            for at, name in enumerate(("RLELossless", "DeflatedExplicitVRLittleEndian", "JPEG2000Lossless"))
        ),
    ]
    done: list[int] = []
    receipt = modality.Archive(peer.web_address, local=LOCAL).store(sent, progress=done.append)
    assert receipt.complete
    assert receipt.stored == [one.sop_instance_uid for one in sent]
    assert receipt.bytes == sum(one.size for one in sent)
    assert done[-1] == 6
    assert {event.what for event in peer.events} == {"STOW-RS"}
    report = verify_instances(WebAddress(peer.web_address), sent, LOCAL)
    assert (report.checked, report.identical, report.coerced) == (6, 6, [])


def test_a_request_is_bounded_by_bytes_and_holds_no_instance_twice(service: Service) -> None:
    service.answer = stored
    sent = series(5)
    archive = WebArchive(service.address, local=LOCAL, request_bytes=2 * sent[0].size)
    assert archive.store([*sent, sent[0], sent[0]]).complete
    assert [len(uids) for uids in service.uids] == [2, 2, 2, 1]


def test_failures_stand_in_the_receipt_and_what_may_help_is_tried_once_more_alone(archive: Start) -> None:
    peer = web(archive, "status=A700,times=1", "status=C000,every=3,times=1")
    receipt = send(peer, series(4))
    assert receipt.refused == {0xC000: ["1.2.3.1.2"]}
    assert sorted(receipt.stored) == ["1.2.3.1.0", "1.2.3.1.1", "1.2.3.1.3"]
    assert receipt.retryable == []
    assert [event.uid for event in peer.events.of("STOW-RS")][-1] == "1.2.3.1.0"


def test_what_fails_again_is_retryable_and_not_tried_a_third_time(archive: Start) -> None:
    peer = web(archive, "status=A700")
    receipt = send(peer, series(2))
    assert receipt.refused == {0xA700: ["1.2.3.1.0", "1.2.3.1.1"]}
    assert receipt.retryable == ["1.2.3.1.0", "1.2.3.1.1"]
    assert len(peer.events.of("STOW-RS")) == 4


def test_warnings_stand_in_the_receipt(archive: Start) -> None:
    receipt = send(web(archive, "coerce=PatientID:X"), series(2))
    assert receipt.complete
    assert receipt.warnings == {0xB000: ["1.2.3.1.0", "1.2.3.1.1"]}


def test_a_request_too_long_for_the_service_goes_instance_by_instance(archive: Start) -> None:
    peer = web(archive, largest_request=3000)
    large = prepare(image(Rows=400, PixelData=bytes(400 * 6 * 2), SOPInstanceUID="1.2.3.77"))
    receipt = send(peer, [*series(4), large])
    assert len(receipt.stored) == 4
    assert "413" in receipt.failed["1.2.3.77"]
    assert receipt.retryable == []


def test_a_connection_that_breaks_costs_the_instance_that_breaks_it(archive: Start) -> None:
    peer = web(archive, "abort_after=1,times=2")
    receipt = send(peer, series(3))
    # The second part of the first request is broken off, and so is the first sent again by itself.
    assert receipt.retryable == ["1.2.3.1.0"]
    assert "connection broke" in receipt.failed["1.2.3.1.0"]
    assert receipt.stored == ["1.2.3.1.1", "1.2.3.1.2"]


def test_silence_is_waited_for_twice(archive: Start) -> None:
    peer = web(archive, "silent,on=store")
    receipt = send(peer, series(5), SHORT, request_bytes=1)
    assert len(receipt.failed) == 5
    assert len(receipt.retryable) == 5
    assert len({event.uid for event in peer.events}) <= 2


def test_who_is_let_in(archive: Start) -> None:
    peer = web(archive, users={"anna": "secret"}, tokens=("t-o-k",))
    for user in (
        UserIdentity(IdentityType.USERNAME_AND_PASSCODE, b"anna", b"secret"),
        UserIdentity(IdentityType.JWT, b"t-o-k"),
    ):
        assert send(peer, series(1), Local("CT01", LOCAL.timeouts, user=user)).complete
    assert {event.calling_aet for event in peer.events.of("STOW-RS")} == {"anna", "bearer"}
    wrong = UserIdentity(IdentityType.JWT, b"wrong-secret")
    with pytest.raises(WebRefused, match="401") as raised:
        send(peer, series(1), Local("CT01", LOCAL.timeouts, user=wrong))
    assert "wrong-secret" not in str(raised.value)


def test_client_certificates(archive: Start, tmp_path: Any) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("127.0.0.1")
    own, own_key = authority.issue("modality.example")
    peer = web(archive, certificate=certificate, key=key, client_ca=authority.ca)
    local = Local("CT01", LOCAL.timeouts, client_context(authority.ca, own, own_key))
    assert send(peer, series(2), local).complete
    with pytest.raises(HandshakeFailed):
        send(peer, series(1))  # whose authority the system does not know


def test_nobody_there_ends_the_run_before_it_begins() -> None:
    taken: list[PreparedInstance] = []

    def lazily() -> Iterator[PreparedInstance]:
        for one in series(200):
            taken.append(one)
            yield one

    with pytest.raises(UnreachableError):
        WebArchive("http://127.0.0.1:1/dicom-web", local=LOCAL).store(lazily())
    assert len(taken) < 200


def test_an_archive_that_goes_away_fails_the_rest(archive: Start) -> None:
    peer = web(archive)

    def stopping() -> Iterator[PreparedInstance]:
        yield from series(1)
        yield prepare(image(SOPInstanceUID="1.2.3.1.50"))
        peer.stop()
        for number in range(60, 70):
            yield prepare(image(SOPInstanceUID=f"1.2.3.1.{number}"))

    receipt = WebArchive(peer.web_address, local=LOCAL, request_bytes=1).store(stopping())
    assert len(receipt.stored) in (1, 2)  # batches are taken one instance ahead
    assert len(receipt.stored) + len(receipt.failed) == 12
    assert set(receipt.retryable) == set(receipt.failed)


def test_another_address_is_none_of_a_web_service() -> None:
    with pytest.raises(AddressError, match="no web service"):
        WebArchive("dicom://A@h:104")


def test_a_large_instance_goes_and_comes_in_constant_memory(archive: Start, tmp_path: Any) -> None:
    peer = web(archive)
    size = 48 << 20
    path = tmp_path / "large.dcm"
    prepare(image(Rows=size // 2 // 4096, Columns=4096, PixelData=bytes(size))).write(path)

    tracemalloc.start()
    try:
        assert send(peer, [read(path)]).complete
        with DicomWebClient(WebAddress(peer.web_address), LOCAL) as client:
            (found,) = client.retrieve_series("1.2.3", "1.2.3.1")
            assert found.size == read(path).size
        _, peak = tracemalloc.get_traced_memory()  # of client and server, which are one process here
    finally:
        tracemalloc.stop()
    assert peak < size / 3
    assert peer.instances()[0].path.read_bytes() == path.read_bytes()


class Service(ThreadingHTTPServer):
    """Answers by a function, and keeps the UIDs of each request."""

    def __init__(self) -> None:
        self.uids: list[list[str]] = []
        self.answer: Callable[[list[str]], tuple[int, object]] = stored
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                found = [f"1.2.3.1.{at}" for at in range(9) if f"1.2.3.1.{at}\0".encode() in content]
                service.uids.append(found)
                status, document = service.answer(found)
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status in (301, 307):
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> WebAddress:
        return WebAddress(f"http://127.0.0.1:{self.server_address[1]}/dicom-web/")


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def item(uid: str, tag: str = "", value: object = None) -> dict[str, object]:
    told: dict[str, object] = {"00081155": {"vr": "UI", "Value": [uid]}}
    return told | ({tag: {"vr": "US", "Value": [value]}} if tag else {})


def sequence(tag: str, *items: object) -> dict[str, object]:
    return {tag: {"vr": "SQ", "Value": list(items)}}


def stored(uids: list[str]) -> tuple[int, object]:
    return 200, sequence("00081199", *map(item, uids))


@pytest.mark.parametrize("status", [200, 202, 400, 409, 500])
def test_the_account_counts_whatever_status_it_comes_with(service: Service, status: int) -> None:
    service.answer = lambda uids: (
        status,
        sequence("00081198", item(uids[0], "00081197", 0xA900)) | sequence("00081199", *map(item, uids[1:])),
    )
    receipt = WebArchive(service.address, local=LOCAL).store(series(3))
    assert receipt.refused == {0xA900: ["1.2.3.1.0"]}
    assert receipt.stored == ["1.2.3.1.1", "1.2.3.1.2"]


def test_one_that_is_listed_as_stored_and_as_failed_has_failed(service: Service) -> None:
    service.answer = lambda uids: (200, sequence("00081198", item(uids[0])) | sequence("00081199", *map(item, uids)))
    receipt = WebArchive(service.address, local=LOCAL).store(series(2))
    assert (receipt.refused, receipt.stored) == ({0xC000: ["1.2.3.1.0"]}, ["1.2.3.1.1"])


def test_an_instance_that_nothing_is_said_of_is_not_taken_for_stored(service: Service) -> None:
    other = item("1.9")
    service.answer = lambda uids: (200, sequence("00081199", other if uids == ["1.2.3.1.1"] else item(uids[0])))
    receipt = WebArchive(service.address, local=LOCAL).store(series(3))
    assert receipt.stored == ["1.2.3.1.0", "1.2.3.1.2"]
    assert "says nothing of this instance" in receipt.failed["1.2.3.1.1"]
    assert [len(uids) for uids in service.uids] == [3, 1, 1]


def test_other_failures_are_of_those_that_are_not_named(service: Service) -> None:
    other = {"00081197": {"vr": "US", "Value": [0xC000]}}
    service.answer = lambda uids: (202, sequence("00081199", item(uids[0])) | sequence("0008119A", other))
    receipt = WebArchive(service.address, local=LOCAL).store(series(2))
    assert receipt.refused == {0xC000: ["1.2.3.1.1"]}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<xml/>",
        [],
        {},
        {"00081199": 5},
        sequence("00081199", 5),
        sequence("00081198", item("1", "00081197", "x")),
    ],
)
def test_an_answer_that_is_no_account_is_a_failure(service: Service, document: object) -> None:
    service.answer = lambda uids: (200, document)
    receipt = WebArchive(service.address, local=LOCAL).store(series(2))
    assert len(receipt.failed) == 2
    assert receipt.retryable == []


@pytest.mark.parametrize(
    ("status", "requests", "retryable"), [(500, 3, 0), (400, 3, 0), (503, 1, 2), (429, 1, 2), (415, 3, 0)]
)
def test_a_request_that_fails_as_a_whole(service: Service, status: int, requests: int, retryable: int) -> None:
    service.answer = lambda uids: (status, b"no")
    receipt = WebArchive(service.address, local=LOCAL).store(series(2))
    assert (len(receipt.failed), len(receipt.retryable), len(service.uids)) == (2, retryable, requests)
    assert f"STOW-RS refused with {status}" in receipt.failed["1.2.3.1.0"]


@pytest.mark.parametrize("status", [401, 403, 404, 405, 307])
def test_what_no_instance_will_pass_ends_the_run(service: Service, status: int) -> None:
    service.answer = lambda uids: (status, b"")
    with pytest.raises(WebRefused, match=str(status)):
        WebArchive(service.address, local=LOCAL, request_bytes=1).store(series(3))
    assert len(service.uids) == 1


def test_one_bad_instance_does_not_take_the_others_along(service: Service) -> None:
    service.answer = lambda uids: (400, b"bad") if "1.2.3.1.1" in uids else stored(uids)
    receipt = WebArchive(service.address, local=LOCAL).store(series(3))
    assert receipt.stored == ["1.2.3.1.0", "1.2.3.1.2"]
    assert list(receipt.failed) == ["1.2.3.1.1"]


def test_a_service_that_does_not_answer_in_time(service: Service) -> None:
    ended = threading.Event()
    service.answer = lambda uids: (200 if ended.wait(60) else 503, b"")
    try:
        receipt = WebArchive(service.address, local=SHORT).store(series(1))
    finally:
        ended.set()
    assert receipt.retryable == ["1.2.3.1.0"]
    assert "no answer to STOW-RS in time" in receipt.failed["1.2.3.1.0"]
