"""What the detector counts: attenuation, scatter, grid, blur, noise."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from modality.acquisition.projection.beam import beam
from modality.acquisition.radiography.blur import narrow, wide
from modality.acquisition.radiography.chain import Detector, Scatter, Shadow, detected, photons_of, shadow
from modality.acquisition.radiography.cone import Cone
from modality.acquisition.radiography.protocol import BUCKY, FLAT_PANEL

CONE = Cone((0.0, 0.0, 0.0), 1000.0, 1250.0, 96, 96, 2.0)
USED = beam(80.0, 3.0)


def water(mm: np.ndarray | float) -> np.ndarray:
    """Basis materials of water of a thickness on each ray."""
    thick = np.broadcast_to(np.asarray(mm, dtype=float), (CONE.rows, CONE.columns))
    return np.stack([thick * share for share in (0.1119, 0.8881, 0.0, 0.0, 0.0)])


def seen(mm: np.ndarray | float, *, grid: bool = False, spot_mm: float = 0.0) -> Shadow:
    return shadow(water(mm), USED, CONE, replace(BUCKY, grid=grid), spot_mm)


def test_primary_photons_are_those_of_the_beam_behind_the_same_water() -> None:
    assert seen(150.0).primary[40, 40] == pytest.approx(math.exp(-USED.water_path(150.0)), rel=1e-3)


def test_scatter_grows_with_thickness_and_a_grid_keeps_most_of_it_away() -> None:
    thin, thick = seen(50.0).scatter_fraction, seen(200.0).scatter_fraction
    assert 0.2 < thin < 0.45 < thick < 0.8
    through, around = BUCKY.primary, BUCKY.scattered
    ratio = thick / (1 - thick)
    expected = ratio * around / (ratio * around + through)
    assert seen(200.0, grid=True).scatter_fraction == pytest.approx(expected, abs=2e-3)


def test_scatter_is_smooth_and_falls_onto_what_is_bare_too() -> None:
    half = np.where(np.arange(96) < 48, 200.0, 0.0).reshape(1, -1)
    scattered = seen(half).scattered
    assert scattered[48, 60] > 0.2 * scattered[48, 30]
    assert np.abs(np.diff(scattered[48])).max() < 0.1 * scattered.max()


@pytest.mark.parametrize("spot_mm", [4.0, 12.0])
def test_the_focal_spot_blurs_an_edge_by_its_image(spot_mm: float) -> None:
    edge = np.where(np.arange(96) < 48, 20.0, 0.0).reshape(1, -1)
    profile = np.diff(seen(edge, spot_mm=spot_mm).primary[48])
    places = np.arange(profile.size)
    middle = (places * profile).sum() / profile.sum()
    deviation_mm = CONE.pitch_mm * math.sqrt(((places - middle) ** 2 * profile).sum() / profile.sum())
    assert deviation_mm == pytest.approx(spot_mm / math.sqrt(12) * 0.25, rel=0.03)


def test_a_narrow_blur_has_the_transfer_function_of_its_gaussian() -> None:
    point = np.zeros((64, 64))
    point[32, 32] = 1.0
    spread = narrow(point, 1.3).sum(axis=0)
    for frequency in (4, 8, 12):
        transfer = abs(np.fft.rfft(spread)[frequency])
        assert transfer == pytest.approx(math.exp(-2 * (math.pi * 1.3 * frequency / 64) ** 2), abs=0.01)
    assert spread.sum() == pytest.approx(1.0, abs=1e-6)


def test_a_wide_blur_keeps_the_sum_and_its_width() -> None:
    point = np.zeros((240, 240))
    point[118:122, 118:122] = 1.0
    spread = wide(point, 20.0, lost=True)
    profile = spread.sum(axis=0)
    places = np.arange(240)
    middle = (places * profile).sum() / profile.sum()
    assert profile.sum() == pytest.approx(16.0, rel=5e-3)
    assert math.sqrt(((places - middle) ** 2 * profile).sum() / profile.sum()) == pytest.approx(20.0, rel=0.05)
    assert wide(np.full((90, 70), 3.0), 20.0, lost=False) == pytest.approx(3.0, rel=1e-6)


def noise(kerma_ugy: float, detector: Detector) -> float:
    """Relative noise in the middle of a field, from two exposures whose scatter is the same."""
    whole = seen(100.0)
    one, other = (detected(whole, kerma_ugy, detector, CONE.pitch_mm, 3, k)[40:57, 30:67] for k in (0, 1))
    return float((one - other).std() / math.sqrt(2) / one.mean())


def test_noise_is_that_of_so_many_photons_and_falls_as_the_root_of_the_dose() -> None:
    sharp = replace(FLAT_PANEL, blur_mm=0.0, electronics=0.0)
    whole = seen(100.0)
    for kerma in (0.5, 2.0, 8.0):
        photons = photons_of(kerma, sharp, CONE.pitch_mm) * (whole.primary + whole.scattered)[48, 48]
        assert noise(kerma, sharp) == pytest.approx(1.0 / math.sqrt(photons), rel=0.05)
    assert noise(2.0, sharp) == pytest.approx(2.0 * noise(8.0, sharp), rel=0.08)


def test_the_detectors_blur_takes_noise_away_and_its_electronics_add_to_it() -> None:
    sharp = replace(FLAT_PANEL, blur_mm=0.0, electronics=0.0)
    assert noise(1.0, replace(sharp, blur_mm=2.0)) < 0.5 * noise(1.0, sharp)
    assert noise(0.001, replace(sharp, electronics=40.0)) > 1.2 * noise(0.001, sharp)


def test_what_the_grid_takes_is_a_part_of_what_comes() -> None:
    for scatter in (BUCKY, Scatter(0.009, 22.0, grid=True, primary=0.75, scattered=0.2)):
        assert 0 < scatter.scattered < scatter.primary < 1
        assert scatter.passing == (scatter.primary, scatter.scattered)
        assert replace(scatter, grid=False).passing == (1.0, 1.0)
