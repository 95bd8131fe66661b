"""The ADC map has the coefficients of the truth, within what noise and partial volume leave."""

from __future__ import annotations

import numpy as np
import pytest

import phantoms
from modality.acquisition.mr import mr
from modality.acquisition.mr.adc import UNIT_MM2_PER_S, adc_map
from modality.acquisition.truth import truth
from modality.errors import UsageError


def means(source, wanted, share):
    """Mean of the map within each ball, in mm2/s, and the ball's truth."""
    made, geometry = adc_map(source), source.geometry
    x0, y0, z0 = geometry.position_mm(0)
    x = x0 + np.arange(geometry.columns) * geometry.column_spacing_mm
    y = (y0 + np.arange(geometry.rows) * geometry.row_spacing_mm).reshape(-1, 1)
    for ball in truth(source)["structures"]:
        if wanted(ball["name"]):
            cx, cy, cz = ball["center_mm"]
            near = min(max(round((cz - z0) / geometry.slice_spacing_mm), 0), geometry.slices - 1)
            away = abs(cz - geometry.position_mm(near)[2]) + geometry.slice_thickness_mm / 2
            radius = share * ball["radius_mm"]
            if away >= radius:
                continue
            inside = (x - cx) ** 2 + (y - cy) ** 2 < radius**2 - away**2
            if inside.sum() >= 6:
                yield ball, float(made.frame(near).pixels[inside].mean()) * UNIT_MM2_PER_S


@pytest.mark.parametrize("b_values", [(0.0, 1000.0), (0.0, 300.0, 600.0, 900.0), (50.0, 800.0)])
def test_the_vials_have_the_coefficient_of_water(b_values):
    source = mr(phantoms.relaxometry(), seed=2, rows=96, columns=96, slices=1, b_values_s_per_mm2=b_values)
    vials = [
        (ball, adc) for ball, adc in means(source, lambda name: name.startswith("vial"), 1.0) if ball["radius_mm"] > 9
    ]
    assert len(vials) >= 6
    long_enough = [(ball, adc) for ball, adc in vials if ball["properties"]["T2_ms"] > 60.0]  # above the noise at 90 ms
    assert len(long_enough) >= 4
    for ball, adc in long_enough:
        assert adc == pytest.approx(ball["properties"]["ADC_mm2_per_s"], rel=0.03), ball["name"]


def test_a_stroke_has_less_than_the_brain_about_it():
    phantom = phantoms.head_stroke(seed=4)
    source = mr(phantom, seed=2, rows=128, columns=128, slice_thickness_mm=4.0, slice_spacing_mm=1.0, sequence="DWI")
    found = {ball["name"]: (ball, adc) for ball, adc in means(source, lambda name: True, 1.0)}
    assert found["ischaemic core"][1] < 0.8 * found["cerebral white matter"][1]
    for name, (ball, adc) in found.items():
        told = ball["properties"]["ADC_mm2_per_s"]
        if 0.0004 < told < 0.0012 and ball["properties"]["T2_ms"] > 60.0:
            assert adc == pytest.approx(told, rel=0.08), name


def test_air_has_no_coefficient_and_each_map_names_its_images():
    source = mr(phantoms.water(), seed=2, rows=48, columns=48, slices=3, b_values_s_per_mm2=(0.0, 500.0, 1000.0))
    made = adc_map(source)
    assert len(made) == 3
    assert made.sources_of(1) == (1, 4, 7)
    pixels = made.frame(1).pixels
    assert pixels[:4, :4].max() == 0
    assert pixels[24, 24] > 1500
    assert np.array_equal(pixels, [frame.pixels for frame in made][1])


@pytest.mark.parametrize(
    ("options", "said"), [({"sequence": "SE"}, "there are none"), ({"b_values_s_per_mm2": (1000.0,)}, "there is 1")]
)
def test_fewer_than_two_weightings_are_refused(options, said):
    with pytest.raises(UsageError, match=said):
        adc_map(mr(phantoms.water(), seed=1, rows=16, columns=16, slices=1, **options))
