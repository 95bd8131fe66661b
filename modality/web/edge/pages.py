"""The page's routes: what it shows, who is let in, and what a person decides on it."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from modality import __version__
from modality.edge.matching.matching import key_of
from modality.edge.matching.said import subject_of
from modality.edge.page.config import WebConfig
from modality.errors import MissingExtraError, ModalityError, StorageFailed, UsageError
from modality.web import guard
from modality.web.edge.access import Access, TooOften, basic
from modality.web.edge.metrics import Tally, exposition
from modality.web.edge.state import state
from modality.web.edge.words import Since

if TYPE_CHECKING:
    from modality.edge.gateway import Gateway

Endpoint = Callable[[Request], Response]
Changing = Callable[[dict[str, Any], Request], Response]

_EVERY_S = 0.3  # the state is not looked up more often, however many pages are open
_NOBODY = "somebody at the box"  # who decides where no login is needed


class Pages:
    """The endpoints.

    Args:
        gateway: the box.
        web: where the page is, and who may see it.
        audit: says how the audit trail does, where there is one.
    """

    def __init__(self, gateway: Gateway, web: WebConfig, audit: Callable[[], dict[str, Any]] | None = None) -> None:
        self._gateway, self._web, self._audit = gateway, web, audit
        self.access, self._since, self._tally = Access(web), Since(), Tally()
        self._lock = threading.Lock()
        self._shown = (b"", "")
        self._looked_up = float("-inf")
        gateway.events.listen(self._since.hear)
        gateway.events.listen(self._tally.hear)

    def application(self) -> Starlette:
        """The page as an ASGI application."""
        return Starlette(
            routes=[
                Route("/", self._own(self.page), methods=["GET"]),
                Route("/metrics", self._own(self.metrics), methods=["GET"]),
                Route("/page/state", self._own(self.state), methods=["GET"]),
                Route("/login", self._changing(self.sign_in, anybody=True), methods=["POST"]),
                Route("/logout", self._changing(self.sign_out), methods=["POST"]),
                Route("/page/items/{uid}/assign", self._changing(self.assign), methods=["POST"]),
                Route("/page/items/{uid}/retry", self._changing(self.retry), methods=["POST"]),
                Route("/page/items/{uid}/again", self._changing(self.again), methods=["POST"]),
                Route("/page/items/{uid}/discard", self._changing(self.discard), methods=["POST"]),
            ],
            exception_handlers={
                HTTPException: lambda _, error: PlainTextResponse(
                    str(error.detail), error.status_code, {**guard.HEADERS, **(error.headers or {})}
                ),
                StorageFailed: lambda _, error: PlainTextResponse(str(error), 503, guard.HEADERS),
                MissingExtraError: lambda _, error: PlainTextResponse(str(error), 501, guard.HEADERS),
                UsageError: lambda _, error: PlainTextResponse(str(error), 422, guard.HEADERS),
                ModalityError: lambda _, error: PlainTextResponse(str(error), 409, guard.HEADERS),
            },
        )

    # Who asks.

    def _own(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint for who means us."""

        def endpoint_of_ours(request: Request) -> Response:
            guard.check_host(request, local=self._web.local)
            return endpoint(request)

        return endpoint_of_ours

    def _changing(self, endpoint: Changing, *, anybody: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that changes something, for our own page and those who are let in."""

        async def endpoint_of_ours(request: Request) -> Response:
            guard.check_host(request, local=self._web.local)
            guard.check_origin(request)
            if not anybody:
                self._user(request)
            form = await guard.form(request)
            return await run_in_threadpool(endpoint, form, request)

        return endpoint_of_ours

    def _signed_in(self, request: Request) -> str | None:
        """Who asks; empty where nobody has to say, None for who is not let in."""
        if not self.access.required:
            return ""
        return self.access.user(request.cookies.get(self.access.cookie, ""))

    def _user(self, request: Request) -> str:
        user = self._signed_in(request)
        if user is None:
            raise HTTPException(401, "sign in first")
        return user

    def sign_in(self, form: dict[str, Any], request: Request) -> Response:
        """Begin a session."""
        name, password = str(form.get("name", "")), str(form.get("password", ""))
        token = self._let_in(name, lambda: self.access.sign_in(name, password, _address(request)), request)
        if token is None:
            raise HTTPException(403, "name or password is wrong")
        self._tell("signed in", name, request)
        answer = JSONResponse({}, headers=guard.HEADERS)
        answer.set_cookie(
            self.access.cookie, token, httponly=True, samesite="strict", secure=self._web.certificate is not None
        )
        return answer

    def _let_in(self, name: str, check: Callable[[], Any], request: Request) -> Any:
        try:
            found = check()
        except TooOften:
            self._tell("not signed in", name, request, locked=True)
            raise HTTPException(429, "too many wrong passwords: wait a minute", {"Retry-After": "60"}) from None
        if not found:
            self._tell("not signed in", name, request)
        return found

    def sign_out(self, _: dict[str, Any], request: Request) -> Response:
        """End a session."""
        user = self._user(request)
        self.access.sign_out(request.cookies.get(self.access.cookie, ""))
        if user:
            self._tell("signed out", user, request)
        answer = JSONResponse({}, headers=guard.HEADERS)
        answer.delete_cookie(self.access.cookie)
        return answer

    def _tell(self, what: str, user: str, request: Request, *, uid: str = "", text: str = "", **details: Any) -> None:
        user = re.sub(r"[^\w.@ -]", "?", user)[:64]
        said = " ".join(filter(None, (text, f"{user or _NOBODY} from {_address(request)}")))
        who = {"user": user or _NOBODY, "address": _address(request)}
        self._gateway.events.tell(what, "page", said, uid=uid, **who, **details)

    # What is shown.

    def page(self, request: Request) -> Response:
        """The page itself, or where to sign in."""
        user, title = self._signed_in(request), self._gateway.config.edge.aet
        if user is None:
            return guard.page("edge/login.html", 401, title=title, version=f"modality {__version__}")
        return guard.page("edge/page.html", title=title, user=user, version=f"modality {__version__}")

    def state(self, request: Request) -> Response:
        """What changes, as JSON; 304 as long as it does not."""
        self._user(request)
        with self._lock:
            if time.monotonic() - self._looked_up >= _EVERY_S:
                body = json.dumps(state(self._gateway, self._since), ensure_ascii=False).encode("utf-8", "replace")
                self._shown = (body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')
                self._looked_up = time.monotonic()
            body, tag = self._shown
        headers = {**guard.HEADERS, "Cache-Control": "no-cache", "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    def metrics(self, request: Request) -> Response:
        """Health for Prometheus, which may sign in by basic authentication (its `basic_auth`)."""
        if self._signed_in(request) is None:
            given = basic(request.headers.get("authorization", ""))
            if given is None or not self._let_in(
                given[0], lambda: self.access.check(*given, _address(request)), request
            ):
                raise HTTPException(401, "sign in first", {"WWW-Authenticate": 'Basic realm="modality"'})
        body, media_type = exposition(self._gateway, self._tally, self._audit() if self._audit else None)
        return Response(body, headers={**guard.HEADERS, "Content-Type": media_type})

    # What a person decides.

    def assign(self, form: dict[str, Any], request: Request) -> Response:
        """Whose an item is: a step of the worklist, or what was typed. What was made of it is made anew."""
        uid, subject = request.path_params["uid"], subject_of(form)
        if "step" in subject:
            steps = self._gateway.worklist.steps if self._gateway.worklist else []
            if sum(key_of(one) == subject["step"] for one in steps) != 1:
                raise UsageError("that step is not in the worklist any more, or not by itself: choose again")
        self._gateway.outbox.repair(uid, subject)
        return self._done("assigned", uid, request)

    def retry(self, _: dict[str, Any], request: Request) -> Response:
        """Send again what was set aside."""
        uid = request.path_params["uid"]
        self._gateway.outbox.retry(uid)
        return self._done("tried again", uid, request)

    def again(self, _: dict[str, Any], request: Request) -> Response:
        """Make the objects of an item anew from the bytes captured."""
        uid = request.path_params["uid"]
        self._gateway.outbox.again(uid)
        return self._done("made anew", uid, request)

    def discard(self, form: dict[str, Any], request: Request) -> Response:
        """Do not deliver an item."""
        uid, reason = request.path_params["uid"], " ".join(str(form.get("reason", "")).split())
        if not reason:
            raise HTTPException(422, "say why: it stands in the list")
        self._gateway.outbox.discard(uid, reason[:200])
        return self._done("discarded", uid, request)

    def _done(self, what: str, uid: str, request: Request) -> Response:
        self._tell(what, self._user(request), request, uid=uid, text="by")
        with self._lock:
            self._looked_up = float("-inf")
        self._gateway.wake()
        return JSONResponse({}, headers=guard.HEADERS)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
