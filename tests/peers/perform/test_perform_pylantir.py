"""`perform` with pylantir as RIS: a worklist that tells little, and steps that it hears of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from modality.network.address import parse_dicom
from modality.network.local import Local, Timeouts
from modality.network.mpps import set_step
from tests.peers.commandline import SMALL, modality

pytestmark = pytest.mark.peer


def row(number: int, modality: str = "CT", days: int = 0, **more: str) -> dict[str, str]:
    """An item as pylantir keeps it."""
    return {
        "study_instance_uid": f"1.2.826.0.1.3680043.2.{number}",
        "patient_name": f"Pylantir^Number{number}",
        "patient_id": f"PYL{number}",
        "patient_birth_date": "19700101",
        "patient_sex": "F",
        "modality": modality,
        "scheduled_start_date": f"{datetime.now().astimezone() + timedelta(days=days):%Y%m%d}",
        "scheduled_start_time": f"{8 + number:02d}0000",
        "protocol_name": "Brain",
        "performed_procedure_step_status": "SCHEDULED",
        "hisris_coding_designator": "99SITE",
        **more,
    }


@pytest.fixture
def ris(pylantir: Callable[..., Any]):  # type: ignore[no-untyped-def]
    with pylantir() as running:
        running.schedule([row(1), row(2, "MR")])
        yield running


def test_its_worklist_is_performed_and_it_hears_of_each_step(ris: Any, tmp_path: Path) -> None:
    listed = modality("worklist", "--from", ris.address, "--json")
    assert listed.code == 0, listed.stderr
    steps = listed.document["steps"]
    assert [(one["patient_id"], one["modality"], one["station_aet"]) for one in steps] == [
        ("PYL1", "CT", ""), ("PYL2", "MR", ""),
    ]  # fmt: skip
    finished = modality(
        "perform", "--worklist", ris.address, "--mpps", ris.address, "--archive", tmp_path / "out",
        "--state", tmp_path / "state", "--json", *SMALL,
    )  # fmt: skip
    assert finished.code == 0, finished.stderr
    performed = finished.document["steps"]
    assert [(one["state"], one["mpps"]) for one in performed] == [("COMPLETED", "told")] * 2
    assert ris.states() == {"PYL1": "COMPLETED", "PYL2": "COMPLETED"}
    kept = [dcmread(path, stop_before_pixels=True) for path in sorted((tmp_path / "out").rglob("*.dcm"))]
    assert {(one.PatientID, str(one.PatientName), one.StudyInstanceUID) for one in kept} == {
        (f"PYL{n}", f"Pylantir^Number{n}", f"1.2.826.0.1.3680043.2.{n}") for n in (1, 2)
    }
    # It gives no step ID, and a protocol that nobody here knows: reported back unchanged.
    codes = {one.RequestAttributesSequence[0].ScheduledProtocolCodeSequence[0].CodeValue for one in kept}
    assert codes == {"Brain"}
    assert modality("worklist", "--from", ris.address, "--json").document["steps"] == []


def test_an_abandoned_step_is_heard_of_as_such_and_stays_listed(ris: Any, tmp_path: Path) -> None:
    finished = modality(
        "perform", "--worklist", ris.address, "--mpps", ris.address, "--archive", tmp_path / "out", "--modality", "CT",
        "--discontinue", "110513", "--limit", "1", "--state", tmp_path / "state", "--json", *SMALL,
    )  # fmt: skip
    (step,) = finished.document["steps"]
    assert (step["state"], step["mpps"]) == ("DISCONTINUED", "told")
    assert ris.states()["PYL1"] == "DISCONTINUED"


def test_it_is_permissive_about_a_step_that_is_over(ris: Any) -> None:
    """Why it does not judge our order of messages: ours and dcmjs-dimse's servers do."""
    after = Dataset()
    after.PerformedProcedureStepStatus = "COMPLETED"
    # Of no step that it knows, and taken all the same.
    set_step(parse_dicom(ris.address), "1.2.3.4", after, Local("CT01", Timeouts(30, 30, 30)))
    assert set(ris.states().values()) == {"SCHEDULED"}
