"""What every phantom says of itself, against its own materials sampled point by point."""

import json

import numpy as np
import pytest

import phantoms

MADE = [
    pytest.param(lambda: phantoms.water(diameter_mm=160.0), id="water"),
    pytest.param(phantoms.shepp_logan, id="shepp-logan"),
    pytest.param(phantoms.acr_ct, id="acr-ct"),
    pytest.param(phantoms.catphan504, id="catphan504"),
    pytest.param(phantoms.acr_mr, id="acr-mr"),
    pytest.param(phantoms.relaxometry, id="relaxometry"),
    pytest.param(phantoms.spheres, id="spheres"),
    pytest.param(phantoms.nema_pet, id="nema-pet"),
    *(pytest.param(lambda s=s: phantoms.head(s), id=f"head {s}") for s in (0, 1, 2)),
    *(pytest.param(lambda s=s: phantoms.head_stroke(s), id=f"infarct {s}") for s in (0, 1)),
    *(pytest.param(lambda s=s: phantoms.head_stroke(s, kind="bleed"), id=f"bleed {s}") for s in (0, 1)),
    pytest.param(lambda: phantoms.head_stroke(3, kind="bleed", volume_ml=80.0, side="right"), id="large bleed"),
    *(pytest.param(lambda s=s: phantoms.thorax(s, nodule_mm=4.0 + 3 * s), id=f"thorax {s}") for s in (0, 1, 2)),
    *(pytest.param(lambda s=s: phantoms.abdomen(s, lesion_mm=6.0 + 8 * s), id=f"abdomen {s}") for s in (0, 1, 2)),
]


@pytest.mark.parametrize("make", MADE)
def test_each_ball_of_the_truth_holds_its_structure_and_nothing_else(make):
    phantom = make()
    truth = phantom.truth(kvp=120.0, field_strength_t=1.5)
    assert truth
    for structure in truth:
        radius = structure["radius_mm"]
        g = np.linspace(-radius, radius, 13)
        x, y, z = np.meshgrid(g, g, g)
        ball = x * x + y * y + z * z <= radius * radius
        cx, cy, cz = structure["center_mm"]
        labels = phantom.labels(x[ball] + cx, y[ball] + cy, z[ball] + cz)
        assert set(labels.tolist()) == {structure["label"]}, structure["name"]
        seen = phantom.tissues[structure["label"]]
        assert seen.hu(120.0) == structure["properties"]["HU"]
        low, high = phantom.scan_range_mm
        assert low <= cz - radius
        assert cz + radius <= high


@pytest.mark.parametrize("make", MADE)
def test_the_truth_is_plain_data_in_the_documents_form(make):
    truth = make().truth(kvp=100.0, field_strength_t=3.0)
    assert json.loads(json.dumps(truth)) == truth
    assert len({s["label"] for s in truth}) == len({s["name"] for s in truth}) == len(truth)
    for structure in truth:
        assert set(structure) == {"name", "shape", "label", "center_mm", "radius_mm", "volume_mm3", "properties"}
        assert {"HU", "PD", "T1_ms", "T2_ms"} <= set(structure["properties"])
        assert structure["volume_mm3"] >= 4.18 * structure["radius_mm"] ** 3


@pytest.mark.parametrize(
    ("make", "step_mm"),
    [
        pytest.param(phantoms.acr_ct, 1.0, id="acr-ct"),
        pytest.param(phantoms.catphan504, 1.0, id="catphan504"),
        pytest.param(phantoms.acr_mr, 1.0, id="acr-mr"),
        pytest.param(phantoms.relaxometry, 1.0, id="relaxometry"),
        pytest.param(phantoms.spheres, 1.0, id="spheres"),
        pytest.param(phantoms.nema_pet, 1.0, id="nema-pet"),
        pytest.param(lambda: phantoms.head_stroke(2, kind="bleed"), 1.5, id="head-stroke"),
        pytest.param(lambda: phantoms.abdomen(2), 2.0, id="abdomen"),
    ],
)
def test_volumes_are_those_counted_in_voxels(make, step_mm):
    phantom = make()
    truth = phantom.truth(kvp=120.0, field_strength_t=1.5)
    half = phantom.field_of_view_mm / 2
    # No edge of a structure lies on this grid.
    x = np.arange(-half + 0.37 * step_mm, half, step_mm).reshape(1, -1)
    counts = np.zeros(256, dtype=np.int64)
    # Structures may reach beyond the scan.
    for z in np.arange(-260.0 + 0.37 * step_mm, 260.0, step_mm):
        counts += np.bincount(phantom.labels(x, x.reshape(-1, 1), np.full((1, 1), z)).ravel(), minlength=256)
    for structure in truth:
        voxels = counts[structure["label"]]
        # Few voxels count badly; large bodies reach out of the field of view.
        if voxels > 2000:
            assert voxels * step_mm**3 == pytest.approx(structure["volume_mm3"], rel=0.05), structure["name"]
