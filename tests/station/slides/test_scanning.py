from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from modality.acquisition.microscopy.stains import WHITE, separated
from modality.errors import MissingExtraError, UnsupportedError, UsageError
from modality.iods.derived.polygons import filled
from modality.station.slides import workers
from modality.station.slides.scanning import Making
from modality.station.study import generate
from modality.transfer.framewise import file as framewise
from tests.station.slides.conftest import SMALL


def test_the_series_holds_the_levels_and_what_goes_with_them(slide_files: Callable[..., list[Path]]) -> None:
    found = [dcmread(path) for path in slide_files()]
    flavours = [str(one.ImageType[2]) for one in found]
    assert flavours == ["VOLUME"] * 4 + ["THUMBNAIL", "LABEL", "OVERVIEW"]
    assert len({one.SeriesInstanceUID for one in found}) == len({one.FrameOfReferenceUID for one in found}) == 1
    assert [int(one.InstanceNumber) for one in found] == list(range(1, 8))
    assert len({one.SOPInstanceUID for one in found}) == 7
    for level, one in enumerate(found[:4]):
        assert one.DimensionOrganizationType == "TILED_FULL"
        assert float(one.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0]) == 0.002 * 2**level
        assert (one.ImagedVolumeHeight, one.ImagedVolumeWidth) == pytest.approx((1.2, 1.68))
    assert {one.ContainerIdentifier for one in found} == {found[5].BarcodeValue}


def test_the_label_says_what_is_set(slide_files: Callable[..., list[Path]]) -> None:
    label, overview = (dcmread(slide_files()[at]) for at in (5, 6))
    known = {"ContainerIdentifier": "S-1", "AccessionNumber": "ACC9", "PatientID": "HOSP-1"}
    other, seen = (dcmread(slide_files(assignments=known)[at]) for at in (5, 6))
    for one in (other, seen):
        assert (one.BarcodeValue, one.LabelText) == ("S-1", "S-1\r\nACC9\r\nHOSP-1")
    assert label.LabelText.splitlines() == [label.ContainerIdentifier, label.AccessionNumber, label.PatientID]
    assert not np.array_equal(label.pixel_array, other.pixel_array)
    assert not np.array_equal(overview.pixel_array, seen.pixel_array)
    alone = dcmread(slide_files(assignments={"LabelText": "S-1\r\nACC9\r\nHOSP-1", "BarcodeValue": "S-1"})[5])
    assert np.array_equal(alone.pixel_array, other.pixel_array)  # it is drawn as the attributes say, set or derived
    assert alone.PatientID == label.PatientID


def test_a_slide_without_a_barcode_has_a_label_of_text_alone(slide_files: Callable[..., list[Path]]) -> None:
    label = dcmread(slide_files(assignments={"BarcodeValue": ""}, transfer_syntax="ExplicitVRLittleEndian")[5])
    pixels = label.pixel_array
    assert (pixels[30:230] == pixels[0, 0]).all()
    assert (pixels[250:] != pixels[0, 0]).any()


def test_each_level_is_the_mean_of_the_one_below(slide_files: Callable[..., list[Path]]) -> None:
    files = slide_files(rows=512, columns=512, transfer_syntax="RLELossless")
    levels = []
    for path in files[:3]:
        tiles = dcmread(path).pixel_array.reshape(-1, 128, 128, 3)
        across = int(len(tiles) ** 0.5)
        strips = [np.concatenate(tiles[at : at + across], axis=1) for at in range(0, len(tiles), across)]
        levels.append(np.concatenate(strips).astype(int))
    for below, above in pairwise(levels):
        means = (below[0::2, 0::2] + below[1::2, 0::2] + below[0::2, 1::2] + below[1::2, 1::2] + 2) // 4
        assert np.array_equal(above, means)


