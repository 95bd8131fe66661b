"""What names a patient in pixels or on a page names the one of the header, in every study of a load."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from modality.acquisition import lettering
from modality.acquisition.ultrasound import Sonogram
from modality.load.engine.embedded import load
from modality.load.engine.run import Load
from modality.load.exams.drawn import names_somebody
from modality.load.exams.material import Material
from modality.load.exams.plan import PlannedStudy
from modality.load.scenario import Exam, Scenario
from modality.network.address import DicomAddress
from modality.network.local import Local
from modality.simulated.archive import SimulatedArchive
from tests.load.loads import SEED, scenario

SCREEN = Exam("screen", "sc", phantom="spheres", rows=256, columns=256, options={"slices": 5})
PAGE = Exam("page", "pdf", phantom="spheres", rows=64, columns=64, options={"slices": 5})
SONOGRAM = Exam("sonogram", "us", phantom="spheres", rows=240, columns=320, options={"annotation": True, "frames": 2})
SLIDE = Exam(
    "slide", "sm", phantom="tissue-section", transfer_syntax="JPEGBaseline8Bit",
    options={"rows": 96, "columns": 80, "tile_size": 64, "mpp": 4.0, "levels": 2},
)  # fmt: skip


def study(exam: Exam, number: int, run_id: str = "run") -> PlannedStudy:
    return PlannedStudy(number, exam, exam.series, 0, SEED, run_id, started_s=600.0 * number)


def made(material: Material, exam: Exam, number: int) -> Dataset:
    instance = material.instance(study(exam, number), 0)
    assert instance.study_uid == study(exam, number).uid
    return instance.dataset()


def reads(pixels: np.ndarray, text: str, scale: int) -> bool:
    """Whether a text stands somewhere in a picture, white on whatever is behind it."""
    wanted = lettering.lettered(text, scale)
    bright = pixels.min(axis=-1) if pixels.ndim == 3 else pixels
    windows = np.lib.stride_tricks.sliding_window_view(bright >= 254, wanted.shape)
    return bool((windows[:, :, wanted].all(axis=-1) & (windows[:, :, ~wanted].mean(axis=-1) < 0.5)).any())


def printable(dataset: Dataset) -> str:
    return " ".join(str(dataset.PatientName).strip().replace("^", " ").upper().split())


@pytest.mark.parametrize(("exam", "scale"), [(SCREEN, 1), (SONOGRAM, 1)])
def test_pictures_name_the_patient_of_their_study(exam: Exam, scale: int) -> None:
    material = Material(scenario(exam), SEED)
    assert material.cautions == []
    found = [made(material, exam, number) for number in range(3)]
    assert {one.BurnedInAnnotation for one in found} == {"YES"}
    names = {printable(one) for one in found}
    assert len(names) == 3
    for one in found:
        picture = one.pixel_array[0] if one.get("NumberOfFrames") else one.pixel_array
        assert reads(picture, printable(one), scale)
        assert reads(picture, str(one.PatientID).strip(), scale)
        assert not any(reads(picture, other, scale) for other in names - {printable(one)})


def test_pages_name_the_patient_of_their_study() -> None:
    material = Material(scenario(PAGE), SEED)
    for number in range(3):
        one, planned = made(material, PAGE, number), study(PAGE, number)
        page = one.EncapsulatedDocument[: one.EncapsulatedDocumentLength]
        assert page.rstrip().endswith(b"%%EOF")
        who = planned.patient
        family, given = who.name.split("^")
        said = (who.patient_id, planned.accession_number, f"{family}, {given}", f"{planned.started:%Y-%m-%d %H:%M}")
        assert [text for text in said if text.encode() not in page] == []
        assert (one.PatientID.strip(), str(one.PatientName).strip()) == (who.patient_id, who.name)


@pytest.mark.parametrize("exam", [SCREEN, PAGE, SONOGRAM])
def test_a_drawn_instance_is_stamped_as_any_other(exam: Exam) -> None:
    material = Material(scenario(exam), SEED)
    shared = material._moulds[exam.name][0].instance.dataset()
    one, other, again = made(material, exam, 0), made(material, exam, 1), made(material, exam, 0)

    def uids(dataset: Dataset) -> set[str]:
        return {
            str(each.value) for each in dataset.iterall() if each.VR == "UI" and str(each.value).startswith("2.25.")
        }

    assert one == again
    assert len(uids(one)) == len(uids(shared)) > 2
    assert not uids(one) & uids(other)
    assert not uids(one) & uids(shared)
    planned = study(exam, 1)
    assert (other.StudyDate + other.StudyTime, other.StudyID.strip()) == (f"{planned.started:%Y%m%d%H%M%S}", "2")
    assert other.AccessionNumber.strip() == planned.accession_number
    assert {each.tag for each in other} == {each.tag for each in shared}


def test_what_names_nobody_shares_its_pixels() -> None:
    for exam in (replace(SCREEN, options={"identified": False, "slices": 5}), replace(SONOGRAM, options={"frames": 2})):
        material = Material(scenario(exam), SEED)
        one, other = (material.instance(study(exam, number), 0) for number in range(2))
        assert one.dataset().BurnedInAnnotation == "NO"
        assert not names_somebody(one)
        assert one.tail[1] is other.tail[1]
        assert material.drawing_s(exam.name) == 0.0


def test_the_frames_of_a_sonogram_are_made_once_and_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    material = Material(scenario(SONOGRAM), SEED)

    def made_anew(self: Sonogram, index: int) -> None:
        pytest.fail(f"frame {index} is made once more")

    monkeypatch.setattr(Sonogram, "levels", made_anew)
    found = [made(material, SONOGRAM, number).pixel_array for number in range(2)]
    assert not np.array_equal(*found)
    assert (found[0] != found[1]).mean() < 0.2  # the tissue is the same
    assert material.drawing_s(SONOGRAM.name) > 0.0


def test_drawn_and_fresh_at_once() -> None:
    material = Material(scenario(SCREEN), SEED, fresh_pixels=True)
    plain = made(Material(scenario(SCREEN), SEED), SCREEN, 1).pixel_array
    fresh = made(material, SCREEN, 1).pixel_array
    assert np.abs(fresh.astype(int) - plain).max() == 1


def test_many_threads_draw_the_same() -> None:
    material = Material(scenario(PAGE), SEED)
    wanted = [study(PAGE, number % 20) for number in range(120)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: b"".join(map(bytes, material.instance(one, 0).part10())), wanted))
    for planned, content in zip(wanted, found, strict=True):
        assert planned.patient.patient_id.encode() in content
        assert content == found[planned.number]
    assert len(material._of_studies) <= 8


def test_a_study_that_comes_while_another_is_let_go_does_not_stop_the_load() -> None:
    class Shared(OrderedDict[str, Any]):
        def __iter__(self) -> Iterator[str]:
            found = super().__iter__()
            self["of another thread"] = []
            return found

    material = Material(scenario(PAGE), SEED)
    material._of_studies = Shared()
    for number in range(20):
        assert material.instance(study(PAGE, number), 0)
    assert len(material._of_studies) <= 8


def test_a_slide_says_that_its_label_is_not_drawn_for_each_patient() -> None:
    pytest.importorskip("segno")
    material = Material(scenario(SLIDE), SEED)
    (caution,) = material.cautions
    assert "exam 'slide'" in caution
    run = Load(
        "x", Scenario("x", (SLIDE,)), DicomAddress("127.0.0.1", 1, "A"), Local(), 5.0, 4.0, 1, 1, SEED, "run",
        prepared=material,
    )  # fmt: skip
    assert run.configuration()["cautions"] == [caution]


def test_what_an_archive_gets_of_a_run_names_one_person_in_header_and_picture(tmp_path: Path) -> None:
    pytest.importorskip("segno")
    both = Scenario("both", (SCREEN, replace(SLIDE, share=0.1)), unit="study", rate=8.0, duration_s=3.0, associations=2)
    with SimulatedArchive(tmp_path) as archive:
        account = load(both, archive.address, seed=SEED)
        stored = [dcmread(one.path) for one in archive.instances()]
    assert account.sent == account.planned == len(stored) == 24
    screens = [one for one in stored if one.SOPClassUID == SecondaryCaptureImageStorage]
    assert len(account.configuration["cautions"]) == (len(screens) < len(stored))
    assert len(screens) > 1
    assert len({printable(one) for one in screens}) > 1
    assert all(reads(one.pixel_array, printable(one), 1) for one in screens)
