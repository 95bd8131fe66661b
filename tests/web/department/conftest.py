"""A department that runs, and a client of its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from modality.web.department import Department


@pytest.fixture
def department() -> Iterator[Callable[..., Department]]:
    """Starts departments with the options given."""
    with ExitStack() as stack:

        def start(**options: Any) -> Department:
            return stack.enter_context(Department(**options))

        yield start


@pytest.fixture
def client() -> Iterator[Callable[[Department], httpx.Client]]:
    """Makes clients of departments' pages."""
    with ExitStack() as stack:
        yield lambda of: stack.enter_context(httpx.Client(base_url=of.page_address, timeout=100))
