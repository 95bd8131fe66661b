"""Structure set, plan and dose from a worklist, as other reports: each alone, about a scan by its UIDs."""

from __future__ import annotations

import pydicom
import pytest

from modality.station.rounds import Plan, perform_step
from tests.station.steps.test_nuclear import scheduled


@pytest.mark.parametrize("modality", ["RTSTRUCT", "RTPLAN", "RTDOSE"])
def test_what_radiotherapy_makes_can_be_scheduled(make_station, ris, archive, modality):
    scheduled(ris, modality, "Planning of the chest")
    station = make_station()
    (step,) = station.worklist(modality=modality)
    options = {"rows": 24, "columns": 24, "slices": 6, **({"grid_mm": 20.0} if modality == "RTDOSE" else {})}
    result = perform_step(station, step, Plan(options=options))
    assert (result.good, result.problems) == (True, [])
    (stored,) = [pydicom.dcmread(one.path) for one in archive.instances()]
    assert (stored.Modality, stored.AccessionNumber, str(stored.PatientName)) == (modality, "ACC1", "Doe^Jane")
    assert stored.StudyInstanceUID == step.study_uid
    assert stored.RequestAttributesSequence[0].ScheduledProcedureStepID
    told = ris.performed_steps[result.performed.uid]
    assert (told.state, told.instances) == ("COMPLETED", [stored.SOPInstanceUID])
    (series,) = told.dataset.PerformedSeriesSequence
    assert len(series.ReferencedImageSequence) == (modality == "RTDOSE")
    assert len(series.ReferencedNonImageCompositeSOPInstanceSequence) == (modality != "RTDOSE")
