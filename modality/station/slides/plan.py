"""What a scan of a slide will make, and where and by how many processes it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modality.transfer.framewise import file

if TYPE_CHECKING:
    from modality.acquisition.microscopy.pyramid import Place
    from modality.acquisition.microscopy.slide import SlideScan
    from modality.iods.images.slide import SlideSeries
    from modality.transfer.framewise.layout import FrameEncoding

_BESIDE_THE_LEVELS = 3  # thumbnail, label, overview


@dataclass(frozen=True)
class Making:
    """Where and by how many slides are made.

    Args:
        folder: where the files lie until they are taken; a temporary one by default.
        processes: that make tiles.
        progress: called with the number of tiles done.
    """

    folder: Path | None = None
    processes: int = 1
    progress: Callable[[int], None] | None = None


ALONE = Making()


def tiles_of(scan: SlideScan) -> int:
    """Tiles that a scan makes at most."""
    return scan.pyramid.tiles * len(scan.planes)


def written_places(scan: SlideScan) -> list[list[Place]] | None:
    """The tiles that are there, level by level; None where none is left out."""
    if not scan.protocol.sparse:
        return None
    return scan.block(scan.planes[0], scan.pyramid).places()


def most_frames(scan: SlideScan, encoding: FrameEncoding) -> int | None:
    """Frames that one instance holds; None sets no limit."""
    if encoding.syntax.encapsulated:
        return None
    return file.LARGEST_NATIVE // (3 * scan.pyramid.tile**2)


def instances_of(series: SlideSeries, encoding: FrameEncoding) -> int:
    """How many instances a scan makes."""
    parts = series.levels(written_places(series.scan), most_frames(series.scan, encoding))
    return sum(map(len, parts)) + _BESIDE_THE_LEVELS
