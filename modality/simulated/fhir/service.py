"""The interactions of FHIR's RESTful interface on one store; knows no sockets (hl7.org/fhir/R4/http.html)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from modality.fhir.datatypes import Resource
from modality.simulated.fhir.capabilities import capabilities
from modality.simulated.fhir.outcomes import Reply, refused
from modality.simulated.fhir.parameters import PARAMETERS
from modality.simulated.fhir.references import check_references
from modality.simulated.fhir.search import Query, matching, search
from modality.simulated.fhir.store import Store
from modality.simulated.fhir.validation import kind_of, validate

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)  # hl7.org/fhir/R4/datatypes.html#id
_MOST_PARAMETERS = 100


class Service:
    """Create, read, update and search; transactions and batches stand in `transactions`.

    Args:
        store: what is kept.
        secured: a bearer token is asked for; said in the capability statement.
    """

    def __init__(self, store: Store, *, secured: bool = False) -> None:
        self.store = store
        self.secured = secured

    def metadata(self, address: str) -> Reply:
        """The capability statement."""
        return Reply(200, capabilities(address, secured=self.secured))

    def read(self, kind: str, identity: str, headers: Mapping[str, str]) -> Reply:
        """A resource by its id.

        Raises:
            Refusal: there is none.
        """
        known = self.store.get(_kept(kind), identity)
        if known is None:
            raise refused(404, "not-found", f"there is no {kind} of that id")
        if etag(known) in [one.strip() for one in headers.get("if-none-match", "").split(",")]:
            return Reply(304, None, {"ETag": etag(known)})
        return Reply(200, known, versions(known))

    def search(self, kind: str, query: Query, address: str) -> Reply:
        """A page of what matches.

        Raises:
            Refusal: a parameter is unknown or its value cannot be read.
        """
        page = search(self.store, _kept(kind), query)
        criteria = [one for one in query if one[0] != "_offset"]
        links = [{"relation": "self", "url": _url(address, kind, query)}]
        following = page.offset + page.count
        if page.count and following < page.total:
            links.append({"relation": "next", "url": _url(address, kind, [*criteria, ("_offset", str(following))])})
        if page.offset and page.count:
            before = str(max(0, page.offset - page.count))
            links.append({"relation": "previous", "url": _url(address, kind, [*criteria, ("_offset", before)])})
        bundle: dict[str, Any] = {
            "resourceType": "Bundle", "type": "searchset", "total": page.total, "link": links,
        }  # fmt: skip
        entries = [_entry(address, one, "match") for one in page.matches]
        entries += [_entry(address, one, "include") for one in page.included]
        if entries:
            bundle["entry"] = entries
        return Reply(200, bundle)

    def create(self, kind: str, resource: Resource, headers: Mapping[str, str], address: str) -> Reply:
        """Keep a new resource; with If-None-Exist, only where nothing matches.

        Raises:
            Refusal: it is not valid, or several match.
        """
        with self.store.lock:
            if "if-none-exist" in headers and (known := self.existing(_kept(kind), headers["if-none-exist"])):
                return Reply(200, known, located(known, address))
            made = self._checked(kind, resource, self.store.new_id)
            (kept,) = self.store.commit([made])
            return Reply(201, kept, located(kept, address))

    def update(self, kind: str, identity: str, resource: Resource, headers: Mapping[str, str], address: str) -> Reply:
        """Keep a new version of a resource, or the first one under an id that the client chose.

        Raises:
            Refusal: it is not valid, its id differs, or it is not the version that If-Match names.
        """
        if not _ID.fullmatch(identity):
            raise refused(400, "value", "an id has 1 to 64 letters, digits, hyphens and dots")
        if resource.get("id") != identity:
            raise refused(400, "invariant", "the id within the resource is not that of the address", f"{kind}.id")
        with self.store.lock:
            known = self.store.get(_kept(kind), identity)
            self._matches(known, headers)
            made = self._checked(kind, resource, lambda: identity)
            (kept,) = self.store.commit([made])
            return Reply(200 if known else 201, kept, located(kept, address))

    def update_matching(
        self, kind: str, criteria: str, resource: Resource, headers: Mapping[str, str], address: str
    ) -> Reply:
        """Keep a new version of the one resource that matches, or a new resource where none does.

        Raises:
            Refusal: it is not valid, or several match.
        """
        with self.store.lock:
            known = self.existing(_kept(kind), criteria)
            self._matches(known, headers)
            if known and resource.get("id") not in (None, known["id"]):
                raise refused(400, "invariant", "the id within the resource is not that of the one that matches")
            if not known and resource.get("id"):
                return self.update(kind, str(resource["id"]), resource, headers, address)
            made = self._checked(kind, resource, lambda: known["id"] if known else self.store.new_id())
            (kept,) = self.store.commit([made])
            return Reply(200 if known else 201, kept, located(kept, address))

    def existing(self, kind: str, criteria: str) -> Resource | None:
        """The one resource that meets the criteria of a conditional interaction, if one does.

        Raises:
            Refusal: several do, or there are no criteria.
        """
        query = read_query(criteria)
        if not query:
            raise refused(412, "required", "a conditional interaction has criteria")
        found = matching(self.store, kind, query)
        if len(found) > 1:
            raise refused(412, "multiple-matches", f"{len(found)} resources of type {kind} meet the criteria")
        return found[0] if found else None

    def _matches(self, known: Resource | None, headers: Mapping[str, str]) -> None:
        wanted = headers.get("if-match")
        if wanted is not None and (known is None or wanted.strip() not in (etag(known), etag(known)[2:])):
            raise refused(412, "conflict", "the resource is not of the version that If-Match names")

    def _checked(self, kind: str, resource: Resource, identity: Any) -> Resource:
        if kind_of(resource) != kind:
            raise refused(400, "invariant", f"a {kind} belongs here", "resourceType")
        validate(resource)
        exists = self.store.get
        made = {**resource, "id": identity()}
        itself = (kind, made["id"])
        check_references(made, lambda *key: key == itself or exists(*key) is not None)
        return made


def read_query(text: str) -> list[tuple[str, str]]:
    """The parameters of the query part of a URL.

    Raises:
        Refusal: there are too many, or they are no text.
    """
    try:
        return parse_qsl(
            text.lstrip("?"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, encoding="utf-8", errors="strict"
        )
    except ValueError:
        raise refused(400, "value", "the query cannot be read") from None


def _kept(kind: str) -> str:
    if kind not in PARAMETERS:
        raise refused(404, "not-supported", f"no {kind[:64]!r} is kept here: {', '.join(PARAMETERS)}")
    return kind


def etag(resource: Resource) -> str:
    """The version of a resource as HTTP names it."""
    return f'W/"{resource["meta"]["versionId"]}"'


def versions(resource: Resource) -> dict[str, str]:
    """The header fields that say which version a resource is of."""
    return {"ETag": etag(resource)}


def located(resource: Resource, address: str) -> dict[str, str]:
    """The header fields that say where a resource is kept."""
    return {"Location": f"{address}/{resource['resourceType']}/{resource['id']}", **versions(resource)}


def _url(address: str, kind: str, query: Query) -> str:
    return f"{address}/{kind}?{urlencode(query)}" if query else f"{address}/{kind}"


def _entry(address: str, resource: Resource, mode: str) -> dict[str, Any]:
    where = f"{address}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": where, "resource": resource, "search": {"mode": mode}}
