"""Who is let in, over what: passcodes, tokens, certificates."""

from __future__ import annotations

import httpx
import pytest

from modality.errors import UsageError
from modality.network.upper_layer.tls import client_context
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web, read_tokens, read_users
from tests.network.acceptor import Authority

WEB = Web(users={"anna": "gehe:im", "jörg": "müßig"}, tokens=("token-1", "token-2"))


@pytest.mark.parametrize("auth", [("anna", "gehe:im"), ("jörg", "müßig")])
def test_users_are_let_in_by_passcode(serve, auth):
    archive = serve(web=WEB)
    secret = tuple(one.encode() for one in auth)
    response = httpx.get(f"{archive.web_address}/studies", auth=httpx.BasicAuth(*secret))
    assert response.status_code == 204


@pytest.mark.parametrize("token", WEB.tokens)
def test_tokens_let_in(serve, token):
    archive = serve(web=WEB)
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{archive.web_address}/studies", headers=headers).status_code == 204


@pytest.mark.parametrize(
    "given",
    ["", "Basic", "Basic !!", "Basic YW5uYQ==", "Basic YW5uYTp3cm9uZw==", "Basic b3RoZXI6", "Bearer", "Bearer token-",
     "Digest x", "Bearer gehe:im"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/studies", "/nothing"])
def test_nobody_else_is_and_learns_how(serve, given, path):
    archive = serve(web=WEB)
    headers = {"Authorization": given} if given else {}
    response = httpx.get(f"{archive.web_address}{path}", headers=headers)
    assert response.status_code == 401
    challenges = response.headers.get_list("WWW-Authenticate")
    assert any(one.startswith('Basic realm="modality"') for one in challenges)
    assert any(one.startswith("Bearer") for one in challenges)
    assert archive.events.of("STOW-RS") == []


def test_secrets_are_not_shown():
    assert "gehe" not in repr(WEB)
    assert "token-1" not in repr(WEB)


def test_https_and_client_certificates(serve, tmp_path):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("127.0.0.1")
    own, own_key = authority.issue("modality.example")
    archive = serve(web=Web(certificate=certificate, key=key, client_ca=authority.ca))
    assert archive.web_address.startswith("https://")
    trusted = client_context(authority.ca, own, own_key)
    assert httpx.get(f"{archive.web_address}/studies", verify=trusted).status_code == 204
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{archive.web_address}/studies", verify=client_context(authority.ca))


def test_a_certificate_that_cannot_be_used_is_the_callers_error(tmp_path):
    (tmp_path / "no.pem").write_text("nothing")
    for path in (tmp_path / "no.pem", tmp_path / "missing.pem"):
        with pytest.raises(UsageError, match=path.name):
            SimulatedArchive(web=Web(certificate=path)).start()
    with pytest.raises(UsageError, match="certificate of its own"):
        Web(key=tmp_path / "no.pem")


def test_a_web_port_that_is_taken_says_so(serve):
    archive = serve()
    port = int(archive.web_address.split(":")[2].split("/")[0])
    with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port} for the web"):
        SimulatedArchive(web=Web(port)).start()


def test_files_of_users_and_tokens(tmp_path):
    users, tokens = tmp_path / "users", tmp_path / "tokens"
    users.write_text("# people\nanna:a:b\n\njörg:ß\n", encoding="utf-8")
    tokens.write_text("abc\n# old\ndef\n")
    assert read_users(users) == {"anna": "a:b", "jörg": "ß"}
    assert read_tokens(tokens) == ("abc", "def")
    users.write_text("anna:ok\nsecretword\n")
    with pytest.raises(UsageError, match="line 2: give NAME:PASSCODE") as raised:
        read_users(users)
    assert "secretword" not in str(raised.value)
    tokens.write_text("a b")
    with pytest.raises(UsageError, match="line 1"):
        read_tokens(tokens)
    tokens.write_text("# nothing\n")
    with pytest.raises(UsageError, match="nobody"):
        read_tokens(tokens)
    with pytest.raises(UsageError, match="cannot be read"):
        read_users(tmp_path / "missing")
