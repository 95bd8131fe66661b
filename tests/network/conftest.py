"""Simulated archives, and instances to store in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from modality.network.local import Local, Timeouts
from modality.simulated.archive import SimulatedArchive
from modality.transfer.encode import prepare
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TransferSyntax
from tests.transfer.datasets import image

LOCAL = Local("CT01", Timeouts(connect_s=30, association_s=30, response_s=30))


@pytest.fixture
def archive() -> Iterator[Callable[..., SimulatedArchive]]:
    """Starts archives, each with the faults given."""
    with ExitStack() as stack:

        def start(*faults: str, **options: Any) -> SimulatedArchive:
            return stack.enter_context(SimulatedArchive(faults=faults, **options))

        yield start


def series(count: int, syntax: TransferSyntax = EXPLICIT_LITTLE, **attributes: Any) -> list[PreparedInstance]:
    """So many instances of one series."""
    return [prepare(image(SOPInstanceUID=f"1.2.3.1.{number}", **attributes), syntax) for number in range(count)]
