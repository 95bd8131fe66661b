"""Radiographs that a worklist asks for."""

from __future__ import annotations

from typing import Any

import pydicom
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


def test_a_pair_is_two_performed_series_each_with_its_own_image(
    worklist: Any, simulated_ris: Any, simulated_archive: Any
) -> None:
    worklist.clear()
    worklist.add(station_aet="ROOM1", modality="DX", accession_number="ACC7")
    station = Station("ROOM1", ris=simulated_ris.address, archive=simulated_archive.address)
    (step,) = station.worklist(modality="DX", date="today")
    with station.perform(step) as performed:
        assert performed.acquire(rows=64, columns=64, presentation="both").complete
    told = simulated_ris.performed_steps[performed.uid].dataset.PerformedSeriesSequence
    stored = {one.sop_instance_uid: pydicom.dcmread(one.path) for one in simulated_archive.instances()}
    assert len(told) == len(stored) == 2
    for series in told:
        (listed,) = series.ReferencedImageSequence
        image = stored[listed.ReferencedSOPInstanceUID]
        assert series.SeriesInstanceUID == image.SeriesInstanceUID
        assert series.SeriesDescription == image.SeriesDescription
        assert series.ProtocolName == image.ProtocolName
