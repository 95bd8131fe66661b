"""A RIS with its unified worklist on the web, and a plain HTTP client of it."""

from __future__ import annotations

import httpx
import pytest

from modality.simulated.dicomweb.web import Web
from modality.simulated.ris import SimulatedRis
from tests.simulated.upsrs.asking import JSON


@pytest.fixture
def ris():
    with SimulatedRis(web=Web()) as running:
        yield running


@pytest.fixture
def http(ris):
    with httpx.Client(base_url=ris.web_address, headers=JSON, timeout=60) as running:
        yield running
