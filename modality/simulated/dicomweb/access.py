"""Who is let in: basic and bearer authentication, before anything else is looked at (RFC 9110, RFC 7617, RFC 6750)."""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from modality.simulated.dicomweb.web import Web

_REALM = "modality"
USER = "modality.user"
"""The key of a request's scope that says who asks; the other side's IP address where nobody has to say."""


class Access:
    """Lets requests through to an application that come from one of the users.

    Args:
        application: what is behind.
        web: who is let in.
    """

    def __init__(self, application: ASGIApp, web: Web) -> None:
        self._application = application
        self._web = web
        kinds = [f'Basic realm="{_REALM}", charset="UTF-8"'] if web.users else []
        kinds += [f'Bearer realm="{_REALM}"'] if web.tokens else []
        self._challenges = kinds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 to who is not let in; a token that is given and wrong is told apart (RFC 6750 3.1)."""
        if scope["type"] in ("http", "websocket") and self._challenges:
            given = Headers(scope=scope).get("authorization", "")
            user = self._user(given)
            if user is None and scope["type"] == "websocket":
                # Before the connection is accepted this is answered with 403 (ASGI, WebSocket close).
                await send({"type": "websocket.close", "code": 1008})
                return
            if user is None:
                why = "wrong user, passcode or token" if given else "authentication is needed"
                refusal = PlainTextResponse(why, 401)
                for challenge in self._challenges:
                    wrong = ', error="invalid_token"' if given and challenge.startswith("Bearer") else ""
                    refusal.headers.append("WWW-Authenticate", challenge + wrong)
                await refusal(scope, receive, send)
                return
            scope = {**scope, USER: user}
        await self._application(scope, receive, send)

    def _user(self, authorization: str) -> str | None:
        """The name of who is let in by an Authorization field."""
        scheme, _, credentials = authorization.partition(" ")
        credentials = credentials.strip()
        if scheme.lower() == "bearer":
            # Every token is compared, each in constant time.
            return "bearer" if sum(_same(credentials, token) for token in self._web.tokens) else None
        if scheme.lower() != "basic":
            return None
        try:
            name, colon, passcode = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        known = self._web.users.get(name)
        return name if colon and _same(passcode, known or "") and known is not None else None


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode("utf-8", "replace"))
