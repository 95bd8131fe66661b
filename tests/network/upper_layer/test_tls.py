"""TLS: what is verified, what is said when it fails, and that what is sent over it arrives whole."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from modality.errors import HandshakeFailed, UsageError
from modality.network.association import associate
from modality.network.local import Local, Timeouts
from modality.network.store import DicomArchive
from modality.network.upper_layer.tls import client_context
from modality.protocol.negotiation import FALLBACKS
from modality.transfer.encode import prepare
from modality.transfer.reading import read
from tests.network.acceptor import VERIFICATION, Acceptor, Authority, acceptor
from tests.network.scripted import ABORT, accept, pdu, peer
from tests.transfer.datasets import image

TIMEOUTS = Timeouts(30, 30, 30)
Road = Callable[[Acceptor, Local], None]


def fast(archive: Acceptor, local: Local) -> None:
    DicomArchive(archive.address, local=local).echo()


def pynetdicoms(archive: Acceptor, local: Local) -> None:
    with associate(archive.address, [(VERIFICATION, FALLBACKS)], local) as association:
        association.echo()


@pytest.fixture(params=[fast, pynetdicoms])
def road(request: pytest.FixtureRequest) -> Road:
    found: Road = request.param
    return found


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def trusting(authority: Authority, **options: object) -> Local:
    return Local("CT01", TIMEOUTS, client_context(authority.ca, **options))  # type: ignore[arg-type]


def test_a_peer_whose_certificate_is_trusted_and_names_its_host(authority: Authority, road: Road) -> None:
    with acceptor(tls=authority.server()) as archive:
        road(archive, trusting(authority))


def test_what_is_stored_arrives_whole_however_large_its_parts(authority: Authority) -> None:
    sent = [prepare(image(Rows=1, PixelData=bytes(range(256)) * count)) for count in (1, 63, 64, 65, 20_000)]
    with acceptor(tls=authority.server()) as archive:
        assert DicomArchive(archive.address, local=trusting(authority)).store(sent).complete
    assert archive.stored == [b"".join(one.buffers()) for one in sent]


def test_a_certificate_of_nobody_that_we_trust(authority: Authority, road: Road, tmp_path: Path) -> None:
    other = Authority(tmp_path)
    with acceptor(tls=authority.server()) as archive:
        for local in (trusting(other), Local("CT01", TIMEOUTS)):
            with pytest.raises(HandshakeFailed, match=r"signed by nobody that we trust .* --tls-ca"):
                road(archive, local)


def test_a_certificate_that_no_authority_signed_is_trusted_by_itself(authority: Authority, road: Road) -> None:
    certificate, key = authority.issue("127.0.0.1")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    with acceptor(tls=server) as archive:
        road(archive, Local("CT01", TIMEOUTS, client_context(certificate)))


def test_a_certificate_of_another_host_unless_that_is_let_pass(authority: Authority, road: Road) -> None:
    with acceptor(tls=authority.server("pacs.example")) as archive:
        with pytest.raises(HandshakeFailed, match="for another host"):
            road(archive, trusting(authority))
        road(archive, trusting(authority, check_hostname=False))


def test_a_certificate_that_has_expired(authority: Authority, road: Road) -> None:
    server = authority.server(not_after=datetime(2020, 1, 2, tzinfo=timezone.utc))
    with acceptor(tls=server) as archive, pytest.raises(HandshakeFailed, match=r"not valid .*expired"):
        road(archive, trusting(authority))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_peer_that_wants_a_certificate_of_ours(authority: Authority, road: Road, version: ssl.TLSVersion) -> None:
    server = authority.server(wants_client=True)
    server.maximum_version = server.minimum_version = version
    certificate, key = authority.issue("modality.example")
    with acceptor(tls=server) as archive:
        with pytest.raises(HandshakeFailed, match="client certificate"):
            road(archive, trusting(authority))
        road(archive, trusting(authority, certificate=certificate, key=key))


def test_a_peer_that_does_not_accept_our_certificate(authority: Authority, road: Road, tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).issue("modality.example")
    local = trusting(authority, certificate=certificate, key=key)
    said = "does not know the authority that signed our certificate"
    with acceptor(tls=authority.server(wants_client=True)) as archive, pytest.raises(HandshakeFailed, match=said):
        road(archive, local)


def test_a_handshake_that_fails_is_not_worth_trying_again() -> None:
    assert not HandshakeFailed("").retryable
    assert HandshakeFailed("").exit_code == 3


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (lambda _: None, "hung up"),
        (silent, "does not answer the handshake"),
        (lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak TLS"),
    ],
    ids=["closes", "says nothing", "rubbish"],
)
def test_a_port_where_nobody_speaks_tls(
    script: Callable[[socket.socket], None], said: str, authority: Authority, road: Road
) -> None:
    patience_s = 0.3 if script is silent else 30
    local = Local("CT01", Timeouts(patience_s, patience_s, patience_s), client_context(authority.ca))

    def reading_first(connection: socket.socket) -> None:
        connection.recv(4096)
        script(connection)

    with peer(reading_first) as address, pytest.raises(HandshakeFailed, match=said):
        road(Acceptor(type(address)(address.host, address.port, address.aet, tls=True)), local)


def test_a_tls_peer_called_without_tls_is_not_waited_for_without_end(authority: Authority) -> None:
    with acceptor(tls=authority.server()) as archive:
        plain = type(archive.address)(archive.address.host, archive.address.port, "ARCHIVE")
        with pytest.raises(Exception, match=r"is it a dicoms:// address|hung up"):
            DicomArchive(plain, local=Local("CT01", TIMEOUTS)).echo()


def test_a_file_that_is_cut_short_meanwhile_costs_that_instance(authority: Authority, tmp_path: Path) -> None:
    """Its bytes are copied into records: to read what is no longer there would end the process (SIGBUS)."""
    big = [prepare(image(SOPInstanceUID=f"1.2.3.{number}", PixelData=bytes(200_000))) for number in range(3)]
    for number, one in enumerate(big):
        one.write(tmp_path / f"{number}.dcm")
    mapped = [read(tmp_path / f"{number}.dcm") for number in range(3)]
    os.truncate(tmp_path / "1.dcm", 5000)
    with acceptor(tls=authority.server()) as archive:
        receipt = DicomArchive(archive.address, local=trusting(authority)).store(mapped)
    assert receipt.stored == ["1.2.3.0", "1.2.3.2"]
    assert receipt.failed == {"1.2.3.1": f"{tmp_path}/1.dcm: the file was cut short while it was being sent"}


def test_older_protocols_and_other_ciphers_are_not_offered() -> None:
    context = client_context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    older = {one["name"] for one in context.get_ciphers() if one["protocol"] != "TLSv1.3"}
    assert older == {
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    }


def test_a_bad_file_is_named(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.issue("modality.example")
    other = Authority(tmp_path).issue("modality.example")[1]
    cut, locked, gone = tmp_path / "cut.pem", tmp_path / "locked.key", tmp_path / "gone.pem"
    cut.write_bytes(certificate.read_bytes()[:300])
    encrypt = ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked]
    subprocess.run(encrypt, check=True, capture_output=True)
    bad: list[tuple[tuple[Path | None, Path | None, Path | None], Path, str]] = [
        ((gone, None, None), gone, "cannot be read: No such file"),
        ((tmp_path, None, None), tmp_path, "cannot be read: Is a directory"),
        ((key, None, None), key, "holds no certificate"),
        ((cut, None, None), cut, "holds no certificate that can be read"),
        ((None, gone, None), gone, "cannot be read"),
        ((None, certificate, gone), gone, "cannot be read"),
        ((None, certificate, None), certificate, "holds no private key"),
        ((None, certificate, other), other, "is not the key of the certificate"),
        ((None, certificate, locked), locked, "is encrypted"),
        ((None, cut, key), cut, "cannot be used"),
        ((None, None, key), key, "needs its certificate"),
    ]
    for arguments, culprit, said in bad:
        with pytest.raises(UsageError, match=said) as raised:
            client_context(*arguments)
        assert str(culprit) in str(raised.value)
        assert "\n" not in str(raised.value)


def test_an_abort_in_the_middle_of_an_instance_is_told_as_such(authority: Authority) -> None:
    context = authority.server()

    def script(plain: socket.socket) -> None:
        connection = context.wrap_socket(plain, server_side=True)
        accept(connection)
        pdu(connection)
        connection.sendall(ABORT)
        connection.close()

    with peer(script) as address:
        secured = replace(address, tls=True)
        big = prepare(image(Rows=4096, Columns=4096, PixelData=bytes(1 << 25)))
        receipt = DicomArchive(secured, local=trusting(authority)).store([big])
    assert list(receipt.failed.values()) == [f"{secured}: aborted the association"]
