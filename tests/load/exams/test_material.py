"""Material: instances that are new in everything that names them, and the same in all else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

import numpy as np
import pytest
from pydicom.dataset import Dataset

from modality.errors import UsageError
from modality.load.engine.run import Load
from modality.load.exams.material import Material
from modality.load.exams.plan import PlannedStudy
from modality.load.outcome import instance_uid
from modality.load.scenario import Exam
from modality.network.address import DicomAddress
from modality.network.local import Local
from modality.transfer.instance import PreparedInstance
from tests.load.loads import SEED, TINY, material, scenario

TWO_SERIES = replace(TINY, name="two", series=2)


@lru_cache
def two_series() -> Material:
    return Material(scenario(TWO_SERIES), SEED)


def study(exam: Exam = TINY, number: int = 0, run_id: str = "run") -> PlannedStudy:
    return PlannedStudy(number, exam, 10 * exam.series, 0, SEED, run_id, started_s=2.0 * number)


def of(instance: PreparedInstance) -> Dataset:
    """The data set, its pixels apart."""
    dataset = instance.dataset()
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID == instance.sop_instance_uid
    assert dataset.StudyInstanceUID == instance.study_uid
    assert dataset.SeriesInstanceUID == instance.series_uid
    return dataset


def test_an_instance_has_the_identity_that_the_plan_gives_its_study() -> None:
    planned = study(number=4)
    dataset = of(material(TINY).instance(planned, 7))
    assert dataset.StudyInstanceUID == planned.uid
    assert dataset.SOPInstanceUID == instance_uid(planned.uid, 7)
    assert dataset.PatientID == planned.patient.patient_id
    assert str(dataset.PatientName).strip() == planned.patient.name
    assert dataset.PatientBirthDate == planned.patient.birth_date
    assert dataset.PatientSex == planned.patient.sex
    assert dataset.PatientAge == planned.patient.age_on(planned.started.date())
    assert dataset.AccessionNumber == planned.accession_number
    assert (dataset.InstanceNumber, dataset.SeriesNumber) == (8, 1)
    moment = datetime.strptime(dataset.StudyDate + dataset.StudyTime, "%Y%m%d%H%M%S")
    assert moment == planned.started


def test_no_uid_of_the_mould_is_left_and_none_is_in_two_studies() -> None:
    def uids(instance: PreparedInstance) -> set[str]:
        found: set[str] = set()

        def note(_: Dataset, element: object) -> None:
            if getattr(element, "VR", "") == "UI":
                found.update(str(one) for one in np.atleast_1d(element.value))  # type: ignore[attr-defined]

        instance.dataset().walk(note)
        return {one for one in found if one.startswith("2.25.")}

    made = material(TINY)
    one, other = uids(made.instance(study(number=0), 0)), uids(made.instance(study(number=1), 0))
    again = uids(made.instance(study(number=0, run_id="next"), 0))
    mould = uids(made._moulds["MR tiny"][0].instance)
    assert len(one) == len(mould) >= 4  # study, series, instance, frame of reference
    assert not one & other
    assert not one & again
    assert not one & mould


def test_one_material_serves_several_runs_at_a_time() -> None:
    """Each with identifiers of its own, from any number of threads."""
    made = material(TINY)
    wanted = [(study(number=number % 3, run_id=f"run {number % 2}"), number % 10) for number in range(600)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: made.instance(*one), wanted))
    for (planned, index), instance in zip(wanted, found, strict=True):
        assert instance.identifier("PatientID") == planned.patient.patient_id
        assert instance.identifier("AccessionNumber") == planned.accession_number
        assert int(instance.identifier("InstanceNumber")) == index + 1
        assert instance.identifier("SOPInstanceUID") == planned.instance_uid(index)


def test_what_is_shared_within_a_study_stays_shared() -> None:
    first, second = (of(material(TINY).instance(study(), index)) for index in (0, 5))
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "PatientID", "AccessionNumber"):
        assert getattr(first, keyword) == getattr(second, keyword)
    assert first.SOPInstanceUID != second.SOPInstanceUID


def test_slices_lie_where_they_would_in_a_series_of_that_many() -> None:
    heights = [of(material(TINY).instance(study(), index)).ImagePositionPatient[2] for index in range(10)]
    gaps = np.diff(heights)
    assert np.all(gaps != 0)
    assert gaps == pytest.approx(np.full(9, gaps[0]), abs=0.01)


def test_a_study_of_two_series_has_them_one_after_the_other() -> None:
    found = [of(two_series().instance(study(TWO_SERIES), index)) for index in (0, 9, 10, 19)]
    assert two_series().sizes == {"two": 20}
    assert [(one.SeriesNumber, one.InstanceNumber) for one in found] == [(1, 1), (1, 10), (2, 1), (2, 10)]
    assert found[0].SeriesInstanceUID == found[1].SeriesInstanceUID != found[2].SeriesInstanceUID
    assert found[2].SeriesInstanceUID == found[3].SeriesInstanceUID
    assert two_series().place(study(TWO_SERIES), 15) == (1, found[0].SOPClassUID)


def test_the_same_study_gives_the_same_bytes_and_another_seed_others() -> None:
    def content(made: Material) -> bytes:
        return b"".join(made.instance(study(), 3).part10())

    assert content(Material(scenario(TINY), SEED)) == content(Material(scenario(TINY), SEED))
    assert content(Material(scenario(TINY), SEED)) != content(Material(scenario(TINY), SEED + 1))


def test_pixels_are_shared_unless_they_are_to_be_fresh() -> None:
    fresh = Material(scenario(TINY), SEED, fresh_pixels=True)
    plain = [of(material(TINY).instance(study(number=number), 0)).pixel_array for number in (0, 1)]
    made = [of(fresh.instance(study(number=number), 0)).pixel_array for number in (0, 1)]
    assert np.array_equal(*plain)
    assert not np.array_equal(*made)
    for found in made:
        apart = np.abs(found.astype(int) - plain[0])
        assert apart.max() == 1
        assert apart.mean() == pytest.approx(0.5, abs=0.1)
    assert np.array_equal(of(fresh.instance(study(), 0)).pixel_array, made[0])
    other_run = of(fresh.instance(study(run_id="next"), 0)).pixel_array
    assert np.array_equal(other_run, made[0])  # content is the seed's, whatever the run


def test_what_has_no_pixels_goes_as_it_is_where_pixels_are_to_be_fresh() -> None:
    exam = Exam(name="ecg", kind="ecg", share=1.0)
    planned = [PlannedStudy(number, exam, 1, 0, SEED, "run", started_s=0.0) for number in (0, 1)]
    made = Material(scenario(exam), SEED, fresh_pixels=True)
    one, other = (of(made.instance(study, 0)) for study in planned)
    assert one.SOPInstanceUID != other.SOPInstanceUID
    assert one.WaveformSequence[0].WaveformData == other.WaveformSequence[0].WaveformData


@pytest.mark.parametrize("syntax", ["ImplicitVRLittleEndian", "ExplicitVRBigEndian", "RLELossless"])
def test_other_transfer_syntaxes_are_stamped_alike(syntax: str) -> None:
    exam = replace(TINY, transfer_syntax=syntax, instances=3)
    made = Material(scenario(exam), SEED)
    instance = made.instance(study(exam), 2)
    assert instance.syntax.keyword == syntax
    dataset = of(instance)
    assert (dataset.InstanceNumber, dataset.StudyInstanceUID) == (3, study(exam).uid)
    assert dataset.pixel_array.shape == (32, 32)
    if syntax != "RLELossless":
        fresh = Material(scenario(exam), SEED, fresh_pixels=True).instance(study(exam), 2).dataset()
        assert np.abs(fresh.pixel_array.astype(int) - dataset.pixel_array).max() == 1
    else:
        with pytest.raises(UsageError, match="only native pixels"):
            Material(scenario(exam), SEED, fresh_pixels=True)


def test_a_multi_frame_object_is_one_instance() -> None:
    exam = Exam("enhanced", "enhanced-mr", phantom="water", rows=32, columns=32, options={"slices": 4})
    made = Material(scenario(exam), SEED)
    assert made.sizes == {"enhanced": 1}
    dataset = of(made.instance(PlannedStudy(0, exam, 1, 0, SEED, "run"), 0))
    assert dataset.NumberOfFrames == 4


@pytest.mark.parametrize("kind", ["rtstruct", "rtplan", "rtdose"])
def test_plans_of_radiotherapy_are_stamped_and_stay_about_one_scan(kind: str) -> None:
    options = {"slices": 6, "target": "ball 1", **({"grid_mm": 12.0} if kind == "rtdose" else {})}
    exam = Exam("plan", kind, phantom="spheres", rows=32, columns=32, options=options)
    made = Material(scenario(exam), SEED)
    one, other = (of(made.instance(PlannedStudy(number, exam, 1, 0, SEED, "run"), 0)) for number in (0, 1))
    uids = [{str(each.value) for each in dataset.iterall() if each.VR == "UI" and "Class" not in each.name}
            for dataset in (one, other)]  # fmt: skip
    assert len(uids[0]) == len(uids[1]) > 4
    assert not uids[0] & uids[1]
    if kind == "rtstruct":
        study_of_it = one.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
        assert study_of_it.ReferencedSOPInstanceUID == one.StudyInstanceUID
        assert one.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID == one.FrameOfReferenceUID


def test_an_option_that_the_kind_does_not_have_is_told() -> None:
    with pytest.raises(UsageError, match="mr: "):
        Material(scenario(replace(TINY, options={"kvp": 120})), SEED)


def test_only_the_exams_of_a_plan_are_made_and_all_are_counted() -> None:
    rare = replace(TINY, name="rare", share=1e-9)
    made = Material(scenario(TINY, rare), SEED, only=())
    assert made.sizes == {"MR tiny": 10, "rare": 10}
    assert (made.prepared, made.contexts()) == ([], [])
    told: list[tuple[int, int]] = []
    made.prepare({"MR tiny"}, lambda *done: told.append(done))
    assert (made.prepared, told) == (["MR tiny"], [(0, 1)])
    assert len(made.contexts()) == 1
    made.prepare({"MR tiny"}, lambda *done: told.append(done))
    assert len(told) == 1  # nothing left to do
    planned = PlannedStudy(0, rare, 10, 0, SEED, "run")
    assert of(made.instance(planned, 3)).StudyInstanceUID == planned.uid  # made when it is asked for
    load = Load(
        "x", scenario(TINY, rare), DicomAddress("127.0.0.1", 1, "A"), Local(), 5.0, 4.0, 1, 1, SEED, "run"
    ).made()
    assert load.material.prepared == ["MR tiny"]
    assert load.configuration()["exams"]["rare"]["mean_bytes"] is None


def test_mammograms_of_a_load_are_of_women() -> None:
    breast = Exam("MG", "mg", options={"rows": 16, "columns": 12})
    made = Material(scenario(breast), SEED)
    studies = [PlannedStudy(number, breast, made.sizes["MG"], 0, SEED, "run") for number in range(8)]
    patients = [of(made.instance(one, 0)) for one in studies]
    assert {one.PatientSex for one in patients} == {"F"}
    assert len({str(one.PatientName) for one in patients}) > 3
