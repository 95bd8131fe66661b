from __future__ import annotations

import numpy as np
import pytest

from modality.acquisition.microscopy import stains
from modality.acquisition.microscopy.stains import MOST_DENSITY, STAINS, WHITE, colours, densities, encoded, separated


def rgb_of(codes: np.ndarray, stain: str) -> np.ndarray:
    rgb = np.empty((*codes.shape, 3), dtype=np.uint8)
    stains.pack(colours(stain).take(codes), rgb)
    return rgb


def test_stain_vectors_are_of_unit_length() -> None:
    for stain in STAINS.values():
        for vector in (stain.first, stain.second):
            assert sum(part * part for part in vector) == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize("stain", sorted(STAINS))
def test_deconvolution_gives_the_densities_back(stain: str) -> None:
    first, second = (
        grid.astype(np.float32) for grid in np.meshgrid(np.linspace(0.0, 1.0, 40), np.linspace(0.0, 0.6, 40))
    )
    codes = encoded(first, second, np.full(first.shape, 0.5, dtype=np.float32)) | np.uint16(7 << 12)
    meant = densities(codes)
    found = separated(rgb_of(codes, stain), stain)
    lit = rgb_of(codes, stain).min(axis=-1) > 20  # below, 8 bits tell no densities apart
    assert lit.mean() > 0.8
    for wanted, got in zip(meant, found, strict=False):
        assert np.abs(wanted - got)[lit].max() < 0.05
        assert np.abs(wanted - got)[lit].mean() < 0.01
    assert np.abs(found[2][lit]).max() < 0.05


def test_codes_hold_densities_to_their_step_and_thickness_scales_them() -> None:
    wanted = np.linspace(0.0, 1.2, 200, dtype=np.float32).reshape(1, -1)
    codes = encoded(wanted, wanted, np.full(wanted.shape, 0.5, dtype=np.float32))
    thin, thick = densities(codes), densities(codes | np.uint16(15 << 12))
    for index in range(2):
        step = 2.0 * np.sqrt(wanted * MOST_DENSITY[index]) / 63 + 0.001
        nominal = densities(codes | np.uint16(7 << 12))[index] / stains.thickness(7)
        assert (np.abs(nominal - wanted) <= step).all()
        assert np.allclose(thick[index] * stains.thickness(0), thin[index] * stains.thickness(15))


def test_dither_keeps_the_mean_between_two_codes() -> None:
    density = np.full((64, 64), 0.2137, dtype=np.float32)
    noise = ((np.arange(4096) * 1103) % 4096 / 4096).reshape(64, 64).astype(np.float32)
    codes = encoded(density, density, noise)
    assert len(np.unique(codes)) > 1
    found = densities(codes | np.uint16(7 << 12))
    for got in found:
        assert got.mean() / stains.thickness(7) == pytest.approx(0.2137, rel=0.01)


def test_clear_glass_is_the_white_point_and_stains_differ() -> None:
    assert rgb_of(np.asarray([[0]], dtype=np.uint16), "HE")[0, 0].tolist() == list(WHITE)
    brown, pink = (
        rgb_of(np.asarray([[40 | 7 << 12]], dtype=np.uint16), stain)[0, 0].astype(int) for stain in ("DAB", "HE")
    )
    assert brown[0] > brown[1] > brown[2]
    assert pink[0] > pink[2] > pink[1]


def test_both_ways_of_packing_agree() -> None:
    words = (np.arange(33 * 57, dtype=np.uint32) * np.uint32(2654435761) & np.uint32(0xFFFFFF)).reshape(33, 57)
    one, other = np.zeros((33, 57, 3), dtype=np.uint8), np.zeros((33, 57, 3), dtype=np.uint8)
    stains.pack(words, one)
    stains._by_channel(words, other)
    assert np.array_equal(one, other)
    assert one[5, 6].tolist() == [int(words[5, 6]) >> shift & 255 for shift in (0, 8, 16)]
