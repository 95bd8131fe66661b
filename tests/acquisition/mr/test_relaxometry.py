"""T1, T2 and ADC fitted from our images are those of the phantom."""

import numpy as np
import pytest

import phantoms
from modality.acquisition.mr import mr
from modality.acquisition.truth import truth

PHANTOM = phantoms.relaxometry()


def measured(acquisition, prefix, share=0.8):
    """Mean of each image within each ball, and the ball's truth."""
    geometry = acquisition.geometry
    x0, y0, z0 = geometry.position_mm(0)
    x = x0 + np.arange(geometry.columns) * geometry.column_spacing_mm
    y = (y0 + np.arange(geometry.rows) * geometry.row_spacing_mm).reshape(-1, 1)
    frames = [acquisition.frame(index).pixels.astype(np.float64) for index in range(len(acquisition))]
    for ball in truth(acquisition)["structures"]:
        if ball["name"].startswith(prefix):
            cx, cy, cz = ball["center_mm"]
            near = round((cz - z0) / geometry.slice_spacing_mm)
            inside = (x - cx) ** 2 + (y - cy) ** 2 < (share * ball["radius_mm"]) ** 2
            images = frames[near :: geometry.slices]
            yield ball, np.array([image[inside].mean() for image in images])


def residual(columns, values):
    design = np.stack(columns, axis=1)
    weights, *_ = np.linalg.lstsq(design, values, rcond=None)
    return float(((design @ weights - values) ** 2).sum())


@pytest.mark.parametrize("field_strength_t", [1.5, 3.0])
def test_t2_of_each_vial_is_fitted_from_a_train_of_echoes(field_strength_t):
    echoes = (10.0, 20.0, 30.0, 40.0, 60.0, 80.0, 120.0, 160.0, 240.0)
    acquisition = mr(PHANTOM, seed=5, slices=1, echo_times_ms=echoes, field_strength_t=field_strength_t)
    times, candidates = np.array(echoes), np.geomspace(10.0, 500.0, 2000)
    found = list(measured(acquisition, "vial"))
    assert len(found) == 10
    for vial, values in found:
        fitted = min(candidates, key=lambda t2: residual([np.exp(-times / t2)], values))
        assert fitted == pytest.approx(vial["properties"]["T2_ms"], rel=0.03), vial["name"]


@pytest.mark.parametrize("field_strength_t", [1.5, 3.0])
def test_t1_of_each_vial_is_fitted_from_magnitudes_of_an_inversion_recovery(field_strength_t):
    inversions = (50.0, 100.0, 200.0, 400.0, 800.0, 1200.0, 1600.0, 2400.0, 3200.0, 5000.0)
    acquisition = mr(PHANTOM, seed=5, slices=1, inversion_times_ms=inversions, field_strength_t=field_strength_t)
    times, candidates = np.array(inversions), np.geomspace(100.0, 4000.0, 600)
    for vial, values in measured(acquisition, "vial"):
        # Magnitudes: how many of the first were negative is part of the fit.
        fitted = min(
            (
                (residual([np.exp(-times / t1), np.ones_like(times)], values * np.where(times < null, -1, 1)), t1)
                for t1 in candidates
                for null in (0.69 * t1 - 40.0, 0.69 * t1 + 40.0)
            ),
        )[1]
        assert fitted == pytest.approx(vial["properties"]["T1_ms"], rel=0.03), vial["name"]


def test_adc_of_the_brain_is_fitted_from_two_b_values():
    b_values = (0.0, 1000.0)
    acquisition = mr(
        phantoms.head(2), seed=5, rows=128, columns=128, slices=60, b_values_s_per_mm2=b_values, averages=64
    )
    found = {ball["name"]: (ball, values) for ball, values in measured(acquisition, "", 0.5)}
    for name in ("cerebral white matter", "left thalamus"):
        ball, (before, after) = found[name]
        assert np.log(before / after) / 1000.0 == pytest.approx(ball["properties"]["ADC_mm2_per_s"], rel=0.05)
