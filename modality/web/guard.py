"""What every page of ours keeps to: nothing from elsewhere, called by its own name, changed by itself alone."""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modality.edge.page.config import is_loopback
from modality.web.report import render

_LARGEST = 4096  # bytes of a form
# Nothing is fetched from elsewhere, nobody frames the page, and only what stands in it runs (W3C CSP3).
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page from a template, whose own style and script alone are let run.

    Args:
        template: file name below `templates/`; it gets a `nonce`.
        status: of the answer.
        **values: what the template shows.
    """
    nonce = secrets.token_urlsafe(16)
    headers = {**HEADERS, "Content-Security-Policy": _POLICY.format(nonce=nonce)}
    body = render(template, nonce=nonce, **values)
    return Response(body, status, media_type="text/html; charset=utf-8", headers=headers)


def check_host(request: Request, *, local: bool) -> None:
    """Refuse a name that somebody has bent to our loopback address (DNS rebinding).

    Args:
        request: the request.
        local: the page listens on the loopback only, and is called by no other name.

    Raises:
        HTTPException: 421.
    """
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if local and not is_loopback(host):
        raise HTTPException(421, "this page is called by the name of the machine it runs on, not by another")


def check_origin(request: Request) -> None:
    """Refuse what another site's form or script sends.

    Raises:
        HTTPException: 403.
    """
    if request.headers.get("origin", "") != f"{request.url.scheme}://{request.headers.get('host', '')}":
        raise HTTPException(403, "only this page itself may change anything (its Origin is asked for)")


async def form(request: Request) -> dict[str, Any]:
    """The JSON object of a request.

    Raises:
        HTTPException: 413 or 400.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise HTTPException(413, "too long")
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise HTTPException(400, "no JSON") from None
    if not isinstance(given, dict):
        raise HTTPException(400, "no JSON object")
    return given
