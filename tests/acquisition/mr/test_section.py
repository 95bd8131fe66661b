"""What is kept of a slice between images of several weightings changes no bit of them, and is let go."""

from __future__ import annotations

import numpy as np
import pytest

import phantoms
from modality.acquisition import orientation, sampling
from modality.acquisition.mr import mr
from modality.acquisition.mr.section import Sections, section
from modality.acquisition.plan import axial
from phantoms.material import NO_SIGNAL, Tissue
from phantoms.phantom import Phantom, Structure
from phantoms.solids import sphere
from phantoms.tissues import TISSUES


@pytest.mark.parametrize("turned", ["axial", "oblique"])
def test_a_section_averages_to_the_bit_as_sampling_does(turned):
    phantom = phantoms.head(seed=3)
    geometry = orientation.stack(
        phantom, turned, rows=48, columns=40, slices=5, slice_thickness_mm=5.0, slice_spacing_mm=6.0
    )
    values = np.random.default_rng(1).uniform(0.0, 3000.0, (len(phantom.tissues), 2)).astype(np.float32)
    expected = sampling.averaged(phantom, geometry, 2, values)
    assert np.array_equal(section(phantom, geometry, 2).averaged(values), expected)
    assert len(np.unique(expected[..., 0])) > 20  # voxels that hold several structures are among them


def test_the_phantom_is_asked_once_for_a_slice_of_several_weightings(monkeypatch):
    asked = []
    acquisition = mr(phantoms.water(), seed=1, rows=16, columns=16, slices=2, echo_times_ms=(10.0, 20.0, 30.0))
    monkeypatch.setattr(
        "modality.acquisition.mr.section.section",
        lambda phantom, geometry, index: asked.append(index) or section(phantom, geometry, index),
    )
    first = [frame.pixels for frame in acquisition]
    assert asked == [0, 1]
    assert all(np.array_equal(a, b.pixels) for a, b in zip(first, acquisition, strict=True))
    assert asked == [0, 1, 0, 1]  # nothing was kept beyond the series


def test_what_is_kept_is_bounded(monkeypatch):
    phantom = phantoms.water()
    geometry = mr(phantom, seed=1, rows=16, columns=16, slices=4).geometry
    values = np.ones((len(phantom.tissues), 1), np.float32)
    monkeypatch.setattr("modality.acquisition.mr.section._MOST_BYTES", int(2.5 * section(phantom, geometry, 1).nbytes))
    kept = Sections(phantom, keep=True)
    for index in range(4):
        kept.averaged(0, geometry, index, values)
    assert len(kept._kept) == 2
    kept.clear()
    assert not kept._kept


def test_a_dome_fades_out_without_terraces():
    """The cap of a ball within one thick slice, against the share of each voxel that it fills by formula."""
    full, none = TISSUES["water"], Tissue("none", 1.0, {}, *NO_SIGNAL)
    ball = Phantom(
        "ball",
        "PHANTOM",
        (
            Structure("room", sphere((0.0, 0.0, 0.0), 90.0), none),
            Structure("ball", sphere((0.0, 0.0, 0.0), 80.0), full),
        ),
        (74.0, 79.0),
        180.0,
    )
    geometry = axial(ball, rows=360, columns=360, slices=1, slice_thickness_mm=5.0, slice_spacing_mm=5.0)
    image = section(ball, geometry, 0).averaged(np.asarray([[0.0], [0.0], [1000.0]], dtype=np.float32))[..., 0]
    x, y, z = sampling.coordinates(geometry, 0, (0.0, 0.0, 0.0))
    radius = np.hypot(x, y)
    surface = np.sqrt(np.maximum(80.0**2 - radius**2, 0.0))
    filled = np.clip((surface - float(z.item())) / 5.0 + 0.5, 0.0, 1.0) * 1000.0
    fading = (radius < 24.0) & (filled > 50.0)  # beyond it terraces are as narrow as pixels, and are left
    assert np.abs(image - filled)[fading].max() < 1000.0 / 8 / 4, "a quarter of a sample point's share of the contrast"
