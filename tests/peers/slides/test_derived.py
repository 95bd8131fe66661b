"""What is derived from a slide, as the readers and validators that others wrote see it beside its source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from modality.iods.derived.polygons import filled
from tests.peers.commandline import modality

pytestmark = pytest.mark.peer

SHAPES = [
    pytest.param((), id="plain"),
    pytest.param(("--sparse", "--stain", "DAB"), id="sparse"),
    pytest.param(("--focal-planes", "2", "--optical-paths", "brightfield,epifluorescence"), id="planes and paths"),
]


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Makes a slide with what is derived from it, and its truth."""

    def make(*options: str) -> dict[str, Any]:
        pytest.importorskip("highdicom")
        pytest.importorskip("segno")
        size = ("--rows", "600", "--columns", "840", "--tile-size", "128", "--mpp", "2", "--seed", "5")
        finished = modality("generate", "sm", "-o", tmp_path, *size, "--seg", "--truth", "--json", *options)
        assert finished.code == 0, finished.stderr
        truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
        segmentation, annotations = finished.document["derived"]
        return {**finished.document, "truth": truth, "seg": segmentation, "ann": annotations}

    return make


@pytest.mark.parametrize("options", SHAPES)
def test_the_validators_find_no_error(
    options: tuple[str, ...],
    made: Callable[..., dict[str, Any]],
    dciodvfy: Callable[[Path], list[str]],
    dcentvfy: Callable[[list[Path]], list[str]],
) -> None:
    found = made(*options)
    assert [error for path in found["derived"] for error in dciodvfy(Path(path))] == []
    assert dcentvfy([Path(path) for path in (*found["files"], *found["derived"])]) == []


def test_wsidicom_finds_the_nuclei_where_the_pyramid_has_them(made: Callable[..., dict[str, Any]]) -> None:
    wsidicom = pytest.importorskip("wsidicom")
    found = made()
    truth = found["truth"]
    with wsidicom.WsiDicom.open([*found["files"], found["ann"]]) as seen:
        (annotations,) = seen.annotations
        assert annotations.coordinate_type == "volume"
        counts = {group.label: len(group.annotations) for group in annotations.groups}
        for name, count in counts.items():
            assert count == sum(truth["counts"][f"{name}_{region}"] for region in ("normal", "inflamed", "tumour"))
        assert sum(counts.values()) == len(truth["nuclei"]) > 100
        base = dcmread(found["files"][0], stop_before_pixels=True)
        origin = base.TotalPixelMatrixOriginSequence[0]
        x, y = (float(origin[f"{axis}OffsetInSlideCoordinateSystem"].value) for axis in "XY")
        assert [float(value) for value in base.ImageOrientationSlide] == [0, -1, 0, -1, 0, 0]
        for group in annotations.groups:
            wanted = [(one["x_mm"], one["y_mm"]) for one in truth["nuclei"] if one["class"] == group.label]
            places = [(y - one.geometry.y, x - one.geometry.x) for one in group.annotations]
            assert np.abs(np.array(places) - wanted).max() < 3e-5


def test_highdicom_reads_the_nuclei_and_the_regions(made: Callable[..., dict[str, Any]]) -> None:
    highdicom = pytest.importorskip("highdicom")
    found = made()
    annotations = highdicom.ann.annread(found["ann"])
    groups = annotations.get_annotation_groups()
    assert sum(len(group.get_graphic_data("3D")) for group in groups) == len(found["truth"]["nuclei"])
    assert {group.annotated_property_type.meaning for group in groups} == {"Nucleus"}
    segmentation = highdicom.seg.segread(found["seg"])
    matrix = segmentation.get_total_pixel_matrix()
    drawn = {
        name: np.logical_or.reduce(
            [filled(one["polygon_mm"], 600, 840, 0.002) for one in found["truth"]["regions"] if one["region"] == name]
        )
        for name in ("tissue", "hole", "tumour", "inflamed", "fold")
    }
    tissue = drawn["tissue"] & ~drawn["hole"]
    for number, wanted in {1: tissue, 4: drawn["tumour"] & tissue, 5: drawn["fold"] & tissue}.items():
        assert np.array_equal(matrix[..., number - 1], wanted)
        assert wanted.any()


def test_the_segmented_tissue_is_what_is_not_glass(made: Callable[..., dict[str, Any]]) -> None:
    """The mask lies over the image itself, not only over the polygons."""
    highdicom = pytest.importorskip("highdicom")
    found = made("--transfer-syntax", "RLELossless")
    tissue = highdicom.seg.segread(found["seg"]).get_total_pixel_matrix()[..., 0].astype(bool)
    image = highdicom.Image.from_dataset(dcmread(found["files"][0]))
    seen = np.asarray(image.get_total_pixel_matrix(apply_icc_profile=False)).astype(int)
    stained = seen.max(axis=2) - seen.min(axis=2) > 12
    assert stained[~tissue].mean() < 0.02
    assert stained[tissue].mean() > 0.8
