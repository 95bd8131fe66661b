"""A web application with bad days to order: requests delayed, refused, not answered, or broken off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from modality.simulated.faults import Faults

Transports = dict[tuple[str, int] | None, asyncio.Transport]
_POLL_S = 0.02


class Faulty:
    """Lets faults strike the requests of a FHIR server before they reach it.

    Args:
        application: the server.
        faults: what goes wrong.
        service_of: the service that a request asks for, by method and path below the root.
        root: path of the service root.
        transports: the open connections, kept by what holds the port.
    """

    def __init__(
        self,
        application: ASGIApp,
        faults: Faults,
        service_of: Callable[[str, str], str],
        root: str,
        transports: Transports,
    ) -> None:
        self._application, self._faults, self._service_of = application, faults, service_of
        self._root, self._transports = root, transports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless a fault strikes it."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        service = self._service_of(scope["method"], scope["path"].removeprefix(self._root).strip("/"))
        fault = self._faults.strike(service)
        client = tuple(scope["client"]) if scope.get("client") else None
        if fault.silent:
            while client in self._transports:  # until the other side, or the server, has had enough
                await asyncio.sleep(_POLL_S)
        if fault.silent or fault.abort_after is not None:
            if transport := self._transports.get(client):
                transport.abort()
            return
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if not fault.status:
            await self._application(scope, receive, send)
            return
        issue = {"severity": "error", "code": "transient", "diagnostics": "refused as asked"}
        body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
        headers = [(b"content-type", b"application/fhir+json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": fault.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def fhir_service(method: str, path: str) -> str:
    """Which of `modality.simulated.fault_text.FHIR_SERVICES` a request asks for."""
    if path == "metadata":
        return "capabilities"
    if path.endswith("_search"):
        return "search"
    if method == "POST":
        return "create" if path else "transaction"
    if method == "PUT":
        return "update"
    return "read" if "/" in path else "search"


def keeping(transports: Transports, base: Any) -> Any:
    """A protocol of uvicorn's that keeps each connection's transport, so that it can be broken off without an answer.

    Args:
        transports: where they are kept, by the address of the other side.
        base: the protocol.
    """

    class Keeping(base):  # type: ignore[misc]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.client, None)
            super().connection_lost(exc)

    return Keeping
