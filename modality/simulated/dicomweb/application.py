"""The routes of the web server, and what its errors answer (PS3.18 Tables 10.4.1-1, 10.5.1-1 and 10.6.1-1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from modality.errors import InputError, ModalityError, UsageError
from modality.simulated.dicomweb.access import Access
from modality.simulated.dicomweb.frames import Frames
from modality.simulated.dicomweb.rendering import Rendered
from modality.simulated.dicomweb.retrieving import Retrieving
from modality.simulated.dicomweb.searching import Searching
from modality.simulated.dicomweb.service import PeerService, Service, Transports
from modality.simulated.dicomweb.storing import Storing
from modality.simulated.dicomweb.web import ROOT, Web

if TYPE_CHECKING:
    from modality.simulated.archive.archive import SimulatedArchive

_STUDY = "/studies/{study}"
_SERIES = _STUDY + "/series/{series}"
_INSTANCE = _SERIES + "/instances/{instance}"
_FRAMES = _INSTANCE + "/frames/{frames}"


def application(
    archive: SimulatedArchive,
    web: Web,
    transports: Transports,
    beside: ASGIApp | None = None,
    also: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """The DICOMweb services of an archive as an ASGI application.

    Args:
        archive: whose instances they are.
        web: who is let in, and limits.
        transports: the open connections, kept by the server.
        beside: answers what is not below our root, for the same users.
        also: further resources below it.
    """
    service = Service(archive, web, transports)
    frames, storing, searching = Frames(service), Storing(service), Searching(service)
    retrieving, rendered = Retrieving(service, frames), Rendered(service)
    resources: list[tuple[str, Callable[[Request], Any], str]] = [
        ("/studies", searching.studies, "GET"),
        ("/studies", storing.store, "POST"),
        ("/series", searching.series, "GET"),
        ("/instances", searching.instances, "GET"),
        (_STUDY, retrieving.retrieve, "GET"),
        (_STUDY, storing.store, "POST"),
        (_STUDY + "/series", searching.series, "GET"),
        (_STUDY + "/instances", searching.instances, "GET"),
        (_SERIES, retrieving.retrieve, "GET"),
        (_SERIES + "/instances", searching.instances, "GET"),
        (_INSTANCE, retrieving.retrieve, "GET"),
        (_INSTANCE + "/bulkdata/{path:path}", retrieving.bulkdata, "GET"),
        (_FRAMES, frames.retrieve, "GET"),
        *((of + "/metadata", retrieving.metadata, "GET") for of in (_STUDY, _SERIES, _INSTANCE)),
        *((of + "/rendered", rendered.rendered, "GET") for of in (_STUDY, _SERIES, _INSTANCE, _FRAMES)),
        *((of + "/thumbnail", rendered.thumbnail, "GET") for of in (_STUDY, _SERIES, _INSTANCE, _FRAMES)),
    ]
    routes = [Route(path, endpoint, methods=[method]) for path, endpoint, method in resources]
    return guarded(service, [*routes, *also], beside)


def guarded(service: PeerService, routes: Sequence[BaseRoute], beside: ASGIApp | None = None) -> ASGIApp:
    """Resources below our root as an ASGI application, with its errors, for those who are let in.

    Args:
        service: whose they are.
        routes: the resources.
        beside: answers what is not below our root.
    """
    starlette = Starlette(
        routes=[Mount(ROOT, routes=routes), *([Mount("", app=beside)] if beside else [])],
        exception_handlers={
            HTTPException: _refused(service),
            UsageError: _error(service, 406),  # no codec for it here, or none that carries it
            InputError: _error(service, 409),  # what is stored is damaged: the resource's state, not the request
        },
    )
    return Access(starlette, service.web)


def _refused(service: PeerService) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _said(service, request, error.status_code, str(error.detail), dict(error.headers or {}))

    return answer


def _error(service: PeerService, status: int) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, ModalityError)
        return _said(service, request, status, str(error), {})

    return answer


def _said(service: PeerService, request: Request, status: int, why: str, headers: dict[str, str]) -> Response:
    service.log(request, "refused", status, detail=f"{request.method} {request.url.path}: {why}")
    return PlainTextResponse(why, status, headers)
