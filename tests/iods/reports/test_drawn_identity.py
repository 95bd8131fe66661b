"""What a capture and a PDF show of the patient is what their attributes say, whoever says it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from modality.acquisition import lettering
from modality.identity import patient
from modality.iods.reports.screen import captured, texts
from modality.station.series.scan import Scan
from modality.station.station import Station
from modality.station.study import generate, load_phantom

SCAN: dict[str, Any] = {"rows": 256, "columns": 256, "slices": 12}
SET = {
    "PatientName": "Doe^Jane",
    "PatientID": "HOSP-0042",
    "PatientBirthDate": "19610203",
    "AccessionNumber": "ACC77",
    "StudyDate": "20240102",
    "StudyTime": "101159",
}


def made(kind: str, phantom: str = "spheres", **options: Any) -> tuple[Scan, Dataset]:
    (scan,) = generate(kind, load_phantom(phantom, seed=4) if phantom == "thorax" else load_phantom(phantom), seed=4,
                       **{**SCAN, **options}).series  # fmt: skip
    (instance,) = scan
    return scan, instance.dataset()


def document(dataset: Dataset) -> bytes:
    data: bytes = dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength]
    return data


def drawn(scan: Scan, picture: Dataset) -> dict[str, str]:
    """The texts that the truth tells of, by keyword, each read in the pixels where it says."""
    found = {}
    for one in scan.truth()["burned_in_text"]:
        covered = lettering.lettered(one["text"], one["rows"] // lettering.HEIGHT)
        assert covered.shape == (one["rows"], one["columns"])
        place = np.s_[one["row"] : one["row"] + one["rows"], one["column"] : one["column"] + one["columns"]]
        written = picture.pixel_array[place]
        colour = (255, 220, 0) if re.fullmatch(r"[\d.]+ MM", one["text"]) else (255, 255, 255)
        assert (written[covered] == colour).all()
        assert one["value"] == str(picture.get(one["keyword"], "") if one["keyword"] else "")
        found[one["keyword"] or one["text"]] = one["text"]
    return found


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("identified", [True, False])
def test_burned_in_text_lies_where_the_truth_says_and_nowhere_else(identified: bool, scale: int) -> None:
    side = 256 * scale
    scan, picture = made("sc", "thorax", identified=identified, rows=side, columns=side, slices=40)
    assert picture.BurnedInAnnotation == ("YES" if identified else "NO")
    boxes = scan.truth()["burned_in_text"]
    assert [box["identifies"] for box in boxes] == [True] * 3 * identified + [False] * 3
    pixels = picture.pixel_array.copy()
    coloured = (pixels == [255, 220, 0]).all(axis=2)
    assert coloured.any()
    for box in boxes:
        area = np.s_[box["row"] : box["row"] + box["rows"], box["column"] : box["column"] + box["columns"]]
        assert (pixels[area] >= 220).all(axis=2).any() or coloured[area].any()
        coloured[area] = False
        pixels[area] = 0
    assert not (pixels[: 60 * scale] == 255).all(axis=2).any()
    assert coloured.sum() <= 2 * (8 * scale + 1)  # the calipers


def test_a_capture_shows_the_patient_of_the_seed() -> None:
    scan, picture = made("sc")
    who = patient(4)
    told = drawn(scan, picture)
    assert told["PatientID"] == who.patient_id
    assert told["PatientBirthDate"].replace("-", "") == who.birth_date


def test_a_capture_shows_what_is_set() -> None:
    scan, picture = made("sc", assignments=SET)
    told = drawn(scan, picture)
    shown = [told[one] for one in ("PatientName", "PatientID", "PatientBirthDate")]
    assert shown == ["DOE JANE", "HOSP-0042", "1961-02-03"]
    _, before = made("sc")
    assert not np.array_equal(before.pixel_array, picture.pixel_array)
    changed = (before.pixel_array != picture.pixel_array).any(axis=2)
    assert not changed[40:].any()  # the three lines, and nothing of the scan
    assert picture.Rows * picture.Columns * 3 == len(picture.PixelData)


def test_what_is_set_beside_the_picture_stays_as_it_was_set() -> None:
    _, picture = made("sc", assignments={"BurnedInAnnotation": "NO", "LossyImageCompression": "01"})
    assert (picture.BurnedInAnnotation, picture.LossyImageCompression) == ("NO", "01")


def test_an_emptied_attribute_is_not_drawn() -> None:
    scan, picture = made("sc", assignments={"PatientName": "", "PatientID": "", "PatientBirthDate": ""})
    told = drawn(scan, picture)
    assert not {"PatientName", "PatientID", "PatientBirthDate"} & told.keys()
    assert len(told) >= 2


def test_letters_that_there_are_none_of_are_question_marks_and_long_texts_are_cut() -> None:
    name = "Wójcik^山" + "x" * 50
    scan, picture = made("sc", assignments={"PatientName": name, "PatientID": "a_b"})
    told = drawn(scan, picture)
    assert told["PatientID"] == "A?B"
    assert told["PatientName"].startswith("WOJCIK ?XXX")
    assert len(told["PatientName"]) == (256 - 4) // lettering.WIDTH


def test_a_small_picture_has_the_lines_that_there_is_room_for() -> None:
    acquisition = captured(load_phantom("spheres"), seed=4, rows=32, columns=32, slices=3)
    dataset = Dataset()
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "X"
    found = texts(acquisition, dataset)
    assert [one.text for one in found][:2] == ["DOE ", "X"]
    for one in found:
        assert one.row + lettering.HEIGHT * one.scale <= 32
        assert one.column + one.covered.shape[1] <= 32


def test_a_page_shows_what_is_set_and_the_truth_says_so() -> None:
    scan, report = made("pdf", assignments={**SET, "DocumentTitle": "Second (opinion)"})
    data, told = document(report), {one["keyword"]: one for one in scan.truth()["page_text"]}
    assert {keyword: one["text"] for keyword, one in told.items()} == {
        "DocumentTitle": "Second (opinion)",
        "PatientName": "Doe, Jane",
        "PatientID": "HOSP-0042",
        "PatientBirthDate": "1961-02-03",
        "AccessionNumber": "ACC77",
        "StudyDate": "2024-01-02",
        "StudyTime": "10:11",
    }
    for keyword, one in told.items():
        written = one["text"].replace("(", "\\(").replace(")", "\\)").encode("cp1252")
        assert written in data
        assert one["value"] == str(report[keyword].value)
        assert one["identifies"] == (keyword not in ("DocumentTitle", "StudyTime"))
    assert patient(4).patient_id.encode() not in data
    table = data.index(b"xref\n")  # the file is whole: each entry is the place of an object
    assert int(data[data.rindex(b"startxref\n") + 10 :].split()[0]) == table
    for line in data[table:].splitlines()[3:10]:
        assert data[int(line.split()[0]) :].split(b"\n", 1)[0].endswith(b"obj")


def test_a_page_without_identity_says_that_there_is_none() -> None:
    scan, report = made("pdf", assignments=dict.fromkeys(SET, ""))
    data = document(report)
    assert b"(Patient: not named)" in data
    assert b"(no ID)" in data
    assert b"(Accession number none)" in data
    assert [one["keyword"] for one in scan.truth()["page_text"]] == ["DocumentTitle"]


def test_a_set_name_that_the_font_lacks_is_said_to_be_one() -> None:
    scan, report = made("pdf", assignments={"PatientName": "山田^太郎"})
    told = {one["keyword"]: one["text"] for one in scan.truth()["page_text"]}
    assert told["PatientName"].encode() in document(report).replace(b"\\", b"")
    assert report.PatientName == "山田^太郎"


@pytest.mark.parametrize("kind", ["sc", "pdf"])
def test_what_is_set_changes_no_more_than_it_has_to(kind: str) -> None:
    """A comment is drawn nowhere: the pixels and the page are those without it."""
    (_, one), (_, other) = made(kind), made(kind, assignments={"PatientComments": "none"})
    keyword = "PixelData" if kind == "sc" else "EncapsulatedDocument"
    assert one[keyword].value == other[keyword].value


@pytest.mark.parametrize(("modality", "kind"), [("OT", "sc"), ("DOC", "pdf")])
def test_a_performed_step_shows_the_patient_of_the_order(
    modality: str, kind: str, worklist: Any, simulated_ris: Any, simulated_archive: Any
) -> None:
    worklist.clear()
    worklist.add(
        station_aet="ROOM1", modality=modality, accession_number="ACC7", patient_id="P77", patient_name="Roe^Ann"
    )
    station = Station("ROOM1", ris=simulated_ris.address, archive=simulated_archive.address)
    (step,) = station.worklist(modality=modality, date="today")
    with station.perform(step) as performed:
        receipt = performed.acquire(kind=kind, **SCAN, assignments={"StudyDescription": "Consilium"})
    assert receipt.complete
    scan = next(one for one in performed.scans if one.kind.name == kind)
    (instance,) = scan
    dataset = instance.dataset()
    assert (dataset.PatientName, dataset.PatientID, dataset.StudyDescription) == ("Roe^Ann", "P77", "Consilium")
    if kind == "sc":
        told = drawn(scan, dataset)
        assert (told["PatientName"], told["PatientID"]) == ("ROE ANN", "P77")
        return
    data = document(dataset)
    for text in (b"Roe, Ann", b"ID P77", b"Accession number ACC7"):
        assert text in data
