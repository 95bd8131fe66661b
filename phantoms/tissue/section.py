"""A stained section of tissue: which parts lie where, and the truth about its regions and nuclei, for any window alone.

Parts stand on patterns of scattered points that repeat from cell to cell of the slide; which part stands on a point,
and whether it is mirrored, depends on the seed, the cell and the point, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from phantoms.errors import PhantomError
from phantoms.tissue.chance import Floats, hashed, shares
from phantoms.tissue.layout import NONE, Layout, laid_out
from phantoms.tissue.outline import INSIDE, MIXED, OUTSIDE, Box, Mask
from phantoms.tissue.panels import PANEL_UM, mask_um, panel_nuclei, placed_nuclei, repeated, within
from phantoms.tissue.patches import REPEAT, owners
from phantoms.tissue.stamp import NUCLEUS_CLASSES, Records
from phantoms.tissue.stamps import FAMILIES, variants
from phantoms.tissue.standing import CELL_UM, cell, near, ring, squares
from phantoms.tissue.truth import NUCLEUS_TRUTH, REGIONS, RegionTruth, SectionTruth, count, no_counts

KINDS = ("colon", "breast", "tumour")
STAINS = ("HE", "DAB")
_LEAST_MM, _MOST_MM = 0.05, 400.0

Placed = tuple[float, float, int, int, bool, bool]
_SOUGHT = 48  # points along each side
_FIRST_PART = 1000  # owners below are codes of ground


@dataclass(frozen=True)
class TissueSection:
    """A section on a slide. x runs along a row of its image, y along a column, from the scanned area's corner.

    Args:
        seed: what makes this individual.
        kind: the organ, one of :data:`KINDS`.
        stain: `HE`, or `DAB` for Ki-67 with haematoxylin.
        size_mm: width and height of the scanned area.

    Attributes:
        stream: the seed in 32 bits, of which everything here is made.
        layout: its outlines.
    """

    seed: int
    kind: str
    stain: str
    size_mm: tuple[float, float]
    stream: int = field(init=False, repr=False, compare=False)
    layout: Layout = field(init=False, repr=False, compare=False)

    name = "tissue-section"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PhantomError(f"tissue section: unknown kind {self.kind!r}: there is {', '.join(KINDS)}")
        if self.stain not in STAINS:
            raise PhantomError(f"tissue section: unknown stain {self.stain!r}: there is {', '.join(STAINS)}")
        width, height = self.size_mm
        if not (_LEAST_MM <= width <= _MOST_MM and _LEAST_MM <= height <= _MOST_MM):
            message = f"tissue section: {width} x {height} mm: each side from {_LEAST_MM} to {_MOST_MM} mm"
            raise PhantomError(message)
        object.__setattr__(self, "stream", int(hashed(self.seed, self.seed >> 32)[0]))
        object.__setattr__(self, "layout", laid_out(self.kind, self.stream, width * 1000.0, height * 1000.0))

    def cover(self, box_um: Box, margin_um: float = 0.0) -> str:
        """`INSIDE` if a box holds whole tissue only, `OUTSIDE` if glass only, else `MIXED`.

        Args:
            box_um: the box.
            margin_um: no edge is nearer, unless it is `MIXED`; as in :meth:`Outline.meets`.
        """
        found = self.layout.outline.meets(box_um, margin_um)
        if found == OUTSIDE:
            return OUTSIDE
        for hole in self.layout.holes:
            within = hole.meets(box_um, margin_um)
            if within == INSIDE:
                return OUTSIDE
            if within == MIXED:
                found = MIXED
        return found

    def is_tissue(self, x_um: Floats, y_um: Floats) -> Mask:
        """Whether there is tissue at points that broadcast against each other."""
        inside = self.layout.outline.contains(x_um, y_um)
        for hole in self.layout.holes:
            inside &= ~hole.contains(x_um, y_um)
        return inside

    def parts(self, box_um: Box) -> list[Placed]:
        """The glands and vessels that may reach into a box, in the order in which they are painted: later ones hide.

        Returns:
            Of each, what :data:`~phantoms.tissue.panels.PART` names: x, y, family, variant, and how it is mirrored.
        """
        cells = [cell(self, i, j) for j, i in squares(box_um)]
        found: list[Placed] = []
        for layer in [glands for _, glands, _ in cells] + [lobules for _, _, lobules in cells]:
            if len(layer):
                found += near(layer, box_um).tolist()
        return found

    def ground_codes(self, j: int, i: int) -> npt.NDArray[np.uint8]:
        """What each patch holds that reaches into a panel's place: codes of :mod:`~phantoms.tissue.panels`.

        Args:
            j: which place, counted along y.
            i: along x.

        Returns:
            uint8 of :data:`~phantoms.tissue.patches.RING` squared patches, row by row.
        """
        return ring(self, j, i)

    def grounds(self, left: int, top: int, right: int, bottom: int) -> npt.NDArray[np.uint8]:
        """Which ground lies at each square micrometre: codes of :mod:`~phantoms.tissue.panels`.

        Args:
            left: least x, in whole um.
            top: least y.
            right: one past the greatest x.
            bottom: one past the greatest y.
        """
        side = int(PANEL_UM)
        pattern = owners(self.stream)
        found = np.empty((bottom - top, right - left), dtype=np.uint8)
        for j in range(top // side, (bottom - 1) // side + 1):
            for i in range(left // side, (right - 1) // side + 1):
                y0, y1 = max(top, j * side), min(bottom, (j + 1) * side)
                x0, x1 = max(left, i * side), min(right, (i + 1) * side)
                owner = pattern[j % REPEAT, i % REPEAT, y0 - j * side : y1 - j * side, x0 - i * side : x1 - i * side]
                found[y0 - top : y1 - top, x0 - left : x1 - left] = self.ground_codes(j, i)[owner]
        return found

    def families_and_grounds(self) -> tuple[list[str], list[int]]:
        """The parts and the grounds on the slide, sought at a lattice of points; a rare one may lack."""
        x, y = (
            axis.ravel()
            for axis in np.meshgrid(*((np.arange(_SOUGHT) + 0.5) * (side * 1e3 / _SOUGHT) for side in self.size_mm))
        )
        there = self.is_tissue(x, y)
        x, y = x[there], y[there]
        number = np.arange(len(x))
        chance = shares(self.stream + 21, number)
        layout = self.layout
        parts = np.concatenate([layout.glands(x, y, chance, np.full(len(x), 20.0)), layout.lobules(x, y, chance)])
        grounds = np.concatenate([layout.ground(x, y, chance, 0.0), layout.ground(x, y, chance * 0.0, 0.0)])
        return [FAMILIES[code] for code in np.unique(parts[parts != NONE])], np.unique(grounds).tolist()

    def nuclei(self, box_um: Box) -> Records:
        """The nuclei whose centres lie in a box and are seen, as records of :data:`NUCLEUS_TRUTH`.

        Args:
            box_um: least and greatest x and y; boxes that tile the slide share out its nuclei.
        """
        parts = self.parts(box_um)
        left, top = (int(edge // 1.0) for edge in box_um[:2])
        owner = self.grounds(left, top, int(box_um[2] // 1.0) + 1, int(box_um[3] // 1.0) + 1).astype(np.int32)
        groups, owners = [], []
        for code in np.unique(owner).tolist():
            ground = repeated(panel_nuclei(code, self.stream), box_um)
            groups.append(ground)
            owners.append(np.full(len(ground), code))
        for number, (x, y, family, variant, mirror_x, mirror_y) in enumerate(parts, start=_FIRST_PART):
            mask = mask_um(FAMILIES[family], self.stream, variant, mirror_x, mirror_y)
            _own(owner, mask, (x - left, y - top), number)
            own = placed_nuclei(variants(FAMILIES[family], self.stream)[variant].nuclei, x, y, mirror_x, mirror_y)
            groups.append(own[within(own, box_um)])
            owners.append(np.full(len(groups[-1]), number))
        nuclei, numbers = np.concatenate(groups), np.concatenate(owners)
        at = (nuclei["y"] - top).astype(np.int64), (nuclei["x"] - left).astype(np.int64)
        nuclei = nuclei[(owner[at] == numbers) & self.is_tissue(nuclei["x"], nuclei["y"])]
        found = np.zeros(len(nuclei), dtype=NUCLEUS_TRUTH)
        found["x_mm"], found["y_mm"] = nuclei["x"] / 1000.0, nuclei["y"] / 1000.0
        found["kind"], found["positive"] = nuclei["kind"], nuclei["positive"]
        tumour, inflamed = self.layout.diseased(nuclei["x"], nuclei["y"])
        found["region"] = np.where(tumour, 2, np.where(inflamed, 1, 0))
        return found

    def regions(self) -> list[RegionTruth]:
        """Every outline, in mm."""
        layout = self.layout
        named = [("tissue", layout.outline), *(("hole", hole) for hole in layout.holes)]
        named += [("fold", fold.outline) for fold in layout.folds]
        named += [("inflamed", part) for part in layout.inflamed] + [("tumour", part) for part in layout.tumours]
        return [
            {
                "region": name,
                "polygon_mm": [(round(x / 1e3, 4), round(y / 1e3, 4)) for x, y in outline.polygon_um(2048)],
            }
            for name, outline in named
        ]

    def truth(self, window_mm: tuple[float, float, float, float] | None = None) -> SectionTruth:
        """What lies in a window, as plain data.

        Args:
            window_mm: least x and y, greatest x and y; the whole slide if None, which may hold millions of nuclei.
        """
        window = window_mm or (0.0, 0.0, *self.size_mm)
        nuclei: list[dict[str, Any]] = []
        counts = no_counts()
        for found in self.nuclei_by_cell(window):
            for x, y, kind, positive, region in found.tolist():
                one = {
                    "x_mm": round(x, 5),
                    "y_mm": round(y, 5),
                    "class": NUCLEUS_CLASSES[kind],
                    "region": REGIONS[region],
                }
                if self.stain == "DAB":
                    one["positive"] = positive
                nuclei.append(one)
            count(found, counts)
        return {
            "seed": self.seed,
            "kind": self.kind,
            "stain": self.stain,
            "window_mm": window,
            "regions": self.regions(),
            "nuclei": nuclei,
            "counts": counts,
        }

    def nuclei_by_cell(self, window_mm: tuple[float, float, float, float] | None = None) -> Iterator[Records]:
        """The nuclei of a window, or of the slide, cell by cell in constant memory; as :meth:`nuclei`."""
        x0, y0, x1, y1 = (edge * 1000.0 for edge in (window_mm or (0.0, 0.0, *self.size_mm)))
        for j in range(int(y0 // CELL_UM), int(y1 // CELL_UM) + 1):
            for i in range(int(x0 // CELL_UM), int(x1 // CELL_UM) + 1):
                box = (
                    max(x0, i * CELL_UM),
                    max(y0, j * CELL_UM),
                    min(x1, (i + 1) * CELL_UM),
                    min(y1, (j + 1) * CELL_UM),
                )
                if box[0] < box[2] and box[1] < box[3] and self.cover(box) != OUTSIDE:
                    yield self.nuclei(box)


def tissue_section(
    seed: int = 0, *, stain: str = "HE", kind: str = "colon", size_mm: tuple[float, float] = (15.0, 15.0)
) -> TissueSection:
    """A section of colon, breast or tumour, with inflamed and malignant parts, holes and folds.

    Args:
        seed: what makes this individual.
        stain: `HE` (haematoxylin and eosin) or `DAB` (Ki-67 by diaminobenzidine, and haematoxylin).
        kind: the organ: `colon` (cut across), `breast` or `tumour`.
        size_mm: width and height of the scanned area, of which the section fills most.

    Raises:
        PhantomError: an unknown stain or kind, or a side out of range.
    """
    return TissueSection(seed, kind, stain, size_mm)


def _own(owner: npt.NDArray[Any], mask: Mask, at: tuple[float, float], number: int) -> None:
    """Write a part's number wherever it lies."""
    half = mask.shape[0] // 2
    left, top = int(at[0] // 1.0) - half, int(at[1] // 1.0) - half
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(owner.shape[1], left + mask.shape[1]), min(owner.shape[0], top + mask.shape[0])
    if x0 < x1 and y0 < y1:
        seen = mask[y0 - top : y1 - top, x0 - left : x1 - left]
        np.copyto(owner[y0:y1, x0:x1], owner.dtype.type(number), where=seen)
