"""Blocks of a slide made in processes of their own, and given in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from modality.acquisition.microscopy.blocks import Block
from modality.acquisition.microscopy.pyramid import Place, Tile
from modality.errors import UnsupportedError, UsageError
from modality.station.processes.pool import Others, Shared, forks
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.framewise.layout import FrameEncoding

Coded = tuple[Place, list[tuple[int, Place, bytes]], Tile | None]
"""Place of a block, level and place and bytes of each tile in it, and what the level above needs of its own."""

_AHEAD = 32  # blocks for each worker to have before it, so that none waits for us; those done lie in files
_WORTH_IT = 64  # tiles for which a pool is worth its start (our choice)


@dataclass(frozen=True)
class BlockWork:
    """What a worker has to know.

    Args:
        block: how tiles are made.
        level: of the blocks' own tiles.
        written: levels that are encoded; those above are only seen.
        encoding: what encodes a tile.
        pixels: the format of a tile.
    """

    block: Block
    level: int
    written: int
    encoding: FrameEncoding
    pixels: PixelFormat

    def done(self, place: Place) -> Coded:
        """One block."""
        codes: list[tuple[int, Place, bytes]] = []

        def seen(level: int, at: Place, tile: Tile) -> None:
            if level < self.written:
                codes.append((level, at, self.encoding.encoded(tile, self.pixels)))

        part = self.block.made(self.level, place, seen)
        return place, codes, part


class Workers(Protocol):
    """Who makes blocks."""

    def blocks(self, work: BlockWork, places: Iterable[Place]) -> AbstractContextManager[Iterator[Coded]]:
        """The blocks at these places, in order; those that make them are at it from the start, and gone at the end."""


class Alone:
    """No worker but ourselves."""

    @contextmanager
    def blocks(self, work: BlockWork, places: Iterable[Place]) -> Iterator[Iterator[Coded]]:
        """The blocks at these places, in order."""
        yield map(work.done, places)


class Several:
    """Processes, ourselves among them.

    Args:
        count: how many.
        folder: where blocks lie on their way to us. Through a pipe they would come in pieces of 64 KB, and for each the
            one who sends would wait until we stop drawing.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self.count, self.folder = count, folder

    @contextmanager
    def blocks(self, work: BlockWork, places: Iterable[Place]) -> Iterator[Iterator[Coded]]:
        """The blocks at these places, in order; the first are begun at once.

        Raises:
            UnsupportedError: a worker was ended from outside.
            UsageError: there is no room for the blocks.
        """
        if forks():
            # What all tiles are drawn from fills most of a worker's memory: made now, there is one copy for all.
            work.block.plane.prepare()
        others = Others(self.count - 1, _begin, work, self.folder)
        try:
            yield Shared(others, _done, _taken, work.done, _AHEAD).in_order(iter(places))
        except BrokenProcessPool as error:
            raise UnsupportedError(
                "a process that makes tiles was ended from outside: is there memory enough for so many workers?"
            ) from error
        finally:
            others.end()


_Laid = tuple[Place, list[tuple[int, Place, int]], Path, tuple[int, ...] | None]
"""A block as `Coded` has it, of each tile its bytes' number, with the file that holds them all, and its own's shape."""

_work: tuple[BlockWork, Path] | None = None


def _begin(work: BlockWork, folder: Path) -> None:
    global _work  # noqa: PLW0603 - what this process has to do, told once
    _work = work, folder


def _done(place: Place) -> _Laid:
    assert _work is not None
    work, folder = _work
    _, codes, part = work.done(place)
    path = folder / f"block-{place[0]}-{place[1]}"
    try:
        with path.open("wb") as file:  # buffered: a bare file may write less than it is given, and say nothing
            file.writelines(code for _, _, code in codes)
            if part is not None:
                file.write(part.tobytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error
    return place, [(level, at, len(code)) for level, at, code in codes], path, None if part is None else part.shape


def _taken(laid: _Laid) -> Coded:
    place, sizes, path, shape = laid
    data = path.read_bytes()
    path.unlink()
    at, codes = 0, []
    for level, where, size in sizes:
        codes.append((level, where, data[at : at + size]))
        at += size
    part = None if shape is None else np.frombuffer(data, dtype=np.uint8, offset=at).reshape(shape)
    return place, codes, part


def workers(count: int, tiles: int, folder: Path) -> Workers:
    """Who makes so many tiles; a folder is there for what lies between processes."""
    return Several(count, folder) if count > 1 and tiles > _WORTH_IT else Alone()
