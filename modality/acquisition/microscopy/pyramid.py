"""The levels of a whole-slide image: grids of tiles, each level the 2 x 2 mean of the one below it, or of two steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.errors import UsageError

Tile = npt.NDArray[np.uint8]
Place = tuple[int, int]
"""Row and column of a tile in its level's grid."""

FACTORS = (2, 4)
LARGEST_MATRIX = 2**31 - 1
"""Tiles of a level are counted by Number of Frames, an IS of 32 bits (PS3.5 6.2)."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a pyramid.

    Args:
        index: 0 is the base.
        rows: Total Pixel Matrix Rows.
        columns: Total Pixel Matrix Columns.
        tile: rows and columns of a tile.
        scale: how many pixels of the base a pixel spans, each way.
    """

    index: int
    rows: int
    columns: int
    tile: int
    scale: int

    @property
    def grid(self) -> Place:
        """Rows and columns of tiles; those at the right and lower edge may hang over."""
        return -(-self.rows // self.tile), -(-self.columns // self.tile)

    @property
    def tiles(self) -> int:
        """How many tiles there are in one plane."""
        down, across = self.grid
        return down * across


@dataclass(frozen=True, slots=True)
class Pyramid:
    """The levels of one image.

    Args:
        rows: of the base.
        columns: of the base.
        tile: rows and columns of a tile.
        levels: how many, the base included.
        factor: from level to level, 2 or 4.

    Raises:
        UsageError: the image cannot be cut so, or does not carry so many levels.
    """

    rows: int
    columns: int
    tile: int
    levels: int
    factor: int = 2

    def __post_init__(self) -> None:
        if self.factor not in FACTORS:
            raise UsageError(f"a factor of {self.factor} from level to level: 2 or 4")
        if self.tile % self.factor or not 16 <= self.tile <= 4096:
            raise UsageError(f"tiles of {self.tile} pixels: 16 to 4096, and a multiple of {self.factor}")
        if not (1 <= self.rows <= LARGEST_MATRIX and 1 <= self.columns <= LARGEST_MATRIX):
            raise UsageError(
                f"an image of {self.rows} x {self.columns} pixels: at least one, at most 2^31 - 1 each way"
            )
        most = most_levels(self.rows, self.columns, self.factor)
        if not 1 <= self.levels <= most:
            raise UsageError(
                f"{self.levels} levels: an image of {self.rows} x {self.columns} pixels carries 1 to {most}"
            )
        if self[0].tiles > LARGEST_MATRIX:
            raise UsageError(f"{self[0].tiles} tiles of {self.tile} pixels: at most 2^31 - 1; take larger ones")

    def __len__(self) -> int:
        return self.levels

    def __getitem__(self, index: int) -> Level:
        if not 0 <= index < self.levels:
            raise IndexError(index)
        scale = self.factor**index
        return Level(index, -(-self.rows // scale), -(-self.columns // scale), self.tile, scale)

    def __iter__(self) -> Iterator[Level]:
        return (self[index] for index in range(self.levels))

    @property
    def tiles(self) -> int:
        """Tiles of all levels, in one plane."""
        return sum(level.tiles for level in self)

    def children(self, level: int, place: Place) -> Iterator[Place]:
        """The tiles of the level below that a tile is made of; those that its grid has."""
        down, across = self[level - 1].grid
        for row in range(place[0] * self.factor, min((place[0] + 1) * self.factor, down)):
            for column in range(place[1] * self.factor, min((place[1] + 1) * self.factor, across)):
                yield row, column

    def reduced(self, tile: Tile) -> Tile:
        """A tile at the scale of the level above: means of 2 x 2 pixels, once or twice, halves rounded up."""
        for _ in range(int(math.log2(self.factor))):
            tile = halved(tile)
        return tile

    def joined(self, blank: Tile, place: Place, below: Callable[[Place], Tile | None]) -> Tile:
        """A tile from the reduced tiles below it.

        Args:
            blank: what is seen where there are none; not written to.
            place: of the tile.
            below: the reduced tile of a place of the level below; None where nothing is seen.
        """
        size = self.tile // self.factor
        whole: Tile = blank.copy()
        for row in range(self.factor):
            for column in range(self.factor):
                part = below((place[0] * self.factor + row, place[1] * self.factor + column))
                if part is not None:
                    whole[row * size : (row + 1) * size, column * size : (column + 1) * size] = part
        return whole


def most_levels(rows: int, columns: int, factor: int) -> int:
    """How many levels an image carries: the last has at least one pixel each way that is not an edge alone."""
    return 1 + int(math.log(max(min(rows, columns), 1), factor) + 1e-9)


def usual_levels(rows: int, columns: int, tile: int, factor: int) -> int:
    """So many levels that the last is about one tile."""
    levels = 1
    while max(rows, columns) > tile * factor ** (levels - 1) and levels < most_levels(rows, columns, factor):
        levels += 1
    return levels


def halved(tile: Tile) -> Tile:
    """Means of 2 x 2 pixels, halves rounded up: shape (rows / 2, columns / 2, samples)."""
    height, width, samples = tile.shape
    lines = tile.reshape(height, width * samples)
    sums = np.add(lines[0::2], lines[1::2], dtype=np.uint16)
    sums += np.uint16(1)  # of each of two columns
    whole = np.empty((height // 2, width // 2 * samples), dtype=np.uint16)
    for sample in range(samples):  # one after the other: long strides are quicker than inner loops of three
        left, right = sums[:, sample :: 2 * samples], sums[:, sample + samples :: 2 * samples]
        np.add(left, right, out=whole[:, sample::samples])
    whole >>= np.uint16(2)
    means: Tile = whole.astype(np.uint8).reshape(height // 2, width // 2, samples)
    return means
