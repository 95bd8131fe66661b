"""Steps performed unattended: what is scanned, what is checked before anything begins, and what is noted."""

from __future__ import annotations

import pydicom
import pytest
from pydicom import Dataset

from modality.errors import UnknownNameError, UsageError
from modality.identity import patient
from modality.protocol.worklist import ScheduledStep, unscheduled
from modality.station.rounds import Plan, perform_step, phantom_for
from tests.station.conftest import TINY


def ordered(modality: str, words: str = "", meaning: str = "") -> ScheduledStep:
    step = unscheduled(patient(1), modality, description=words)
    if meaning:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "X", "99LAB", meaning
        step.step.ScheduledProtocolCodeSequence = [code]
    return step


@pytest.mark.parametrize(
    ("step", "phantom"),
    [
        (ordered("CT"), "thorax"),
        (ordered("MR"), "head"),
        (ordered("CT", "CT SCHÄDEL nativ"), "head"),
        (ordered("MR", "", "MR of the lung"), "thorax"),
        (ordered("CT", "Knee left"), "knee"),
        (ordered("MR", "MR lumbar spine"), "spine"),
        (ordered("US", "US breast right"), "breast"),
        (ordered("US", "", "Ultrasonography of liver"), "abdomen"),
        (ordered("CT", "Finger"), "thorax"),
    ],
)
def test_an_orders_words_choose_the_phantom(step, phantom):
    assert phantom_for(step) == phantom


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"phantom": "hed"}, UnknownNameError),
        ({"assignments": {"PatientNam": "X"}}, UnknownNameError),
        ({"assignments": {"PatientSize": "tall"}}, UsageError),
        ({"discontinue": "4711"}, UsageError),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_no_plan(options, error):
    with pytest.raises(error):
        Plan(**options)


def test_a_step_that_goes_well_is_committed(make_station, ris, step):
    result = perform_step(make_station(), step, Plan(options=TINY))
    assert result.good
    assert result.outcome is not None
    assert len(result.outcome.committed) == 3
    assert ris.performed_steps[result.performed.uid].state == "COMPLETED"


def test_nobody_is_told_of_a_step_that_no_kind_can_make(make_station, ris):
    result = perform_step(make_station(), ordered("ES"), Plan(options=TINY))
    assert not result.good
    assert result.performed.state == ""
    assert ris.performed_steps == {}
    assert "no kind makes images of modality 'ES'" in result.problems[0]


def test_images_are_committed_even_when_the_ris_was_not_told_of_the_end(make_station, ris, step):
    result = perform_step(make_station(), step, Plan(options=TINY), progress=lambda _: ris.stop())
    assert (result.unreachable, len(result.problems)) == (True, 1)
    assert result.outcome is not None
    assert result.outcome.complete


def test_images_whose_commitment_was_not_asked_for_are_left_for_a_resume(make_station, step):
    station = make_station()
    with station.perform(step) as performed:
        performed.acquire(**TINY)
    assert len(station.pending.list()) == 3
    assert station.resume().waiting == 0


@pytest.mark.parametrize("keyword", ["PatientName", "AccessionNumber", "PerformedProcedureStepID"])
def test_what_images_and_performed_step_share_cannot_be_set_in_the_images_alone(keyword: str) -> None:
    with pytest.raises(UsageError, match=keyword):
        Plan(assignments={keyword: "X"})


def test_an_attribute_that_the_kind_does_not_have_is_set_and_noted(make_station, archive):
    step = unscheduled(patient(1), "ECG")
    result = perform_step(make_station(), step, Plan(assignments={"KVP": "120"}, options={"seconds": 2.0}))
    assert result.good
    assert [one for one in result.notes if "KVP" in one] == [
        "KVP is of no module of the 12-lead-ecg IOD (PS3.3), and set all the same"
    ]
    (stored,) = archive.instances()
    assert pydicom.dcmread(stored.path).KVP == 120
