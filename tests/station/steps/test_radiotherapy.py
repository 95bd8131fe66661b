"""Structure set, plan and dose from a worklist, as other reports: each with what it is about, in one study."""

from __future__ import annotations

from itertools import pairwise

import pydicom
import pytest

from modality.station.rounds import Plan, perform_step
from tests.station.steps.test_nuclear import scheduled

CHAIN = ["CT", "RTSTRUCT", "RTPLAN", "RTDOSE"]


@pytest.mark.parametrize("modality", CHAIN[1:])
def test_what_radiotherapy_makes_can_be_scheduled(make_station, ris, archive, modality):
    scheduled(ris, modality, "Planning of the chest")
    station = make_station()
    (step,) = station.worklist(modality=modality)
    options = {"rows": 24, "columns": 24, "slices": 6, **({"grid_mm": 20.0} if modality == "RTDOSE" else {})}
    result = perform_step(station, step, Plan(options=options))
    assert (result.good, result.problems) == (True, [])
    made = [pydicom.dcmread(one.path) for one in archive.instances()]
    order = [one for one in CHAIN if one in {each.Modality for each in made}]
    assert order == CHAIN[: CHAIN.index(modality) + 1]
    assert {one.StudyInstanceUID for one in made} == {step.study_uid}
    assert {(one.AccessionNumber, str(one.PatientName)) for one in made} == {("ACC1", "Doe^Jane")}
    assert len({one.FrameOfReferenceUID for one in made}) == 1
    assert [len([one for one in made if one.Modality == each]) for each in order] == [6, 1, 1, 1][: len(order)]
    for about, its in pairwise(order):
        uids = {one.SOPInstanceUID for one in made if one.Modality == about}
        (report,) = [one for one in made if one.Modality == its]
        named = {one.value for one in report.iterall() if one.keyword == "ReferencedSOPInstanceUID"}
        assert uids <= named
        assert named <= {one.SOPInstanceUID for one in made} | {step.study_uid, result.performed.uid}
        assert report.RequestAttributesSequence[0].ScheduledProcedureStepID
    told = ris.performed_steps[result.performed.uid]
    assert (told.state, sorted(told.instances)) == ("COMPLETED", sorted(one.SOPInstanceUID for one in made))
    series = {len(one.ReferencedImageSequence): one for one in told.dataset.PerformedSeriesSequence}
    assert len(told.dataset.PerformedSeriesSequence) == len(order)
    assert len(series[6].ReferencedNonImageCompositeSOPInstanceSequence) == 0
    last = told.dataset.PerformedSeriesSequence[-1]
    assert len(last.ReferencedImageSequence) == (modality == "RTDOSE")
    assert len(last.ReferencedNonImageCompositeSOPInstanceSequence) == (modality != "RTDOSE")
