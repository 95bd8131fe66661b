"""What the web services share: the archive, the resource that a URL names, and what goes wrong to order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from anyio import from_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request

from modality.errors import StatusError
from modality.simulated.archive.index import StoredInstance
from modality.simulated.dicomweb.access import USER
from modality.simulated.dicomweb.web import ROOT, Web
from modality.simulated.events import Happening
from modality.simulated.faults import Fault
from modality.transfer.part10 import is_uid

if TYPE_CHECKING:
    from modality.simulated.archive.archive import SimulatedArchive
    from modality.simulated.peer import SimulatedPeer

Transports = dict[tuple[str, int] | None, asyncio.Transport]
"""The open connections, by the address of the other side."""

# The parameters of our URLs, and the unique keys that they give.
_KEYS = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID", "instance": "SOPInstanceUID"}
_POLL_S = 0.02


class PeerService:
    """A peer as its web services see it.

    Args:
        peer: whose they are.
        web: its limits.
        transports: the open connections.
    """

    def __init__(self, peer: SimulatedPeer, web: Web, transports: Transports) -> None:
        self.peer = peer
        self.web = web
        self._transports = transports

    def root(self, request: Request) -> str:
        """The service root as the user agent calls it; some leave our port out of Host, and cannot mean another."""
        url, server = request.url, request.scope.get("server")
        if url.port is None and server and server[1] != {"http": 80, "https": 443}[url.scheme]:
            url = url.replace(port=server[1])
        return f"{url.scheme}://{url.netloc}{ROOT}"

    def who(self, request: Request) -> str:
        """The user, or the IP address where nobody has to say who it is."""
        return str(request.scope.get(USER) or (request.client.host if request.client else ""))

    def log(self, request: Request, what: str, status: int, uid: str = "", detail: str = "") -> None:
        """Note what was answered."""
        self.peer.events.write(Happening(what, self.who(request), status, uid, detail))

    def strike(self, request: Request, service: str) -> Fault:
        """Let the faults of a request happen as far as they come before the work: abort, silence, delay.

        To be called in a thread of Starlette's.

        Raises:
            HTTPException: 500 or 503, the connection is broken off; nobody will read it.
        """
        fault = self.peer.listener.faults.strike(service)
        stopping = self.peer.listener.stopping
        client = (request.client.host, request.client.port) if request.client else None
        while fault.silent and client in self._transports and not stopping.wait(_POLL_S):
            pass
        if fault.silent or fault.abort_after is not None:
            from_thread.run_sync(self.abort, request)
            raise HTTPException(503, "broken off as asked")
        if fault.delay_s:
            stopping.wait(fault.delay_s)
        return fault

    def answer_or_refuse(self, request: Request, service: str) -> None:
        """Let the faults of a retrieval or a query happen.

        Raises:
            HTTPException: 503, a status of the DIMSE service says that trying later may help; 500, it says no such
                thing.
        """
        status = self.strike(request, service).status
        if status:
            later = StatusError("", status=status).retryable
            raise HTTPException(503 if later else 500, f"refused as asked, with {status:04X}H")

    def abort(self, request: Request) -> None:
        """Break a connection off; to be called in the server's own thread."""
        client = (request.client.host, request.client.port) if request.client else None
        transport = self._transports.get(client)
        if transport is not None:
            transport.abort()


class Service(PeerService):
    """An archive as its web services see it.

    Args:
        archive: whose instances they are.
        web: its limits.
        transports: the open connections.
    """

    def __init__(self, archive: SimulatedArchive, web: Web, transports: Transports) -> None:
        super().__init__(archive, web, transports)
        self.archive = archive

    def within(self, request: Request) -> dict[str, list[str]]:
        """The unique keys that a URL gives.

        Raises:
            HTTPException: 400, what stands for a UID is none.
        """
        keys = {}
        for parameter, keyword in _KEYS.items():
            if parameter in request.path_params:
                uid = str(request.path_params[parameter])
                if not is_uid(uid):
                    raise HTTPException(400, f"{uid[:80]!r} is no UID")
                keys[keyword] = [uid]
        return keys

    def instances(self, request: Request) -> list[StoredInstance]:
        """The instances below the resource that a URL names.

        Raises:
            HTTPException: 404, there are none; 400, see `within`.
        """
        within = self.within(request)
        found = self.archive.index.instances(within)
        if not found:
            raise HTTPException(404, f"{' '.join(f'{key} {uids[0]}' for key, uids in within.items())} is not here")
        return found

    def url_of(self, request: Request, one: Mapping[str, str]) -> str:
        """The URL of a study, a series or an instance, of whose UIDs as many are given as it takes."""
        names = {"StudyInstanceUID": "studies", "SeriesInstanceUID": "series", "SOPInstanceUID": "instances"}
        return self.root(request) + "".join(f"/{name}/{one[key]}" for key, name in names.items() if key in one)
