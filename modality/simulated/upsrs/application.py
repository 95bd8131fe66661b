"""The routes of UPS-RS (PS3.18 Table 11.1.1-1), alone or beside DICOMweb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from modality.simulated.dicomweb.application import guarded
from modality.simulated.dicomweb.service import PeerService, Transports
from modality.simulated.dicomweb.web import Web
from modality.simulated.upsrs.channel import Channels
from modality.simulated.upsrs.workitems import Workitems

if TYPE_CHECKING:
    from modality.simulated.ris.ris import SimulatedRis

_WORKITEMS = "/workitems"
_WORKITEM = _WORKITEMS + "/{workitem}"
_SUBSCRIBER = _WORKITEM + "/subscribers/{aet}"
CHANNEL = "/subscribers"


def application(ris: SimulatedRis, web: Web, transports: Transports) -> ASGIApp:
    """The unified worklist of a RIS as an ASGI application.

    Args:
        ris: whose it is.
        web: who is let in, and limits.
        transports: the open connections, kept by the server.
    """
    service = PeerService(ris, web, transports)
    return guarded(service, routes(ris, service))


def routes(ris: SimulatedRis, service: PeerService) -> list[BaseRoute]:
    """The resources, for an application of more than these."""
    ris.channels = Channels()
    items = Workitems(ris, service, CHANNEL)
    return [
        Route(_WORKITEMS, items.search, methods=["GET"]),
        Route(_WORKITEMS, items.create, methods=["POST"]),
        Route(_WORKITEM, items.retrieve, methods=["GET"]),
        Route(_WORKITEM, items.update, methods=["POST"]),
        Route(_WORKITEM + "/state", items.change_state, methods=["PUT"]),
        Route(_WORKITEM + "/cancelrequest", items.request_cancel, methods=["POST"]),
        Route(_SUBSCRIBER, items.subscribe, methods=["POST"]),
        Route(_SUBSCRIBER, items.unsubscribe, methods=["DELETE"]),
        Route(_SUBSCRIBER + "/suspend", items.suspend, methods=["POST"]),
        WebSocketRoute(CHANNEL + "/{aet}", ris.channels.serve),
    ]
