"""Speckle is what theory says of many scatterers: its contrast, its size, and how it changes with a moving probe."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from modality.acquisition.ultrasound import Sonogram
from modality.acquisition.ultrasound.probe import FWHM
from tests.acquisition.ultrasound.objects import block, scan

Values = npt.NDArray[np.float64]


def even(**options: Any) -> tuple[Sonogram, Values]:
    """Powers along the beams, of a block that scatters alike everywhere, without what lies near the face."""
    made = scan(block(even=True), tgc_db_cm_mhz=0.1, **options)
    return made, powers(made, 0)


def powers(made: Sonogram, index: int) -> Values:
    near = math.ceil(15.0 / made.screen.step_mm)
    return 10.0 ** (made.levels(index).astype(np.float64)[near:] / 10.0)


def width_mm(power: Values, axis: int, step_mm: float) -> float:
    """Width between halves of the covariance of power, from that of neighbours, if it is a Gaussian."""
    away = power - power.mean()
    length = power.shape[axis]
    near = np.take(away, range(length - 1), axis) * np.take(away, range(1, length), axis)
    correlation = near.mean() / (away * away).mean()
    return FWHM * step_mm / math.sqrt(-2.0 * math.log(correlation))


@pytest.mark.parametrize("probe", ["linear", "curved", "phased"])
def test_amplitudes_are_rayleigh_s_and_as_strong_as_the_tissue(probe: str) -> None:
    _, power = even(probe=probe)
    amplitude = np.sqrt(power)
    assert amplitude.mean() / amplitude.std() == pytest.approx(1.913, abs=0.04)  # sqrt(pi / (4 - pi))
    assert 10.0 * np.log10(power.mean()) == pytest.approx(-30.0, abs=0.3)
    assert np.std(10.0 * np.log10(power)) == pytest.approx(5.57, abs=0.12)


@pytest.mark.parametrize("bandwidth", [0.3, 0.6, 1.0])
def test_along_the_beam_speckle_is_as_long_as_the_pulse(bandwidth: float) -> None:
    made, power = even(bandwidth=bandwidth, rows=900, columns=700)
    assert made.probe.axial_mm == pytest.approx(0.77 * 0.8825 / (bandwidth * 5.0), rel=1e-4)
    assert width_mm(power, 0, made.screen.step_mm) == pytest.approx(made.probe.axial_mm, rel=0.06)


@pytest.mark.parametrize("aperture_mm", [8.0, 14.0, 24.0])
def test_across_the_beams_speckle_is_as_wide_as_they_are(aperture_mm: float) -> None:
    made, _ = even(aperture_mm=aperture_mm, focus_mm=40.0)
    step = made.screen.step_mm
    rows = slice(round(39.2 / step), round(40.8 / step))
    power = 10.0 ** (made.levels(0).astype(np.float64)[rows] / 10.0)
    expected = 1.2067 * 0.308 * max(2.0, 40.0 / aperture_mm) / math.sqrt(2.0)  # sent and received
    assert made.probe.lateral_mm(40.0) == pytest.approx(expected, rel=1e-3)
    assert width_mm(power, 1, made.probe.spacing_mm(40.0)) == pytest.approx(expected, rel=0.08)


def test_out_of_its_focus_a_beam_is_wider() -> None:
    made, _ = even(aperture_mm=20.0, focus_mm=30.0)
    widths = [made.probe.lateral_mm(depth) for depth in (30.0, 45.0, 60.0)]
    assert widths == sorted(widths)
    assert widths[2] > 1.5 * widths[0]


@pytest.mark.parametrize(("moved_mm", "expected"), [(0.0, 1.0), (1.5, 0.5), (6.0, 0.0)])
def test_a_probe_moved_by_half_a_slice_sees_half_of_the_speckle_again(moved_mm: float, expected: float) -> None:
    made, power = even(sweep_mm=moved_mm, frames=2)
    found = np.corrcoef(power.ravel(), powers(made, 1).ravel())[0, 1]
    assert found == pytest.approx(expected, abs=0.06)


def test_seeds_differ_and_a_frame_is_the_same_alone() -> None:
    one, _ = even(sweep_mm=4.0, frames=3)
    again, _ = even(sweep_mm=4.0, frames=3)
    frames = [frame.pixels for frame in one]
    assert np.array_equal(again.frame(2).pixels, frames[2])
    other, _ = even(sweep_mm=4.0, frames=3, seed=4)
    seen = one.screen.seen
    assert (other.frame(2).pixels[seen] != frames[2][seen]).mean() > 0.7
