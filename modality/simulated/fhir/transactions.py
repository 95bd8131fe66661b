"""Bundles of requests: a transaction is done whole or not at all, a batch entry by entry (FHIR R4, RESTful API)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modality.fhir.datatypes import Resource
from modality.simulated.fhir.outcomes import Refusal, Reply, outcome, refused
from modality.simulated.fhir.parameters import PARAMETERS
from modality.simulated.fhir.references import check_references, rewritten
from modality.simulated.fhir.service import Service, etag, located, read_query
from modality.simulated.fhir.validation import kind_of, validate

_URL = re.compile(r"([A-Za-z]+)(?:/([A-Za-z0-9\-.]{1,64}))?(?:\?(.*))?", re.ASCII | re.DOTALL)
_HEADERS = {"ifNoneExist": "if-none-exist", "ifMatch": "if-match", "ifNoneMatch": "if-none-match"}


@dataclass(slots=True)
class _Request:
    """One entry.

    Args:
        where: its place in the bundle.
        method: GET, POST or PUT.
        kind: type of resource.
        identity: id in its URL, if one.
        criteria: the query of its URL.
        headers: the conditions of the request.
        full_url: what other entries call the resource.
        resource: what is to be kept.
        known: what is there already and stays, of a conditional create.
    """

    where: str
    method: str
    kind: str
    identity: str
    criteria: str
    headers: dict[str, str]
    full_url: str
    resource: Resource | None
    known: Resource | None = None


def process(service: Service, bundle: Mapping[str, Any], address: str) -> Reply:
    """Do what a bundle asks for.

    Raises:
        Refusal: it is no batch and no transaction; or an entry of a transaction cannot be done, and none was.
    """
    kind, entries = bundle.get("type"), bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or kind not in ("batch", "transaction"):
        raise refused(400, "value", "a Bundle of type batch or transaction belongs here", "Bundle.type")
    if not isinstance(entries, list):
        raise refused(400, "structure", "the entries are a list", "Bundle.entry")
    if kind == "batch":
        answers = [_alone(service, entry, f"Bundle.entry[{number}]", address) for number, entry in enumerate(entries)]
    else:
        answers = _transaction(service, entries, address)
    made: dict[str, Any] = {"resourceType": "Bundle", "type": f"{kind}-response"}
    if answers:
        made["entry"] = answers
    return Reply(200, made)


def _alone(service: Service, entry: Any, where: str, address: str) -> dict[str, Any]:
    try:
        one = _request(entry, where)
        if one.method == "GET":
            return _read(service, one, address)
        body = one.resource or {}
        if one.method == "POST":
            reply = service.create(one.kind, body, one.headers, address)
        elif one.identity:
            reply = service.update(one.kind, one.identity, body, one.headers, address)
        else:
            reply = service.update_matching(one.kind, one.criteria, body, one.headers, address)
    except Refusal as refusal:
        return {"response": {"status": str(refusal.status), "outcome": outcome(refusal.problems)}}
    return _answer(reply.status, dict(reply.document or {}), address)


def _request(entry: Any, where: str) -> _Request:
    request = entry.get("request") if isinstance(entry, Mapping) else None
    if not isinstance(request, Mapping):
        raise refused(400, "required", "an entry has a request", f"{where}.request")
    method, url = request.get("method"), request.get("url")
    if method not in ("GET", "POST", "PUT"):
        raise refused(400, "not-supported", "GET, POST and PUT can be done here", f"{where}.request.method")
    parts = _URL.fullmatch(url) if isinstance(url, str) else None
    if not parts or parts[1] not in PARAMETERS:
        raise refused(400, "value", f"a URL begins with one of {', '.join(PARAMETERS)}", f"{where}.request.url")
    kind, identity, criteria = parts[1], parts[2] or "", parts[3] or ""
    fits = {"GET": not (identity and criteria), "POST": not identity and not criteria}
    if not fits.get(method, bool(identity) != bool(criteria)):
        raise refused(400, "value", f"no {method} goes there", f"{where}.request.url")
    headers = {}
    for name, header in _HEADERS.items():
        if name in request:
            if not isinstance(request[name], str):
                raise refused(400, "structure", "it is a text", f"{where}.request.{name}")
            headers[header] = request[name]
    resource, full_url = entry.get("resource"), entry.get("fullUrl", "")
    if method != "GET" and kind_of(resource, f"{where}.resource") != kind:
        raise refused(400, "invariant", f"a {kind} belongs here", f"{where}.resource")
    if not isinstance(full_url, str):
        raise refused(400, "structure", "it is a text", f"{where}.fullUrl")
    return _Request(
        where, method, kind, identity, criteria, headers, full_url, None if method == "GET" else dict(resource)
    )


def _transaction(service: Service, entries: list[Any], address: str) -> list[dict[str, Any]]:
    requests = [_request(entry, f"Bundle.entry[{number}]") for number, entry in enumerate(entries)]
    for one in requests:
        if one.resource is not None:
            validate(one.resource, f"{one.where}.resource")
    with service.store.lock:
        places, status = _places(service, requests)
        writes = []
        for one in requests:
            if one.resource is None or one.known is not None:
                continue
            one.resource = rewritten(one.resource, places)
            one.resource["id"] = one.identity
            writes.append(one)
        new = {(one.kind, one.identity) for one in writes}
        for one in writes:
            check_references(
                one.resource or {},
                lambda *key: key in new or service.store.get(*key) is not None,
                f"{one.where}.resource",
            )
        kept = service.store.commit([one.resource for one in writes if one.resource]) if writes else []
        done = {id(one): resource for one, resource in zip(writes, kept, strict=True)}
        answers = []
        for one in requests:
            if one.method == "GET":
                answers.append(_read(service, one, address))
            else:
                answers.append(_answer(status[id(one)], one.known or done[id(one)], address))
    return answers


def _places(service: Service, requests: list[_Request]) -> tuple[dict[str, str], dict[int, int]]:
    """Where each entry's resource will be kept, by its full URL, and the status of its answer.

    Raises:
        Refusal: several resources meet a condition, or two entries are about one resource.
    """
    places: dict[str, str] = {}
    status: dict[int, int] = {}
    seen: set[tuple[str, str]] = set()
    conditions: set[tuple[str, str]] = set()
    for one in requests:
        if one.method == "GET":
            continue
        condition = one.headers.get("if-none-exist", "") if one.method == "POST" else one.criteria
        try:
            _decide(service, one, condition, status)
        except Refusal as refusal:
            problems = [type(each)(one.where, each.reason, each.kind) for each in refusal.problems]
            raise Refusal(refusal.status, *problems) from None
        key = (one.kind, one.identity)
        if key in seen or (condition and (one.kind, condition) in conditions):
            raise refused(409, "conflict", "two entries are about one resource", one.where)
        if one.full_url and one.full_url in places:
            raise refused(400, "duplicate", "two entries have one fullUrl", f"{one.where}.fullUrl")
        seen.add(key)
        conditions.add((one.kind, condition))
        if one.full_url:
            places[one.full_url] = f"{one.kind}/{one.identity}"
    return places, status


def _decide(service: Service, one: _Request, condition: str, status: dict[int, int]) -> None:
    """Find out what an entry comes to: the id its resource gets, and whether it is new."""
    store = service.store
    known = store.get(one.kind, one.identity) if one.identity else None
    if condition or "if-none-exist" in one.headers:
        known = service.existing(one.kind, condition)
    if one.method == "POST":
        one.known = known
        status[id(one)] = 200 if known else 201
    else:
        wanted = one.headers.get("if-match")
        if wanted is not None and (known is None or wanted.strip() != etag(known)):
            raise refused(412, "conflict", "the resource is not of the version that If-Match names")
        if one.identity and one.resource and one.resource.get("id") != one.identity:
            raise refused(400, "invariant", "the id within the resource is not that of the URL")
        status[id(one)] = 200 if known else 201
    one.identity = known["id"] if known else one.identity or store.new_id()


def _read(service: Service, one: _Request, address: str) -> dict[str, Any]:
    try:
        if one.identity:
            reply = service.read(one.kind, one.identity, one.headers)
        else:
            reply = service.search(one.kind, read_query(one.criteria), address)
    except Refusal as refusal:
        return {"response": {"status": str(refusal.status), "outcome": outcome(refusal.problems)}}
    answer: dict[str, Any] = {"response": {"status": str(reply.status)}}
    if reply.document is not None:
        answer["resource"] = reply.document
    return answer


def _answer(status: int, resource: Resource, address: str) -> dict[str, Any]:
    headers = located(resource, address)
    return {
        "fullUrl": headers["Location"],
        "resource": resource,
        "response": {
            "status": str(status),
            "location": f"{resource['resourceType']}/{resource['id']}",
            "etag": headers["ETag"],
            "lastModified": resource["meta"]["lastUpdated"],
        },
    }
