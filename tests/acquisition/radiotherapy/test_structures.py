"""Contours are the truth's: the pixels that they enclose, the volumes, the borders of solids."""

from __future__ import annotations

import numpy as np
import pytest

from modality.acquisition.radiotherapy.contours import table_of
from modality.acquisition.radiotherapy.structures import ORGANS, rtstruct
from modality.acquisition.truth import label_maps
from modality.errors import UsageError
from phantoms import abdomen, head, spheres, spine, thorax
from phantoms.objects.balls import BALLS
from tests.acquisition.radiotherapy.test_loops import filled

SMALL = {"rows": 96, "columns": 96}


@pytest.fixture(scope="module")
def balls():
    return rtstruct(spheres(), seed=1, target="ball 8", margin_mm=6.0, slices=72, **SMALL)


def pixels(roi, geometry, index):
    """The pixels of a slice that a region's keyhole contours enclose."""
    spacing = (geometry.column_spacing_mm, geometry.row_spacing_mm)
    loops = [part / spacing for one in roi.sections if one.index == index for part in one.parts_mm()]
    return filled(loops, geometry.rows, geometry.columns)


def dice(one, other):
    return 2.0 * np.count_nonzero(one & other) / max(1, np.count_nonzero(one) + np.count_nonzero(other))


def test_contours_enclose_the_pixels_of_the_truth():
    structures = rtstruct(thorax(seed=3), seed=3, slices=5, rows=128, columns=128)
    geometry, checked = structures.scan.geometry, 0
    for index, labels in enumerate(label_maps(structures.scan)):
        for roi in structures.rois:
            truth = table_of(roi.labels).take(labels)
            if roi.interpreted_type == "PTV" or not truth.any():
                continue
            assert dice(pixels(roi, geometry, index), truth) > 0.97, (roi.name, index)
            checked += 1
    assert checked > 25
    assert {"BODY", "lungs", "heart", "liver", "spinal cord"} <= {one.name for one in structures.rois}


def test_volumes_are_those_of_the_truth(balls):
    named = {roi.name: roi for roi in balls.rois}
    for number, (_, radius) in enumerate(BALLS, start=1):
        volume = 4 / 3 * np.pi * radius**3 / 1000.0
        assert named[f"ball {number}"].volume_cm3 == pytest.approx(volume, rel=0.04)
        assert sum(one.pixels for one in named[f"ball {number}"].sections) > 100
    radius = BALLS[7][1] + 6.0
    assert named["PTV ball 8"].volume_cm3 == pytest.approx(4 / 3 * np.pi * radius**3 / 1000.0, rel=0.04)
    # The shell's cylinder fills the scan range.
    assert named["BODY"].volume_cm3 == pytest.approx(np.pi * 96**2 * 144 / 1000.0, rel=0.005)


def test_vertices_lie_on_the_solids_and_not_between_pixels(balls):
    geometry = balls.scan.geometry
    (roi,) = [one for one in balls.rois if one.name == "ball 1"]
    centre, radius = BALLS[0]
    away = []
    for section in roi.sections:
        x, y, z = geometry.position_mm(section.index)
        (loop,) = section.loops_mm
        if abs(z - centre[2]) < 0.7 * radius:
            away += list(np.sqrt((x + loop[:, 0] - centre[0]) ** 2 + (y + loop[:, 1] - centre[1]) ** 2
                                 + (z - centre[2]) ** 2))  # fmt: skip
    assert geometry.column_spacing_mm > 2.0
    assert np.abs(np.asarray(away) - radius).max() < 0.35
    assert np.abs(np.asarray(away) - radius).mean() < 0.12


def test_the_gel_has_holes_where_the_balls_are(balls):
    (gel,) = [one for one in balls.rois if one.name == "gel"]
    section = min(gel.sections, key=lambda one: abs(balls.scan.geometry.position_mm(one.index)[2] - 30.0))
    assert len(section.loops_mm) >= 3
    assert len(section.parts_mm()) == 1
    assert section.area_mm2 < np.pi * 92**2 - 2 * np.pi * 15**2


def test_what_is_planned_for_ends_with_the_body():
    structures = rtstruct(spheres(), seed=1, target="gel", margin_mm=20.0, slices=3, **SMALL)
    body, planned = structures.rois[:2]
    assert planned.volume_cm3 == pytest.approx(body.volume_cm3, rel=0.02)


def test_the_first_lesion_is_treated_unless_another_structure_is_asked_for():
    patient = abdomen(seed=2, lesions=2, lesion_mm=30.0)
    structures = rtstruct(patient, seed=2, slices=20, rows=40, columns=40)
    types = {roi.name: roi.interpreted_type for roi in structures.rois}
    assert structures.rois[2].name == "metastasis 1"
    assert [roi.number for roi in structures.rois] == list(range(1, len(types) + 1))
    assert types["cyst 1"] == types["metastasis 1"] == "GTV"
    assert types["left kidney"] == types["liver"] == "ORGAN"
    assert rtstruct(spheres(), seed=1, slices=24, **SMALL).rois[2].name == "ball 8"  # no lesions: the smallest
    other = rtstruct(patient, seed=2, target="spleen", slices=20, rows=40, columns=40)
    assert [roi.name for roi in other.rois[:3]] == ["BODY", "PTV spleen", "spleen"]


@pytest.mark.parametrize("patient", [thorax, abdomen, head, spine])
def test_organs_are_made_of_structures_that_some_phantom_has(patient):
    names = {one.name for one in patient(seed=1).structures}
    found = [name for name, parts in ORGANS.items() if parts[0] in names]
    assert len(found) >= 4


def test_every_part_of_an_organ_is_a_structure_of_some_phantom():
    names = {one.name for patient in (thorax, abdomen, head, spine) for one in patient(seed=1).structures}
    assert {part for parts in ORGANS.values() for part in parts} <= names


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"margin_mm": -1.0}, "margin -1"),
        ({"margin_mm": float("nan")}, "margin nan"),
        ({"margin_mm": 31.0}, "between 0 and 30"),
        ({"target": "ball 9"}, "did you mean 'ball"),
        ({"target": "shell"}, "unknown structure"),  # the truth does not list it
        ({"holes": "none"}, "one of keyhole, xor"),
    ],
)
def test_what_cannot_be_is_refused(options, told):
    with pytest.raises(UsageError, match=told):
        rtstruct(spheres(), seed=1, **options)
