"""Access tokens for a service of its own accord: SMART's backend services (hl7.org/fhir/smart-app-launch, RFC 7523)."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from modality.errors import InvalidResponse, MissingExtraError, UsageError, WebRefused
from modality.network.address import without_password
from modality.network.fhir.exchange import document, exchange

if TYPE_CHECKING:
    import httpx

ALGORITHMS = ("ES384", "RS384")
"""Those that SMART App Launch 2.2 wants both sides to have ("Asymmetric authentication")."""

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTED_S = 240  # no more than five minutes
_SPARE_S = 30.0  # a token is asked for anew so long before its end; our choice
_DEFAULT_S = 300.0  # where the server does not say how long a token lasts; SMART recommends five minutes
_ERROR = re.compile(r"[A-Za-z_]{1,40}", re.ASCII)


class BackendService:
    """Gets access tokens with a key of its own, and keeps each as long as it lasts.

    Args:
        token_url: the token endpoint; https, but on this machine.
        client_id: how the authorization server knows us.
        private_key: PEM file of our private key.
        key_id: which of our keys it is.
        scope: what is asked for: ``system/*.cruds``, ...
        algorithm: ES384 or RS384.
        clock: gives seconds, for how long a token lasts.

    Raises:
        MissingExtraError: what signs is not installed.
        UsageError: the key cannot be used, or an argument is none.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        private_key: Path,
        *,
        key_id: str = "",
        scope: str = "system/*.cruds",
        algorithm: str = "ES384",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            import jwt
        except ModuleNotFoundError:
            raise MissingExtraError("a SMART backend service", "fhir") from None
        if algorithm not in ALGORITHMS:
            raise UsageError(f"{algorithm!r}: a backend service signs with {' or '.join(ALGORITHMS)}")
        if not re.match(r"https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/]", token_url):
            raise UsageError(f"{without_password(token_url)}: a token endpoint is at https://")
        self._jwt = jwt
        self.token_url = token_url
        self._shown = without_password(token_url)
        self._client_id, self._scope, self._clock = client_id, scope, clock
        self._algorithm, self._key_id = algorithm, key_id
        self._key = _read_key(private_key)
        self._assertion()  # a key of another kind is found now, and not on the first request
        self._token, self._until = "", 0.0

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": self.token_url,
            "iat": now,
            "exp": now + _ASSERTED_S,
            "jti": str(uuid.uuid4()),
        }
        headers = {"kid": self._key_id} if self._key_id else None
        try:
            return self._jwt.encode(claims, self._key, algorithm=self._algorithm, headers=headers)
        except (self._jwt.PyJWTError, ValueError, TypeError):
            # Not from the error, which may speak of the key.
            raise UsageError(f"the private key cannot sign with {self._algorithm}, or is encrypted") from None

    def token(self, client: httpx.Client) -> str:
        """An access token that still lasts; `client` asks for a new one where needed.

        Raises:
            UnreachableError: nobody answers at the token endpoint.
            PeerError: it refuses, or does not answer properly.
        """
        if self._token and self._clock() < self._until - _SPARE_S:
            return self._token
        form = {
            "grant_type": "client_credentials",
            "scope": self._scope,
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._assertion(),
        }
        headers = {"Accept": "application/json"}
        response = exchange(
            client, self._shown, "the token request", "POST", self.token_url, data=form, headers=headers
        )
        if not response.is_success:
            raise self._refusal(response)
        answer = document(response, self._shown, "the token request")
        token, lasts = answer.get("access_token"), answer.get("expires_in", _DEFAULT_S)
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise InvalidResponse(f"{self._shown}: the answer to the token request holds no token")
        seconds = lasts if isinstance(lasts, (int, float)) else _DEFAULT_S
        self._token, self._until = token, self._clock() + seconds
        return token

    def forget(self) -> None:
        """Ask for a new token next time: the server did not take the last one."""
        self._token = ""

    def _refusal(self, response: httpx.Response) -> WebRefused:
        reason = ""
        try:
            said = response.json()
            code = said.get("error") if isinstance(said, dict) else None
            if isinstance(code, str) and _ERROR.fullmatch(code):  # RFC 6749 5.2; its description may quote anything
                reason = f" ({code})"
        except ValueError:
            pass
        status = f"{response.status_code} {response.reason_phrase}".strip()
        return WebRefused(f"{self._shown}: token refused with {status}{reason}", status=response.status_code)


def _read_key(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not PEM"
        raise UsageError(f"{path}: the private key cannot be read: {reason}") from None
    if "PRIVATE KEY-----" not in text:
        raise UsageError(f"{path}: holds no private key in PEM form")
    return text
