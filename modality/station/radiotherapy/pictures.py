"""A slice of a scan with what is planned on it: contours and beams as lines, dose as a wash of colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from modality.acquisition.radiotherapy.contours import Section
from modality.acquisition.radiotherapy.dose import PlanDose
from modality.acquisition.radiotherapy.plan import Plan
from modality.acquisition.radiotherapy.structures import StructureSet
from modality.errors import MissingExtraError
from modality.iods.modules.radiotherapy.roi_contour import colour
from modality.iods.reports.picture import windowed

if TYPE_CHECKING:
    from PIL.Image import Image

_WASHED = 0.1  # of the prescribed dose: less is not shown
_OPACITY = 0.45
_BEAM = (255, 240, 120)
_PAST = 1.5  # of the way to the isocentre, where an edge of a beam ends: beyond the patient
# Share of the prescribed dose, and its colour, as planning systems have them from cold to hot: our choice.
_SHARES = (0.0, 0.3, 0.5, 0.7, 0.9, 1.05)
_COLOURS = ((0, 0, 160), (0, 90, 255), (0, 220, 220), (60, 220, 60), (255, 230, 0), (255, 40, 0))


def shown_slice(structures: StructureSet) -> int:
    """The slice in the middle of what is planned for, or else of the scan."""
    planned = structures.rois[1].sections
    return planned[len(planned) // 2].index if planned else structures.scan.geometry.slices // 2


def with_contours(structures: StructureSet, size_px: int) -> Image:
    """A slice with the contours of all structures.

    Args:
        structures: what is outlined.
        size_px: the longer side of the picture.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    index = shown_slice(structures)
    grey = windowed(structures, index)
    return _outlined(np.repeat(grey[:, :, np.newaxis], 3, axis=2), structures, index, size_px)


def dose_wash(dose: PlanDose, size_px: int) -> Image:
    """A slice with the dose, and the contours of what is planned for.

    Args:
        dose: of a plan.
        size_px: the longer side of the picture.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    structures = dose.scan.scan
    index, geometry = shown_slice(structures), structures.scan.geometry
    grey = windowed(structures, index).astype(np.float64)[:, :, np.newaxis]
    x, y, z = geometry.position_mm(index)
    column = x + np.arange(geometry.columns, dtype=np.float64).reshape(1, -1) * geometry.column_spacing_mm
    row = y + np.arange(geometry.rows, dtype=np.float64).reshape(-1, 1) * geometry.row_spacing_mm
    share = dose.grid.between(dose.dose_gy, column, row, np.full((1, 1), z)) * (1.0 / dose.scan.prescription_gy)
    inside = (column >= dose.grid.origin[0]) & (row >= dose.grid.origin[1]) & (share >= _WASHED)
    wash = np.stack([np.interp(share, _SHARES, channel) for channel in zip(*_COLOURS, strict=True)], axis=2)
    mixed = np.where(inside[:, :, np.newaxis], grey * (1.0 - _OPACITY) + wash * _OPACITY, grey)
    return _outlined(mixed.astype(np.uint8), structures, index, size_px, only=("PTV", "GTV", "EXTERNAL"))


def with_beams(plan: Plan, size_px: int) -> Image:
    """A slice with the contours of all structures, and the edges of the beams.

    Args:
        plan: whose beams they are.
        size_px: the longer side of the picture.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    structures, geometry = plan.scan, plan.scan.scan.geometry
    made = with_contours(structures, size_px)
    from PIL import ImageDraw

    x, y, _ = geometry.position_mm(shown_slice(structures))
    row_mm, column_mm = _spacings(structures)
    per_mm = size_px / max(geometry.rows * row_mm, geometry.columns * column_mm)
    drawn = ImageDraw.Draw(made)
    for beam in plan.fields:
        places = beam.axis.points(
            np.asarray([[0.0], [_PAST]]), np.asarray([beam.jaws_x_mm]), np.zeros((1, 1))
        )  # of each edge the source, and a point beyond the patient
        columns, rows = (places[0] - x) + column_mm / 2.0, (places[1] - y) + row_mm / 2.0
        for edge in range(2):
            line = [(float(columns[end, edge]) * per_mm, float(rows[end, edge]) * per_mm) for end in range(2)]
            drawn.line(line, fill=_BEAM, width=1)
    return made


def _outlined(
    picture: npt.NDArray[np.uint8], structures: StructureSet, index: int, size_px: int, only: tuple[str, ...] = ()
) -> Image:
    """A picture of a slice, larger or smaller, with contours in their colours."""
    try:
        from PIL import Image, ImageDraw
    except ImportError as error:
        raise MissingExtraError("a picture of a plan", "web") from error
    geometry = structures.scan.geometry
    height, width = (one * scale for one, scale in zip(picture.shape, _spacings(structures), strict=False))
    pixels_per_mm = size_px / max(height, width)
    made: Image.Image = Image.fromarray(picture).resize(
        (max(1, round(width * pixels_per_mm)), max(1, round(height * pixels_per_mm))), Image.Resampling.LANCZOS
    )
    drawn = ImageDraw.Draw(made)
    half = np.asarray([geometry.column_spacing_mm, geometry.row_spacing_mm]) / 2.0  # from the middle of a pixel
    for roi in reversed(structures.rois):  # what is treated over the organs about it
        if only and roi.interpreted_type not in only:
            continue
        for section in _of_slice(roi.sections, index):
            for loop in section.loops_mm:
                corners = [(float(x), float(y)) for x, y in (loop + half) * pixels_per_mm]
                drawn.line([*corners, corners[0]], fill=colour(roi), width=1)
    return made


def _spacings(structures: StructureSet) -> tuple[float, float]:
    geometry = structures.scan.geometry
    return geometry.row_spacing_mm, geometry.column_spacing_mm


def _of_slice(sections: tuple[Section, ...], index: int) -> list[Section]:
    return [section for section in sections if section.index == index]
