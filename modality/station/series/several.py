"""The images of a scan as files, made by several processes where that pays."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from modality.errors import ModalityError, UnsupportedError, UsageError
from modality.station.processes import pool
from modality.station.series.slices import Slices

if TYPE_CHECKING:
    from modality.station.series.scan import Scan

# Our choices, in seconds of making: what is made before others are asked, how much must be left for each of them to be
# worth its start, and how long one is at a part of it. Neighbours share what they are made of, so parts are not small.
_ALONE_S, _WORTH_S, _PART_S = 0.15, 0.3, 0.5
_MOST = 64  # images of a part
_PARTS = 4  # a process has at least, so that none is the last one for long
_AHEAD = 16  # parts for each process to have before it


def may_be_shared(scan: Scan) -> bool:
    """Whether the images of a scan can be made in any order: what is done to finished ones needs them in theirs."""
    return scan.kind.iod is not None and not scan.finish


def write_images(scan: Scan, paths: Sequence[Path], processes: int) -> Iterator[Path]:
    """Write the images of a scan, one after the other and, where there is much to do, by several processes.

    Args:
        scan: one that `may_be_shared`.
        paths: a file for each image, in their order.
        processes: that may be at work, this one among them.

    Returns:
        The paths, in order, each when its file is there.

    Raises:
        UsageError: a file cannot be written; those that are there stay.
        UnsupportedError: the transfer syntax cannot carry the pixels, or a process was ended from outside.
    """
    work = _Work(Slices(scan), paths)
    frames = iter(scan.acquisition)
    first = spent = 0.0
    for index, path in enumerate(paths):
        began = time.perf_counter()
        work.slices.instance(next(frames)).write(path)
        spent += time.perf_counter() - began
        first = first or spent
        yield path
        each = (spent - first) / index if index else spent  # the first pays for what all share
        left = len(paths) - index - 1
        if processes > 1 and spent > _ALONE_S and left > 1 and left * each > _WORTH_S and pool.forks():
            others = min(processes - 1, int(left * each / _WORTH_S))
            size = max(1, min(_MOST, round(_PART_S / each), left // (_PARTS * (others + 1))))
            parts = (range(at, min(at + size, len(paths))) for at in range(index + 1, len(paths), size))
            yield from chain.from_iterable(_shared(work, parts, others))
            return


class _Work:
    """What all processes know: how an image is made, and where it goes."""

    def __init__(self, slices: Slices, paths: Sequence[Path]) -> None:
        self.slices, self.paths = slices, paths

    def done(self, part: range) -> Sequence[Path]:
        """The files of these images, written."""
        for index in part:
            self.slices.instance(self.slices.scan.acquisition.frame(index)).write(self.paths[index])
        return self.named(part)

    def named(self, part: range) -> Sequence[Path]:
        return self.paths[part.start : part.stop]


def _shared(work: _Work, parts: Iterator[range], number: int) -> Iterator[Sequence[Path]]:
    others = pool.Others(number, _begin, work)
    try:
        yield from pool.Shared(others, _done, work.named, work.done, _AHEAD).in_order(parts)
    except BrokenProcessPool as error:
        raise UnsupportedError(
            "a process that makes images was ended from outside, perhaps for want of memory: take fewer --processes"
        ) from error
    finally:
        others.end()


_work: _Work | None = None


def _begin(work: _Work) -> None:
    global _work  # noqa: PLW0603 - what this process has to do, told once
    _work = work


def _done(part: range) -> range:
    assert _work is not None
    try:
        _work.done(part)
    except ModalityError as error:  # some errors do not cross from one process to another
        raise UsageError(str(error)) from error
    return part
