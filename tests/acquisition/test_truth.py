import json
from io import BytesIO

import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import ct
from modality.acquisition.mr import mr
from modality.acquisition.truth import label_file, label_maps, truth

HEAD = phantoms.head(2)


def bone(document):
    (found,) = (s["properties"] for s in document["structures"] if s["name"] == "left petrous bone")
    return found


def test_ct_numbers_are_those_at_the_scans_voltage():
    at_80, at_120 = (truth(ct(HEAD, seed=1, slices=1, kvp=kvp)) for kvp in (80.0, 120.0))
    assert bone(at_80)["HU"] > bone(at_120)["HU"] + 300
    assert json.loads(json.dumps(at_80)) == at_80


def test_relaxation_is_that_at_the_scans_field():
    at_15, at_3 = (truth(mr(HEAD, seed=9, slices=1, field_strength_t=b)) for b in (1.5, 3.0))
    assert (bone(at_15)["T1_ms"], bone(at_3)["T1_ms"]) == (200.0, 302.0)
    assert (at_15["seed"], at_15["phantom"]) == (9, "head")


def test_a_label_map_has_each_ball_where_the_document_says():
    scan = ct(phantoms.spheres(), seed=1, rows=64, columns=64, slices=24)
    volume = np.stack(list(label_maps(scan)))
    assert volume.shape == (24, 64, 64)
    assert volume.dtype == np.uint8
    geometry = scan.geometry
    x = geometry.origin_mm[0] + geometry.column_spacing_mm * np.arange(64)
    z = geometry.origin_mm[2] + geometry.slice_spacing_mm * np.arange(24)
    for one in truth(scan)["structures"]:
        if one["shape"] == "sphere":
            places = np.argwhere(volume == one["label"])
            found = (x[places[:, 2]].mean(), x[places[:, 1]].mean(), z[places[:, 0]].mean())
            assert found == pytest.approx(one["center_mm"], abs=2.0)
            voxel = geometry.column_spacing_mm * geometry.row_spacing_mm * geometry.slice_spacing_mm
            assert len(places) * voxel == pytest.approx(one["volume_mm3"], rel=0.2)


def test_every_listed_label_is_on_the_map():
    scan = ct(HEAD, seed=1, rows=96, columns=96, slices=30)
    seen = set(np.unique(np.stack(list(label_maps(scan)))).tolist())
    assert {one["label"] for one in truth(scan)["structures"]} <= seen


def test_the_label_file_is_the_label_maps_as_numpy_reads_them():
    scan = mr(phantoms.head(1), seed=1, rows=12, columns=16, slices=3)
    read = np.load(BytesIO(b"".join(label_file(scan))))
    assert np.array_equal(read, np.stack(list(label_maps(scan))))
