"""Nuclear studies from a worklist: PET and gamma camera, of what the order names."""

from __future__ import annotations

from datetime import date

import pydicom
import pytest

from modality.simulated.ris.steps import WorklistStep
from modality.simulated.ris.worklist_file import StepEntry, item
from modality.station.rounds import Plan, perform_step
from modality.station.steps.protocols import phantom_for


def scheduled(ris, modality, words):
    entry = StepEntry(
        station_aet="CT01", modality=modality, start="today 08:00", patient_name="Doe^Jane", patient_id="P1",
        accession_number="ACC1", description=words,
    )  # fmt: skip
    ris.reschedule(lambda _: [WorklistStep(item(entry, 1, 1, date.today()))])


@pytest.mark.parametrize(
    ("modality", "words", "phantom", "options", "images"),
    [
        ("PT", "PET of the brain", "head", {"rows": 16, "columns": 16, "slices": 2}, 2),
        ("PT", "Quality assurance", "nema-pet", {"rows": 16, "columns": 16, "slices": 2}, 2),
        ("NM", "Bone scan", "thorax", {"rows": 16, "columns": 16, "study": "STATIC"}, 1),
    ],
)
def test_a_scheduled_study_is_made_of_what_the_order_names(
    make_station, ris, archive, modality, words, phantom, options, images
):
    scheduled(ris, modality, words)
    station = make_station()
    (step,) = station.worklist(modality=modality)
    assert phantom_for(step) == phantom
    result = perform_step(station, step, Plan(options=options))
    assert (result.good, result.problems) == (True, [])
    stored = [pydicom.dcmread(one.path) for one in archive.instances()]
    assert len(stored) == images
    assert {(one.Modality, one.AccessionNumber, str(one.PatientName)) for one in stored} == {
        (modality, "ACC1", "Doe^Jane")
    }
    assert stored[0].RequestAttributesSequence[0].ScheduledProcedureStepID
    told = ris.performed_steps[result.performed.uid]
    assert told.state == "COMPLETED"
    assert sorted(told.instances) == sorted(one.SOPInstanceUID for one in stored)
