"""A SMART backend service: a signed assertion for a token, kept as long as it lasts, and never shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from modality.errors import InvalidResponse, MissingExtraError, UsageError, WebRefused
from modality.network.address import WebAddress
from modality.network.fhir import BackendService, FhirClient
from modality.network.local import Local
from modality.protocol.upper_layer.user_information import IdentityType, UserIdentity
from tests.network.fhir.scripted import Asked, Scripted, outcome, scripted

EMPTY = {"resourceType": "Bundle", "type": "searchset"}
PLAIN = NoEncryption()
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pem(folder: Path, key: Key, encryption: KeySerializationEncryption = PLAIN) -> Path:
    path = folder / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return path


class Authority:
    """A token endpoint and a FHIR server that takes its tokens; the endpoint checks assertions as RFC 7523 3 says.

    Args:
        key: the client's public key.
        lasts_s: how long a token lasts.
    """

    def __init__(self, key: Any, algorithm: str, lasts_s: Any = 300) -> None:
        self.key, self.algorithm, self.lasts_s = key, algorithm, lasts_s
        self.seen: list[dict[str, Any]] = []
        self.valid = ""

    def answer(self, asked: Asked) -> tuple[int, Any]:
        if asked.path == "/fhir/token":
            return self.give(asked)
        if asked.headers.get("authorization") != f"Bearer {self.valid}":
            return 401, outcome("expired")
        return 200, EMPTY

    def give(self, asked: Asked) -> tuple[int, Any]:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        audience = f"http://{asked.headers['host']}/fhir/token"
        claims = jwt.decode(form["client_assertion"], self.key, algorithms=[self.algorithm], audience=audience)
        claims |= {"scope": form["scope"], "kid": jwt.get_unverified_header(form["client_assertion"]).get("kid")}
        self.seen.append(claims)
        self.valid = f"token-{len(self.seen)}"
        return 200, {"access_token": self.valid, "token_type": "bearer", "expires_in": self.lasts_s}


def service(server: Scripted, key: Path, **options: Any) -> BackendService:
    return BackendService(f"{server.address}/token", "edge-box", key, **options)


def client_of(server: Scripted, key: Path) -> FhirClient:
    return FhirClient(WebAddress(server.address), service=service(server, key))


MAKE: dict[str, Callable[[], Key]] = {
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RS384": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("algorithm", sorted(MAKE))
def test_a_signed_assertion_gets_a_token_that_is_used_while_it_lasts(tmp_path: Path, algorithm: str) -> None:
    key = MAKE[algorithm]()
    authority = Authority(key.public_key(), algorithm)
    now = [0.0]
    with scripted(authority.answer) as server:
        ours = service(server, pem(tmp_path, key), key_id="k1", scope="system/Observation.c", algorithm=algorithm,
                       clock=lambda: now[0])  # fmt: skip
        with FhirClient(WebAddress(server.address), service=ours) as client:
            for moment in (0.0, 200.0, 280.0, 290.0):  # a token of 300 s is given up 30 s early
                now[0] = moment
                assert list(client.search("Patient")) == []
    assert len(authority.seen) == 2
    first, second = authority.seen
    assert (first["iss"], first["sub"], first["kid"], first["scope"]) == (
        "edge-box", "edge-box", "k1", "system/Observation.c",
    )  # fmt: skip
    assert first["exp"] - first["iat"] <= 300
    assert first["jti"] != second["jti"]


def test_a_token_that_is_not_taken_any_more_is_replaced_once(tmp_path: Path) -> None:
    key = MAKE["ES384"]()
    authority = Authority(key.public_key(), "ES384")
    with scripted(authority.answer) as server, client_of(server, pem(tmp_path, key)) as client:
        list(client.search("Patient"))
        authority.valid = "revoked"
        list(client.search("Patient"))
        assert len(authority.seen) == 2
        authority.give = lambda _: (200, {"access_token": "never right"})  # type: ignore[method-assign]
        authority.valid = "revoked"
        before = len(server.requests)
        with pytest.raises(WebRefused, match="401 Unauthorized") as failure:
            list(client.search("Patient"))
        assert len(server.requests) == before + 3  # refused, a new token, refused
    assert "never right" not in str(failure.value)


@pytest.mark.parametrize(
    ("status", "document", "error", "reason"),
    [
        (400, {"error": "invalid_client", "error_description": "SECRET"}, WebRefused, r"Request \(invalid_client\)$"),
        (400, {"error": "SECRET is wrong"}, WebRefused, "token refused with 400 Bad Request$"),
        (500, b"SECRET", WebRefused, "token refused with 500"),
        (200, {"access_token": 5}, InvalidResponse, "holds no token"),
        (200, {"access_token": "a\nb"}, InvalidResponse, "holds no token"),
        (200, b"SECRET", InvalidResponse, "is no JSON"),
    ],
)  # fmt: skip
def test_a_refusal_of_the_endpoint_shows_no_secret(
    tmp_path: Path, status: int, document: Any, error: type[Exception], reason: str
) -> None:
    with scripted(lambda _: (status, document)) as server:
        ours = service(server, pem(tmp_path, MAKE["ES384"]()))
        with FhirClient(WebAddress(server.address), service=ours) as client:
            with pytest.raises(error, match=reason) as failure:
                list(client.search("Patient"))
            assertion = parse_qs(server.requests[0].body.decode())["client_assertion"][0]
    assert "SECRET" not in str(failure.value)
    assert assertion not in str(failure.value)


def test_a_token_that_names_no_end_is_kept_for_a_while(tmp_path: Path) -> None:
    key = MAKE["ES384"]()
    authority = Authority(key.public_key(), "ES384", lasts_s="soon")
    with scripted(authority.answer) as server, client_of(server, pem(tmp_path, key)) as client:
        for _ in range(3):
            list(client.search("Patient"))
    assert len(authority.seen) == 1


def test_what_cannot_sign_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    url = "https://as.example/token"
    key = pem(tmp_path, MAKE["ES384"]())
    with pytest.raises(UsageError, match="cannot sign with RS384"):
        BackendService(url, "me", key, algorithm="RS384")
    with pytest.raises(UsageError, match="signs with ES384 or RS384"):
        BackendService(url, "me", key, algorithm="HS256")
    with pytest.raises(UsageError, match="a token endpoint is at https://") as failure:
        BackendService("http://me:secret@as.example/token", "me", key)
    assert "secret" not in str(failure.value)
    with pytest.raises(UsageError, match="cannot be read"):
        BackendService(url, "me", tmp_path / "none.pem")
    encrypted = pem(tmp_path, MAKE["ES384"](), BestAvailableEncryption(b"hidden"))
    with pytest.raises(UsageError, match="or is encrypted"):
        BackendService(url, "me", encrypted)
    (tmp_path / "key.pem").write_text(json.dumps({"kty": "EC"}))
    with pytest.raises(UsageError, match="holds no private key in PEM form"):
        BackendService(url, "me", tmp_path / "key.pem")


def test_a_user_beside_a_service_is_refused(tmp_path: Path) -> None:
    ours = BackendService("https://as.example/token", "me", pem(tmp_path, MAKE["ES384"]()))
    local = Local(user=UserIdentity(IdentityType.JWT, b"x"))
    with pytest.raises(UsageError, match="not both"):
        FhirClient(WebAddress("https://h/fhir"), local, service=ours)


def test_without_pyjwt_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(MissingExtraError, match=r"modality-simulator\[fhir\]"):
        BackendService("https://as.example/token", "me", tmp_path / "key.pem")
