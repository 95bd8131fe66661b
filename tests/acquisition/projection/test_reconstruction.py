import math

import numpy as np
import pytest

from modality.acquisition import noise
from modality.acquisition.geometry import Geometry
from modality.acquisition.projection.reconstruction import back_projected, noise_gain
from modality.acquisition.projection.sinogram import Cells, View

VIEWS = [View.at(180.0 * k / 360) for k in range(360)]
CELLS = Cells(240, 0.5)
PLACES = CELLS.first_edge_mm + (np.arange(CELLS.count) + 0.5) * CELLS.width_mm
SPREAD_MM = 0.6


def grid(rows=128, columns=128, row_mm=1.0, column_mm=1.0):
    return Geometry(rows, columns, 1, row_mm, column_mm, 1.0, 1.0, (0.0, 0.0, 0.0))


def disc(center, radius):
    rows = []
    for view in VIEWS:
        off = PLACES - (center[0] * view.cosine + center[1] * view.sine)
        rows.append(2.0 * np.sqrt(np.maximum(radius**2 - off**2, 0.0)))
    return np.asarray(rows)


@pytest.mark.parametrize("shape", [(128, 128, 1.0, 1.0), (96, 160, 1.5, 0.7)])
def test_a_disc_comes_back_where_it_was_with_its_density(shape):
    geometry = grid(*shape)
    image = back_projected(disc((12.0, -20.0), 25.0), VIEWS, CELLS, geometry, SPREAD_MM)
    x = (np.arange(geometry.columns) - (geometry.columns - 1) / 2) * geometry.column_spacing_mm
    y = ((np.arange(geometry.rows) - (geometry.rows - 1) / 2) * geometry.row_spacing_mm).reshape(-1, 1)
    distance = np.hypot(x - 12.0, y + 20.0)
    assert image[distance < 22.0].mean() == pytest.approx(1.0, abs=1e-3)
    assert np.abs(image[distance < 22.0] - 1.0).max() < 0.02
    assert image[(distance > 28.0) & (np.hypot(x, y) < 60.0)].mean() == pytest.approx(0.0, abs=2e-3)
    weights = np.where(distance < 30.0, image, 0.0)
    assert (weights * x).sum() / weights.sum() == pytest.approx(12.0, abs=0.05)
    assert (weights * y).sum() / weights.sum() == pytest.approx(-20.0, abs=0.05)


def test_nothing_is_nothing_and_twice_is_twice():
    assert not back_projected(np.zeros((360, 240)), VIEWS, CELLS, grid(), SPREAD_MM).any()
    one = disc((0.0, 0.0), 20.0)
    single, double = (back_projected(part, VIEWS, CELLS, grid(), SPREAD_MM) for part in (one, 2.0 * one))
    assert np.abs(double - 2.0 * single).max() < 1e-3


@pytest.mark.parametrize("spread_mm", [0.6, 1.0])
def test_white_noise_has_the_variance_that_the_filter_implies(spread_mm):
    white = noise.normal(3, 0, 0, (360, 240)).astype(np.float64)
    image = back_projected(white, VIEWS, CELLS, grid(), spread_mm)[32:96, 32:96]
    assert image.var() == pytest.approx(noise_gain(CELLS.width_mm, spread_mm, 360), rel=0.12)


def test_the_point_spread_is_the_kernels_gaussian():
    # A thin strip seen in each view is a point.
    point = np.zeros((360, 240))
    point[:, 119:121] = 1.0 / CELLS.width_mm / 2.0
    fine = grid(81, 81, 0.1, 0.1)
    image = back_projected(point, VIEWS, CELLS, fine, SPREAD_MM)
    profile = image[40] / image[40, 40]
    wide = np.interp(0.5, profile[40:][::-1], (np.arange(41) * 0.1)[::-1])
    # A cell's own width is given back once; the point is two cells wide: variance (2 w)2/12 - w2/12.
    spread = math.sqrt(SPREAD_MM**2 + CELLS.width_mm**2 * (4 - 1) / 12)
    assert wide == pytest.approx(spread * math.sqrt(2 * math.log(2)), rel=0.03)