@pytest.mark.parametrize("keyword", ["ExplicitVRLittleEndian", "RLELossless", "JPEGBaseline8Bit"])
def test_processes_change_no_byte(keyword: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("segno")
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    made = []
    for processes in (1, 2):
        study = generate("sm", seed=5, transfer_syntax=keyword, **SMALL).made_with(Making(processes=processes))
        made.append([b"".join(one.part10()) for one in study])
    assert made[0] == made[1]


def test_other_options_are_other_uids_and_another_encoding_is_not() -> None:
    plain = generate("sm", seed=5, **SMALL).uid
    others = [
        generate("sm", seed=5, **(SMALL | one)).uid
        for one in ({"rows": 601}, {"stain": "DAB"}, {"mpp": 1.0}, {"sparse": True})
    ]
    assert len({plain, *others}) == 5
    assert generate("sm", seed=5, transfer_syntax="JPEGBaseline8Bit", chroma="444", **SMALL).uid == plain


def test_native_pixels_that_one_instance_cannot_hold_become_a_concatenation(
    monkeypatch: pytest.MonkeyPatch, slide_files: Callable[..., list[Path]]
) -> None:
    options = {"rows": 1400, "columns": 1200, "mpp": 1.0, "transfer_syntax": "ExplicitVRLittleEndian"}
    whole = dcmread(slide_files(**options)[0]).pixel_array
    monkeypatch.setattr(framewise, "LARGEST_NATIVE", 80 * 128 * 128 * 3)
    parts = [dcmread(path) for path in slide_files(**options)]
    base = [one for one in parts if one.get("ConcatenationUID")]
    assert [int(one.NumberOfFrames) for one in base] == [80, 30]
    assert len({one.ConcatenationUID for one in base}) == 1
    assert [(one.InConcatenationNumber, one.InConcatenationTotalNumber) for one in base] == [(1, 2), (2, 2)]
    assert [one.ConcatenationFrameOffsetNumber for one in base] == [0, 80]
    assert np.array_equal(np.concatenate([one.pixel_array for one in base]), whole)


def test_what_cannot_be_is_named_before_any_work(tmp_path: Path) -> None:
    for options, why in (
        ({"levels": 12}, "12 levels: an image of 600 x 840 pixels carries 1 to 10"),
        ({"tile_size": 100, "level_factor": 3}, "a factor of 3"),
        ({"stain": "PAS"}, "PAS"),
        ({"optical_paths": ("darkfield",)}, "darkfield"),
        ({"chroma": "411"}, "chroma '411'"),
    ):
        with pytest.raises(UsageError, match=why):
            generate("sm", seed=5, **(SMALL | options))
    study = generate("sm", seed=5, transfer_syntax="JPEGExtended12Bit", **SMALL).made_with(Making(tmp_path))
    with pytest.raises(UnsupportedError, match="does not carry RGB"):
        list(study)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(MissingExtraError, match=r"modality-simulator\[slides\]"):
        list(generate("sm", seed=5, **SMALL))


def test_an_interrupted_run_leaves_no_instance(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "modality", "generate", "sm", "-o", str(tmp_path / "out"), "--seed", "1"]
    running = subprocess.Popen([*command, "--rows", "20000", "--columns", "20000"], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (begun := list((tmp_path / "out").glob(".slide-*/.*.part"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert begun  # or there would be nothing to leave
    time.sleep(0.3)
    running.terminate()
    assert running.wait(60) != 0
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    pytest.importorskip("segno")
    (tmp_path / "file").touch()
    study = generate("sm", seed=5, **SMALL).made_with(Making(tmp_path / "file" / "slide"))
    with pytest.raises(UsageError, match="file/slide: cannot be written: Not a directory"):
        list(study)


def test_a_worker_that_cannot_write_its_block_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("segno")
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    begin = workers._begin
    monkeypatch.setattr(workers, "_begin", lambda work, folder: begin(work, folder / "gone"))
    study = generate("sm", seed=5, **SMALL).made_with(Making(tmp_path, processes=2))
    with pytest.raises(UsageError, match=r"gone/block-\d-\d: cannot be written: No such file or directory"):
        list(study)
    assert list(tmp_path.rglob("*")) == []


def test_the_truth_lies_where_the_image_shows_it(tmp_path: Path) -> None:
    pytest.importorskip("segno")
    command = [sys.executable, "-m", "modality", "generate", "sm", "-o", str(tmp_path), "--seed", "5", "--truth"]
    size = ("--rows", "1024", "--columns", "1536", "--mpp", "0.5", "--tile-size", "512")
    subprocess.run([*command, *size, "--transfer-syntax", "RLELossless", "--json"], check=True, capture_output=True)
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth["phantom"] == "tissue-section"
    base = dcmread(min(tmp_path.glob("sm-*.dcm")))
    tiles = base.pixel_array.reshape(2, 3, 512, 512, 3)
    matrix = tiles.transpose(0, 2, 1, 3, 4).reshape(1024, 1536, 3)
    spacing_mm = float(base.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0])
    haematoxylin, _, _ = separated(matrix, "HE")
    places = np.array([(one["y_mm"], one["x_mm"]) for one in truth["nuclei"]]) / spacing_mm
    rows, columns = places.astype(int).T
    assert len(places) > 300
    # Edges cut some; elsewhere, as near as 30 pixels, one as often hits what is between the nuclei.
    assert (haematoxylin[rows, columns] > 0.3).mean() > 0.9
    for down, across in ((30, 0), (0, 30), (-30, 0), (0, -30)):
        beside = haematoxylin[(rows + down) % 1024, (columns + across) % 1536]
        assert (beside > 0.3).mean() < 0.3
    glass = np.abs(matrix.astype(int) - WHITE).max(axis=-1) < 8
    drawn = np.zeros(glass.shape, dtype=bool)
    for region, laid in (("tissue", True), ("hole", False)):
        for one in truth["regions"]:
            if one["region"] == region:
                drawn[filled(one["polygon_mm"], *glass.shape, spacing_mm)] = laid
    assert glass[~drawn].mean() > 0.95
    assert glass[drawn].mean() < 0.3
