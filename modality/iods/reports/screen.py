"""The kind sc: a slice of a CT series as it stood on a screen, with its text burned in (PS3.3 A.8.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from modality.acquisition import lettering
from modality.acquisition import reported as scans
from modality.acquisition.reported import Reported, is_lesion
from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.images.ct import CT
from modality.iods.kind import Kind
from modality.iods.macros.anatomy import region
from modality.iods.macros.reference import reference
from modality.iods.photographs import secondary_capture
from modality.iods.photographs.capture import Picture
from modality.iods.photographs.pixels import Pixels
from modality.iods.reports import source
from modality.iods.reports.measurements import Circle, sphere_mm
from modality.iods.reports.picture import shown_slice, windowed
from phantoms.phantom import Phantom

IDENTIFIED, ANONYMOUS = "identified", "anonymous"

_MOST_LETTERS = 24  # of a line
_MARGIN, _WHITE, _YELLOW = 4, (255, 255, 255), (255, 220, 0)

Colour = npt.NDArray[np.uint8]


def _scale(columns: int) -> int:
    return max(1, columns // 256)


def _lines(acquisition: Reported, patient_id: str) -> list[str]:
    scan = acquisition.scan
    said = [f"IMAGE {shown_slice(acquisition) + 1} OF {len(scan)}", f"{scan.protocol.kvp:.0f} KV"]
    if acquisition.form == IDENTIFIED:
        said.insert(0, patient_id)
    return [line[:_MOST_LETTERS] for line in said]


def text_boxes(acquisition: Reported) -> list[dict[str, Any]]:
    """Where text is burned in, in pixels from the upper left corner: as wide as the longest line that may stand there.

    What names the patient is marked; only it depends on whom the picture is of.
    """
    geometry = acquisition.scan.geometry
    scale = _scale(geometry.columns)
    height = lettering.HEIGHT * scale
    lines = _lines(acquisition, "")
    places = [(_MARGIN + number * (height + 3 * scale), _MARGIN, _MOST_LETTERS) for number in range(len(lines))]
    found = _measured(acquisition)
    if found is not None and found[1]:
        lines.append(found[1])
        places.append((*_beside(found[0], scale), len(found[1])))
    return [
        {
            "row": row,
            "column": column,
            "rows": min(height, geometry.rows - row),
            "columns": min(geometry.columns - column, letters * lettering.WIDTH * scale),
            "identifies": acquisition.form == IDENTIFIED and number == 0,
            "text": line,
        }
        for number, (line, (row, column, letters)) in enumerate(zip(lines, places, strict=True))
    ]


def _beside(circle: Circle, scale: int) -> tuple[int, int]:
    """Row and column of what is written below a measured circle."""
    return int(circle.row) + 5 * scale, max(0, int(2.0 * circle.column - circle.edge))


def _measured(acquisition: Reported) -> tuple[Circle, str] | None:
    """The first lesion of the shown slice, and its diameter."""
    for structure in acquisition.structures:
        if is_lesion(structure["name"]):
            circle, diameter_mm = Circle(acquisition, structure), sphere_mm(structure)
            if circle.inside and circle.index == shown_slice(acquisition):
                return circle, f"{diameter_mm:.1f} MM" if diameter_mm else ""
    return None


def screen(acquisition: Reported, patient_id: str) -> Colour:
    """The picture: shape (rows, columns, 3).

    Args:
        acquisition: of the scan.
        patient_id: whom it is of.
    """
    grey = windowed(acquisition, shown_slice(acquisition))
    picture = np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    scale = _scale(picture.shape[1])
    for box, line in zip(text_boxes(acquisition), _lines(acquisition, patient_id), strict=False):
        _write(picture, box["row"], box["column"], line, scale, _WHITE)
    found = _measured(acquisition)
    if found is not None:
        circle, size = found
        row, reach = int(circle.row), 4 * scale
        for at in (2.0 * circle.column - circle.edge, circle.edge - 1.0):
            picture[max(0, row - reach) : row + reach + 1, max(0, int(at))] = _YELLOW
        _write(picture, *_beside(circle, scale), size, scale, _YELLOW)
    return picture


def _write(picture: Colour, row: int, column: int, text: str, scale: int, colour: tuple[int, int, int]) -> None:
    covered = lettering.lettered(text, scale)
    part = picture[row : row + covered.shape[0], column : column + covered.shape[1]]
    part[covered[: part.shape[0], : part.shape[1]]] = colour


def describe(acquisition: Reported, context: Context) -> Iterator[Dataset]:
    """The one picture."""
    pixels = Pixels((screen(acquisition, context.patient.patient_id),), None, None, None)
    identified = acquisition.form == IDENTIFIED
    seen = region(acquisition.body_part)
    picture = Picture(
        b"",
        context.series.started,
        source="screen",
        identified=identified,
        side=acquisition.phantom.laterality,
        region=Code(str(seen.CodeValue), str(seen.CodingSchemeDesignator), str(seen.CodeMeaning)),
    )
    dataset = secondary_capture.described(picture, pixels, context)
    shown = source.image(acquisition, shown_slice(acquisition))
    dataset.SourceImageSequence = [reference(shown.sop_class_uid, shown.sop_instance_uid)]
    yield dataset


def _truth(acquisition: Reported) -> Mapping[str, Any]:
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        "picture_of_instance_number": shown_slice(acquisition) + 1,
        "burned_in_text": text_boxes(acquisition),
    }


def captured(
    phantom: Phantom,
    *,
    seed: int,
    identified: bool = True,
    rows: int = 512,
    columns: int = 512,
    slices: int | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    pitch: float | None = None,
    slice_thickness_mm: float | None = None,
) -> Reported:
    """Plan the CT scan of which a slice is captured; options are those of the kind ct.

    Args:
        phantom: what is scanned.
        seed: of the scan.
        identified: whether the Patient ID is burned into the picture.
        rows: rows of a slice.
        columns: columns of a slice.
        slices: number of slices, spread over the scan range; None scans it at the slice spacing.
        kvp: tube voltage in kV, 70 to 150.
        mas: tube current times rotation time, in mAs.
        pitch: of a helical scan, at most 2; 0 scans with the table standing.
        slice_thickness_mm: nominal thickness; also the spacing.

    Raises:
        UsageError: a number is out of range.
    """
    scan = scans.reported(
        phantom, seed=seed, rows=rows, columns=columns, slices=slices, kvp=kvp, mas=mas, pitch=pitch,
        slice_thickness_mm=slice_thickness_mm,
    )  # fmt: skip
    return replace(scan, form=IDENTIFIED if identified else ANONYMOUS)


SC = Kind(
    name="sc",
    modality=secondary_capture.MODALITY,
    sop_class_uid=SecondaryCaptureImageStorage,
    title="Secondary Capture",
    default_phantom=CT.default_phantom,
    acquire=captured,
    describe=describe,
    truth=_truth,
    reports=CT.name,
    series_number=905,
    labels=False,
)
