"""A load by one call, as a notebook makes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modality.errors import UsageError
from modality.load.engine.embedded import load
from modality.simulated.archive.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.ris.ris import SimulatedRis
from tests.load.loads import TINY, scenario

SMALL = scenario(replace(TINY, instances=5), unit="study", steps=("worklist", "store"), timeout_s=30.0)


def test_it_goes_to_an_archive_and_a_web_service_alike_and_asks_the_ris() -> None:
    with SimulatedArchive(web=Web()) as archive, SimulatedRis() as ris:
        for address in (archive.address, archive.web_address):
            account = load(SMALL, address, rate=20, duration_s=0.5, seed=1, ris=ris.address)
            assert (account.sent, account.planned) == (10, 10)
            assert account.step("worklist").done == 2
            assert account.configuration["timeout_s"] == 30.0
        assert len(archive.instances()) == 20


def test_what_is_no_archive_or_not_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a folder takes no load"):
        load(SMALL, str(tmp_path))
    for options in (
        {"to": "https://192.0.2.1/dicom-web"},
        {"to": "dicom://A@127.0.0.1:1", "ris": "dicom://R@192.0.2.1:1"},
    ):
        with pytest.raises(UsageError, match="not on this machine"):
            load(SMALL, **options)
