"""Radiographs that a worklist asks for."""

from __future__ import annotations

from typing import Any

import pytest

from modality.station.station import Station


@pytest.mark.parametrize(
    ("modality", "options"),
    [
        ("DX", {"rows": 64, "columns": 64}),
        ("MG", {"rows": 64, "columns": 48}),
        ("RF", {"rows": 32, "columns": 32, "frames": 2}),
    ],
)
def test_a_step_is_performed_and_stored(
    modality: str, options: dict[str, Any], worklist: Any, simulated_ris: Any, simulated_archive: Any
) -> None:
    worklist.clear()
    worklist.add(station_aet="ROOM1", modality=modality, accession_number="ACC7")
    station = Station("ROOM1", ris=simulated_ris.address, archive=simulated_archive.address)
    (step,) = station.worklist(modality=modality, date="today")
    with station.perform(step) as performed:
        receipt = performed.acquire(**options)
    assert receipt.complete
    assert len(simulated_archive.studies) == 1
