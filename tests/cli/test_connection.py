"""Who calls, secured by what, on whose behalf: as options of the verbs that connect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from modality.cli.connection import PASSCODE
from modality.cli.main import cli
from modality.protocol.upper_layer.user_information import IdentityType
from tests.cli.command import document, invoke
from tests.network.acceptor import Acceptor, Authority, acceptor
from tests.network.conftest import series

VERBS = {
    "send": ("send", "{files}", "--to", "{address}"),
    "negotiate": ("negotiate", "--to", "{address}", "--sop-class", "CTImageStorage"),
    "verify": ("verify", "{files}", "--at", "{address}"),
    "worklist": ("worklist", "--from", "{address}"),
    "perform": ("perform", "--unscheduled", "CT", "--archive", "{address}", "--state", "{files}/state"),
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    series(1)[0].write(tmp_path / "files" / "one.dcm")
    return tmp_path / "files"


@pytest.fixture
def knowing() -> Iterator[Acceptor]:
    with acceptor(confirms=lambda _: (True, b"")) as archive:
        yield archive


def called(verb: str, files: Path, address: object, *options: object) -> Result:
    return invoke(*(one.format(files=files, address=address) for one in VERBS[verb]), *map(str, options))


@pytest.mark.parametrize("verb", VERBS)
def test_tls_options_without_an_address_that_they_are_for_are_refused(verb: str, files: Path) -> None:
    for options in (("--tls-ca", "x.pem"), ("--tls-cert", "x.pem"), ("--tls-no-hostname",)):
        result = called(verb, files, "dicom://A@127.0.0.1:1", *options)
        assert result.exit_code == 2
        assert result.stderr == "Error: TLS options are for dicoms:// and https:// addresses, and none is given\n"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_that_connects_reads_its_files_first(verb: str, files: Path) -> None:
    result = called(verb, files, "dicoms://A@127.0.0.1:1", "--tls-ca", "gone.pem")
    assert (result.exit_code, result.stderr) == (2, "Error: gone.pem: cannot be read: No such file or directory\n")


@pytest.mark.parametrize("verb", ["send", "worklist"])
def test_every_verb_that_connects_says_who_its_user_is(verb: str, files: Path, knowing: Acceptor) -> None:
    called(verb, files, knowing.address, "--user", "jane", "--timeout", "2")
    assert set(knowing.users) == {(IdentityType.USERNAME, b"jane", b"")}


def test_a_peer_is_stored_to_over_tls(files: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with acceptor(tls=authority.server()) as archive:
        result = called("send", files, archive.address, "--tls-ca", authority.ca, "--json")
    assert (result.exit_code, document(result)["stored"], result.stderr) == (0, 1, "")


def test_a_host_name_that_is_not_looked_at_is_warned_of(files: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with acceptor(tls=authority.server("pacs.example")) as archive:
        refused = called("send", files, archive.address, "--tls-ca", authority.ca, "--json")
        let_pass = called("send", files, archive.address, "--tls-ca", authority.ca, "--tls-no-hostname")
    assert (refused.exit_code, document(refused)["error"]["type"]) == (3, "HandshakeFailed")
    assert "for another host" in refused.stderr
    assert let_pass.exit_code == 0
    assert let_pass.stderr.startswith("warning: --tls-no-hostname")


def test_a_passcode_comes_from_a_file_or_the_environment_and_is_not_told(
    files: Path, tmp_path: Path, knowing: Acceptor
) -> None:
    passcode = tmp_path / "passcode"
    passcode.write_text(" open sesame \r\n")
    arguments = ["send", str(files), "--to", str(knowing.address), "--user", "jane", "--json"]
    from_file = CliRunner().invoke(cli, [*arguments, "--passcode-file", str(passcode)])
    from_environment = CliRunner(env={PASSCODE: "sésame"}).invoke(cli, arguments)
    assert [one.exit_code for one in (from_file, from_environment)] == [0, 0]
    assert knowing.users == [
        (IdentityType.USERNAME_AND_PASSCODE, b"jane", b" open sesame "),
        (IdentityType.USERNAME_AND_PASSCODE, b"jane", "sésame".encode()),
    ]
    for result in (from_file, from_environment):
        assert "sesame" not in result.output
        assert result.stderr.startswith("warning: the passcode goes over the network in clear text")


@pytest.mark.parametrize(
    ("option", "kind", "content", "sent"),
    [
        ("--kerberos-ticket-file", IdentityType.KERBEROS, b"\x60\x82\n", b"\x60\x82\n"),
        ("--saml-file", IdentityType.SAML, b"<saml/>\n", b"<saml/>\n"),
        ("--jwt-file", IdentityType.JWT, b"e30.e30.c2ln\n", b"e30.e30.c2ln"),
    ],
)
def test_tickets_and_tokens_come_from_files(
    option: str, kind: IdentityType, content: bytes, sent: bytes, files: Path, tmp_path: Path, knowing: Acceptor
) -> None:
    path = tmp_path / "identity"
    path.write_bytes(content)
    result = called("send", files, knowing.address, option, path, "--confirm-user")
    assert result.exit_code == 0
    assert re.fullmatch(r"warning: the [A-Za-z ]+ goes over the network in clear text, since .*\n", result.stderr)
    assert knowing.users == [(kind, sent, b"")]


def test_a_peer_that_confirms_no_user_is_not_used_if_that_was_asked_for(files: Path) -> None:
    with acceptor() as archive:
        result = called("send", files, archive.address, "--user", "jane", "--confirm-user")
    assert result.exit_code == 1
    assert "does not confirm the user identity" in result.stderr
    assert archive.stored == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--passcode-file", "{empty}"), "a passcode needs its --user"),
        (("--user", "jane", "--passcode-file", "{empty}"), "is empty"),
        (("--user", "jane", "--passcode-file", "gone"), "gone: cannot be read"),
        (("--user", "jane", "--jwt-file", "{empty}"), "one user identity at a time"),
        (("--saml-file", "{empty}", "--jwt-file", "{empty}"), "one user identity at a time"),
        (("--user", ""), "the user identity is empty"),
        (("--confirm-user",), "no user identity is given"),
    ],
)
def test_wrong_usage_is_one_line(options: tuple[str, ...], said: str, files: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    given = [one.format(empty=empty) for one in options]
    result = called("send", files, "dicom://A@127.0.0.1:1", *given)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("given", ["nan", "inf", "-inf", "1e300", "0"])
def test_a_timeout_is_a_number_of_seconds(given: str, files: Path) -> None:
    result = called("send", files, "dicom://A@127.0.0.1:1", "--timeout", given)
    assert result.exit_code == 2
    assert "Invalid value for '--timeout'" in result.stderr


def test_user_information_in_a_web_address_without_tls_is_warned_of(files: Path) -> None:
    clear = called("verify", files, "http://bob:sesame@127.0.0.1:1/x")
    secured = called("verify", files, "https://bob:sesame@127.0.0.1:1/x")
    assert clear.stderr.startswith("warning: the user information in an http:// address goes over the network")
    assert "warning" not in secured.stderr
    assert "sesame" not in clear.output + secured.output


@pytest.mark.parametrize("address", ["https://bob:sesame@127.0.0.1:1/x", "dicom://A:sesame@127.0.0.1:1"])
@pytest.mark.parametrize("verb", ["send", "negotiate", "worklist", "perform"])
def test_a_password_in_an_address_is_not_told(verb: str, address: str, files: Path) -> None:
    result = called(verb, files, address)
    asked = address.startswith("https:") and verb in ("send", "perform")  # they go there, and nobody answers
    assert result.exit_code == (3 if asked else 2)
    assert "sesame" not in result.output


@pytest.mark.parametrize(
    "options", [("--user", "jane"), ("--confirm-user",), ("--timeout", "3"), ("--tls-no-hostname",), ("--aet", "X")]
)
@pytest.mark.parametrize("verb", ["send", "verify"])
def test_options_of_a_connection_are_refused_where_a_folder_is_given(
    verb: str, options: tuple[str, ...], files: Path, tmp_path: Path
) -> None:
    result = called(verb, files, tmp_path / "folder", *options)
    assert result.exit_code == 2
    assert f"leave out {options[0]}" in result.stderr
    assert "warning" not in result.stderr


def test_nothing_listens_for_what_a_folder_sends_back(files: Path) -> None:
    for options in (("--listen", "11112"), ("--listen-host", "0.0.0.0")):
        result = called("verify", files, files, *options)
        assert (result.exit_code, f"leave out {options[0]}" in result.stderr) == (2, True)
