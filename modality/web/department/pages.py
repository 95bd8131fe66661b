"""The page's routes: what it shows, pictures, and faults set and cleared from it; one origin may change anything."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from modality import __version__
from modality.edge.page.config import is_loopback
from modality.errors import InputError, UsageError
from modality.simulated import fault_text
from modality.web import guard
from modality.web.department import pictures
from modality.web.department.state import state
from modality.web.guard import HEADERS

if TYPE_CHECKING:
    from modality.web.department.department import Department

Endpoint = Callable[[Request], Response]

_EVERY_S = 0.3  # the state is not looked up more often, however many pages are open
_LONGEST_WINDOW = 1e7


def application(department: Department) -> Starlette:
    """The page as an ASGI application.

    Args:
        department: what it shows.
    """
    pages = _Pages(department)
    routes: list[tuple[str, Endpoint, str]] = [
        ("/", pages.page, "GET"),
        ("/page/state", pages.state, "GET"),
        ("/page/series/{study}/{series}", pages.series, "GET"),
        ("/page/thumbnail/{study}/{series}", pages.thumbnail, "GET"),
        ("/page/picture/{study}/{series}/{instance}/{frame:int}", pages.picture, "GET"),
    ]
    return Starlette(
        routes=[
            *(Route(path, pages.guarded(endpoint), methods=[method]) for path, endpoint, method in routes),
            Route("/page/faults", pages.changing(pages.set_fault), methods=["POST"]),
            Route("/page/faults/{number:int}/clear", pages.changing(pages.clear_fault), methods=["POST"]),
        ],
        exception_handlers={
            HTTPException: lambda _, error: PlainTextResponse(str(error.detail), error.status_code, HEADERS),
            UsageError: lambda _, error: PlainTextResponse(str(error), 422, HEADERS),
            InputError: lambda _, error: PlainTextResponse(str(error), 409, HEADERS),
            LookupError: lambda _, error: PlainTextResponse("not here", 404, HEADERS),  # noqa: ARG005
        },
    )


class _Pages:
    """The endpoints.

    Args:
        department: what they show.
    """

    def __init__(self, department: Department) -> None:
        self._department = department
        self._local_only = is_loopback(department.host)
        self._lock = threading.Lock()
        self._shown = (b"", "")
        self._looked_up = float("-inf")

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint for who means us: a name that was bent to our loopback address is none of ours."""

        def endpoint_of_ours(request: Request) -> Response:
            guard.check_host(request, local=self._local_only)
            return endpoint(request)

        return endpoint_of_ours

    def changing(self, endpoint: Callable[[dict[str, Any], Request], Response]) -> Callable[..., Awaitable[Response]]:
        """An endpoint that changes something, for our own page alone: another site's form or script is refused."""

        async def endpoint_of_ours(request: Request) -> Response:
            guard.check_host(request, local=self._local_only)
            guard.check_origin(request)
            form = await guard.form(request)
            return endpoint(form, request)

        return endpoint_of_ours

    def page(self, _: Request) -> Response:
        """The page itself."""
        department = self._department
        explained = {
            "archive": fault_text.explanation(fault_text.ARCHIVE_SERVICES, fault_text.ARCHIVE_MAIN),
            "RIS": fault_text.explanation(fault_text.RIS_SERVICES, fault_text.RIS_MAIN),
            "FHIR server": fault_text.fhir_explanation(),
        }
        addresses = {
            "Archive": department.address,
            "DICOMweb": department.web_address,
            "RIS": department.ris.address,
            "FHIR": department.fhir.address,
            **({"HL7 v2": department.ris.hl7_address} if department.ris.hl7_address else {}),
        }
        return guard.page(
            "department/page.html",
            version=f"modality {__version__}",
            addresses=addresses,
            explained={peer: text.replace("\b", "").strip() for peer, text in explained.items()},
        )

    def state(self, request: Request) -> Response:
        """What changes, as JSON; 304 as long as it does not."""
        with self._lock:
            if time.monotonic() - self._looked_up >= _EVERY_S:
                body = json.dumps(state(self._department), ensure_ascii=False).encode("utf-8", "replace")
                self._shown = (body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')
                self._looked_up = time.monotonic()
            body, tag = self._shown
        headers = {**HEADERS, "Cache-Control": "no-cache", "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    def series(self, request: Request) -> Response:
        """The images of a series, in order."""
        uids = request.path_params
        found = pictures.scrolled(self._department.archive.index, uids["study"], uids["series"])
        return JSONResponse(found, headers=HEADERS)

    def thumbnail(self, request: Request) -> Response:
        """A small picture that stands for a series."""
        uids = request.path_params
        within = {"StudyInstanceUID": [uids["study"]], "SeriesInstanceUID": [uids["series"]]}
        found = self._department.archive.index.instances(within)
        if not found:
            raise LookupError(uids["series"])
        return _jpeg(pictures.thumbnail(found))

    def picture(self, request: Request) -> Response:
        """One image, through the window that is asked for."""
        uids = request.path_params
        within = {
            "StudyInstanceUID": [uids["study"]],
            "SeriesInstanceUID": [uids["series"]],
            "SOPInstanceUID": [uids["instance"]],
        }
        found = self._department.archive.index.instances(within)
        if not found:
            raise LookupError(uids["instance"])
        return _jpeg(pictures.jpeg(found[0], uids["frame"], _window(request.query_params.get("window"))))

    def set_fault(self, form: dict[str, Any], _: Request) -> Response:
        """Let something go wrong."""
        made = self._department.set_fault(str(form.get("peer", "")), str(form.get("text", "")))
        self._changed()
        return JSONResponse({"number": made.number}, 201, headers=HEADERS)

    def clear_fault(self, _: dict[str, Any], request: Request) -> Response:
        """Let it go right again."""
        if not self._department.clear_fault(request.path_params["number"]):
            raise LookupError("fault")
        self._changed()
        return JSONResponse({}, headers=HEADERS)

    def _changed(self) -> None:
        with self._lock:
            self._looked_up = float("-inf")


def _window(text: str | None) -> tuple[float, float] | None:
    """Centre and width of a query."""
    if text is None:
        return None
    try:
        centre, width = map(float, text.split(","))
    except ValueError:
        raise HTTPException(400, "window: CENTRE,WIDTH") from None
    if not (abs(centre) <= _LONGEST_WINDOW and 1 <= width <= _LONGEST_WINDOW):
        raise HTTPException(400, "window: a width of 1 or more")
    return centre, width


def _jpeg(data: bytes) -> Response:
    return Response(data, media_type=pictures.JPEG, headers={**HEADERS, "Cache-Control": "private, max-age=30"})
