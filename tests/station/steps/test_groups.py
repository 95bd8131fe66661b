"""Group case both ways, append case, one scheduled step by several performed steps (PS3.17 J.4; IHE RAD-6, RAD-8)."""

from __future__ import annotations

import pydicom
import pytest

from modality.errors import UsageError
from modality.simulated.ris import SimulatedRis, worklist_file
from modality.simulated.ris.worklist_file import CodeEntry, StepEntry, WorklistFile
from modality.station.steps.studies import groups
from tests.station.conftest import TINY


def entry(number: int, patient: str = "P1", modality: str = "CT", **more: str) -> StepEntry:
    codes = (CodeEntry(f"C{number}", "99X", f"Code {number}"),)
    return StepEntry(
        "CT01",
        modality,
        f"today 08:0{number}",
        "Group^Ed",
        patient,
        accession_number=f"A{number}",
        description=f"Step {number}",
        protocol_codes=codes,
        requested_procedure_codes=codes,
        **more,
    )


@pytest.fixture
def ris():
    from datetime import date

    items = worklist_file.items(WorklistFile((entry(1), entry(2), entry(3, "P2"))), date.today())
    with SimulatedRis(items) as running:
        yield running


def images(archive):
    return [pydicom.dcmread(one.path) for one in archive.instances()]


def test_only_steps_of_one_patient_and_modality_are_a_group(make_station):
    station = make_station()
    steps = station.worklist()
    assert [len(one) for one in groups(steps)] == [2, 1]
    with pytest.raises(UsageError, match="one patient"):
        station.perform(steps)
    with pytest.raises(UsageError, match="needs a scheduled step"):
        station.perform([])


def test_a_group_in_one_study_names_each_request_in_images_and_performed_step(make_station, ris, archive):
    station = make_station()
    together = groups(station.worklist())[0]
    with station.perform(together) as performed:
        performed.acquire(**TINY)
    (told,) = ris.performed_steps.values()
    orders = told.dataset.ScheduledStepAttributesSequence
    assert [one.AccessionNumber for one in orders] == ["A1", "A2"]
    assert [one.ScheduledProcedureStepID for one in orders] == [step.step_id for step in together]
    assert {one.StudyInstanceUID for one in orders} == {together[0].study_uid} == {performed.study_uid}
    assert [one.CodeValue for one in told.dataset.PerformedProtocolCodeSequence] == ["C1", "C2"]
    assert len(images(archive)) == 3
    for image in images(archive):
        assert image.StudyInstanceUID == together[0].study_uid
        assert image.AccessionNumber == "A1"
        requests = image.RequestAttributesSequence
        assert [one.AccessionNumber for one in requests] == ["A1", "A2"]
        assert [one.ScheduledProcedureStepID for one in requests] == [step.step_id for step in together]
        assert [one.StudyInstanceUID for one in requests] == [step.study_uid for step in together]
        assert [one.CodeValue for one in image.PerformedProtocolCodeSequence] == ["C1", "C2"]
    assert [step.state for step in ris.steps] == ["COMPLETED", "COMPLETED", "SCHEDULED"]


def test_a_group_in_a_study_each_has_the_same_pixels_once_for_each_request(make_station, ris, archive):
    station = make_station()
    together = groups(station.worklist())[0]
    with station.perform(together, grouping="each") as performed:
        receipt = performed.acquire(**TINY)
    assert len(receipt.stored) == 6
    (told,) = ris.performed_steps.values()
    orders = told.dataset.ScheduledStepAttributesSequence
    assert [one.StudyInstanceUID for one in orders] == [step.study_uid for step in together]
    series = told.dataset.PerformedSeriesSequence
    assert [len(one.ReferencedImageSequence) for one in series] == [3, 3]
    by_study = {
        step.study_uid: [one for one in images(archive) if one.StudyInstanceUID == step.study_uid] for step in together
    }
    for number, step in enumerate(together, 1):
        mine = by_study[step.study_uid]
        assert [one.AccessionNumber for one in mine] == [f"A{number}"] * 3
        for image in mine:
            (request,) = image.RequestAttributesSequence
            assert (request.ScheduledProcedureStepID, request.AccessionNumber) == (step.step_id, f"A{number}")
            assert image.SeriesInstanceUID == series[number - 1].SeriesInstanceUID
    first, second = (sorted(mine, key=lambda one: int(one.InstanceNumber)) for mine in by_study.values())
    assert [one.PixelData for one in first] == [one.PixelData for one in second]
    assert len({one.SOPInstanceUID for one in [*first, *second]}) == 6
    assert len(set(told.instances)) == 6


def test_an_appended_step_goes_on_in_the_same_study_with_the_next_series_number(make_station, ris, archive):
    station = make_station()
    step = station.worklist()[0]
    with station.perform(step) as first:
        first.acquire(**TINY)
        first.acquire("water", **TINY)
    with station.perform(step, append=True) as second:
        second.acquire(**TINY)
    assert (first.study_uid, first.uid == second.uid) == (second.study_uid, False)
    assert first.step_id != second.step_id
    numbers = {one.SeriesInstanceUID: int(one.SeriesNumber) for one in images(archive)}
    assert sorted(numbers.values()) == [1, 2, 3]
    assert numbers[second.series[0].uid] == 3
    steps_told = list(ris.performed_steps.values())
    assert [one.state for one in steps_told] == ["COMPLETED", "COMPLETED"]
    assert set(steps_told[0].instances).isdisjoint(steps_told[1].instances)
    orders = [one.dataset.ScheduledStepAttributesSequence[0] for one in steps_told]
    assert orders[0].ScheduledProcedureStepID == orders[1].ScheduledProcedureStepID == step.step_id
    references = {one.ReferencedPerformedProcedureStepSequence[0].ReferencedSOPInstanceUID for one in images(archive)}
    assert references == {first.uid, second.uid}


def test_a_step_appended_by_a_later_run_of_the_same_seed_has_uids_of_its_own(make_station, archive, tmp_path):
    step = make_station().worklist()[0]
    made = []
    for number in range(3):
        station = make_station(archive=str(tmp_path / "folder"))  # nobody to ask for the series of a study
        with station.perform(step, append=number > 0) as performed:
            performed.acquire(**TINY)
        made.append(performed)
    assert len({one.uid for one in made}) == len({one.step_id for one in made}) == 3
    assert [scan.context.series.number for one in made for scan in one.scans] == [1, 2, 3]
    assert len({one.study_uid for one in made}) == 1


def test_series_of_another_modality_in_the_study_are_counted_too(make_station, archive):
    step = make_station().worklist()[0]
    with make_station(state=None).perform(step) as first:
        first.acquire(**TINY)
    other = make_station(state=None, mpps=None)
    with other.perform(step, append=True) as second:
        second.acquire("water", **TINY)
    assert [scan.context.series.number for scan in (*first.scans, *second.scans)] == [1, 2]
