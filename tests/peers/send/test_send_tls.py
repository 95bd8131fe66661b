"""TLS with other people's archives: DCMTK's storescp takes instances, Orthanc is stored to and asked back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.network.acceptor import Authority
from tests.peers.commandline import Finished, modality
from tests.peers.fixtures import Factory
from tests.peers.process import HOST

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def ours(authority: Authority) -> tuple[str, ...]:
    """Options for our own certificate."""
    certificate, key = authority.issue("modality.example")
    return ("--tls-ca", str(authority.ca), "--tls-cert", str(certificate), "--tls-key", str(key))


def secured(authority: Authority, host: str = HOST) -> tuple[str, ...]:
    """Options of storescp for TLS; it wants a certificate of the same authority from who calls."""
    certificate, key = authority.issue(host)
    return ("+tls", str(key), str(certificate), "+cf", str(authority.ca))


def send(files: list[Path], address: str, *options: str) -> Finished:
    return modality("send", *files, "--to", address.replace("dicom://", "dicoms://"), "--json", *options)


def test_a_storescp_that_wants_our_certificate_gets_the_files(
    storescp: Factory, authority: Authority, ours: tuple[str, ...], ct: list[Path]
) -> None:
    with storescp(*secured(authority)) as archive:
        finished = send(ct, archive.address, *ours)
        assert len(archive.files()) == 4
    assert (finished.code, finished.lines, finished.document["stored"]) == (0, [], 4)


def test_without_our_certificate_it_is_one_line_that_says_what_is_wanted(
    storescp: Factory, authority: Authority, ct: list[Path]
) -> None:
    with storescp(*secured(authority)) as archive:
        finished = send(ct, archive.address, "--tls-ca", str(authority.ca))
        assert archive.files() == []
    assert (finished.code, finished.document["error"]["type"]) == (3, "HandshakeFailed")
    (line,) = finished.lines
    assert "client certificate" in line


def test_a_storescp_that_wants_no_certificate_gets_the_files(
    storescp: Factory, authority: Authority, ct: list[Path]
) -> None:
    with storescp(*secured(authority), "-ic") as archive:
        finished = send(ct, archive.address, "--tls-ca", str(authority.ca))
    assert (finished.code, finished.document["stored"]) == (0, 4)


def test_the_certificate_of_an_unknown_authority_is_one_line(
    storescp: Factory, authority: Authority, ct: list[Path], tmp_path: Path
) -> None:
    with storescp(*secured(authority), "-ic") as archive:
        for options in ((), ("--tls-ca", str(Authority(tmp_path).ca))):
            finished = send(ct, archive.address, *options)
            assert finished.code == 3
            (line,) = finished.lines
            assert "signed by nobody that we trust" in line
            assert "--tls-ca" in line


def test_our_certificate_of_an_authority_that_the_archive_does_not_know_is_one_line(
    storescp: Factory, authority: Authority, ct: list[Path], tmp_path: Path
) -> None:
    certificate, key = Authority(tmp_path).issue("stranger.example")
    with storescp(*secured(authority)) as archive:
        finished = send(
            ct, archive.address, "--tls-ca", str(authority.ca), "--tls-cert", str(certificate), "--tls-key", str(key)
        )
    assert finished.code == 3
    (line,) = finished.lines
    assert "does not know the authority that signed our certificate" in line


def test_the_certificate_of_another_host_is_one_line_unless_it_is_let_pass(
    storescp: Factory, authority: Authority, ct: list[Path]
) -> None:
    with storescp(*secured(authority, "pacs.example"), "-ic") as archive:
        refused = send(ct, archive.address, "--tls-ca", str(authority.ca))
        let_pass = send(ct, archive.address, "--tls-ca", str(authority.ca), "--tls-no-hostname")
    assert refused.code == 3
    assert "for another host" in refused.lines[0]
    assert (let_pass.code, let_pass.document["stored"]) == (0, 4)


def test_a_storescp_without_tls_and_one_with_tls_called_without_are_one_line_each(
    storescp: Factory, authority: Authority, ct: list[Path]
) -> None:
    with storescp() as archive:
        plain = send(ct, archive.address, "--tls-ca", str(authority.ca), "--timeout", "3")
    assert plain.code == 3
    assert "does it speak TLS at that port" in plain.lines[0]
    with storescp(*secured(authority)) as archive:
        secret = modality("send", *ct, "--to", archive.address, "--timeout", "20")
    assert secret.code == 1
    assert len([line for line in secret.lines if line.startswith("Error")]) == 1


def test_orthanc_is_stored_to_and_asked_back_over_tls(
    orthanc: Factory, authority: Authority, ours: tuple[str, ...], ct: list[Path]
) -> None:
    certificate, key = authority.issue(HOST)
    tls = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(certificate),
        "DicomTlsPrivateKey": str(key),
        "DicomTlsTrustedCertificates": str(authority.ca),
        "DicomTlsRemoteCertificateRequired": True,
    }
    with orthanc({"MODALITY": (HOST, 104)}, **tls) as archive:
        finished = send(ct, archive.address, *ours, "--verify")
        missing = send(ct, archive.address, "--tls-ca", str(authority.ca))
        address = archive.address.replace("dicom://", "dicoms://")
        unverified = modality("verify", *ct, "--at", address, "--tls-ca", str(authority.ca))
    assert (finished.code, finished.document["stored"]) == (0, 4)
    assert finished.document["verified"]["identical"] == 4
    for one in (missing, unverified):
        assert one.code == 3
        assert "client certificate" in one.lines[0]
