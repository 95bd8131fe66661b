"""A whole-slide scan: the section, the pyramid of its image, and the pictures that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from modality.acquisition.microscopy.blocks import Block
from modality.acquisition.microscopy.pyramid import Pyramid, Tile, usual_levels
from modality.acquisition.microscopy.scan import SlideAcquisition, microscopy
from modality.acquisition.microscopy.stains import WHITE
from modality.errors import UsageError
from phantoms.errors import PhantomError
from phantoms.tissue.outline import OUTSIDE
from phantoms.tissue.section import TissueSection

_MICROMETRES_TIMES_POWER = 10.0  # 0.5 um a pixel at 20x, 0.25 at 40x: what scanners' makers state
CHROMA = ("420", "422", "444")
"""How JPEG baseline may sample the colours of a slide."""
GLASS_MM = (25.0, 75.0)
"""The usual slide (ISO 8037-1: 26 x 76 mm, less its bevelled edges; our choice)."""


@dataclass(frozen=True, slots=True)
class OpticalPath:
    """A light that an image is taken in (PS3.3 C.8.12.5).

    Args:
        name: as the scanner knows it.
        identifier: Optical Path Identifier.
        description: Optical Path Description.
        illumination: code of the illumination's type (CID 8123): value, scheme, meaning.
    """

    name: str
    identifier: str
    description: str
    illumination: tuple[str, str, str]


_PATHS = {
    "brightfield": ("Transmitted white light", ("111744", "DCM", "Brightfield illumination")),
    "epifluorescence": ("Fluorescence of the stain", ("111743", "DCM", "Epifluorescence illumination")),
}


@dataclass(frozen=True, slots=True)
class SlideProtocol:
    """What was set.

    Args:
        stain: HE or DAB.
        mpp: micrometres of a pixel of the base.
        focal_planes: how many.
        focal_step_um: distance of neighbouring ones.
        optical_paths: names of the lights.
        sparse: tiles of nothing but glass are left out.
        bits_stored: of a sample.
    """

    stain: str
    mpp: float
    focal_planes: int
    focal_step_um: float
    optical_paths: tuple[str, ...]
    sparse: bool
    bits_stored: int = 8

    @property
    def objective_power(self) -> float:
        """Objective Lens Power."""
        return round(_MICROMETRES_TIMES_POWER / self.mpp, 1)


@dataclass(frozen=True, slots=True)
class SlidePlane:
    """One focal plane in one light.

    Args:
        acquisition: the scanner's.
        focal_plane: which, from 0, the nearest to the glass first.
        optical_path: which, from 0.
    """

    acquisition: SlideAcquisition
    focal_plane: int
    optical_path: int

    def tile(self, row: int, column: int, height: int, width: int) -> Tile:
        """Pixels of the base from a row and column on, shape (height, width, 3)."""
        return self.acquisition.tile(row, column, height, width, self.focal_plane, self.optical_path)

    def is_blank(self, row: int, column: int, height: int, width: int) -> bool:
        """Nothing but glass is there."""
        um = self.acquisition.mpp
        box = column * um, row * um, (column + width) * um, (row + height) * um
        return self.acquisition.section.cover(box) == OUTSIDE

    def prepare(self) -> None:
        """Make what all tiles are drawn from, so that processes that are forked share it."""
        self.acquisition.prepare()


@dataclass(frozen=True, eq=False)
class SlideScan:
    """A scan of a slide.

    Args:
        acquisition: the scanner's view of the section.
        protocol: what was set.
        pyramid: the levels of the image.
        seed: of all that differs from scan to scan.
        chroma: how JPEG baseline samples the colours, where the images are encoded so: 420, 422 or 444.
    """

    acquisition: SlideAcquisition
    protocol: SlideProtocol
    pyramid: Pyramid
    seed: int
    chroma: str = "420"

    @property
    def phantom(self) -> TissueSection:
        """What is scanned."""
        return self.acquisition.section

    @property
    def body_part(self) -> str:
        """Body Part Examined; microscopy has none."""
        return ""

    @property
    def digested(self) -> tuple[object, ...]:
        """All that determines the images besides the seed."""
        return self.protocol, self.pyramid, self.phantom

    @cached_property
    def paths(self) -> tuple[OpticalPath, ...]:
        """The lights."""
        return tuple(
            OpticalPath(name, str(number), *_PATHS[name])
            for number, name in enumerate(self.protocol.optical_paths, start=1)
        )

    @property
    def planes(self) -> list[SlidePlane]:
        """Every plane in the order of TILED_FULL: the focal planes of the first light, then those of the next."""
        return [
            SlidePlane(self.acquisition, plane, path)
            for path in range(len(self.paths))
            for plane in range(self.protocol.focal_planes)
        ]

    def block(self, plane: SlidePlane, pyramid: Pyramid) -> Block:
        """How tiles of a plane are made."""
        tile = np.empty((pyramid.tile, pyramid.tile, 3), dtype=np.uint8)
        tile[:] = WHITE if self.protocol.optical_paths[plane.optical_path] == "brightfield" else (10, 10, 10)
        tile.setflags(write=False)
        return Block(plane, pyramid, tile, self.protocol.sparse)

    def depth_um(self) -> float:
        """Imaged Volume Depth: from the lowest plane to the highest, and half a step beyond."""
        return self.protocol.focal_planes * self.protocol.focal_step_um

    def origin_mm(self) -> tuple[float, float]:
        """Where the first pixel's corner lies in the slide's coordinates, the scan in the middle of the glass."""
        width = self.pyramid.columns * self.protocol.mpp / 1e3
        height = self.pyramid.rows * self.protocol.mpp / 1e3
        return round((GLASS_MM[0] + height) / 2, 6), round((GLASS_MM[1] + width) / 2, 6)

    def truth(self) -> Mapping[str, object]:
        """What lies on the slide, as plain data."""
        return {"seed": self.seed, "phantom": self.phantom.name, **self.acquisition.truth()}


def slide(
    section: TissueSection,
    *,
    seed: int,
    rows: int = 10240,
    columns: int = 10240,
    mpp: float = 0.5,
    levels: int | None = None,
    level_factor: int = 2,
    tile_size: int = 512,
    focal_planes: int = 1,
    focal_step_um: float = 1.5,
    optical_paths: tuple[str, ...] = ("brightfield",),
    stain: str | None = None,
    sparse: bool = False,
    chroma: str = "420",
) -> SlideScan:
    """Plan the scan of a slide.

    Args:
        section: what lies on it; as large as the scanned area.
        seed: of the staining, the focus and the dust.
        rows: Total Pixel Matrix Rows of the base.
        columns: Total Pixel Matrix Columns of the base.
        mpp: micrometres of a pixel of the base.
        levels: of the pyramid, the base included; None goes on until one tile holds all.
        level_factor: from level to level, 2 or 4.
        tile_size: rows and columns of a tile.
        focal_planes: how many.
        focal_step_um: distance of neighbouring ones.
        optical_paths: lights, of brightfield and epifluorescence.
        stain: HE or DAB; None is the section's own.
        sparse: tiles of nothing but glass are left out (TILED_SPARSE).
        chroma: how JPEG baseline samples the colours: 420, 422 or 444.

    Raises:
        UsageError: a number is out of range, or the image does not carry so many levels.
    """
    if not isinstance(section, TissueSection):
        raise UsageError(f"phantom {section.name} is no section of tissue: slides are of tissue-section")
    if chroma not in CHROMA:
        raise UsageError(f"chroma {chroma!r}: one of {', '.join(CHROMA)}")
    if level_factor not in (2, 4):
        raise UsageError(f"a factor of {level_factor} from level to level: 2 or 4")
    count = usual_levels(rows, columns, tile_size, level_factor) if levels is None else levels
    pyramid = Pyramid(rows, columns, tile_size, count, level_factor)
    try:
        size_mm = columns * mpp / 1e3, rows * mpp / 1e3
        section = replace(section, size_mm=size_mm, stain=stain or section.stain)
    except PhantomError as error:
        raise UsageError(str(error)) from error
    acquisition = microscopy(
        section,
        seed=seed,
        rows=rows,
        columns=columns,
        mpp=mpp,
        focal_planes=focal_planes,
        focal_step_um=focal_step_um,
        optical_paths=optical_paths,
    )
    protocol = SlideProtocol(section.stain, mpp, focal_planes, focal_step_um, optical_paths, sparse)
    return SlideScan(acquisition, protocol, pyramid, seed, chroma)
