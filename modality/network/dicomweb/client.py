"""A client of a DICOMweb service: QIDO-RS search, WADO-RS retrieve and STOW-RS store, over httpx (PS3.18)."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from modality.errors import (
    AssociationAborted,
    HandshakeFailed,
    InputError,
    InvalidResponse,
    MissingExtraError,
    ResponseTimeout,
    UnreachableError,
    UsageError,
    WebRefused,
)
from modality.network.address import WebAddress
from modality.network.dicomweb.account import Account, account
from modality.network.dicomweb.part import Part
from modality.network.fhir.exchange import read_bounded
from modality.network.local import Local
from modality.protocol.multipart import MultipartReader, PartData, PartEnded, boundary_of
from modality.protocol.upper_layer.user_information import IdentityType
from modality.transfer.instance import PreparedInstance

if TYPE_CHECKING:
    import httpx

Match = dict[str, Any]
"""A result of a search: a data set in the DICOM JSON Model (PS3.18 F.2)."""

# Any transfer syntax: the instances as they are stored (PS3.18 8.7.3.5.2).
_AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_JSON = "application/dicom+json"
_LONGEST_DETAIL = 200
_MOST_MATCHES = 1_000_000  # our choice; page after page would fill the memory


class DicomWebClient:
    """A user of one DICOMweb service; a context manager, which closes its connections.

    Args:
        address: the service root; a user name and password in it are sent as basic authentication.
        local: how long is waited, what secures connections to https, and the user: a name and passcode are sent as
            basic authentication, a JSON Web Token as bearer token.

    Raises:
        MissingExtraError: httpx is not installed.
        UsageError: the user identity is of a kind that has no place in HTTP.
    """

    def __init__(self, address: WebAddress, local: Local) -> None:
        try:
            import httpx
        except ModuleNotFoundError:
            raise MissingExtraError("DICOMweb", "web") from None
        self._httpx = httpx
        url = httpx.URL(address.url)
        self.root = str(url.copy_with(username=None, password=None)).rstrip("/")
        timeouts = local.timeouts
        auth = (url.username, url.password) if url.userinfo else None
        headers = {}
        if local.user and local.user.type is IdentityType.USERNAME_AND_PASSCODE:
            auth = (self._text(local.user.primary, "utf-8"), self._text(local.user.secondary, "utf-8"))
        elif local.user and local.user.type is IdentityType.JWT:
            headers["Authorization"] = f"Bearer {self._text(local.user.primary, 'ascii')}"
        elif local.user:
            raise UsageError(f"{self.root}: a web service takes a user with a passcode, or a JSON Web Token")
        self._client = httpx.Client(
            auth=auth,
            headers=headers,
            timeout=httpx.Timeout(timeouts.response_s, connect=timeouts.connect_s),
            verify=local.tls or True,
            follow_redirects=True,
        )

    def _text(self, secret: bytes, encoding: str) -> str:
        try:
            return secret.decode(encoding)
        except UnicodeDecodeError:
            # Neither the error nor its cause may show the secret.
            raise UsageError(f"{self.root}: the user identity is no {encoding.upper()} text, as HTTP needs") from None

    def __enter__(self) -> DicomWebClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def search_instances(self, study_uid: str) -> list[Match]:
        """The instances of a study (QIDO-RS, PS3.18 10.6), page by page where the service does not give all at once.

        Raises:
            UnreachableError: nobody answers.
            PeerError: the service refused, or did not answer properly.
        """
        return self._pages(f"/studies/{study_uid}/instances", {}, "00080018")

    def search_studies(self, keys: Mapping[str, str]) -> list[Match]:
        """The studies that match (QIDO-RS, PS3.18 10.6), likewise.

        Args:
            keys: matching keys by keyword.

        Raises:
            UnreachableError: nobody answers.
            PeerError: the service refused, or did not answer properly.
        """
        return self._pages("/studies", keys, "0020000D")

    def _pages(self, path: str, keys: Mapping[str, str], unique: str) -> list[Match]:
        found: list[Match] = []
        seen: set[str] = set()
        while True:
            page = self._search(path, {**keys, **({"offset": len(found)} if found else {})})
            new = [match for match in page if value(match, unique) not in seen]
            if not new:
                return found
            seen.update(value(match, unique) for match in new)
            found += new
            if len(found) > _MOST_MATCHES:
                raise InvalidResponse(f"{self.root}: more than {_MOST_MATCHES} results, and no end of them")

    def _search(self, path: str, parameters: dict[str, Any]) -> list[Match]:
        with self._exchange("QIDO-RS", "GET", path, _JSON, parameters=parameters) as response:
            self._check("QIDO-RS", response)
            if response.status_code == 204:
                return []
            read_bounded(response, self.root, "QIDO-RS")
            try:
                matches = response.json()
            except (ValueError, RecursionError) as error:
                raise InvalidResponse(f"{self.root}: the answer to QIDO-RS is no JSON: {error}") from error
        if not isinstance(matches, list) or not all(isinstance(match, dict) for match in matches):
            raise InvalidResponse(f"{self.root}: the answer to QIDO-RS is no list of data sets (PS3.18 F.2)")
        return matches

    def retrieve_series(self, study_uid: str, series_uid: str) -> Iterator[PreparedInstance]:
        """The instances of a series as stored, as they come (WADO-RS, PS3.18 10.4).

        What is large is never in memory whole: it is mapped from a file that lasts as long as the instance.

        Raises:
            UnreachableError: nobody answers.
            PeerError: the service refused, or did not answer properly.
        """
        path = f"/studies/{study_uid}/series/{series_uid}"
        with self._exchange("WADO-RS", "GET", path, _AS_STORED) as response:
            self._check("WADO-RS", response)
            reader = MultipartReader(boundary_of(response.headers.get("content-type", "")))
            with Part() as part:
                for piece in response.iter_bytes():
                    for event in reader.receive(piece):
                        if isinstance(event, PartData):
                            part.write(event.data)
                        elif isinstance(event, PartEnded):
                            yield self._instance(part)
                reader.finish()

    def _instance(self, part: Part) -> PreparedInstance:
        try:
            return part.instance()
        except InputError as error:
            raise InvalidResponse(f"{self.root}: an instance fetched cannot be read: {error}") from error

    def store(self, content: Iterable[bytes], content_type: str, length: int) -> Account:
        """Store instances (STOW-RS, PS3.18 10.5).

        Args:
            content: the body, piece by piece.
            content_type: its media type, with the boundary.
            length: its length in bytes.

        Raises:
            UnreachableError: nobody answers.
            PeerError: the service refused the request as a whole, or did not answer properly.
        """
        headers = {"Content-Type": content_type, "Content-Length": str(length)}
        with self._exchange("STOW-RS", "POST", "/studies", _JSON, content=content, headers=headers) as response:
            read_bounded(response, self.root, "STOW-RS")
            try:
                # A failure of some or all instances is told in the body: with 202 or 409 (PS3.18 Table 10.5.3-1),
                # by some services with 200 or 400.
                return account(response.json())
            except (ValueError, RecursionError) as error:
                self._check("STOW-RS", response)
                raise InvalidResponse(f"{self.root}: the answer to STOW-RS says nothing of the instances") from error

    def exchange(
        self,
        what: str,
        method: str,
        path: str,
        *,
        parameters: dict[str, Any] | None = None,
        content: bytes | None = None,
    ) -> Any:
        """A request of another service below the root, and what its answer holds; None where it is empty.

        Args:
            what: the transaction, for messages.
            method: of HTTP.
            path: below the service root, with a query if `parameters` are not given.
            parameters: the query.
            content: a payload in the DICOM JSON Model.

        Raises:
            UnreachableError: nobody answers.
            WebRefused: the service refused.
            PeerError: it did not answer properly.
        """
        headers = {} if content is None else {"Content-Type": _JSON, "Content-Length": str(len(content))}
        body = None if content is None else [content]
        with self._exchange(
            what, method, path, _JSON, parameters=parameters, content=body, headers=headers
        ) as response:
            self._check(what, response)
            read_bounded(response, self.root, what)
            if not response.content:
                return None
            try:
                return response.json()
            except (ValueError, RecursionError) as error:
                raise InvalidResponse(f"{self.root}: the answer to {what} is no JSON") from error

    @contextmanager
    def _exchange(
        self,
        what: str,
        method: str,
        path: str,
        accept: str,
        *,
        parameters: dict[str, Any] | None = None,
        content: Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        """A response, its body not yet read; what goes wrong until the block ends becomes our own error."""
        httpx = self._httpx
        try:
            with self._client.stream(
                method,
                self.root + path,
                params=parameters,
                headers={"Accept": accept, **(headers or {})},
                content=content,
                # A body that is made as it goes cannot be sent a second time.
                follow_redirects=content is None,
            ) as response:
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if _is_handshake(error):
                raise HandshakeFailed(f"{self.root}: no TLS connection: {error}") from error
            raise UnreachableError(f"{self.root}: nobody answers; is it running, and the URL right?") from error
        except httpx.TimeoutException as error:
            raise ResponseTimeout(f"{self.root}: no answer to {what} in time") from error
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            if content is None and isinstance(error, httpx.RemoteProtocolError):
                raise InvalidResponse(f"{self.root}: {what}: {error}") from error
            raise AssociationAborted(f"{self.root}: the connection broke during {what}: {error}") from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise InvalidResponse(f"{self.root}: {what}: {error}") from error

    def _check(self, what: str, response: httpx.Response) -> None:
        if not response.is_success:
            raise self._refusal(what, response)

    def _refusal(self, what: str, response: httpx.Response) -> WebRefused:
        read_bounded(response, self.root, what)
        # Some services explain themselves in a line of text; a page of HTML would not be one.
        said = response.text.strip()
        if not said:
            # Others say it in a field (PS3.18 11.6.3.2): 299, who says it, and what.
            said = response.headers.get("warning", "").partition(" ")[2].partition(" ")[2].strip(' "')
        plain = said and "\n" not in said and "<" not in said and len(said) <= _LONGEST_DETAIL
        status = f"{response.status_code} {response.reason_phrase}".strip()
        detail = f" ({said})" if plain else ""
        return WebRefused(f"{self.root}: {what} refused with {status}{detail}", status=response.status_code)


def _is_handshake(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def value(match: Match, tag: str) -> str:
    """The first value of an attribute of a search result; empty when it has none."""
    return next(iter(values(match, tag)), "")


def values(match: Match, tag: str) -> list[str]:
    """The values of an attribute of a search result."""
    element = match.get(tag)
    found = element.get("Value") if isinstance(element, dict) else None
    return [str(one) for one in found] if isinstance(found, list) else []
