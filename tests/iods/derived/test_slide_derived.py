"""`--seg` of a slide: its nuclei as annotations and its regions as a segmentation."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from modality.errors import MissingExtraError, UsageError
from modality.iods.derived import slide_annotations, slide_regions
from modality.station.study import Scan, generate
from phantoms.tissue.section import TissueSection
from phantoms.tissue.truth import REGIONS as CLASSES
from tests.cli.command import document, invoke
from tests.iods.derived.test_polygons import holds

SMALL = {"rows": 700, "columns": 900, "mpp": 2.0, "tile_size": 128}
OPTIONS = ("--rows", "700", "--columns", "900", "--mpp", "2", "--tile-size", "128", "--seed", "5")


def scan(**options: Any) -> Scan:
    pytest.importorskip("highdicom")
    return generate("sm", seed=5, **(SMALL | options)).series[0]


def derived(**options: Any) -> tuple[Any, Any]:
    """Segmentation and annotations."""
    segmentation, annotations = scan(**options).segmentations()
    return segmentation, annotations


def points(group: Any) -> np.ndarray:
    found = np.frombuffer(group.PointCoordinatesData, "<f4").reshape(-1, 2)
    assert len(found) == group.NumberOfAnnotations
    return found


def test_each_class_is_a_group_of_the_truth_s_points() -> None:
    made = scan()
    (_, annotations), truth = made.segmentations(), made.truth()
    assert annotations.AnnotationCoordinateType == "3D"
    x, y = made.acquisition.origin_mm()
    found = {group.AnnotationGroupLabel: points(group) for group in annotations.AnnotationGroupSequence}
    assert sum(map(len, found.values())) == len(truth["nuclei"]) > 500
    for name, group in found.items():
        assert len(group) == sum(truth["counts"][f"{name}_{region}"] for region in CLASSES)
        wanted = np.array([(x - one["y_mm"], y - one["x_mm"]) for one in truth["nuclei"] if one["class"] == name])
        assert np.abs(group - wanted).max() < 2e-5  # the truth's five decimals, and 32 bits of 75 mm
    assert {group.CommonZCoordinateValue for group in annotations.AnnotationGroupSequence} == {0.0}


def test_groups_say_what_they_are_in_codes() -> None:
    _, annotations = derived()
    said = {
        one.AnnotationGroupLabel: (
            one.AnnotationPropertyCategoryCodeSequence[0].CodeValue,
            one.AnnotationPropertyTypeCodeSequence[0].CodeValue,
            one.PrimaryAnatomicStructureSequence[0].CodeValue,
        )
        for one in annotations.AnnotationGroupSequence
    }
    assert said["lymphocyte"] == ("91723000", "84640000", "56972008")
    assert said["tumour"] == ("49755003", "84640000", "31610004")
    assert len(set(said.values())) == len(said)


def test_the_segments_are_the_truth_s_polygons() -> None:
    highdicom = pytest.importorskip("highdicom")
    made = scan(rows=500, columns=640)
    segmentation, _ = made.segmentations()
    read = highdicom.seg.Segmentation.from_dataset(segmentation)
    found = read.get_total_pixel_matrix().astype(bool)
    assert found.shape[:2] == (500, 640)
    names = [one.SegmentLabel for one in segmentation.SegmentSequence]
    assert names == ["tissue", "normal", "inflamed", "tumour", "fold", "hole"]
    outlines = [(one["region"], one["polygon_mm"]) for one in made.truth()["regions"]]
    mm = SMALL["mpp"] / 1e3
    for row, column in np.random.default_rng(3).integers((0, 0), (500, 640), (300, 2)).tolist():
        at = (column + 0.5) * mm, (row + 0.5) * mm
        lies = {name for name, polygon in outlines if holds(polygon, *at)}
        tissue = "tissue" in lies and "hole" not in lies
        wanted = {
            "tissue": tissue,
            "normal": tissue and not lies & {"tumour", "inflamed"},
            "inflamed": tissue and "inflamed" in lies and "tumour" not in lies,
            "tumour": tissue and "tumour" in lies,
            "fold": tissue and "fold" in lies,
            "hole": {"tissue", "hole"} <= lies,
        }
        assert dict(zip(names, found[row, column].tolist(), strict=True)) == wanted
    assert all(found[..., number].any() for number in range(6))


def test_a_level_of_at_most_2048_pixels_is_segmented() -> None:
    made = scan(rows=5000, columns=3000, levels=4)
    segmentation = next(made.segmentations())
    assert (segmentation.TotalPixelMatrixRows, segmentation.TotalPixelMatrixColumns) == (1250, 750)
    spacing = segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    assert [float(side) for side in spacing] == [0.008, 0.008]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sparse": True},
        {"focal_planes": 3, "optical_paths": ("brightfield", "epifluorescence")},
        {"transfer_syntax": "ExplicitVRLittleEndian"},
    ],
)
def test_they_refer_to_the_slide_s_own_instances(options: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("segno")
    made = scan(**options)
    images = [one.dataset() for one in made]
    segmentation, annotations = made.segmentations()
    base = images[0]
    for one, source in ((segmentation, base), (annotations, base)):
        for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "StudyDate", "ContainerIdentifier"):
            assert one[keyword].value == source[keyword].value
        (series,) = one.ReferencedSeriesSequence
        assert series.SeriesInstanceUID == made.uid != one.SeriesInstanceUID
        assert [item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence] == [source.SOPInstanceUID]
    assert annotations.ReferencedImageSequence[0].ReferencedSOPInstanceUID == base.SOPInstanceUID


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    pytest.importorskip("segno")
    contents = []
    for folder in ("a", "b"):
        found = document(invoke("generate", "sm", "-o", tmp_path / folder, *OPTIONS, "--seg", "--truth", "--json"))
        assert [Path(one).name.split("-")[1] for one in found["derived"]] == ["seg", "ann"]
        assert {Path(one).parent for one in found["derived"]} == {tmp_path / folder / "derived"}
        contents.append([Path(one).read_bytes() for one in found["derived"]])
    assert contents[0] == contents[1]
    assert len(json.loads((tmp_path / "a" / "truth.json").read_text())["nuclei"]) > 500
    uids = {dcmread(path).SOPInstanceUID for path in (tmp_path / "a").rglob("*.dcm")}
    assert len(uids) == len(list((tmp_path / "a").rglob("*.dcm")))
    other = generate("sm", seed=6, **SMALL).series[0].segmentations()
    assert not uids & {one.SOPInstanceUID for one in other}


def test_too_many_nuclei_are_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("highdicom")
    monkeypatch.setattr(slide_annotations, "MOST_NUCLEI", 500)
    result = invoke("generate", "sm", "-o", tmp_path / "out", *OPTIONS, "--seg")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "more than 500 nuclei are too many for annotations" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_slide_without_a_small_level_has_no_segmentation() -> None:
    with pytest.raises(UsageError, match=r"the smallest level has 8192 x 8192 pixels.*give more --levels"):
        slide_regions.segmented_level(slide_regions.Pyramid(8192, 8192, 512, 1))
    assert slide_regions.segmented_level(slide_regions.Pyramid(4096, 4096, 512, 1)).index == 0


def test_a_slide_without_a_nucleus_has_no_annotations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TissueSection, "nuclei_by_cell", lambda _: iter(()))
    with pytest.raises(UsageError, match="no nucleus lies on this slide"):
        list(scan().segmentations())


def test_without_highdicom_it_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    made = scan()
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(MissingExtraError, match=r"\[seg\]"):
        next(made.segmentations())
