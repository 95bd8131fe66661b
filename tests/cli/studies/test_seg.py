"""`--seg`: the label map as a DICOM segmentation beside its source."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from tests.cli.command import document, invoke

SMALL = ("--rows", "40", "--columns", "48", "--slices", "5", "--seed", "7", "--seg", "--truth", "--json")
KINDS = [
    pytest.param(("ct",), id="ct"),
    pytest.param(("ct", "--orientation", "oblique", "--phantom", "knee"), id="reformatted"),
    pytest.param(("mr", "--echo-times", "20,60", "--phantom", "acr-mr"), id="two echoes"),
    pytest.param(("enhanced-ct",), id="enhanced-ct"),
    pytest.param(("enhanced-mr",), id="enhanced-mr"),
    pytest.param(("enhanced-mr", "--b-values", "0,500", "--phantom", "spheres"), id="two b-values"),
]


def made(folder: Path, *arguments: str) -> dict[str, Any]:
    pytest.importorskip("highdicom")
    kind, *rest = arguments
    return document(invoke("generate", kind, "-o", folder, *SMALL, *rest))


def label_volume(segmentation: Any, count: int) -> np.ndarray:
    """The labels that the frames of a segmentation hold, by their place along the stack."""
    bits = np.unpackbits(np.frombuffer(segmentation.PixelData, np.uint8), bitorder="little")
    size = segmentation.Rows * segmentation.Columns
    frames = bits[: segmentation.NumberOfFrames * size].reshape(-1, segmentation.Rows, segmentation.Columns)
    groups = segmentation.PerFrameFunctionalGroupsSequence
    orientation = segmentation.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient
    normal = np.cross(orientation[:3], orientation[3:])
    depths = [round(float(np.dot(one.PlanePositionSequence[0].ImagePositionPatient, normal)), 2) for one in groups]
    order = sorted(set(depths))
    assert len(order) == count
    volume = np.zeros((count, segmentation.Rows, segmentation.Columns), np.uint8)
    for frame, depth, group in zip(frames, depths, groups, strict=True):
        place = volume[order.index(depth)]
        assert not place[frame == 1].any()
        place[frame == 1] = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
    return volume


@pytest.mark.parametrize("arguments", KINDS)
def test_it_holds_the_labels_under_the_numbers_and_names_of_the_truth(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    found = made(tmp_path, *arguments)
    (path,) = found["derived"]
    assert Path(path).parent == tmp_path / "derived"
    segmentation = dcmread(path)
    labels = np.load(tmp_path / "labels.npy")
    shown = np.flatnonzero(labels.any(axis=(1, 2)))
    assert np.array_equal(label_volume(segmentation, len(shown)), labels[shown])
    truth = __import__("json").loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    names = {one.SegmentNumber: one.SegmentLabel for one in segmentation.SegmentSequence}
    assert all(names[one["label"]] == one["name"] for one in truth["structures"])
    assert list(names) == list(range(1, len(names) + 1))


@pytest.mark.parametrize("arguments", KINDS)
def test_it_says_which_images_it_is_of_and_lies_where_they_lie(arguments: tuple[str, ...], tmp_path: Path) -> None:
    found = made(tmp_path, *arguments)
    segmentation = dcmread(found["derived"][0])
    images = [dcmread(path) for path in found["files"]]
    (series,) = segmentation.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == found["series_uid"] != segmentation.SeriesInstanceUID
    used = {one.ReferencedSOPInstanceUID for one in series.ReferencedInstanceSequence}
    assert used <= {one.SOPInstanceUID for one in images}
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName", "StudyDate"):
        assert segmentation[keyword].value == images[0][keyword].value
    places = {str(one.ImagePositionPatient) for one in images if "ImagePositionPatient" in one}
    for group in segmentation.PerFrameFunctionalGroupsSequence:
        if places:
            assert str(group.PlanePositionSequence[0].ImagePositionPatient) in places


def test_highdicom_reads_it_beside_its_source(tmp_path: Path) -> None:
    highdicom = pytest.importorskip("highdicom")
    found = made(tmp_path, "ct")
    segmentation = highdicom.seg.segread(found["derived"][0])
    sources = [uid for _, _, uid in segmentation.get_source_image_uids()]
    assert set(sources) <= {dcmread(path).SOPInstanceUID for path in found["files"]}
    pixels = segmentation.get_pixels_by_source_instance(
        source_sop_instance_uids=sources, combine_segments=True, ignore_spatial_locations=False
    )
    labels = np.load(tmp_path / "labels.npy")
    images = highdicom.get_volume_from_series([dcmread(path) for path in found["files"]])
    assert np.array_equal(np.sort(pixels.sum(axis=(1, 2))), np.sort(labels.sum(axis=(1, 2), dtype=np.int64)))
    volume = segmentation.get_volume(combine_segments=True)
    assert np.allclose(volume.affine, images.affine, atol=1e-4)


@pytest.mark.parametrize("arguments", KINDS)
def test_the_same_seed_gives_the_same_bytes(arguments: tuple[str, ...], tmp_path: Path) -> None:
    first, second = (made(tmp_path / name, *arguments)["derived"] for name in "ab")
    assert Path(first[0]).read_bytes() == Path(second[0]).read_bytes()


@pytest.mark.peer
@pytest.mark.parametrize("arguments", KINDS)
def test_the_validator_finds_no_error(
    arguments: tuple[str, ...], tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    for path in made(tmp_path, *arguments)["derived"]:
        assert dciodvfy(Path(path)) == []


def test_it_refers_to_images_that_were_compressed_with_loss(tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    found = made(tmp_path, "ct", "--transfer-syntax", "JPEGLSNearLossless")
    (series,) = dcmread(found["derived"][0]).ReferencedSeriesSequence
    written = {dcmread(path).SOPInstanceUID for path in found["files"]}
    assert {one.ReferencedSOPInstanceUID for one in series.ReferencedInstanceSequence} <= written


def test_a_protocol_s_first_series_is_segmented(tmp_path: Path) -> None:
    found = made(tmp_path, "mr", "--protocol", "relaxometry")
    (series,) = dcmread(found["derived"][0]).ReferencedSeriesSequence
    assert series.SeriesInstanceUID == found["series"][0]["series_uid"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ct", "--localizer", "frontal", "--rows", "32", "--columns", "32"), "a localizer has no slices"),
        (("ct", "--rows", "30000", "--columns", "30000", "--slices", "2"), "too many for a segmentation"),
    ],
)
def test_what_has_no_labels_or_too_many_is_refused_before_anything_is_written(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    pytest.importorskip("highdicom")
    kind, *rest = arguments
    result = invoke("generate", kind, "-o", tmp_path / "out", "--seed", "1", "--seg", *rest)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_without_highdicom_it_says_which_extra_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    result = invoke("generate", "ct", "-o", tmp_path / "out", "--seg", *SMALL[:8])
    assert result.exit_code != 0
    assert "[seg]" in result.stderr
    assert not (tmp_path / "out").exists()
