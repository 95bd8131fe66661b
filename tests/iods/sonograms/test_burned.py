"""Text burned into the pixels: where the truth says, of whom the attributes say, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from modality.acquisition import lettering
from modality.acquisition.ultrasound import Sonogram, us
from modality.identity import Patient
from modality.iods.context import Context, Equipment
from modality.iods.sonograms.burned import burned_truth, texts
from modality.iods.sonograms.us import US_IMAGE
from modality.station.study import generate, load_phantom
from phantoms import spheres

SIZE: dict[str, Any] = {"seed": 1, "rows": 200, "columns": 320, "frames": 2}


def described(acquisition: Sonogram, context: Context) -> Dataset:
    return US_IMAGE.frames(acquisition, context)[0]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"photometric": "RGB"},
        {"photometric": "PALETTE COLOR"},
        {"mode": "colour-doppler"},
        {"mode": "colour-doppler", "photometric": "PALETTE COLOR"},
        {"columns": 1300, "frames": 1},
    ],
    ids=str,
)
def test_pixels_differ_in_the_rectangles_alone_and_read_what_the_truth_says(
    options: dict[str, Any], make_context: Any
) -> None:
    context = make_context(kind="us")
    frames = []
    for annotation in (False, True):
        acquisition = us(spheres(), annotation=annotation, **{**SIZE, **options})
        dataset, pixels = US_IMAGE.frames(acquisition, context)
        assert dataset.BurnedInAnnotation == ("YES" if annotation else "NO")
        frames.append(np.stack(list(pixels)))
    told = burned_truth(acquisition, dataset)["burned_in_text"]
    changed = (frames[0] != frames[1]).reshape(*frames[0].shape[:3], -1).any(axis=3)
    assert changed.any()
    for one in told:
        place = np.s_[:, one["row"] : one["row"] + one["rows"], one["column"] : one["column"] + one["columns"]]
        scale = one["rows"] // lettering.HEIGHT
        shape = lettering.lettered(one["text"], scale)
        assert scale == max(1, acquisition.screen.columns // 640)
        written = frames[1][place].reshape(len(frames[1]), *shape.shape, -1)
        assert (written[:, shape] == acquisition.white()).all()
        changed[place] = False
    assert not changed.any()


def test_the_lines_are_the_patient_s_and_the_settings(make_context: Any) -> None:
    context = replace(make_context(kind="us"), equipment=Equipment(institution_name="St. Mary's (West)"))
    acquisition = us(spheres(), annotation=True, depth_mm=150.0, gain_db=3.0, **SIZE)
    told = {one["text"]: one for one in burned_truth(acquisition, described(acquisition, context))["burned_in_text"]}
    assert list(told) == [
        "MULLER JORG", "ID SIM1", "1950-02-29", "2024-05-17 09:30:15", "ACC1", "ST. MARY?S (WEST)",
        "DR 60  GAIN +3 DB", "C4 3.5 MHZ", "DEPTH 15.0 CM",
    ]  # fmt: skip
    assert told["MULLER JORG"]["keyword"] == "PatientName"
    assert told["MULLER JORG"]["value"] == "Müller^Jörg"
    assert [one["identifies"] for one in told.values()] == [True] * 6 + [False] * 3
    for one in told.values():
        assert one["row"] >= 0
        assert one["row"] + one["rows"] <= 200
        assert one["column"] >= 0
        assert one["column"] + one["columns"] <= 320


def test_no_two_lines_overlap_even_in_a_small_picture(make_context: Any) -> None:
    patient = Patient("A" * 64, "Wolfeschlegelsteinhausenbergerdorff^Hubert^Blaine", "19140804", "M")
    context = make_context(kind="us", patient=patient)
    acquisition = us(spheres(), annotation=True, seed=1, rows=96, columns=96, frames=1, mode="colour-doppler")
    covered = np.zeros((96, 96), int)
    for one in burned_truth(acquisition, described(acquisition, context))["burned_in_text"]:
        covered[one["row"] : one["row"] + one["rows"], one["column"] : one["column"] + one["columns"]] += 1
    assert covered.max() == 1


def test_what_is_not_known_is_not_written(make_context: Any) -> None:
    context = make_context("unscheduled", kind="us")
    acquisition = us(spheres(), annotation=True, **SIZE)
    assert {one.keyword for one in texts(acquisition, described(acquisition, context))} == {"StudyDate", ""}
    assert texts(us(spheres(), **SIZE), described(acquisition, context)) == ()


def test_the_truth_of_a_study_has_its_own_patient() -> None:
    (scan,) = generate("us", load_phantom("spheres"), annotation=True, **SIZE).series
    told = {one["keyword"]: one for one in scan.truth()["burned_in_text"]}
    image = next(iter(scan)).dataset()
    assert told["PatientID"]["value"] == image.PatientID
    assert told["PatientName"]["value"] == str(image.PatientName)
    assert told["PatientID"]["text"] == f"ID {image.PatientID}"
    other = generate("us", load_phantom("spheres"), **SIZE)
    assert other.series[0].uid != scan.uid


def test_what_is_set_over_an_attribute_is_what_is_written() -> None:
    set_ = {"PatientName": "Doe^Jane", "InstitutionName": "Elsewhere", "PatientBirthDate": ""}
    options = {"annotation": True, "assignments": set_, **SIZE}
    (scan,) = generate("us", load_phantom("spheres"), **options).series
    told = {one["keyword"]: one for one in scan.truth()["burned_in_text"]}
    assert (told["PatientName"]["text"], told["InstitutionName"]["text"]) == ("DOE JANE", "ELSEWHERE")
    assert "PatientBirthDate" not in told
    pixels = next(iter(scan)).dataset().pixel_array[0]
    place = told["PatientName"]
    part = pixels[place["row"] : place["row"] + place["rows"], place["column"] : place["column"] + place["columns"]]
    assert np.array_equal(part == 255, lettering.lettered("DOE JANE"))
