"""One part of a tissue as a picture of stain: densities drawn at a pixel size, coded, with the mask of what it hides.

Densities are our choice; they give the colours that pathologists describe: blue-black lymphocytes, violet nuclei with
chromatin, pink collagen, deeper pink muscle, orange-red blood, pale mucus.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modality.acquisition.microscopy import textures
from modality.acquisition.microscopy.stains import Codes, Densities, encoded
from phantoms.tissue.outline import Mask, Outline
from phantoms.tissue.stamp import FIBROBLAST, LYMPHOCYTE, MUSCLE, TUMOUR, Stamp
from phantoms.tissue.stamps import variants

Floats = npt.NDArray[np.float64]

SHARPNESS_UM = 0.5
"""Width of an edge: near the resolution of a 20x objective of aperture 0.75."""
COARSE_MPP = 0.4
"""What lies below nuclei has nothing finer than pixels of this size show; smaller ones are put between."""


class Picture(NamedTuple):
    """A part at a pixel size.

    Args:
        codes: uint16 of shape (rows, columns), no larger than what is painted.
        mask: what of it is painted.
        top: its first row as seen from its origin.
        left: its first column.
    """

    codes: Codes
    mask: Mask
    top: int
    left: int

    def turned(self, mirror_x: bool, mirror_y: bool) -> Picture:
        """Mirrored, or not, about its origin."""
        codes, mask, top, left = self
        if mirror_x:
            codes, mask, left = codes[:, ::-1], mask[:, ::-1], 1 - left - codes.shape[1]
        if mirror_y:
            codes, mask, top = codes[::-1], mask[::-1], 1 - top - codes.shape[0]
        return Picture(codes, mask, top, left)


@lru_cache(maxsize=512)
def picture(family: str, seed: int, variant: int, mpp: float, stain: str) -> Picture:
    """The picture of one variant of a part.

    Args:
        family: which part.
        seed: the section's.
        variant: which variant.
        mpp: micrometres of a pixel.
        stain: `HE` or `DAB`.
    """
    return drawn(variants(family, seed)[variant], mpp, stain)


def drawn(stamp: Stamp, mpp: float, stain: str) -> Picture:
    """The picture of a part, for once; as :func:`picture`."""
    finer = 0
    while mpp * (1 << finer) < COARSE_MPP:
        finer += 1
    sheet = _Sheet.of(stamp, mpp * (1 << finer), stain)
    _BASES[stamp.family](sheet)
    for _ in range(finer):
        sheet = sheet.finer()
    if stain == "DAB":
        # No eosin: the antibody's background, and a paler counterstain.
        sheet.second *= np.float32(0.10)
        sheet.first *= np.float32(0.40)
        sheet.first += np.float32(0.018)
    for vacuole in stamp.vacuoles:
        sheet.vacuole(vacuole)
    for cell in stamp.red_cells:
        sheet.red_cell(cell)
    for number in range(len(stamp.nuclei)):
        sheet.nucleus(stamp.nuclei[number], number)
    rows, columns = np.flatnonzero(sheet.mask.any(axis=1)), np.flatnonzero(sheet.mask.any(axis=0))
    seen = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    first, second, mask = sheet.first[seen], sheet.second[seen], sheet.mask[seen].copy()
    noise = textures.cut(textures.dither(), stamp.texture % 509, stamp.texture % 503, *first.shape)
    codes = encoded(first, second, noise)
    for array in (codes, mask):
        array.setflags(write=False)
    return Picture(codes, mask, sheet.top + seen[0].start, sheet.left + seen[1].start)


def _crossed(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    return x[None, :], y[:, None]


@dataclass(eq=False)
class _Sheet:
    """What is drawn on: two densities and a mask. Row 0, column 0 lies `top` rows, `left` columns from the origin."""

    stamp: Stamp
    mpp: float
    stain: str
    top: int
    left: int
    depth: Densities
    first: Densities
    second: Densities
    x: Floats = field(init=False)
    y: Floats = field(init=False)
    mask: Mask = field(init=False)

    @classmethod
    def of(cls, stamp: Stamp, mpp: float, stain: str) -> _Sheet:
        """An empty one as large as a part."""
        x0, y0, x1, y1 = stamp.outline.box_um
        left, top = int(x0 / mpp // 1.0) - 2, int(y0 / mpp // 1.0) - 2
        x: Floats = np.arange(left, int(x1 / mpp // 1.0) + 3, dtype=np.float64) * mpp
        y: Floats = np.arange(top, int(y1 / mpp // 1.0) + 3, dtype=np.float64) * mpp
        depth = stamp.outline.depth(*_crossed(x, y)).astype(np.float32)
        first, second = np.full(depth.shape, 0.08, dtype=np.float32), np.full(depth.shape, 0.18, dtype=np.float32)
        return cls(stamp, mpp, stain, top, left, depth, first, second)

    def __post_init__(self) -> None:
        rows, columns = self.depth.shape
        across: Floats = (np.arange(columns, dtype=np.float64) + self.left) * self.mpp
        down: Floats = (np.arange(rows, dtype=np.float64) + self.top) * self.mpp
        self.x, self.y = _crossed(across, down)
        self.mask = (self.depth < 1.0) if self.stamp.opaque else np.zeros(self.depth.shape, dtype=bool)

    def finer(self) -> _Sheet:
        """The same with pixels half as large."""
        layers = [textures.refined(layer) for layer in (self.depth, self.first, self.second)]
        return _Sheet(self.stamp, self.mpp / 2, self.stain, 2 * self.top, 2 * self.left, *layers)

    def noise(self, along_um: float, octaves: int = 1, across_um: float | None = None, number: int = 0) -> Densities:
        """Noise over the sheet."""
        made = textures.smooth(self.mpp, along_um, across_um or along_um, octaves, 31 + number)
        at = self.stamp.texture >> (3 * number)
        return textures.cut(made, at % 491, at % 487, *self.depth.shape)

    def window(self, x: float, y: float, reach: float) -> tuple[slice, slice]:
        """Rows and columns around a point."""
        column, row = round(x / self.mpp) - self.left, round(y / self.mpp) - self.top
        wide, (rows, columns) = int(reach / self.mpp) + 2, self.depth.shape
        low_row, low_column = min(max(0, row - wide), rows), min(max(0, column - wide), columns)
        return slice(low_row, max(low_row, row + wide + 1)), slice(low_column, max(low_column, column + wide + 1))

    def within(self, outline: Outline) -> tuple[tuple[slice, slice], Floats]:
        """Where an outline lies, and the depths about it."""
        place = self.window(*outline.center_um, outline.reach_um + 3.0)
        return place, outline.depth(self.x[:, place[1]], self.y[place[0]])

    def _ellipse(self, record: np.void, grow: float = 0.0) -> tuple[tuple[slice, slice], Densities, Densities]:
        """Where an ellipse lies, how much of each pixel it covers, and its depth."""
        a, b = float(record["a"]) + grow, float(record["b"]) + grow
        x, y, ux, uy = (float(record[name]) for name in ("x", "y", "ux", "uy"))
        place = (
            self.window(x, y, math.sqrt((a * uy) ** 2 + (b * ux) ** 2) + 1.0)[0],
            self.window(x, y, math.sqrt((a * ux) ** 2 + (b * uy) ** 2) + 1.0)[1],
        )
        dx, dy = (self.x[:, place[1]] - x).astype(np.float32), (self.y[place[0]] - y).astype(np.float32)
        u = dx * np.float32(ux / a) + dy * np.float32(uy / a)
        v = dy * np.float32(ux / b) - dx * np.float32(uy / b)
        rho = np.sqrt(u * u + v * v)
        edge = max(self.mpp, SHARPNESS_UM)
        cover = np.minimum(np.maximum((1.0 - rho) * np.float32(b / edge) + np.float32(0.5), 0.0), 1.0)
        return place, cover, rho

    def blend(
        self, place: tuple[slice, slice], cover: Densities, first: Densities | float, second: Densities | float
    ) -> None:
        for layer, density in ((self.first, first), (self.second, second)):
            layer[place] += cover * (density - layer[place])

    def vacuole(self, record: np.void) -> None:
        """A drop of mucus: pale, faintly blue, its rim pink."""
        place, cover, rho = self._ellipse(record)
        rim = np.clip((rho - 0.82) * 6.0, 0.0, 1.0)
        tint = 0.4 if self.stain == "DAB" else 1.0
        pink = 0.1 if self.stain == "DAB" else 1.0
        self.blend(place, cover, (0.075 + 0.06 * rim) * tint, (0.05 + 0.16 * rim) * pink)

    def red_cell(self, record: np.void) -> None:
        """An erythrocyte: eosin only, paler in the middle."""
        place, cover, rho = self._ellipse(record)
        self.mask[place] |= cover > 0.3
        dab = self.stain == "DAB"
        self.blend(
            place, cover, 0.03, (0.06 if dab else 0.46) * (0.72 + 0.28 * np.minimum(rho, 1.0)).astype(np.float32)
        )

    def nucleus(self, record: np.void, number: int) -> None:
        """A nucleus with chromatin, and around a loose cell a rim of its cytoplasm."""
        kind = int(record["kind"])
        if not self.stamp.opaque:
            place, cover, _ = self._ellipse(record, 1.0 if kind == LYMPHOCYTE else 0.5)
            self.mask[place] |= cover > 0.5
            self.blend(place, cover, 0.14, 0.02 if self.stain == "DAB" else 0.2)
        place, cover, rho = self._ellipse(record)
        rows, columns = cover.shape
        at = (self.stamp.texture >> 7) + 37 * number
        clumps = textures.cut(textures.smooth(self.mpp, 1.5, 1.5, 2, 77), at % 479, at % 467, rows, columns)
        own = textures.dither()[at % 512, (at >> 9) % 512]  # darker or paler as a whole
        if kind == TUMOUR:  # vesicular: a dark rim, open chromatin, a nucleolus or two
            density = (0.50 + 0.34 * own) * (0.80 + 0.42 * rho * rho * rho + 0.38 * clumps)
            for spot in range(1 + at % 2):
                sx, sy = _off_centre(at + 11 * spot)
                dx = self.x[:, place[1]] - float(record["x"]) - sx * float(record["b"])
                dy = self.y[place[0]] - float(record["y"]) - sy * float(record["b"])
                near = np.sqrt(dx * dx + dy * dy).astype(np.float32)
                density += 0.5 * np.clip((0.95 - near) * 1.6 + 0.4, 0.0, 1.0)
        elif kind == LYMPHOCYTE:
            density = (0.82 + 0.30 * own) * (0.90 + 0.42 * clumps)
        elif kind in (FIBROBLAST, MUSCLE):
            density = (0.62 + 0.25 * own) * (0.95 + 0.22 * clumps)
        else:
            density = (0.66 + 0.22 * own) * (0.88 + 0.20 * rho * rho + 0.30 * clumps)
        density = np.maximum(density, 0.25).astype(np.float32)
        if self.stain == "DAB":
            brown = bool(record["positive"])
            self.blend(place, cover, density * (0.20 if brown else 0.55), density * (1.05 if brown else 0.03))
        else:
            self.blend(place, cover, density, np.float32(0.13))


def _off_centre(number: int) -> tuple[float, float]:
    noise = textures.dither()
    return float(noise[number % 512, 5]) * 0.8 - 0.4, float(noise[number % 512, 9]) * 0.8 - 0.4


def _epithelium(sheet: _Sheet, outline: Outline, dark: float) -> None:
    """Cytoplasm inside a basement membrane, granular, more basophilic toward the base."""
    place, depth = sheet.within(outline)
    radius = sum(outline.semi_axes_um) / 2
    below = ((1.0 - depth) * radius).astype(np.float32)  # um below the basement membrane
    grain = sheet.noise(2.2, 2)[place]
    base = np.clip(1.0 - below * np.float32(1.0 / 13.0), 0.0, 1.0)
    inside = np.clip(below * np.float32(1.0 / max(sheet.mpp, SHARPNESS_UM)) + 0.5, 0.0, 1.0)
    sheet.blend(place, inside, dark + 0.10 * base + 0.05 * grain, 0.19 + 0.05 * base + 0.05 * grain)
    membrane = np.clip(1.0 - np.abs(below - 0.2) * np.float32(1.0 / 1.1), 0.0, 1.0)
    sheet.blend(place, membrane * np.float32(0.8), 0.10, 0.34)


def _lumens(sheet: _Sheet) -> None:
    for outline, content in sheet.stamp.lumens:
        place, depth = sheet.within(outline)
        radius = sum(outline.semi_axes_um) / 2
        below = ((1.0 - depth) * radius).astype(np.float32)
        cover = np.clip(below * np.float32(1.0 / max(sheet.mpp, SHARPNESS_UM)) + 0.5, 0.0, 1.0)
        brush = np.clip(1.0 - np.abs(below + 0.7) * np.float32(1.0 / 1.3), 0.0, 1.0)
        grain = sheet.noise(3.0, 3, number=2)[place]
        sheet.blend(place, brush * np.float32(0.7), 0.16, 0.36)
        if content == "mucus":
            sheet.blend(place, cover, 0.06 + 0.05 * grain, 0.05 + 0.05 * grain)
        elif content == "debris":
            dust = np.clip(sheet.noise(1.8, 1, number=3)[place] - np.float32(0.45), 0.0, 1.0)
            sheet.blend(place, cover, 0.08 + 0.06 * grain + 1.6 * dust, 0.26 + 0.16 * grain)
        elif content == "blood":
            sheet.blend(place, cover, 0.02 + 0.02 * grain, 0.10 + 0.05 * grain)
        else:
            sheet.blend(place, cover, np.float32(0.003), np.float32(0.004))


def _crypt(sheet: _Sheet) -> None:
    _epithelium(sheet, sheet.stamp.outline, 0.10)
    _lumens(sheet)


def _tumour(sheet: _Sheet) -> None:
    _epithelium(sheet, sheet.stamp.outline, 0.19)
    _lumens(sheet)


def _lobule(sheet: _Sheet) -> None:
    grain, wisps = sheet.noise(3.0, 2), sheet.noise(9.0, 2, 2.5, number=1)
    sheet.first[:] = 0.08 + 0.03 * grain
    sheet.second[:] = np.maximum(0.13 + 0.09 * wisps + 0.03 * grain, 0.01)
    for acinus in sheet.stamp.acini:
        _epithelium(sheet, acinus, 0.14)
    _lumens(sheet)


def _fat(sheet: _Sheet) -> None:
    radius = sum(sheet.stamp.outline.semi_axes_um) / 2
    below = ((1.0 - sheet.depth) * radius).astype(np.float32)
    rim = np.clip(1.0 - (below - np.float32(0.9)) * np.float32(1.0 / 0.6), 0.0, 1.0)
    sheet.first[:] = 0.004 + 0.05 * rim
    sheet.second[:] = 0.006 + 0.24 * rim


def _fibres(sheet: _Sheet) -> None:
    """Collagen: wavy, pale clefts between its fibres. Muscle: denser, straighter, deeper pink."""
    muscle = sheet.stamp.family == "muscle"
    ux, uy = sheet.stamp.axis
    at = sheet.stamp.texture
    u = sheet.x * ux + sheet.y * uy + (at % 977)
    v = sheet.y * ux - sheet.x * uy + ((at >> 8) % 967)
    wave = textures.turned(textures.smooth(sheet.mpp, 34.0, 21.0, 2, 41), u, v, sheet.mpp)
    v = v + wave * (2.5 if muscle else 6.0)
    fine = textures.turned(textures.smooth(sheet.mpp, 30.0, 1.7, 2, 43), u, v, sheet.mpp)
    broad = textures.turned(textures.smooth(sheet.mpp, 60.0, 7.0, 2, 47), u, v, sheet.mpp)
    grain = sheet.noise(1.6, 1)
    edge = np.clip(((sheet.depth - 0.90) * 10.0), 0.0, 1.0).astype(np.float32)
    if muscle:
        second = 0.33 + 0.10 * fine + 0.07 * broad + 0.03 * grain
        first = 0.075 + 0.03 * broad + 0.015 * fine
    else:
        second = 0.24 + 0.12 * fine + 0.12 * broad + 0.03 * grain
        first = 0.045 + 0.02 * broad + 0.015 * fine
    cleft = np.clip(1.0 - np.abs(broad + np.float32(0.25)) * np.float32(9.0 if muscle else 6.0), 0.0, 1.0)
    second = second * (1.0 - (0.30 if muscle else 0.55) * cleft) * (1.0 - 0.18 * edge)
    sheet.first[:] = np.maximum(first, 0.01)
    sheet.second[:] = np.maximum(second, 0.015)


def _loose(sheet: _Sheet) -> None:
    """Cells without a ground of their own; what their edges blend into."""
    sheet.first[:] = 0.07
    sheet.second[:] = 0.17


def _vessel(sheet: _Sheet) -> None:
    grain, rings = sheet.noise(2.0, 2), sheet.noise(8.0, 2, number=1)
    sheet.first[:] = 0.07 + 0.02 * grain
    sheet.second[:] = 0.28 + 0.08 * rings + 0.05 * grain
    _lumens(sheet)


_BASES = {
    "collagen": _fibres,
    "muscle": _fibres,
    "vessel": _vessel,
    "sparse": _loose,
    "infiltrate": _loose,
    "fat": _fat,
    "lobule": _lobule,
    "crypt": _crypt,
    "tumour": _tumour,
}
