from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality.acquisition.microscopy.blocks import Block, Rising, rows_of
from modality.acquisition.microscopy.pyramid import Place, Pyramid, Tile, halved, most_levels, usual_levels
from modality.errors import UsageError


class Ramp:
    """A plane whose every pixel says where it is; blank left of a column."""

    def __init__(self, blank_before: int = 0) -> None:
        self.blank_before = blank_before
        self.asked: list[Place] = []

    def tile(self, row: int, column: int, height: int, width: int) -> Tile:
        self.asked.append((row, column))
        y, x = np.mgrid[row : row + height, column : column + width]
        return np.stack([y * 7 + x, x * 3, y * 5], axis=-1).astype(np.uint8)

    def is_blank(self, row: int, column: int, height: int, width: int) -> bool:
        return column + width <= self.blank_before


BLANK = np.full((16, 16, 3), 240, dtype=np.uint8)


def seen(pyramid: Pyramid, depth: int, plane: Ramp, *, sparse: bool = False) -> dict[tuple[int, Place], Tile]:
    """Every tile, made in blocks of so many levels."""
    found: dict[tuple[int, Place], Tile] = {}

    def note(level: int, place: Place, tile: Tile) -> None:
        assert (level, place) not in found
        found[level, place] = tile.copy()

    block = Block(plane, pyramid, BLANK, sparse)
    rising = Rising(block, depth, note)
    for row in rows_of(pyramid, depth):
        for place in row:
            rising.add(place, block.made(depth, place, note))
    return found


def mosaic(pyramid: Pyramid, level: int, tiles: dict[tuple[int, Place], Tile]) -> Tile:
    down, across = pyramid[level].grid
    rows = [np.concatenate([tiles[level, (row, column)] for column in range(across)], axis=1) for row in range(down)]
    return np.concatenate(rows)[: pyramid[level].rows, : pyramid[level].columns]


@pytest.mark.parametrize("factor", [2, 4])
def test_each_level_is_the_mean_of_the_one_below(factor: int) -> None:
    pyramid = Pyramid(128, 192, 16, 3, factor)
    tiles = seen(pyramid, 0, Ramp())
    for level in (1, 2):
        below = mosaic(pyramid, level - 1, tiles).astype(np.float64)
        for _ in range({2: 1, 4: 2}[factor]):
            below = np.floor((below[0::2, 0::2] + below[1::2, 0::2] + below[0::2, 1::2] + below[1::2, 1::2]) / 4 + 0.5)
        assert np.array_equal(mosaic(pyramid, level, tiles), below)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_how_many_levels_a_block_makes_changes_no_tile(depth: int) -> None:
    pyramid = Pyramid(200, 330, 16, 4)
    one, other = seen(pyramid, 0, Ramp()), seen(pyramid, depth, Ramp())
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[key], other[key]) for key in one)


def test_each_tile_of_the_base_is_made_once() -> None:
    plane = Ramp()
    pyramid = Pyramid(100, 100, 16, 3)
    seen(pyramid, 2, plane)
    assert len(plane.asked) == len(set(plane.asked)) == pyramid[0].tiles == 49


def test_the_tiles_above_the_blocks_come_in_the_order_of_their_frames() -> None:
    order: list[tuple[int, Place]] = []
    pyramid = Pyramid(256, 256, 16, 5)
    block = Block(Ramp(), pyramid, BLANK)
    rising = Rising(block, 0, lambda level, place, _: order.append((level, place)))
    for row in rows_of(pyramid, 0):
        for place in row:
            rising.add(place, block.made(0, place, lambda *_: None))
    for level in range(1, 5):
        places = [place for at, place in order if at == level]
        assert places == sorted(places)
        assert len(places) == pyramid[level].tiles


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_sparse_tiles_are_those_that_are_announced_and_what_is_left_out_looks_blank_above(depth: int) -> None:
    pyramid = Pyramid(64, 128, 16, 3)
    plane = Ramp(blank_before=48)
    announced = Block(plane, pyramid, BLANK, sparse=True).places()
    tiles = seen(pyramid, depth, plane, sparse=True)
    assert {level: sorted(place for at, place in tiles if at == level) for level in range(3)} == dict(
        enumerate(announced)
    )
    assert min(column for _, column in announced[0]) == 3
    assert np.all(tiles[1, (0, 1)][:8, :8] == 240)  # its left half has no tiles below


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([2, 4]))
def test_an_image_carries_as_many_levels_as_it_says(rows: int, columns: int, factor: int) -> None:
    most = most_levels(rows, columns, factor)
    last = list(Pyramid(rows, columns, 16, most, factor))[-1]
    assert min(last.rows, last.columns) >= 1
    with pytest.raises(UsageError, match="carries 1 to"):
        Pyramid(rows, columns, 16, most + 1, factor)
    assert 1 <= usual_levels(rows, columns, 16, factor) <= most


def test_means_round_halves_up() -> None:
    tile = np.zeros((2, 4, 3), dtype=np.uint8)
    tile[0, 0], tile[1, 1] = 1, 1  # a half
    tile[:, 2:] = 255
    assert halved(tile).tolist() == [[[1, 1, 1], [255, 255, 255]]]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"tile": 15}, "tiles of 15 pixels"),
        ({"tile": 8}, "tiles of 8 pixels"),
        ({"tile": 8192}, "tiles of 8192 pixels"),
        ({"factor": 3}, "a factor of 3"),
        ({"levels": 0}, "0 levels"),
        ({"levels": 9}, "9 levels: an image of 100 x 100 pixels carries 1 to 7"),
        ({"rows": 0}, "0 x 100 pixels"),
        ({"rows": 2**31}, "2147483648 x 100 pixels"),
    ],
)
def test_what_cannot_be_is_named(options: dict[str, int], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Pyramid(**{"rows": 100, "columns": 100, "tile": 16, "levels": 2, "factor": 2} | options)
