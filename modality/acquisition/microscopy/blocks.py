"""A pyramid made from the base up: every tile of every level once, those above made of what was seen below."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from modality.acquisition.microscopy.pyramid import Place, Pyramid, Tile

Seen = Callable[[int, Place, Tile], None]
"""Called with level, place and pixels of a tile."""


class Plane(Protocol):
    """One focal plane of a slide, in one light."""

    def tile(self, row: int, column: int, height: int, width: int) -> Tile:
        """Pixels of the base from a row and column on, shape (height, width, 3)."""

    def is_blank(self, row: int, column: int, height: int, width: int) -> bool:
        """Nothing but glass is there."""

    def prepare(self) -> None:
        """Make what all tiles are drawn from, so that processes that are forked share it."""


@dataclass(frozen=True)
class Block:
    """What is made in one go: a tile, and all below it.

    Args:
        plane: what is seen.
        pyramid: how it is cut.
        blank: a tile of glass.
        sparse: tiles of nothing but glass are left out.
    """

    plane: Plane
    pyramid: Pyramid
    blank: Tile
    sparse: bool = False

    def made(self, level: int, place: Place, seen: Seen) -> Tile | None:
        """Make a tile and all below it; gives what the level above needs of it, None where it is left out."""
        tile = self._tile(level, place, seen)
        if tile is None:
            return None
        part = self.handed_on(level, tile)  # before it is encoded: now the caches hold it
        seen(level, place, tile)
        return part

    def _tile(self, level: int, place: Place, seen: Seen) -> Tile | None:
        """A tile that has not been seen yet, of those below it, which have."""
        if level == 0:
            size = self.pyramid.tile
            box = place[0] * size, place[1] * size, size, size
            return None if self.sparse and self.plane.is_blank(*box) else self.plane.tile(*box)
        reduced: dict[Place, Tile] = {}
        for child in self.pyramid.children(level, place):
            part = self._tile(level - 1, child, seen)
            if part is not None:
                reduced[child] = self.pyramid.reduced(part)  # likewise
                seen(level - 1, child, part)
        return self.pyramid.joined(self.blank, place, reduced.get) if reduced else None

    def handed_on(self, level: int, tile: Tile) -> Tile:
        """What the level above needs of a tile; of the topmost one all."""
        return tile if level + 1 == len(self.pyramid) else self.pyramid.reduced(tile)

    def places(self) -> list[list[Place]]:
        """The tiles that there are, of each level in the order of its frames."""
        down, across = self.pyramid[0].grid
        size = self.pyramid.tile
        found = [
            (row, column)
            for row in range(down)
            for column in range(across)
            if not (self.sparse and self.plane.is_blank(row * size, column * size, size, size))
        ]
        levels = [found]
        for _ in range(1, len(self.pyramid)):
            factor = self.pyramid.factor
            levels.append(sorted({(row // factor, column // factor) for row, column in levels[-1]}))
        return levels


@dataclass
class Rising:
    """The levels above the blocks, a tile as soon as all below it are there.

    Args:
        block: how tiles are made of those below.
        level: of the blocks' own tiles.
        seen: called for each tile above them.
    """

    block: Block
    level: int
    seen: Seen
    top: Tile | None = None
    _waiting: dict[tuple[int, Place], dict[Place, Tile | None]] = field(default_factory=dict)

    def add(self, place: Place, part: Tile | None) -> None:
        """A block is done, and hands this on; None where it holds nothing."""
        self._rise(self.level, place, part)

    def _rise(self, level: int, place: Place, part: Tile | None) -> None:
        pyramid = self.block.pyramid
        if level + 1 == len(pyramid):
            self.top = part
            return
        above = place[0] // pyramid.factor, place[1] // pyramid.factor
        parts = self._waiting.setdefault((level + 1, above), {})
        parts[place] = part
        if len(parts) < sum(1 for _ in pyramid.children(level + 1, above)):
            return
        del self._waiting[level + 1, above]
        if all(part is None for part in parts.values()):
            self._rise(level + 1, above, None)
            return
        whole = pyramid.joined(self.block.blank, above, parts.get)
        self.seen(level + 1, above, whole)
        self._rise(level + 1, above, self.block.handed_on(level + 1, whole))


def rows_of(pyramid: Pyramid, level: int) -> Iterator[list[Place]]:
    """The places of a level, row by row."""
    down, across = pyramid[level].grid
    for row in range(down):
        yield [(row, column) for column in range(across)]
