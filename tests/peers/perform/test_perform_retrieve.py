"""A performed step retrieved by N-GET from an MPPS SCP on a stack that shares nothing with ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from modality.errors import StepRefused
from modality.network.address import parse_dicom
from modality.network.local import Local, Timeouts
from modality.network.mpps import get_step
from tests.peers.commandline import SMALL, modality
from tests.peers.fixtures import Factory
from tests.peers.perform.conftest import named

pytestmark = pytest.mark.peer

LOCAL = Local("WATCHER", Timeouts(30, 30, 30))


def test_a_step_is_retrieved_as_it_was_told(dcmjs_mpps: Factory, tmp_path: Path) -> None:
    with dcmjs_mpps() as mpps:
        finished = modality(
            "perform", "--unscheduled", "CT", "--archive", tmp_path / "out", "--mpps", mpps.address,
            "--state", tmp_path / "state", "--json", *SMALL, "--seed", "5",
        )  # fmt: skip
        (step,) = finished.document["steps"]
        found = get_step(parse_dicom(mpps.address), step["mpps_uid"], LOCAL)
        with pytest.raises(StepRefused, match="0112H"):
            get_step(parse_dicom(mpps.address), "1.2.3", LOCAL)
        begun, ended = mpps.messages("N-CREATE") + mpps.messages("N-SET")
    assert found.PerformedProcedureStepStatus == "COMPLETED"
    assert str(found.PatientName) == str(begun.dataset.PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert named(found) == named(ended.dataset)
    assert len(named(found)) == 4
