"""Ultrasound that a worklist asks for, and as an exam of a load."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modality.load.exams.material import Material
from modality.load.exams.plan import PlannedStudy
from modality.load.scenario import Exam
from modality.station.station import Station
from modality.station.steps.filling import kind_of
from tests.load.loads import scenario

SIZE = {"rows": 64, "columns": 200, "frames": 2}


def test_a_step_is_performed_and_stored_with_its_patient_in_the_picture(
    worklist: Any, simulated_ris: Any, simulated_archive: Any
) -> None:
    assert kind_of("US") == "us"
    worklist.clear()
    worklist.add(station_aet="ROOM1", modality="US", accession_number="ACC7", patient_id="P77", patient_name="Roe^Ann")
    station = Station("ROOM1", ris=simulated_ris.address, archive=simulated_archive.address)
    (step,) = station.worklist(modality="US", date="today")
    with station.perform(step) as performed:
        receipt = performed.acquire(annotation=True, **SIZE)
    assert receipt.complete
    assert len(simulated_archive.studies) == 1
    (scan,) = performed.scans
    told = {one["keyword"]: one["text"] for one in scan.truth()["burned_in_text"]}
    assert (told["PatientID"], told["PatientName"], told["AccessionNumber"]) == ("ID P77", "ROE ANN", "ACC7")


@pytest.mark.parametrize("fresh", [False, True])
def test_it_is_an_exam_of_a_load(fresh: bool) -> None:
    exam = Exam(name="us", kind="us", phantom="spheres", rows=64, columns=64, options={"frames": 3})
    material = Material(scenario(exam), 5, fresh_pixels=fresh)
    (context,) = material.contexts()
    assert context[0] == "1.2.840.10008.5.1.4.1.1.3.1"
    one, two = (material.instance(PlannedStudy(number, exam, 1, 0, 5, "R"), 0).dataset() for number in (0, 1))
    assert one.StudyInstanceUID != two.StudyInstanceUID
    assert one.PatientID != two.PatientID
    assert one.NumberOfFrames == 3
    assert np.array_equal(one.pixel_array, two.pixel_array) != fresh
