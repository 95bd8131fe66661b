"""A slide scanner: tiles of a tissue section at any place of its base level, each made alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from modality.acquisition.microscopy import optics
from modality.acquisition.microscopy.grounds import ground, lay, runs
from modality.acquisition.microscopy.macro import Overview, overview
from modality.acquisition.microscopy.painting import SHARPNESS_UM, picture
from modality.acquisition.microscopy.stains import DARKEST, PATHS, WHITE, Codes, Vector, colours, pack
from modality.errors import UsageError
from phantoms.tissue.chance import Dice, hashed
from phantoms.tissue.layout import Fold
from phantoms.tissue.outline import INSIDE, OUTSIDE, Box, Outline
from phantoms.tissue.section import TissueSection
from phantoms.tissue.stamps import FAMILIES, Records, variants
from phantoms.tissue.truth import SectionTruth

Rgb = npt.NDArray[np.uint8]

LEAST_MPP, MOST_MPP = 0.12, 4.0
MOST_PLANES = 25
MOST_PIXELS = 1 << 31
_WORK = 512  # rows and columns made together: what caches hold
_STRIP = 128
_BLOCK, _LATTICE = 64, 8  # pixels of a square that may be cut by an edge, and between the points where it is sought
_SHARES = 16
_ALL, _NONE = np.full((_BLOCK, _BLOCK), _SHARES, dtype=np.uint16), np.zeros((_BLOCK, _BLOCK), dtype=np.uint16)
Block = tuple[slice, slice, npt.NDArray[np.uint16]]
"""Rows and columns of a window, and how many sixteenths of each of their pixels are meant."""


@dataclass(frozen=True)
class SlideAcquisition:
    """A scan of a section. Row 0, column 0 is the corner from which the section's coordinates count.

    Args:
        section: what lies on the slide.
        seed: of what differs from scan to scan: staining, focus, dust.
        rows: of the base level.
        columns: of the base level.
        mpp: micrometres of a pixel, both ways.
        focal_planes: how many.
        focal_step_um: distance of neighbouring planes; the middle one is the scanner's best.
        optical_paths: names from :data:`~modality.acquisition.microscopy.stains.PATHS`.

    Attributes:
        strength: how strong the two stains and the light are on this slide, relative to usual.
    """

    section: TissueSection
    seed: int
    rows: int
    columns: int
    mpp: float
    focal_planes: int = 1
    focal_step_um: float = 1.5
    optical_paths: tuple[str, ...] = ("brightfield",)
    strength: Vector = field(init=False, repr=False, compare=False)
    _stream: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (1 <= self.rows < MOST_PIXELS and 1 <= self.columns < MOST_PIXELS):
            raise UsageError(f"a slide of {self.rows} x {self.columns} pixels: each from 1 to {MOST_PIXELS - 1}")
        if not LEAST_MPP <= self.mpp <= MOST_MPP:
            raise UsageError(f"{self.mpp} um per pixel: the scanner does {LEAST_MPP} to {MOST_MPP}")
        if not 1 <= self.focal_planes <= MOST_PLANES:
            raise UsageError(f"{self.focal_planes} focal planes: from 1 to {MOST_PLANES}")
        if not 0.0 < self.focal_step_um <= 20.0:
            raise UsageError(f"focal planes {self.focal_step_um} um apart: above 0, at most 20")
        unknown = [path for path in self.optical_paths if path not in PATHS]
        if unknown or not self.optical_paths or len(set(self.optical_paths)) != len(self.optical_paths):
            raise UsageError(f"optical paths {', '.join(self.optical_paths)}: some of {', '.join(PATHS)}, each once")
        object.__setattr__(self, "_stream", int(hashed(self.seed, self.seed >> 32)[0]))
        dice = Dice(self._stream, 5)
        strength = round(dice.one(0.90, 1.12), 3), round(dice.one(0.88, 1.14), 3), round(dice.one(0.985, 1.0), 3)
        object.__setattr__(self, "strength", strength)

    def plane_um(self, focal_plane: int) -> float:
        """Height of a focal plane above the middle."""
        return (focal_plane - (self.focal_planes - 1) / 2) * self.focal_step_um

    def tile(self, row: int, column: int, height: int, width: int, focal_plane: int = 0, optical_path: int = 0) -> Rgb:
        """Pixels of a window of the base level; the same whatever windows a level is cut into.

        Args:
            row: of its first row; it may reach beyond the level, where there is glass.
            column: of its first column.
            height: rows.
            width: columns.
            focal_plane: which, from 0.
            optical_path: which, from 0.

        Returns:
            uint8 of shape (height, width, 3).

        Raises:
            UsageError: a negative place, an empty window, or no such plane or path.
        """
        if row < 0 or column < 0 or height < 1 or width < 1:
            raise UsageError(f"a tile of {height} x {width} pixels at row {row}, column {column}: none such")
        if not 0 <= focal_plane < self.focal_planes or not 0 <= optical_path < len(self.optical_paths):
            raise UsageError(f"no focal plane {focal_plane} or optical path {optical_path} in this scan")
        path, plane_um = self.optical_paths[optical_path], self.plane_um(focal_plane)
        if height <= _WORK and width <= _WORK:
            return self._window(row, column, height, width, plane_um, path)
        out = np.empty((height, width, 3), dtype=np.uint8)
        for y in range(0, height, _WORK):
            for x in range(0, width, _WORK):
                h, w = min(_WORK, height - y), min(_WORK, width - x)
                out[y : y + h, x : x + w] = self._window(row + y, column + x, h, w, plane_um, path)
        return out

    def overview(self, mm_per_pixel: float = 0.04) -> Overview:
        """The whole glass with its label's place, as a macro camera sees it.

        Args:
            mm_per_pixel: size of a pixel.
        """
        return overview(self.section, self.strength, mm_per_pixel)

    def truth(self, window_mm: tuple[float, float, float, float] | None = None) -> SectionTruth:
        """What lies in a window of the scan, or in all of it; as :meth:`TissueSection.truth`."""
        return self.section.truth(window_mm or (0.0, 0.0, self.columns * self.mpp / 1e3, self.rows * self.mpp / 1e3))

    def _box_um(self, row: int, column: int, height: int, width: int) -> Box:
        return column * self.mpp, row * self.mpp, (column + width) * self.mpp, (row + height) * self.mpp

    def _blocks_um(self, row: int, column: int, height: int, width: int) -> Box:
        """The box of all the blocks that a window meets."""
        block, scale = _BLOCK, _BLOCK * self.mpp
        right, bottom = (column + width - 1) // block + 1, (row + height - 1) // block + 1
        return column // block * scale, row // block * scale, right * scale, bottom * scale

    @property
    def _soft_um(self) -> float:
        """Distance from an edge beyond which nothing of it shows."""
        return (_LATTICE + 1) * self.mpp + SHARPNESS_UM

    def _window(self, row: int, column: int, height: int, width: int, plane_um: float, path: str) -> Rgb:
        blocks = self._blocks_um(row, column, height, width)
        cover = self.section.cover(blocks, self._soft_um)
        if cover == OUTSIDE:
            rgb: Rgb = optics.glass_window(path, row, column, height, width).copy()
        else:
            rgb = self._tissue(row, column, height, width, plane_um, path)
            for fold in self.section.layout.folds:
                if fold.outline.meets(blocks, self._soft_um) != OUTSIDE:
                    self._lay_double(rgb, fold, row, column, plane_um, path)
            if cover != INSIDE:
                self._cut_out(rgb, row, column, path)
        if path == "brightfield":
            optics.add_dust(rgb, row, column, self.mpp, self._stream)
        optics.shade_strips(rgb, column)
        return rgb

    def _tissue(self, row: int, column: int, height: int, width: int, plane_um: float, path: str) -> Rgb:
        """A window as if there were tissue everywhere."""
        block = optics.FOCUS_BLOCK
        down, across = (
            (row // block, (row + height - 1) // block + 1),
            (column // block, (column + width - 1) // block + 1),
        )
        degrees = optics.blur_degrees(self._stream, self.mpp, plane_um, down, across)
        if degrees.any():
            halo = optics.HALO
            codes = self._composed(row - halo, column - halo, height + 2 * halo, width + 2 * halo)
            codes = optics.blur(codes, degrees, row, column)
        else:
            codes = self._composed(row, column, height, width)
        levels, table = (
            optics.thickness_levels(self.section.stream, self.mpp),
            colours(self.section.stain, path, self.strength),
        )
        optics.add_thickness(codes, row, column, levels)
        rgb = np.empty((height, width, 3), dtype=np.uint8)
        for top in range(0, height, _STRIP):  # so few rows that the caches hold all that is made of them
            pack(table.take(codes[top : top + _STRIP], mode="clip"), rgb[top : top + _STRIP])
        return rgb

    def _composed(self, row: int, column: int, height: int, width: int) -> Codes:
        """Ground and glands of a window, painted one over the other."""
        codes = self._ground(row, column, height, width)
        parts = self.section.parts(self._box_um(row, column, height, width))
        for x, y, family, variant, mirror_x, mirror_y in self._in_pixels(parts, row, column):
            stamp, mask, half = picture(FAMILIES[family], self.section.stream, variant, self.mpp, self.section.stain)
            found = _overlap(x - half, y - half, 2 * half + 1, height, width)
            if found is not None:
                target, seen = found
                step_x, step_y = -1 if mirror_x else 1, -1 if mirror_y else 1
                np.copyto(codes[target], stamp[::step_y, ::step_x][seen], where=mask[::step_y, ::step_x][seen])
        return codes

    def _in_pixels(self, placed: Records, row: int, column: int) -> Iterator[tuple[int, int, int, int, bool, bool]]:
        """Parts by their place in a window: column, row, family, variant, mirrored."""
        scale = 1.0 / self.mpp
        xs = np.floor(placed["x"] * scale + 0.5).astype(np.int64) - column
        ys = np.floor(placed["y"] * scale + 0.5).astype(np.int64) - row
        rest = [placed[name].tolist() for name in ("family", "variant", "mirror_x", "mirror_y")]
        return zip(xs.tolist(), ys.tolist(), *rest, strict=True)

    def _ground(self, row: int, column: int, height: int, width: int) -> Codes:
        """What lies below the glands of a window: panels, each where the map of grounds has it."""
        mpp = self.mpp
        y = np.floor((np.arange(row, row + height) + 0.5) * mpp).astype(np.int64)
        x = np.floor((np.arange(column, column + width) + 0.5) * mpp).astype(np.int64)
        left, top, right, bottom = int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1
        present = self.section.grounds_near(left, top, right, bottom)
        codes = np.empty((height, width), dtype=np.uint16)
        down, across = runs(row, height, mpp), runs(column, width, mpp)
        lay(codes, ground(present[0], self.section.stream, mpp, self.section.stain), down, across)
        if len(present) > 1:
            small = self.section.grounds(left, top, right, bottom)
            kinds = small.take(x - left, axis=1).take(y - top, axis=0)
            for code in present[1:]:
                lay(codes, ground(code, self.section.stream, mpp, self.section.stain), down, across, kinds == code)
        return codes

    def _lay_double(self, rgb: Rgb, fold: Fold, row: int, column: int, plane_um: float, path: str) -> None:
        """Multiply a fold's light by that of the tissue that lies on top; in place."""
        dx, dy = (round(shift / self.mpp) for shift in fold.shift_um)
        blocks = [
            block for block in self._shares((fold.outline,), row, column, *rgb.shape[:2]) if block[2] is not _NONE
        ]
        if not blocks:
            return
        top, left = min(rows.start for rows, _, _ in blocks), min(columns.start for _, columns, _ in blocks)
        bottom, right = max(rows.stop for rows, _, _ in blocks), max(columns.stop for _, columns, _ in blocks)
        upper = self._tissue(row + top + dy, column + left + dx, bottom - top, right - left, plane_um, path)
        for rows, columns, share in blocks:
            part = rgb[rows, columns]
            above = upper[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left].astype(
                np.uint16
            )
            both = part * above // np.uint16(min(WHITE)) if path == "brightfield" else np.minimum(part + above, 255)
            laid = both if share is _ALL else _mixed(both, part, share)
            part[:] = np.maximum(laid, DARKEST)

    def _cut_out(self, rgb: Rgb, row: int, column: int, path: str) -> None:
        """Put glass where there is no tissue; in place."""
        layout = self.section.layout
        clear = optics.glass_window(path, row, column, *rgb.shape[:2])
        for rows, columns, share in self._shares((layout.outline, *layout.holes), row, column, *rgb.shape[:2]):
            if share is _NONE:
                rgb[rows, columns] = clear[rows, columns]
            elif share is not _ALL:
                rgb[rows, columns] = _mixed(rgb[rows, columns], clear[rows, columns], share)

    def _shares(self, outlines: tuple[Outline, ...], row: int, column: int, height: int, width: int) -> Iterator[Block]:
        """Sixteenths of each pixel that lie in the first outline and in none of the others, block by block.

        The distance to the edge is found at every eighth pixel and interpolated: edges are smooth below that.
        """
        step, block, mpp = _LATTICE, _BLOCK, self.mpp
        first_row, first_column = row // block, column // block
        down, across = (row + height - 1) // block + 1 - first_row, (column + width - 1) // block + 1 - first_column
        y, x = (
            (np.arange(count * block // step + 1, dtype=np.float64) * step + first * block) * mpp
            for count, first in ((down, first_row), (across, first_column))
        )
        box = self._blocks_um(row, column, height, width)
        distance = outlines[0].distance_um(x.reshape(1, -1), y.reshape(-1, 1))
        for hole in outlines[1:]:
            if hole.meets(box, self._soft_um) != OUTSIDE:
                distance = np.minimum(distance, -hole.distance_um(x.reshape(1, -1), y.reshape(-1, 1)))
        # What is farther away must not tell, or windows would differ in the outlines that they look at.
        distance = np.clip(distance, -_LATTICE * mpp - SHARPNESS_UM, _LATTICE * mpp + SHARPNESS_UM)
        sixteenths = distance * (_SHARES / max(mpp, SHARPNESS_UM)) + _SHARES / 2
        each = block // step
        for j in range(down):
            for i in range(across):
                part = sixteenths[j * each : (j + 1) * each + 1, i * each : (i + 1) * each + 1]
                top, left = (first_row + j) * block - row, (first_column + i) * block - column
                rows = slice(max(top, 0), min(top + block, height))
                columns = slice(max(left, 0), min(left + block, width))
                if part.min() >= _SHARES:
                    yield rows, columns, _ALL
                elif part.max() <= 0.0:
                    yield rows, columns, _NONE
                else:
                    share = _between(part, step)
                    yield (
                        rows,
                        columns,
                        share[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left],
                    )


def _between(lattice: npt.NDArray[np.float64], step: int) -> npt.NDArray[np.uint16]:
    """Values at the centres of pixels between lattice points, as whole numbers from 0 to 16."""
    t = (np.arange(step) + 0.5) * (1.0 / step)
    wide = lattice[:, :-1, None] + (lattice[:, 1:, None] - lattice[:, :-1, None]) * t
    wide = wide.reshape(len(lattice), -1)
    whole = wide[:-1, None, :] + (wide[1:, None, :] - wide[:-1, None, :]) * t[:, None]
    return np.clip(np.floor(whole.reshape(-1, whole.shape[2])), 0, _SHARES).astype(np.uint16)


def _overlap(
    left: int, top: int, side: int, height: int, width: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Where a square lies in a window, and which part of the square that is."""
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x0 >= x1 or y0 >= y1:
        return None
    return (slice(y0, y1), slice(x0, x1)), (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))


def _mixed(one: npt.NDArray[np.unsignedinteger], other: Rgb, share: npt.NDArray[np.uint16]) -> Rgb:
    """Sixteenths of one image over another; all or nothing leaves it as it is."""
    part = np.repeat(share, 3, axis=1).reshape(*share.shape, 3)
    mixed = (one.astype(np.uint16) * part + other.astype(np.uint16) * (16 - part) + 8) >> 4
    return mixed.astype(np.uint8)


def microscopy(
    section: TissueSection,
    *,
    seed: int,
    rows: int,
    columns: int,
    mpp: float = 0.25,
    focal_planes: int = 1,
    focal_step_um: float = 1.5,
    optical_paths: tuple[str, ...] = ("brightfield",),
) -> SlideAcquisition:
    """Scan a section.

    Args:
        section: what lies on the slide; its stain is the slide's.
        seed: of what differs from scan to scan.
        rows: of the base level.
        columns: of the base level.
        mpp: micrometres of a pixel: 0.25 is a 40x, 0.5 a 20x objective.
        focal_planes: how many.
        focal_step_um: distance of neighbouring planes.
        optical_paths: `brightfield`, `epifluorescence`.

    Raises:
        UsageError: a number out of range, or an unknown optical path.
    """
    for family in FAMILIES:
        variants(family, section.stream)  # made before processes are forked, which then share them
    return SlideAcquisition(section, seed, rows, columns, mpp, focal_planes, focal_step_um, optical_paths)
