"""A station between an archive and a RIS of our own, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from modality.identity import patient
from modality.network.local import Timeouts
from modality.protocol.worklist import ScheduledStep, unscheduled
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis
from modality.station.station import Station
from tests.peers.process import free_port

TINY = {"rows": 8, "columns": 8, "slices": 3}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SimulatedArchive]:
    with SimulatedArchive(tmp_path / "archive", port=free_port()) as running:  # it may go, and come back there
        yield running


@pytest.fixture
def ris() -> Iterator[SimulatedRis]:
    with SimulatedRis(port=free_port()) as running:
        yield running


@pytest.fixture
def make_station(archive: SimulatedArchive, ris: SimulatedRis, tmp_path: Path) -> Iterator[Callable[..., Station]]:
    """Makes a station that knows the archive and the RIS; options go over that."""
    with ExitStack() as stack:

        def make(**options: Any) -> Station:
            chosen = {"ris": ris.address, "archive": archive.address, "state": tmp_path / "state", **options}
            return stack.enter_context(Station("CT01", seed=5, timeouts=Timeouts(30, 30, 30), **chosen))

        yield make


@pytest.fixture
def step() -> ScheduledStep:
    return unscheduled(patient(5), "CT", description="Unscheduled")
