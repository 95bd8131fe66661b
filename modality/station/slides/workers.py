"""Blocks of a slide made in processes of their own, and given in order."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from modality.acquisition.microscopy.blocks import Block
from modality.acquisition.microscopy.pyramid import Place, Tile
from modality.errors import UnsupportedError
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.framewise.layout import FrameEncoding

Coded = tuple[Place, list[tuple[int, Place, bytes]], Tile | None]
"""Place of a block, level and place and bytes of each tile in it, and the pixels of its own tile."""

_AHEAD = 3  # blocks that wait for each worker, so that none waits for us
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

        tile = self.block.made(self.level, place, seen)
        return place, codes, tile


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
    """Processes.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.count = count

    @contextmanager
    def blocks(self, work: BlockWork, places: Iterable[Place]) -> Iterator[Iterator[Coded]]:
        """The blocks at these places, in order; the first are begun at once.

        Raises:
            UnsupportedError: a worker was ended from outside.
        """
        context = _context()
        if context.get_start_method() == "fork":
            # What all tiles are drawn from fills most of a worker's memory: made now, there is one copy for all.
            work.block.plane.prepare()
        pool = ProcessPoolExecutor(self.count, context, _begin, (work,))
        try:
            yield _in_order(pool, iter(places), _AHEAD * self.count)
        except BrokenProcessPool as error:
            raise UnsupportedError(
                "a process that makes tiles was ended from outside: is there memory enough for so many workers?"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, places: Iterator[Place], ahead: int) -> Iterator[Coded]:
    """Blocks as they are wanted, with so many more begun; the first ones now."""
    waiting = deque(pool.submit(_done, place) for place in islice(places, ahead))

    def given() -> Iterator[Coded]:
        while waiting:
            waiting.extend(pool.submit(_done, place) for place in islice(places, 1))
            yield waiting.popleft().result()

    return given()


def _context() -> multiprocessing.context.BaseContext:
    """Forked where that is safe and usual: the textures, made before, are then shared and not made again in each."""
    return multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")


_work: BlockWork | None = None


def _begin(work: BlockWork) -> None:
    global _work  # noqa: PLW0603 - what this process has to do, told once
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends us


def _done(place: Place) -> Coded:
    assert _work is not None
    return _work.done(place)


def workers(count: int, tiles: int) -> Workers:
    """Who makes so many tiles."""
    return Several(count) if count > 1 and tiles > _WORTH_IT else Alone()
