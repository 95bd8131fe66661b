"""Our images measured as a physicist measures a scanner's."""

import math

import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import ct
from modality.acquisition.ct.kernel import KERNEL_MTF50_PER_MM
from modality.acquisition.truth import truth


def grid(acquisition):
    """Coordinates of the columns and rows of an axial slice."""
    geometry = acquisition.geometry
    x, y, _ = geometry.position_mm(0)
    return (
        x + np.arange(geometry.columns).reshape(1, -1) * geometry.column_spacing_mm,
        y + np.arange(geometry.rows).reshape(-1, 1) * geometry.row_spacing_mm,
    )


def hounsfield(acquisition, z_mm):
    """The slice nearest a height, in HU."""
    geometry = acquisition.geometry
    index = round((z_mm - geometry.position_mm(0)[2]) / geometry.slice_spacing_mm)
    return acquisition.frame(index).pixels.astype(np.float64) + acquisition.protocol.rescale_intercept


@pytest.mark.parametrize("kvp", [80.0, 120.0, 140.0])
@pytest.mark.parametrize(("make", "least"), [(phantoms.acr_ct, 5), (phantoms.catphan504, 7)])
def test_each_insert_is_within_two_hu_of_the_truth(make, least, kvp):
    acquisition = ct(make(), seed=2, kvp=kvp)
    x, y = grid(acquisition)
    checked = 0
    for structure in truth(acquisition)["structures"]:
        (cx, cy, cz), radius = structure["center_mm"], structure["radius_mm"]
        if structure["shape"] != "cylinder" or radius < 5.0 or structure["properties"]["HU"] < -1000.0:
            continue
        inside = (x - cx) ** 2 + (y - cy) ** 2 < (radius - 2.0) ** 2
        values = hounsfield(acquisition, cz)[inside]
        error = abs(values.mean() - structure["properties"]["HU"])
        # Neighbouring pixels share their noise: a tenth of them counts.
        assert error < 2.0 + 2 * values.std() / math.sqrt(values.size / 10), structure["name"]
        checked += 1
    assert checked >= least


def test_water_is_uniform_within_two_hu():
    acquisition = ct(phantoms.water(), seed=4, slices=20)
    x, y = grid(acquisition)
    mean = np.mean([acquisition.frame(index).pixels for index in range(8, 12)], axis=0) - 1024.0
    for cx, cy in ((0, 0), (60, 0), (-60, 0), (0, 60), (0, -60)):
        assert abs(mean[(x - cx) ** 2 + (y - cy) ** 2 < 15.0**2].mean()) < 2.0


def modulation(line_spread, step_mm, at_per_mm):
    """Modulus of a line spread function's transform, 1 at zero frequency."""
    place = np.arange(line_spread.size) * step_mm
    return [abs(np.sum(line_spread * np.exp(-2j * np.pi * f * place))) / abs(line_spread.sum()) for f in at_per_mm]


@pytest.mark.parametrize("kernel", KERNEL_MTF50_PER_MM)
def test_the_modulation_transfer_of_an_edge_is_the_kernels(kernel):
    # The round rim of a cylinder, as in S. Richard et al., Med. Phys. 39:4115 (2012): pixels by distance from its
    # centre give the edge many times finer than pixels lie.
    acquisition = ct(
        phantoms.water(diameter_mm=100.0),
        seed=1,
        slices=100,
        kernel=kernel,
        mas=20000.0,
        reconstruction_diameter_mm=110,
    )
    x, y = grid(acquisition)
    image = np.mean([acquisition.frame(index).pixels for index in range(48, 52)], axis=0)
    step_mm = 0.05
    bins = np.rint((np.hypot(x, y) - 47.0) / step_mm).astype(int)
    near = (bins >= 0) & (bins < 120)
    edge = np.bincount(bins[near], image[near], 120) / np.bincount(bins[near], minlength=120)
    line = -np.diff(edge)[30:]  # from air into the shell at 50 mm; the shell's inner rim at 45 mm lies outside
    half = KERNEL_MTF50_PER_MM[kernel]
    found = modulation(line, step_mm, (half / 2, half, 1.3 * half))
    assert found == pytest.approx([0.5**0.25, 0.5, 0.5**1.69], abs=0.04)


@pytest.mark.parametrize("thickness_mm", [1.25, 2.5, 5.0])
def test_a_wire_ramp_is_as_long_as_the_slice_is_thick(thickness_mm):
    # Catphan manual: the ramps rise at 23 degrees, so that their length at half maximum times 0.42 is the thickness.
    acquisition = ct(phantoms.catphan504(), seed=1, slice_thickness_mm=thickness_mm, mas=2000.0, slices=181)
    x, y = grid(acquisition)
    image = hounsfield(acquisition, 0.0)
    band = image[:, np.abs(x[0] - 38.0) < 1.5].mean(axis=1)
    near = np.abs(y[:, 0]) < 14.0
    above = band[near] - np.median(band[np.abs(np.abs(y[:, 0]) - 15.0) < 2.0])
    half = above.max() / 2
    length = np.count_nonzero(above > half) * acquisition.geometry.row_spacing_mm
    assert 0.42 * length == pytest.approx(thickness_mm, abs=0.35)


@pytest.mark.parametrize("mas", [25.0, 50.0, 100.0, 400.0])
def test_noise_follows_the_root_of_the_exposure(mas):
    noise = [
        ct(phantoms.water(), seed=6, slices=40, mas=one, slice_thickness_mm=5.0)
        .frame(20)
        .pixels[176:336, 176:336]
        .std()
        for one in (mas, 4 * mas)
    ]
    # Stored values are whole: rounding adds a twelfth to the variance.
    variance = [one**2 - 1 / 12 for one in noise]
    assert math.sqrt(variance[0] / variance[1]) == pytest.approx(2.0, rel=0.03)
