"""A step performed by a machine with habits: the order names the patient, and RIS and archive hear the same UIDs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modality.errors import UnknownNameError
from modality.iods.personas.persona import load_persona
from modality.protocol.worklist import ScheduledStep
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis
from modality.station.rounds import Plan, perform_step
from modality.station.station import Station
from tests.station.conftest import TINY

Make = Callable[..., Station]


@pytest.mark.parametrize("name", ["hanzi", "longwinded"])
def test_a_step_is_performed_by_a_persona(
    name: str, make_station: Make, ris: SimulatedRis, archive: SimulatedArchive, step: ScheduledStep
) -> None:
    with make_station().perform(step) as performed:
        receipt = performed.acquire(phantom="water", persona=name, **TINY)
    assert receipt.complete
    assert performed.state == "COMPLETED"
    told = ris.performed_steps[performed.uid]
    named = set(told.instances)
    stored = [one.dataset() for scan in performed.scans for one in scan]
    assert named == {str(one.SOPInstanceUID) for one in stored}
    assert {len(uid) for uid in named} == {64 if name == "longwinded" else 44}
    for one in stored:
        assert one.PatientName == step.patient.name
        assert one.PatientBirthDate == step.patient.birth_date
        assert (
            one.StudyID == told.dataset.StudyID
        )  # hanzi's habit to leave it empty has to wait: the performed step has it
        assert one.private_creators(0x0029 if name == "hanzi" else 0x0011)
    assert archive.studies == [performed.study_uid]


def test_a_round_takes_one_too(make_station: Make, step: ScheduledStep) -> None:
    plan = Plan(phantom="water", options=TINY, persona=load_persona("veteran"))
    result = perform_step(make_station(), step, plan)
    (first, *_) = (one for scan in result.performed.scans for one in scan)
    assert first.dataset().private_creators(0x0019) == ["MODALITY PERSONA VETERAN 01"]


def test_an_unknown_one_is_told(make_station: Make, step: ScheduledStep) -> None:
    with make_station().perform(step) as performed, pytest.raises(UnknownNameError, match="did you mean 'kanji'"):
        performed.acquire(phantom="water", persona="kanjy", **TINY)
