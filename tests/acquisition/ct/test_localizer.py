import math

import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import ct
from modality.acquisition.ct.localizer import ZERO_MM
from modality.errors import UnknownNameError, UsageError

BALLS = phantoms.spheres()


def values(phantom, direction="frontal", rows=96, columns=96, **options):
    acquisition = ct(phantom, seed=3, localizer=direction, rows=rows, columns=columns, **options)
    assert len(acquisition) == 1
    return acquisition, acquisition.frame(0).pixels.astype(np.float64) - 1024.0


def water_mm(image):
    return (image / 1000.0 + 1.0) * ZERO_MM


@pytest.mark.parametrize("direction", ["frontal", "lateral"])
def test_a_value_is_the_length_of_water_on_the_ray(direction):
    acquisition, image = values(phantoms.water(diameter_mm=160.0, length_mm=120.0), direction)
    geometry = acquisition.geometry
    across = geometry.row_direction.index(1.0)
    places = geometry.origin_mm[across] + np.arange(geometry.columns) * geometry.column_spacing_mm
    middle = water_mm(image[40:56].mean(axis=0))
    for x in (0.0, 30.0, 60.0):
        inner = 2.0 * math.sqrt(75.0**2 - x**2)
        outer = 2.0 * math.sqrt(80.0**2 - x**2)
        # Acrylic of the shell attenuates as 1.12 of water at the effective energy.
        expected = inner + 1.12 * (outer - inner)
        assert np.interp(x, places, middle) == pytest.approx(expected, abs=2.5)
    assert np.abs(middle[np.abs(places) > 85.0]).max() < 1.0
    assert (np.abs(image[0] + 1000.0) < 30.0).all()  # above the cylinder is air


def test_values_grow_with_what_lies_on_the_ray():
    _, thin = values(phantoms.water(diameter_mm=100.0))
    _, thick = values(phantoms.water(diameter_mm=300.0))
    assert thick[48, 48] > 0.0 > thin[48, 48]
    assert thick.max() < 1000.0


@pytest.mark.parametrize(("direction", "row_axis"), [("frontal", 0), ("lateral", 1)])
def test_a_ball_is_seen_where_it_lies(direction, row_axis):
    head = phantoms.shepp_logan()
    acquisition, image = values(head, direction, rows=110, columns=110)
    geometry = acquisition.geometry
    assert geometry.row_direction == tuple(float(axis == row_axis) for axis in range(3))
    assert geometry.column_direction == (0.0, 0.0, -1.0)
    # The plane goes through the axis of rotation.
    assert geometry.origin_mm[1 - row_axis] == 0.0
    # The skull's outline, from its ellipsoid: 69 x 92 x 90 mm, and the scalp's 72 x 95 x 93.
    rows, columns = np.nonzero(water_mm(image) > 12.0)
    z = geometry.origin_mm[2] - rows * geometry.row_spacing_mm
    across = geometry.origin_mm[row_axis] + columns * geometry.column_spacing_mm
    assert z.max() == pytest.approx(93.0, abs=3.0)
    assert z.min() == pytest.approx(-93.0, abs=3.0)
    assert np.abs(across).max() == pytest.approx((72.0, 95.0)[row_axis], abs=3.0)


def test_its_noise_is_that_of_its_photons():
    _, one = values(phantoms.water(), rows=96, columns=96)
    inside = water_mm(one)[40:56, 44:52]
    other = water_mm(values(phantoms.water(), rows=96, columns=96, kvp=140.0)[1])[40:56, 44:52]
    residual = [np.diff(part, axis=0).std() / math.sqrt(2.0) for part in (inside, other)]
    assert 0.02 < residual[1] < residual[0] < 2.0


def test_dose_is_that_of_a_scan_with_as_many_mas_for_each_height():
    acquisition, _ = values(phantoms.water())
    assert acquisition.protocol.tube_current_ma == 35.0
    assert acquisition.ctdi_vol_mgy(0) == pytest.approx(0.078 * 35.0 * 20.0 / 100.0, rel=1e-3)
    height_mm = acquisition.geometry.field_of_view_mm[0]
    assert acquisition.protocol.exposure_time_ms == pytest.approx(height_mm / 100.0 * 1000.0)
    assert acquisition.dlp_mgy_cm == pytest.approx(acquisition.ctdi_vol_mgy(0) * height_mm / 10.0, abs=0.001)


@pytest.mark.parametrize(
    ("option", "value"),
    [("slices", 3), ("kernel", "SHARP"), ("pitch", 1.0), ("motion_mm", 2.0), ("engine", "projection"), ("mas", 10.0)],
)
def test_what_a_localizer_has_not_is_refused(option, value):
    with pytest.raises(UsageError, match="not of a localizer"):
        ct(BALLS, seed=1, localizer="frontal", **{option: value})


def test_directions_and_voltages_that_there_are_not():
    with pytest.raises(UnknownNameError, match="localizer 'top': one of frontal, lateral"):
        ct(BALLS, seed=1, localizer="top")
    with pytest.raises(UsageError, match="300 kV"):
        ct(BALLS, seed=1, localizer="frontal", kvp=300.0)
    with pytest.raises(UsageError, match="rows"):
        ct(BALLS, seed=1, localizer="frontal", rows=0)
