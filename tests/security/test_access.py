"""Who is let in: by AE title everybody, over the web who has what is asked for, and nobody by old TLS."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from modality.network.upper_layer.tls import client_context, server_context
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.fhir import SimulatedFhir
from modality.simulated.ris import SimulatedRis
from modality.web.department import Department
from tests.network.acceptor import Authority
from tests.security.attacks import associated, dial

USERS, TOKENS = {"reader": "a-passcode"}, ("a-token",)
DEFAULT_SECLEVEL_0 = "ALL:@SECLEVEL=0"  # else OpenSSL itself does not offer old versions


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize("calling", ["CT01", "INTRUDER"])
def test_an_ae_title_is_no_authentication_everybody_is_let_in(calling: str) -> None:
    """As the paper says: who must not store must not reach the port."""
    with SimulatedArchive() as archive, SimulatedRis() as ris:
        for peer in (archive, ris):
            with associated(peer.port, calling=calling):
                pass


@pytest.fixture(scope="module")
def department() -> Iterator[Department]:
    with Department(web=Web(users=USERS, tokens=TOKENS)) as running:
        yield running


@pytest.fixture(scope="module")
def unguarded() -> Iterator[Department]:
    with Department() as running:
        yield running


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as running:  # each costs the reading of the system's certificates
        yield running


WRONG = {
    "nobody": {},
    "wrong passcode": {"Authorization": "Basic " + base64.b64encode(b"reader:wrong").decode()},
    "no passcode": {"Authorization": "Basic " + base64.b64encode(b"reader").decode()},
    "unknown user": {"Authorization": "Basic " + base64.b64encode(b"nobody:").decode()},
    "empty basic": {"Authorization": "Basic ="},
    "no base64": {"Authorization": "Basic \x7f%%%"},
    "wrong token": {"Authorization": "Bearer a-toke"},
    "empty token": {"Authorization": "Bearer ="},
    "another scheme": {"Authorization": "Digest a-token"},
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
def test_who_has_no_passcode_and_no_token_is_let_in_nowhere(
    department: Department, http: httpx.Client, headers: dict[str, str]
) -> None:
    root = department.page_address.rstrip("/")
    fhir = department.fhir.address
    for url in (f"{root}/", f"{root}/page/state", f"{department.web_address}/studies", f"{fhir}/Patient"):
        assert http.get(url, headers=headers).status_code == 401
    for url in (f"{root}/page/faults", f"{department.web_address}/studies", f"{fhir}/Patient", fhir):
        assert http.post(url, headers=headers, content=b"{}").status_code == 401


def test_who_has_one_is_let_in(department: Department) -> None:
    assert httpx.get(department.page_address, auth=("reader", "a-passcode")).status_code == 200
    assert httpx.get(f"{department.web_address}/studies", headers={"Authorization": "Bearer a-token"}).is_success


@pytest.mark.parametrize(("header", "status"), [("", 403), ("Authorization: Bearer a-token\r\n", 101)])
def test_a_websocket_of_a_stranger_is_refused(header: str, status: int) -> None:
    with SimulatedRis(web=Web(tokens=TOKENS)) as ris, dial(httpx.URL(ris.web_address).port or 0) as connection:
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        head = f"GET /dicom-web/subscribers/CT01 HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}{key}{header}\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(f"HTTP/1.1 {status}".encode())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_before_1_2_is_refused_by_what_listens(authority: Authority, version: ssl.TLSVersion) -> None:
    certificate, key = authority.issue("127.0.0.1")
    web = Web(certificate=certificate, key=key)
    with (
        SimulatedArchive(web=web) as archive,
        SimulatedFhir(certificate=certificate, key=key) as fhir,
        SimulatedRis(hl7_port=0, hl7_tls=server_context(certificate, key)) as ris,
    ):
        for address in (archive.web_address, fhir.address, ris.hl7_address):
            port = httpx.URL(address).port or 0
            for oldest, refused in ((version, True), (ssl.TLSVersion.TLSv1_2, False)):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.set_ciphers(DEFAULT_SECLEVEL_0)
                context.minimum_version = context.maximum_version = oldest
                with dial(port) as connection:
                    if refused:
                        with pytest.raises(ssl.SSLError):
                            context.wrap_socket(connection)
                    else:
                        context.wrap_socket(connection).close()


def test_what_calls_offers_nothing_before_tls_1_2_and_verifies() -> None:
    context = client_context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_who_has_no_client_certificate_is_not_let_in(authority: Authority) -> None:
    certificate, key = authority.issue("127.0.0.1")
    web = Web(certificate=certificate, key=key, client_ca=authority.ca)
    with SimulatedArchive(web=web) as archive:
        url = f"{archive.web_address}/studies"
        stranger = ssl.create_default_context(cafile=str(authority.ca))
        with httpx.Client(verify=stranger) as client, pytest.raises(httpx.TransportError):
            client.get(url)
        known = ssl.create_default_context(cafile=str(authority.ca))
        known.load_cert_chain(*authority.issue("client.example"))
        with httpx.Client(verify=known) as client:
            assert client.get(url).is_success


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8042", "127.0.0.1.evil.example"])
def test_a_name_that_is_bent_to_the_loopback_sees_no_page(unguarded: Department, http: httpx.Client, host: str) -> None:
    """DNS rebinding: a stranger's page whose name now means 127.0.0.1."""
    for path in ("", "page/state"):
        assert http.get(unguarded.page_address + path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_stranger_s_page_changes_nothing(unguarded: Department, http: httpx.Client, origin: str) -> None:
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    url = f"{unguarded.page_address}page/faults"
    assert http.post(url, content=b'{"peer":"archive","text":"silent"}', headers=headers).status_code == 403
    assert not list(unguarded.faults)
