"""A slide scanned: all levels in one pass over the base, into files that appear whole, and what goes with them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from modality.acquisition.microscopy.blocks import Rising, rows_of
from modality.acquisition.microscopy.macro import Overview
from modality.acquisition.microscopy.pyramid import Level, Place, Pyramid, Tile, usual_levels
from modality.errors import UsageError
from modality.iods.images.slide import SlideSeries
from modality.iods.modules.microscopy.slide_image import SlideImage
from modality.iods.modules.microscopy.slide_label import printed
from modality.station.slides.label import SIZE, label
from modality.station.slides.plan import Making, most_frames, written_places
from modality.station.slides.workers import BlockWork, Coded, workers
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.files import folder_aside
from modality.transfer.framewise.file import FrameFile
from modality.transfer.framewise.layout import FrameEncoding
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read

# Levels that a worker makes in one go: more leave less to us, and more rows of encoded tiles waiting for their turn.
_LEVELS_OF_A_BLOCK = {"lossy": 3, "lossless": 2, "native": 1}
# What of a tile's bytes its code takes at most, of tissue alone; and how many of all that may wait so (our choice).
_SHARE = {"lossy": 1 / 8, "lossless": 1 / 2, "native": 1}
_MOST_WAITING = 80 << 20


Assigned = Callable[[Dataset], Dataset]
"""Sets over a data set what the caller wants there."""


def scanned(
    series: SlideSeries, encoding: FrameEncoding, assigned: Assigned | None, making: Making
) -> Iterator[PreparedInstance]:
    """The images of a slide, each a file mapped into memory that nobody else sees; raises as `scanned_files`."""
    for path in scanned_files(series, encoding, assigned, making):
        instance = read(path)
        path.unlink()  # mapped, it stays as long as it is needed
        instance.path = None
        yield instance


def scanned_files(
    series: SlideSeries, encoding: FrameEncoding, assigned: Assigned | None, making: Making
) -> Iterator[Path]:
    """The images of a slide as files: the levels from the base up, thumbnail, label and overview.

    They are gone when the last was asked for, but for those that were moved away.

    Raises:
        UnsupportedError: the transfer syntax cannot carry the pixels, or a worker was ended.
        MissingExtraError: the codec, or what draws labels, is not installed.
        UsageError: a file cannot be written.
    """
    pixels = PixelFormat(series.scan.pyramid.tile, series.scan.pyramid.tile, 3, 8, 8, photometric="RGB")
    encoding.said(pixels)  # refuses what cannot be before anything is made
    drawn = _label(series, assigned)
    with _folder(making.folder) as folder, ExitStack() as open_files:
        slide = _Slide(series, encoding, assigned, folder, open_files)
        thumbnail, seen = slide.scan(making, pixels)
        slide.single(slide.series.thumbnail(slide.next, _smallest(series.scan.pyramid)), thumbnail)
        slide.single(slide.series.label(slide.next, (SIZE, SIZE)), drawn)
        whole = seen.pixels.copy()
        _stick(whole, seen.label, drawn)
        slide.single(slide.series.overview(slide.next, seen), whole)
        yield from slide.paths


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    with ExitStack() as made:
        try:
            if given is None:
                aside = Path(made.enter_context(tempfile.TemporaryDirectory(prefix="modality-slide-")))
            else:
                aside = made.enter_context(folder_aside(given, "slide"))
        except OSError as error:
            raise UsageError(
                f"{given or 'a temporary folder'}: cannot be written: {error.strerror or error}"
            ) from error
        yield aside


def _label(series: SlideSeries, assigned: Assigned | None) -> Tile:
    dataset = series.describe(series.label(1, (SIZE, SIZE)))
    return label(*printed(dataset if assigned is None else assigned(dataset)))


def _smallest(pyramid: Pyramid) -> Level:
    tall = _tall(pyramid)
    return tall[len(tall) - 1]


def _tall(pyramid: Pyramid) -> Pyramid:
    """The pyramid with the levels above it that lead to a thumbnail of one tile."""
    levels = usual_levels(pyramid.rows, pyramid.columns, pyramid.tile, pyramid.factor)
    return Pyramid(pyramid.rows, pyramid.columns, pyramid.tile, max(levels, pyramid.levels), pyramid.factor)


def _stick(whole: Tile, place: tuple[int, int, int, int], drawn: Tile) -> None:
    """Put the label where the overview has room for it; in place, each pixel the nearest."""
    top, left, rows, columns = place
    size = min(rows, columns)
    at = np.arange(size) * len(drawn) // size
    top, left = top + (rows - size) // 2, left + (columns - size) // 2
    whole[top : top + size, left : left + size] = drawn[at][:, at]


class _Slide:
    """The files of one slide, while they are made."""

    def __init__(
        self,
        series: SlideSeries,
        encoding: FrameEncoding,
        assigned: Assigned | None,
        folder: Path,
        open_files: ExitStack,
    ) -> None:
        self.series, self.encoding, self.assigned = series, encoding, assigned
        self.folder, self.open_files = folder, open_files
        self.paths: list[Path] = []

    @property
    def next(self) -> int:
        """Instance Number of the next image."""
        return len(self.paths) + 1

    def _file(self, image: SlideImage) -> FrameFile:
        path = self.folder / f"{image.number:04d}.dcm"
        dataset = self._described(image)
        file = self.open_files.enter_context(FrameFile(path, dataset, self.encoding))
        self.paths.append(path)
        return file

    def _described(self, image: SlideImage) -> Dataset:
        dataset = self.series.describe(image)
        return dataset if self.assigned is None else self.assigned(dataset)

    def single(self, image: SlideImage, pixels: Tile) -> None:
        """An image of one frame."""
        file = self._file(image)
        rows, columns = image.tile
        one = PixelFormat(rows, columns, 3, 8, 8, photometric="RGB")
        file.add(self.encoding.encoded(np.ascontiguousarray(pixels[:rows, :columns]), one))
        file.finish()

    def scan(self, making: Making, pixels: PixelFormat) -> tuple[Tile, Overview]:
        """All levels; returns the top of the first plane, for a thumbnail, and the whole glass."""
        scan = self.series.scan
        planes = [scan.block(plane, _tall(scan.pyramid)) for plane in scan.planes]
        parts = self.series.levels(written_places(scan), most_frames(scan, self.encoding))
        works = [
            BlockWork(block, self._depth(block.pyramid) - 1, len(parts), self.encoding, pixels) for block in planes
        ]
        done = _Count(making.progress)
        levels: list[_Level] = []
        tops: list[Tile] = []
        for work in works:
            pyramid = work.block.pyramid
            rows = list(rows_of(pyramid, work.level))
            places = (place for row in rows for place in row)
            with workers(making.processes, pyramid.tiles, self.folder).blocks(work, places) as made:
                if not levels:  # while the first blocks are made
                    levels = [_Level(map(self._file, images)) for images in parts]
                    seen = scan.acquisition.overview()
                top = self._plane(work, rows, made, levels, done)
            tops.append(work.block.blank if top is None else top)
        for level in levels:
            level.finish()
        return tops[(len(tops) // len(scan.paths) - 1) // 2], seen

    def _plane(
        self,
        work: BlockWork,
        rows: list[list[Place]],
        made: Iterator[Coded],
        levels: list[_Level],
        done: _Count,
    ) -> Tile | None:
        """One plane, row of blocks by row of blocks; what lies below their own tiles waits until its row is whole."""

        def above(level: int, place: Place, tile: Tile) -> None:  # noqa: ARG001 - tiles come in order
            if level < len(levels):
                levels[level].add(self.encoding.encoded(tile, work.pixels))
                done.more(1)

        rising = Rising(work.block, work.level, above)
        for row in rows:
            waiting: dict[tuple[int, Place], bytes] = {}
            for place, codes, part in islice(made, len(row)):
                for level, at, code in codes:
                    if level == work.level:  # blocks come in the order of their own tiles
                        levels[level].add(code)
                    else:
                        waiting[level, at] = code
                done.more(len(codes))
                rising.add(place, part)
            for level, at in sorted(waiting):
                levels[level].add(waiting.pop((level, at)))
        return rising.top

    def _depth(self, pyramid: Pyramid) -> int:
        """Levels of a block: less where a row of blocks, as wide as the slide, would hold too much that waits."""
        syntax = self.encoding.syntax
        kind = "native" if not syntax.encapsulated else "lossless" if syntax.lossless else "lossy"
        code = 3 * pyramid.tile**2 * _SHARE[kind]
        depth = min(_LEVELS_OF_A_BLOCK[kind], len(pyramid))
        while depth > 1 and pyramid.factor ** (depth - 1) * pyramid[0].grid[1] * code > _MOST_WAITING:
            depth -= 1
        return depth


class _Level:
    """The files of one level, filled one after the other."""

    def __init__(self, files: Iterator[FrameFile]) -> None:
        self._files = list(files)
        self._at = 0

    def add(self, code: bytes) -> None:
        """The next tile."""
        if self._files[self._at].whole:
            self._at += 1
        self._files[self._at].add(code)

    def finish(self) -> None:
        """All tiles are there."""
        for file in self._files:
            file.finish()


@dataclass
class _Count:
    """Tiles done."""

    progress: Callable[[int], None] | None
    tiles: int = 0

    def more(self, tiles: int) -> None:
        """So many more."""
        self.tiles += tiles
        if self.progress:
            self.progress(self.tiles)
