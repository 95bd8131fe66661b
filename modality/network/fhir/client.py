"""A client of a FHIR R4 server: transaction, read and search, over httpx (hl7.org/fhir/R4/http.html)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from modality.errors import InvalidResponse, UsageError, WebRefused
from modality.fhir.bundles import if_none_exist
from modality.fhir.datatypes import Resource
from modality.network.address import WebAddress
from modality.network.fhir.discretion import reason, secrets_of
from modality.network.fhir.exchange import document, exchange, load_httpx
from modality.network.fhir.token import BackendService
from modality.network.local import Local
from modality.protocol.upper_layer.user_information import IdentityType

if TYPE_CHECKING:
    import httpx

_MEDIA_TYPE = "application/fhir+json"
_STATUS = re.compile(r"\d{3}(?!\d)", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}", re.ASCII)

Criteria = Mapping[str, str | Sequence[str]]
"""Search parameters; several values of one must all hold."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an entry of a transaction.

    Args:
        full_url: what the entry was called in the bundle.
        reference: where its resource is: ``Patient/17``.
        created: it was made now; else it was there already.
    """

    full_url: str
    reference: str
    created: bool


class FhirClient:
    """A user of one FHIR server; a context manager, which closes its connections.

    Nothing it says of a failure shows a token, or what it was told of a patient. (httpx itself writes the URL of every
    request to its own logger at level INFO; searches are sent by POST, so that they do not stand in URLs.)

    Args:
        address: the service root; a user name and password in it are sent as basic authentication.
        local: how long is waited, what secures connections to https, and the user: a name and passcode are sent as
            basic authentication, a JSON Web Token as bearer token.
        service: gets bearer tokens as a SMART backend service; instead of a user.

    Raises:
        MissingExtraError: httpx is not installed.
        UsageError: there is a user besides the service, or one of a kind that has no place in HTTP.
    """

    def __init__(
        self, address: WebAddress, local: Local | None = None, *, service: BackendService | None = None
    ) -> None:
        self._httpx = load_httpx()
        local = local or Local()
        url = self._httpx.URL(address.url)
        self.root = str(url.copy_with(username=None, password=None)).rstrip("/")
        auth = (url.username, url.password) if url.userinfo else None
        self._headers = {"Accept": _MEDIA_TYPE}
        if local.user and local.user.type is IdentityType.USERNAME_AND_PASSCODE:
            auth = (self._text(local.user.primary, "utf-8"), self._text(local.user.secondary, "utf-8"))
        elif local.user and local.user.type is IdentityType.JWT:
            self._headers["Authorization"] = f"Bearer {self._text(local.user.primary, 'ascii')}"
        elif local.user:
            raise UsageError(f"{self.root}: a web service takes a user with a passcode, or a JSON Web Token")
        if service and (auth or local.user):
            raise UsageError(f"{self.root}: give a user or a backend service, not both")
        self._service = service
        timeout = self._httpx.Timeout(local.timeouts.response_s, connect=local.timeouts.connect_s)
        # No redirects: a resource or a token would go where nobody sent it.
        self._client = self._httpx.Client(auth=auth, timeout=timeout, verify=local.tls or True, follow_redirects=False)
        # A token endpoint is asked by a client of its own: it is no part of the server, and gets no cookies of it.
        self._asking = self._httpx.Client(timeout=timeout, verify=local.tls or True) if service else None

    def _text(self, secret: bytes, encoding: str) -> str:
        try:
            return secret.decode(encoding)
        except UnicodeDecodeError:
            # Neither the error nor its cause may show the secret.
            raise UsageError(f"{self.root}: the user identity is no {encoding.upper()} text, as HTTP needs") from None

    def __enter__(self) -> FhirClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        if self._asking:
            self._asking.close()

    def capabilities(self) -> Resource:
        """The server's CapabilityStatement.

        Raises:
            UnreachableError: nobody answers.
            PeerError: the server refused, or did not answer properly.
        """
        return self._resource("capabilities", "GET", f"{self.root}/metadata", "CapabilityStatement")

    def transaction(self, bundle: Resource) -> list[Stored]:
        """Send a transaction, which is done whole or not at all.

        Args:
            bundle: see `modality.fhir.bundles.transaction`.

        Returns:
            what became of each entry, in order.

        Raises:
            UnreachableError: nobody answers.
            WebRefused: the server refused it; nothing was changed.
            PeerError: the server did not answer properly.
        """
        answer = self._resource("the transaction", "POST", self.root, "Bundle", content=bundle)
        entries, asked = answer.get("entry", []), bundle.get("entry", [])
        if not isinstance(entries, list) or len(entries) != len(asked):
            raise InvalidResponse(f"{self.root}: the transaction had {len(asked)} entries, and its answer has others")
        return [self._stored(one, entry) for one, entry in zip(asked, entries, strict=True)]

    def _stored(self, asked: Mapping[str, Any], entry: Any) -> Stored:
        response = entry.get("response") if isinstance(entry, Mapping) else None
        said = response if isinstance(response, Mapping) else {}
        status = _STATUS.match(str(said.get("status", "")))
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        place = str(said.get("location", ""))
        if isinstance(resource, Mapping) and not place:
            place = f"{resource.get('resourceType')}/{resource.get('id')}"
        parts = _REFERENCE.findall(place.partition("/_history/")[0])
        if not status or not parts or not status[0].startswith("2"):
            raise InvalidResponse(f"{self.root}: the answer to the transaction does not say what became of an entry")
        return Stored(str(asked.get("fullUrl", "")), parts[-1], status[0] == "201")

    def create(self, resource: Resource) -> Resource:
        """Create a resource unless one of its identifier exists; what is kept is returned.

        Raises:
            UnreachableError: nobody answers.
            PeerError: the server refused, or did not answer properly.
        """
        kind = str(resource["resourceType"])
        headers = {"If-None-Exist": if_none_exist(resource), "Prefer": "return=representation"}
        url = f"{self.root}/{kind}"
        return self._resource(f"creating {kind}", "POST", url, kind, content=resource, headers=headers)

    def read(self, reference: str) -> Resource:
        """A resource by its reference: ``Patient/17``, or the same below the service root.

        Raises:
            UsageError: it is no reference to this server.
            UnreachableError: nobody answers.
            PeerError: the server refused, or did not answer properly.
        """
        relative = reference.removeprefix(f"{self.root}/")
        if not _REFERENCE.fullmatch(relative):
            raise UsageError(f"{self.root}: a reference of this server is TYPE/ID")
        kind = relative.partition("/")[0]
        return self._resource(f"reading {kind}", "GET", f"{self.root}/{relative}", kind)

    def search(self, kind: str, criteria: Criteria | None = None, *, included: bool = False) -> Iterator[Resource]:
        """The resources that match, page by page as they are asked for.

        Args:
            kind: type of resource.
            criteria: search parameters.
            included: those that come along by ``_include`` too; else only those that match.

        Raises:
            UnreachableError: nobody answers.
            PeerError: the server refused, or did not answer properly.
        """
        form = [(name, one) for name, value in (criteria or {}).items() for one in _values(value)]
        secrets = {part for _, value in form for part in re.split(r"[|,]", value)}
        what, seen = f"searching {kind}", {""}
        page = self._resource(what, "POST", f"{self.root}/{kind}/_search", "Bundle", form=form, secrets=secrets)
        while True:
            for entry in _dicts(page.get("entry")):
                mode = entry.get("search", {}).get("mode", "match")
                resource = entry.get("resource")
                if isinstance(resource, dict) and (mode == "match" or (included and mode == "include")):
                    yield resource
            links = [one.get("url") for one in _dicts(page.get("link")) if one.get("relation") == "next"]
            if not links:
                return
            url = self._own(links[0], what)
            if url in seen:
                raise InvalidResponse(f"{self.root}: {what}: a page follows itself")
            seen.add(url)
            secrets |= {value for _, value in parse_qsl(self._httpx.URL(url).query.decode())}
            page = self._resource(what, "GET", url, "Bundle", secrets=secrets)

    def _own(self, link: Any, what: str) -> str:
        """The address of the next page; of this server, since our token goes there."""
        root = self._httpx.URL(self.root)
        try:
            url = root.join(str(link))
        except (self._httpx.InvalidURL, ValueError):
            raise InvalidResponse(f"{self.root}: {what}: the link to the next page is no URL") from None
        if (url.scheme, url.host, url.port) != (root.scheme, root.host, root.port):
            raise InvalidResponse(f"{self.root}: {what}: the next page is on another server")
        return str(url)

    def _resource(
        self,
        what: str,
        method: str,
        url: str,
        kind: str,
        *,
        content: Resource | None = None,
        form: Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
    ) -> Resource:
        """The resource that a request is answered with."""
        request: dict[str, Any] = {}
        sent = {**self._headers, **(headers or {})}
        if content is not None:
            request = {"json": content}
            sent["Content-Type"] = _MEDIA_TYPE
        elif form is not None:
            request = {"content": str(self._httpx.QueryParams(form)).encode()}
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        response = self._sent(what, method, url, request, sent)
        if not response.is_success:
            hidden = {*secrets_of(content), *(one for one in secrets if len(one) > 2)}
            raise self._refusal(what, response, hidden)
        found = document(response, self.root, what)
        if found.get("resourceType") != kind:
            raise InvalidResponse(f"{self.root}: the answer to {what} is no {kind}")
        return found

    def _sent(
        self, what: str, method: str, url: str, request: dict[str, Any], headers: dict[str, str]
    ) -> httpx.Response:
        """The answer; a token that is not taken is asked for anew, once."""
        if self._service is None or self._asking is None:
            return exchange(self._client, self.root, what, method, url, headers=headers, **request)
        for last in (False, True):
            token = self._service.token(self._asking)
            bearing = {**headers, "Authorization": f"Bearer {token}"}
            response = exchange(self._client, self.root, what, method, url, headers=bearing, **request)
            if response.status_code != 401 or last:
                break
            self._service.forget()
        return response

    def _refusal(self, what: str, response: httpx.Response, secrets: set[str]) -> WebRefused:
        status = f"{response.status_code} {response.reason_phrase}".strip()
        try:
            said = reason(response.json(), secrets)
        except (ValueError, RecursionError):
            said = ""
        detail = f" ({said})" if said else ""
        return WebRefused(f"{self.root}: {what} refused with {status}{detail}", status=response.status_code)


def _values(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
