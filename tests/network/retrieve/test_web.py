"""QIDO-RS and WADO-RS against a service of a few lines that answers what the test says."""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from modality.errors import (
    AssociationAborted,
    HandshakeFailed,
    InvalidResponse,
    MissingExtraError,
    ResponseTimeout,
    UnreachableError,
    UsageError,
    WebRefused,
)
from modality.network.address import WebAddress
from modality.network.dicomweb.client import DicomWebClient
from modality.network.local import Local, Timeouts
from modality.network.verify import verify_instances
from modality.protocol.upper_layer.user_information import IdentityType, UserIdentity
from tests.network.conftest import series

LOCAL = Local("CT01", Timeouts(connect_s=30, association_s=30, response_s=30))
Answer = Callable[[BaseHTTPRequestHandler], None]


class Service(ThreadingHTTPServer):
    """Answers by a function, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.answer: Answer = lambda _: None
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                service.requests.append((parts.path, parse_qs(parts.query), dict(self.headers)))
                service.answer(self)

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


def reply(request: BaseHTTPRequestHandler, body: bytes = b"", *, status: int = 200, content_type: str = "") -> None:
    request.send_response(status)
    request.send_header("Content-Type", content_type or "application/dicom+json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def matches(*uids: str) -> bytes:
    return json.dumps(
        [{"00080018": {"vr": "UI", "Value": [uid]}, "0020000E": {"vr": "UI", "Value": ["1.2.3.1"]}} for uid in uids]
    ).encode()


def parts(*files: bytes) -> bytes:
    head = b"\r\n--B\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + file for file in files) + b"\r\n--B--"


MULTIPART = 'multipart/related; type="application/dicom"; boundary=B'


def held(*files: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if "offset" in request.path:
            reply(request, b"[]")
        elif request.path.endswith("/instances"):
            reply(request, matches("1.2.3.1.0", "1.2.3.1.1"))
        else:
            reply(request, parts(*files), content_type=MULTIPART)

    return answer


def files(count: int) -> list[bytes]:
    return [b"".join(one.part10()) for one in series(count)]


def test_what_is_listed_and_given_back_is_identical_and_what_is_not_is_lost(service: Service) -> None:
    service.answer = held(*files(2))
    report = verify_instances(service.address, series(3), LOCAL)
    assert (report.checked, report.identical, report.lost) == (3, 2, ["1.2.3.1.2"])
    paths = [path for path, _, _ in service.requests]
    assert paths == ["/dicom-web/studies/1.2.3/instances"] * 2 + ["/dicom-web/studies/1.2.3/series/1.2.3.1"]
    accepted = [headers["Accept"] for _, _, headers in service.requests]
    assert accepted[0] == "application/dicom+json"
    assert accepted[2] == 'multipart/related; type="application/dicom"; transfer-syntax=*'


def test_results_come_page_by_page_until_there_is_nothing_new(service: Service) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        offset = int(service.requests[-1][1].get("offset", ["0"])[0])
        reply(request, matches(*(f"1.{number}" for number in range(5)[offset : offset + 2])))

    service.answer = answer
    with DicomWebClient(service.address, LOCAL) as client:
        assert len(client.search_instances("1.2.3")) == 5
    service.answer = lambda request: reply(request, matches("1.1", "1.2"))  # one that knows no offset
    with DicomWebClient(service.address, LOCAL) as client:
        assert len(client.search_instances("1.2.3")) == 2


def test_no_content_is_nothing(service: Service) -> None:
    service.answer = lambda request: reply(request, status=204)
    report = verify_instances(service.address, series(1), LOCAL)
    assert report.lost == ["1.2.3.1.0"]


@pytest.mark.parametrize(
    ("status", "body", "message", "retryable"),
    [
        (401, b"", "QIDO-RS refused with 401 Unauthorized$", False),
        (404, b"no such study", r"refused with 404 Not Found \(no such study\)$", False),
        (503, b"<html>\n</html>", "refused with 503 Service Unavailable$", True),
    ],
)
def test_a_refusal_has_its_status_and_what_the_service_says_of_it(
    service: Service, status: int, body: bytes, message: str, retryable: bool
) -> None:
    service.answer = lambda request: reply(request, body, status=status, content_type="text/plain")
    with pytest.raises(WebRefused, match=message) as raised:
        verify_instances(service.address, series(1), LOCAL)
    assert (raised.value.status, raised.value.retryable) == (status, retryable)


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"<html>", "is no JSON"), (b'{"a": 1}', "no list of data sets"), (b"[1]", "no list of data sets")],
)
def test_a_search_that_answers_something_else_is_an_invalid_response(
    service: Service, body: bytes, message: str
) -> None:
    service.answer = lambda request: reply(request, body)
    with pytest.raises(InvalidResponse, match=message):
        verify_instances(service.address, series(1), LOCAL)


@pytest.mark.parametrize("match", [{}, {"00080018": 5}, {"00080018": {"vr": "UI"}}, {"00080018": {"Value": []}}])
def test_a_result_without_its_uid_is_passed_over(service: Service, match: object) -> None:
    service.answer = lambda request: reply(request, json.dumps([match]).encode())
    assert verify_instances(service.address, series(1), LOCAL).lost == ["1.2.3.1.0"]


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        ("application/json", b"{}", "where multipart/related was asked for"),
        (MULTIPART, parts(*files(1))[:-5], "breaks off in a part"),
        (MULTIPART, parts(b"rubbish"), "an instance fetched cannot be read: not a DICOM file"),
    ],
)
def test_a_retrieval_that_is_none_is_an_invalid_response(
    service: Service, content_type: str, body: bytes, message: str
) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if "/instances" in request.path:
            reply(request, matches("1.2.3.1.0") if "offset" not in request.path else b"[]")
        else:
            reply(request, body, content_type=content_type)

    service.answer = answer
    with pytest.raises(InvalidResponse, match=message):
        verify_instances(service.address, series(1), LOCAL)


def test_silence_is_a_timeout_and_a_broken_answer_an_abort(service: Service) -> None:
    ended = threading.Event()
    service.answer = lambda _: bool(ended.wait(60)) and None
    try:
        hasty = Local("CT01", Timeouts(connect_s=30, association_s=30, response_s=0.5))
        with pytest.raises(ResponseTimeout, match="no answer to QIDO-RS in time"):
            verify_instances(service.address, series(1), hasty)
    finally:
        ended.set()

    def short(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b"[")

    service.answer = short
    with pytest.raises((InvalidResponse, AssociationAborted), match="QIDO-RS"):
        verify_instances(service.address, series(1), LOCAL)


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match="nobody answers"):
        verify_instances(WebAddress("http://127.0.0.1:1/dicom-web"), series(1), LOCAL)


def test_a_connection_without_tls_where_tls_is_asked_for_is_a_failed_handshake(service: Service) -> None:
    address = WebAddress(service.address.url.replace("http://", "https://"))
    with pytest.raises(HandshakeFailed, match="no TLS connection"):
        verify_instances(address, series(1), LOCAL)


def authorization(service: Service, address: WebAddress, user: UserIdentity | None = None) -> str:
    service.answer = lambda request: reply(request, b"[]")
    with DicomWebClient(address, Local("CT01", LOCAL.timeouts, user=user)) as client:
        assert client.search_instances("1.2.3") == []
        assert "secret" not in client.root
    return service.requests[-1][2].get("Authorization", "")


def test_a_user_is_authenticated_by_passcode_or_token(service: Service) -> None:
    expected = "Basic " + base64.b64encode(b"anna:secret").decode()
    named = WebAddress(service.address.url.replace("http://", "http://anna:secret@"))
    assert authorization(service, service.address) == ""
    assert authorization(service, named) == expected
    passcode = UserIdentity(IdentityType.USERNAME_AND_PASSCODE, b"anna", b"secret")
    assert authorization(service, service.address, passcode) == expected
    token = UserIdentity(IdentityType.JWT, b"a.secret.c")
    assert authorization(service, service.address, token) == "Bearer a.secret.c"
    with pytest.raises(UsageError, match="JSON Web Token"):
        authorization(service, service.address, UserIdentity(IdentityType.SAML, b"<saml/>"))


def test_an_identity_that_is_no_text_is_refused_without_being_shown(service: Service) -> None:
    token = UserIdentity(IdentityType.JWT, b"t\xf6ken")
    passcode = UserIdentity(IdentityType.USERNAME_AND_PASSCODE, b"anna", b"\xf6ken")
    for user in (token, passcode):
        with pytest.raises(UsageError, match=r"no (ASCII|UTF-8) text") as caught:
            authorization(service, service.address, user)
        assert "ken" not in str(caught.value)


def test_a_password_in_the_address_stands_in_no_message(service: Service) -> None:
    service.answer = lambda request: reply(request, status=403)
    with pytest.raises(WebRefused) as raised:
        verify_instances(WebAddress(service.address.url.replace("http://", "http://anna:secret@")), series(1), LOCAL)
    assert "secret" not in str(raised.value)


def test_a_missing_extra_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r"modality-simulator\[web\]"):
        verify_instances(WebAddress("http://127.0.0.1:1/"), series(1), LOCAL)
