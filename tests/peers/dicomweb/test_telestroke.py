"""`modality telestroke` with Orthanc as the medical centre's archive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.commandline import SMALL, modality

pytestmark = pytest.mark.peer


def test_the_images_go_to_orthanc_and_come_back_equal(orthanc: Callable, tmp_path: Path) -> None:
    with orthanc() as archive:
        finished = modality("telestroke", "--archive", archive.dicomweb, "--out", tmp_path / "out", "--json", *SMALL)
        held = {one.SOPInstanceUID for one in archive.datasets()}
    assert finished.code == 0, finished.stderr
    found = finished.document
    assert held == set(found["instances"])
    assert (found["identical"], len(held)) == (4, 4)
    endpoint = next(hop for hop in found["hops"] if hop["transaction"] == "FHIR read Endpoint")
    assert endpoint["detail"] == archive.dicomweb
