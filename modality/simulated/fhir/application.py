"""The service over HTTP: paths, media types, authentication, and an OperationOutcome for whatever goes wrong."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from modality.errors import MissingExtraError, ModalityError
from modality.fhir.datatypes import Resource
from modality.simulated.fhir.outcomes import Refusal, Reply, refused
from modality.simulated.fhir.reading import read_json
from modality.simulated.fhir.service import Service, read_query
from modality.simulated.fhir.transactions import process

try:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
except ModuleNotFoundError:
    raise MissingExtraError("the FHIR server", "fhir") from None

ROOT = "/fhir"
"""The path of the service root."""

_MEDIA_TYPE = "application/fhir+json"
_JSON = frozenset((_MEDIA_TYPE, "application/json", "text/json", "json"))
_LARGEST = 64 << 20  # bytes of a body; our choice

Answer = Callable[["_Call"], Reply]


class _Call:
    """A request, read.

    Args:
        request: as Starlette has it.
        body: what it holds.
    """

    def __init__(self, request: Request, body: bytes) -> None:
        self.parts: Mapping[str, str] = request.path_params
        self.headers: Mapping[str, str] = request.headers
        self.query = request.url.query
        self.body = body
        self.address = f"{request.url.scheme}://{request.url.netloc}{ROOT}"

    def document(self) -> Resource:
        """The resource in its body."""
        kind = self.headers.get("content-type", _MEDIA_TYPE).partition(";")[0].strip().lower()
        if kind not in _JSON:
            raise refused(415, "not-supported", f"the body is {_MEDIA_TYPE}, no other type is read")
        return read_json(self.body)

    def form(self) -> str:
        """The parameters in its body."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.body and kind != "application/x-www-form-urlencoded":
            raise refused(415, "not-supported", "the parameters of a search are application/x-www-form-urlencoded")
        try:
            return self.body.decode("ascii")
        except UnicodeDecodeError:
            raise refused(400, "value", "the parameters cannot be read") from None


def application(service: Service, tokens: Sequence[str] = ()) -> Starlette:
    """The ASGI application.

    Args:
        service: what answers.
        tokens: bearer tokens, each of which lets in; without any, everybody is let in.
    """

    def metadata(call: _Call) -> Reply:
        return service.metadata(call.address)

    def bundle(call: _Call) -> Reply:
        return process(service, call.document(), call.address)

    def search(call: _Call) -> Reply:
        return service.search(call.parts["kind"], _criteria(call.query), call.address)

    def search_by_form(call: _Call) -> Reply:
        query = [*_criteria(call.query), *_criteria(call.form())]
        return service.search(call.parts["kind"], query, call.address)

    def create(call: _Call) -> Reply:
        return service.create(call.parts["kind"], call.document(), call.headers, call.address)

    def update_matching(call: _Call) -> Reply:
        kind, document = call.parts["kind"], call.document()
        return service.update_matching(kind, call.query, document, call.headers, call.address)

    def read(call: _Call) -> Reply:
        return service.read(call.parts["kind"], call.parts["identity"], call.headers)

    def update(call: _Call) -> Reply:
        kind, identity = call.parts["kind"], call.parts["identity"]
        return service.update(kind, identity, call.document(), call.headers, call.address)

    def route(path: str, open_to_all: bool = False, **answers: Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            if not open_to_all:
                _let_in(request, tokens)
            answer = answers.get(request.method) or (answers.get("GET") if request.method == "HEAD" else None)
            if answer is None:
                allowed = ", ".join(answers)
                raise refused(405, "not-supported", f"{request.method} cannot be done here: {allowed}", Allow=allowed)
            _acceptable(request)
            return await _answered(request, answer)

        every = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
        return Route(ROOT + path, endpoint, methods=every)

    return Starlette(
        routes=[
            route("/metadata", open_to_all=True, GET=metadata),
            route("", POST=bundle),
            route("/", POST=bundle),
            route("/{kind}/_search", POST=search_by_form),
            route("/{kind}", GET=search, POST=create, PUT=update_matching),
            route("/{kind}/{identity}", GET=read, PUT=update),
        ],
        exception_handlers={Refusal: _refusal, HTTPException: _http, ModalityError: _failed, Exception: _fault},
    )


def _criteria(query: str) -> list[tuple[str, str]]:
    return [one for one in read_query(query) if one[0] not in ("_format", "_pretty")]


def _let_in(request: Request, tokens: Sequence[str]) -> None:
    """Refuse who has none of the tokens (RFC 6750 3)."""
    if not tokens:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise refused(401, "login", "a bearer token is needed", WWW_Authenticate='Bearer realm="modality"')
    # Every token is compared, each in constant time.
    if not sum(hmac.compare_digest(given.strip().encode(), token.encode()) for token in tokens):
        challenge = 'Bearer realm="modality", error="invalid_token"'
        raise refused(401, "login", "the bearer token is not known", WWW_Authenticate=challenge)


def _acceptable(request: Request) -> None:
    """Refuse who takes no JSON: nothing else is spoken here."""
    wanted = request.query_params.get("_format") or request.headers.get("accept", "*/*")
    kinds = {one.partition(";")[0].strip().lower().replace(" ", "+") for one in wanted.split(",")}
    if not kinds & (_JSON | {"*/*", "application/*", ""}):
        raise refused(406, "not-supported", f"only {_MEDIA_TYPE} is spoken here")


async def _answered(request: Request, answer: Answer) -> Response:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise refused(413, "too-long", f"a body has at most {_LARGEST} bytes")
    reply = await run_in_threadpool(answer, _Call(request, bytes(body)))
    if request.method in ("POST", "PUT") and "return=minimal" in request.headers.get("prefer", ""):
        minimal = reply.document is not None and reply.document.get("resourceType") != "Bundle"
        reply = Reply(reply.status, None, reply.headers) if minimal else reply
    return _response(reply)


def _response(reply: Reply) -> Response:
    if reply.document is None:
        return Response(status_code=reply.status, headers=dict(reply.headers))
    body = json.dumps(reply.document, ensure_ascii=False).encode()
    return Response(body, reply.status, dict(reply.headers), f"{_MEDIA_TYPE}; charset=utf-8")


def _said(handle: Callable[[Any], Refusal]) -> Callable[[Request, Any], Awaitable[Response]]:
    async def handler(_: Request, error: Any) -> Response:
        return _response(handle(error).reply())

    return handler


_KINDS = {404: "not-found", 405: "not-supported"}
_refusal = _said(lambda error: error)
_http = _said(lambda error: refused(error.status_code, _KINDS.get(error.status_code, "processing"), str(error.detail)))
# What cannot be kept, as on a full disk (RFC 4918 11.5).
_failed = _said(lambda error: refused(507, "no-store", str(error)))
_fault = _said(lambda error: refused(500, "exception", f"a fault of the server ({type(error).__name__})"))
