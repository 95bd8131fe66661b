"""A request over HTTP and its whole answer; what goes wrong becomes one of our own errors, which holds no secrets."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from modality.errors import (
    AssociationAborted,
    HandshakeFailed,
    InvalidResponse,
    MissingExtraError,
    ResponseTimeout,
    UnreachableError,
)

if TYPE_CHECKING:
    import httpx

LARGEST_ANSWER = 256 << 20
"""Bytes of a document that is answered, decompressed; our choice: it is held in memory."""


def load_httpx() -> Any:
    """The HTTP library.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import httpx
    except ModuleNotFoundError:
        raise MissingExtraError("FHIR", "fhir") from None
    return httpx


def exchange(client: httpx.Client, shown: str, what: str, method: str, url: str, **request: Any) -> httpx.Response:
    """Send a request and read its answer, whatever its status.

    Args:
        client: what sends it.
        shown: the service, for messages; without a password.
        what: the interaction, for messages.
        method: of HTTP.
        url: where to.
        **request: further arguments of httpx.

    Raises:
        UnreachableError: nobody answers.
        PeerError: the connection broke, the answer did not come in time, or is none of HTTP.
    """
    httpx = load_httpx()
    try:
        with client.stream(method, url, **request) as response:
            read_bounded(response, shown, what)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        if _is_handshake(error):
            raise HandshakeFailed(f"{shown}: no TLS connection: {error}") from error
        raise UnreachableError(f"{shown}: nobody answers; is it running, and the URL right?") from error
    except httpx.TimeoutException as error:
        raise ResponseTimeout(f"{shown}: no answer to {what} in time") from error
    except httpx.NetworkError as error:
        raise AssociationAborted(f"{shown}: the connection broke during {what}: {error}") from error
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
        # Not from the error: what it says may quote the request.
        raise InvalidResponse(f"{shown}: {what}: {type(error).__name__}") from None
    return response


def read_bounded(response: httpx.Response, shown: str, what: str, most: int = LARGEST_ANSWER) -> None:
    """Read the whole of an answer, unless it is longer than any; compressed ones grow a piece at a time.

    Raises:
        InvalidResponse: it is too long.
    """
    pieces, size = [], 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > most:
            raise InvalidResponse(f"{shown}: the answer to {what} is longer than {most >> 20} MiB")
        pieces.append(piece)
    response._content = b"".join(pieces)  # what `response.read` does, which knows no limit


def document(response: httpx.Response, shown: str, what: str) -> dict[str, Any]:
    """The JSON object of an answer.

    Raises:
        InvalidResponse: it holds none.
    """
    try:
        found = response.json()
    except (ValueError, RecursionError):
        # Not from the error, which holds the whole text.
        raise InvalidResponse(f"{shown}: the answer to {what} is no JSON") from None
    if not isinstance(found, dict):
        raise InvalidResponse(f"{shown}: the answer to {what} is no JSON object")
    return found


def _is_handshake(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
