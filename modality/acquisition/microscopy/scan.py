"""A slide scanner: tiles of a tissue section at any place of its base level, each made alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from modality.acquisition.microscopy import optics, textures
from modality.acquisition.microscopy.cuts import LATTICE, SHARES, Cut, by_pixel, cut_of, mixed_pixels
from modality.acquisition.microscopy.grounds import ground, ground_window, pieces
from modality.acquisition.microscopy.macro import Overview, overview
from modality.acquisition.microscopy.painting import SHARPNESS_UM, picture
from modality.acquisition.microscopy.stains import DARKEST, PATHS, WHITE, Codes, Vector, colours, pack
from modality.errors import UsageError
from phantoms.tissue.chance import Dice, hashed
from phantoms.tissue.layout import Fold
from phantoms.tissue.outline import INSIDE, OUTSIDE, Box, Outline
from phantoms.tissue.section import TissueSection
from phantoms.tissue.stamps import FAMILIES, variants
from phantoms.tissue.truth import SectionTruth

Rgb = npt.NDArray[np.uint8]

LEAST_MPP, MOST_MPP = 0.12, 4.0
FINEST_MPP = 0.2
"""Where pixels are smaller, every second one lies between two that are drawn: no objective shows more (our choice)."""
MOST_PLANES = 25
MOST_PIXELS = 1 << 31
_WORK = 512  # rows and columns made together: what caches hold
_STRIP = 128
_BLOCK = 64  # pixels of the squares by which it is asked whether an edge is near


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

    def prepare(self) -> None:
        """Make all that tiles are put together from, once: processes forked after this share it.

        Nothing looks different for it; what is not made here is made when it is first needed.
        """
        section, mpp = self.section, self._drawn_mpp
        families, codes = section.families_and_grounds()
        for code in codes:
            ground(code, section.stream, mpp, section.stain)
        pieces(section.stream, mpp)
        for family in families:
            for variant in range(len(variants(family, section.stream))):
                picture(family, section.stream, variant, mpp, section.stain)
        optics.thickness_levels(section.stream, self.mpp)
        for path in self.optical_paths:
            colours(section.stain, path, self.strength)
            optics.glass(path)
        textures.smooth.cache_clear()  # what it held is in the pictures now

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
        return (LATTICE + 1) * self.mpp + SHARPNESS_UM

    def _window(self, row: int, column: int, height: int, width: int, plane_um: float, path: str) -> Rgb:
        blocks = self._blocks_um(row, column, height, width)
        cover = self.section.cover(blocks, self._soft_um)
        rgb: Rgb
        if cover == INSIDE:
            rgb = self._doubled(row, column, height, width, plane_um, path)
        else:
            clear = optics.glass_window(path, row, column, height, width)
            rgb = clear.copy() if cover == OUTSIDE else self._put_on(clear, row, column, plane_um, path)
        if path == "brightfield":
            optics.add_dust(rgb, row, column, self.mpp, self._stream)
        optics.shade_strips(rgb, column)
        return rgb

    def _doubled(self, row: int, column: int, height: int, width: int, plane_um: float, path: str) -> Rgb:
        """A window as if there were tissue everywhere, with its folds."""
        rgb = self._tissue(row, column, height, width, plane_um, path)
        blocks = self._blocks_um(row, column, height, width)
        for fold in self.section.layout.folds:
            if fold.outline.meets(blocks, self._soft_um) != OUTSIDE:
                self._lay_double(rgb, fold, row, column, plane_um, path)
        return rgb

    def _tissue(self, row: int, column: int, height: int, width: int, plane_um: float, path: str) -> Rgb:
        """A window as if there were tissue everywhere, and no folds."""
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
        levels = optics.thickness_levels(self.section.stream, self.mpp)
        lines, table = (
            optics.thickness_lines(levels, row, column, height, width),
            colours(self.section.stain, path, self.strength),
        )
        rgb = np.empty((height, width, 3), dtype=np.uint8)
        words = np.empty((min(_STRIP, height), width), dtype=np.uint32)
        first, thick = row // optics.THICKNESS_BLOCK, optics.THICKNESS_BLOCK
        for top in range(0, height, _STRIP):  # so few rows that the caches hold all that is made of them
            part = codes[top : top + _STRIP]
            optics.add_thickness(part, row + top, lines[(row + top) // thick - first :])
            pack(table.take(part, mode="clip", out=words[: len(part)]), rgb[top : top + _STRIP])
        return rgb

    @property
    def _drawn_mpp(self) -> float:
        """Size of the pixels in which all is drawn: never so small that the optics show no more for it."""
        return self.mpp if self.mpp >= FINEST_MPP else 2.0 * self.mpp

    def _composed(self, row: int, column: int, height: int, width: int) -> Codes:
        """Ground and glands of a window."""
        if self._drawn_mpp == self.mpp:
            return self._painted(row, column, height, width)
        top, left = row // 2, column // 2
        rows, columns = (row + height - 1) // 2 + 2 - top, (column + width - 1) // 2 + 2 - left
        codes = optics.refined(self._painted(top, left, rows, columns))
        y, x = row - 2 * top, column - 2 * left
        return codes[y : y + height, x : x + width]

    def _painted(self, row: int, column: int, height: int, width: int) -> Codes:
        """Ground and glands of a window in pixels as they are drawn, one over the other."""
        section, mpp = self.section, self._drawn_mpp
        codes = ground_window(section, row, column, height, width, mpp)
        scale = 1.0 / mpp
        parts = section.parts((column * mpp, row * mpp, (column + width) * mpp, (row + height) * mpp))
        for x, y, family, variant, mirror_x, mirror_y in parts:
            made = picture(FAMILIES[family], section.stream, variant, mpp, section.stain)
            stamp, mask, top, left = made.turned(mirror_x, mirror_y)
            left, top = int((x * scale + 0.5) // 1.0) - column + left, int((y * scale + 0.5) // 1.0) - row + top
            x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + len(stamp[0]), width), min(top + len(stamp), height)
            if x0 < x1 and y0 < y1:
                seen = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
                np.copyto(codes[y0:y1, x0:x1], stamp[seen], where=mask[seen])
        return codes

    def _lay_double(self, rgb: Rgb, fold: Fold, row: int, column: int, plane_um: float, path: str) -> None:
        """Multiply a fold's light by that of the tissue that lies on top; in place."""
        dx, dy = (round(shift / self.mpp) for shift in fold.shift_um)
        cut = self._cut((fold.outline,), row, column, *rgb.shape[:2])
        if cut is None:
            return
        rows, columns = cut.box
        part = rgb[rows, columns]
        tall, wide = cut.within.shape
        upper = self._tissue(row + rows.start + dy, column + columns.start + dx, tall, wide, plane_um, path)
        if path == "brightfield":
            both: npt.NDArray[np.uint16] = part * upper.astype(np.uint16) // np.uint16(min(WHITE))
        else:
            both = np.minimum(part + upper.astype(np.uint16), 255)
        laid = np.maximum(both, DARKEST).astype(np.uint8)
        mixed = mixed_pixels(part, laid, cut)
        np.copyto(by_pixel(part), by_pixel(laid), where=cut.within)
        part[cut.edge] = mixed

    def _put_on(self, clear: Rgb, row: int, column: int, plane_um: float, path: str) -> Rgb:
        """A window of glass, which is not written to, with tissue where there is some."""
        layout = self.section.layout
        cut = self._cut((layout.outline, *layout.holes), row, column, *clear.shape[:2])
        if cut is None:
            bare: Rgb = clear.copy()
            return bare
        rows, columns = cut.box
        height, width = cut.within.shape
        tissue = self._doubled(row + rows.start, column + columns.start, height, width, plane_um, path)
        mixed = mixed_pixels(clear[rows, columns], tissue, cut)
        if tissue.shape == clear.shape:
            np.copyto(by_pixel(tissue), by_pixel(clear), where=~cut.within)
            tissue[cut.edge] = mixed
            return tissue
        rgb: Rgb = clear.copy()
        part = rgb[rows, columns]
        np.copyto(by_pixel(part), by_pixel(tissue), where=cut.within)
        part[cut.edge] = mixed
        return rgb

    def _cut(self, outlines: tuple[Outline, ...], row: int, column: int, height: int, width: int) -> Cut | None:
        """What of a window lies in the first outline and in none of the others; None if nothing does.

        The distance to the edge is found at every eighth pixel and interpolated: edges are smooth below that.
        """
        step, mpp = LATTICE, self.mpp
        first_row, first_column = row // step, column // step
        down, across = (row + height - 1) // step + 1 - first_row, (column + width - 1) // step + 1 - first_column
        y, x = (
            ((np.arange(count + 1, dtype=np.float64) + first) * (step * mpp)).reshape(shape)
            for count, first, shape in ((down, first_row, (-1, 1)), (across, first_column, (1, -1)))
        )
        box = self._box_um(first_row * step, first_column * step, down * step, across * step)
        distance = outlines[0].distance_um(x, y)
        for hole in outlines[1:]:
            if hole.meets(box, self._soft_um) != OUTSIDE:
                distance = np.minimum(distance, -hole.distance_um(x, y))
        # What is farther away must not tell, or windows would differ in the outlines that they look at.
        distance = np.clip(distance, -LATTICE * mpp - SHARPNESS_UM, LATTICE * mpp + SHARPNESS_UM)
        return cut_of(
            distance * (SHARES / max(mpp, SHARPNESS_UM)) + SHARES / 2,
            (row - first_row * step, column - first_column * step),
            (height, width),
        )


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
