"""A service in memory, asked without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest

from modality.simulated.fhir.application import application
from modality.simulated.fhir.service import Service
from modality.simulated.fhir.store import Store

MOMENT = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)
ROOT = "http://server/fhir"

Ask = Callable[..., httpx.Response]
"""``ask(method, path, **request)``: a request below the service root, as httpx has it."""


def asking(store: Store, *tokens: str) -> Ask:
    """What asks a service of this store; a fault of the server is an answer 500, and no error here."""
    transport = httpx.ASGITransport(
        application(Service(store, secured=bool(tokens)), tokens), raise_app_exceptions=False
    )

    def ask(method: str, path: str, **request: Any) -> httpx.Response:
        async def exchange() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport) as client:
                return await client.request(method, path if path.startswith("http") else ROOT + path, **request)

        return asyncio.run(exchange())

    return ask


@pytest.fixture
def store() -> Store:
    return Store(clock=lambda: MOMENT)


@pytest.fixture
def ask(store: Store) -> Ask:
    return asking(store)


def reasons(response: httpx.Response) -> str:
    """What an OperationOutcome says, one issue a line."""
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome", outcome
    assert response.headers["content-type"].startswith("application/fhir+json")
    return "\n".join(
        f"{one['code']} {one.get('expression', [''])[0]}: {one['diagnostics']}" for one in outcome["issue"]
    )
