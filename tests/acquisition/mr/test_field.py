"""Distortion by offsets of the field, and shading by the coil, by their numbers."""

import numpy as np
import pytest

import phantoms
from modality.acquisition.mr import mr
from modality.acquisition.mr.field import displaced, offset_ppm, sensitivity

WATER = phantoms.water()


def axes(*values):
    return tuple(np.asarray(value, dtype=np.float32).reshape(1, 1) for value in values)


def test_the_offset_is_quoted_on_the_axis_and_solves_laplaces_equation():
    assert offset_ppm(*axes(0, 0, 100), 2.0).item() == pytest.approx(2.0)
    assert offset_ppm(*axes(100, 0, 0), 2.0).item() == pytest.approx(-1.0)
    around = (
        [(30, 20, 10 + d) for d in (-5, 5)] + [(30 + d, 20, 10) for d in (-5, 5)] + [(30, 20 + d, 10) for d in (-5, 5)]
    )
    mean = np.mean([offset_ppm(*axes(*point), 2.0).item() for point in around])
    assert mean == pytest.approx(offset_ppm(*axes(30, 20, 10), 2.0).item())


def test_a_uniform_shift_moves_an_image_and_keeps_its_signal():
    image = np.zeros((40, 3), np.float32)
    image[10:20] = 7.0
    moved = displaced(image, np.full(image.shape, 5.5))
    assert moved.sum() == pytest.approx(image.sum(), rel=1e-5)
    assert (moved * np.arange(40).reshape(-1, 1)).sum() / moved.sum() == pytest.approx(14.5 + 5.5, abs=1e-3)


@pytest.mark.parametrize("stretch", [-0.4, -0.1, 0.0, 0.3])
def test_signal_piles_up_where_shifts_converge(stretch):
    image = np.ones((200, 2), np.float32)
    shifts = np.repeat(stretch * (np.arange(200.0) - 100.0).reshape(-1, 1), 2, axis=1)
    # A stretch to (1 + s) times the length leaves 1 / (1 + s) of the signal in a pixel.
    assert displaced(image, shifts)[95:105].mean() == pytest.approx(1.0 / (1.0 + stretch), rel=0.01)


def edges(profile):
    """Where a profile rises and falls through half of its plateau, in pixels."""
    level = np.median(profile[profile > profile.max() / 2]) / 2
    inside = np.flatnonzero(profile > level)
    return inside[0], inside[-1]


@pytest.mark.parametrize("sequence", ["DWI", "GRE"])
def test_offsets_shift_along_phase_in_echo_planar_images_and_along_the_readout_otherwise(sequence):
    options = {"seed": 1, "rows": 128, "columns": 128, "slices": 1, "sequence": sequence, "averages": 400}
    ppm = 1.0 if sequence == "DWI" else 8.0
    even = mr(WATER, **options).frame(0).pixels.astype(float)
    uneven_scan = mr(WATER, **options, inhomogeneity_ppm=ppm)
    uneven = uneven_scan.frame(0).pixels.astype(float)
    along, across = (0, 1) if sequence == "DWI" else (1, 0)
    middle = {0: lambda image: image[:, 62:66].mean(axis=1), 1: lambda image: image[62:66].mean(axis=0)}
    assert edges(middle[across](uneven)) == edges(middle[across](even))
    geometry = uneven_scan.geometry
    low, high = edges(middle[along](even))
    radius_mm = (high - low) / 2 * geometry.row_spacing_mm
    # At the rim, r from the axis and in the middle of z, the offset is -r^2 / 2 of that quoted, in ppm of 63.9 MHz.
    offset_hz = -ppm * (radius_mm / 100.0) ** 2 / 2 * 63.866
    expected = offset_hz / (1500.0 / 128 if sequence == "DWI" else 130.0)
    found = edges(middle[along](uneven))
    assert abs(expected) > 1.5
    assert [found[0] - low, found[1] - high] == pytest.approx([expected, expected], abs=1.1)


def test_an_array_receives_more_near_its_loops_and_evenly_in_the_middle():
    centre, rim = (sensitivity(*axes(x, 0, 0), radius_mm=150.0, middle_mm=0.0).item() for x in (0, 100))
    assert centre == pytest.approx(1.0)
    # Of the loops, that at (150, 0) dominates: the root of the sum of (1 + d^2 / 80^2)^-3.
    distances = [(100 - 150 * np.cos(t)) ** 2 + (150 * np.sin(t)) ** 2 for t in np.arange(8) * np.pi / 4]
    expected = np.sqrt(sum((1 + d / 6400) ** -3 for d in distances) / (8 * (1 + 22500 / 6400) ** -3))
    assert rim == pytest.approx(expected)
    scans = [mr(WATER, seed=1, rows=64, columns=64, slices=1, protocol="PD", coil=coil) for coil in ("BODY", "ARRAY")]
    stored = [scan.frame(0).pixels for scan in scans]
    assert all(2800 < pixels.max() < 4095 for pixels in stored)  # the gain leaves room
    flat, shaded = (pixels / scan.gain for pixels, scan in zip(stored, scans, strict=True))
    assert shaded[30:34, 30:34].mean() == pytest.approx(flat[30:34, 30:34].mean(), rel=0.03)
    assert shaded[30:34, 12:16].mean() > 1.15 * flat[30:34, 12:16].mean()
