"""The kind sc: a slice of a series as it stood on a screen, with its text burned in (PS3.3 A.8.1)."""

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
from modality.acquisition.reported import About, Reported, is_lesion
from modality.acquisition.sights.sight import Circle
from modality.iods.burned import Text, dated, readable, told, value_of
from modality.iods.captured import header
from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.images.ct import CT
from modality.iods.kind import Kind
from modality.iods.macros.anatomy import region
from modality.iods.photographs import secondary_capture
from modality.iods.photographs.capture import Picture
from modality.iods.photographs.pixels import Pixels
from modality.iods.reports import source
from modality.iods.reports.measurements import sphere_mm
from modality.iods.reports.picture import shown_slice, windowed
from modality.iods.reports.subject import OTHERS, subject_of, usual_phantom
from phantoms.phantom import Phantom

IDENTIFIED, ANONYMOUS = "identified", "anonymous"

_SHOWN = ("PatientName", "PatientID", "PatientBirthDate")
_MARGIN, _WHITE, _YELLOW = 4, (255, 255, 255), (255, 220, 0)

Colour = npt.NDArray[np.uint8]


def _scale(columns: int) -> int:
    return max(1, columns // 256)


def texts(acquisition: Reported, dataset: Dataset) -> tuple[Text, ...]:
    """What is written in the picture: whom it is of, where that was asked for, which image, and what was measured.

    A line that would reach below the picture is left out, one that is too long is cut.

    Args:
        acquisition: of the scan.
        dataset: whose attributes are written.
    """
    return (*_lines(acquisition, dataset), *_size(acquisition))


def _lines(acquisition: Reported, dataset: Dataset) -> tuple[Text, ...]:
    """The lines from the upper left corner on."""
    sight = acquisition.sight
    scale = _scale(sight.size[1])
    shown = [
        ("", "", f"{source.said(acquisition, shown_slice(acquisition)).upper()} OF {sight.pictures}"),
        ("", "", subject_of(acquisition).caption(acquisition.scan)),
    ]
    if acquisition.form == IDENTIFIED:
        name, known_as, born = (value_of(dataset, keyword) for keyword in _SHOWN)
        written = (readable(name), readable(known_as), dated(born))
        shown = [*zip(_SHOWN, (name, known_as, born), written, strict=True), *shown]
    step = (lettering.HEIGHT + 3) * scale
    said = [(keyword, value, text) for keyword, value, text in shown if text]
    return _fitting(
        acquisition,
        [
            Text(_MARGIN + at * step, _MARGIN, text, keyword, value, scale)
            for at, (keyword, value, text) in enumerate(said)
        ],
    )


def _size(acquisition: Reported) -> tuple[Text, ...]:
    """What was measured, below its circle."""
    measured = _measured(acquisition)
    if measured is None or not measured[1]:
        return ()
    scale = _scale(acquisition.sight.size[1])
    return _fitting(acquisition, [Text(*_beside(measured[0], scale), measured[1], "", "", scale)])


def _fitting(acquisition: Reported, found: list[Text]) -> tuple[Text, ...]:
    """As many lines, and of each as many letters, as there is room for."""
    rows, columns = acquisition.sight.size
    cut = (
        replace(one, text=one.text[: max(0, columns - one.column) // (lettering.WIDTH * one.scale)])
        for one in found
        if one.row + lettering.HEIGHT * one.scale <= rows
    )
    return tuple(one for one in cut if one.text)


def _beside(circle: Circle, scale: int) -> tuple[int, int]:
    """Row and column of what is written below a measured circle."""
    return int(circle.row) + 5 * scale, max(0, int(2.0 * circle.column - circle.edge))


def _measured(acquisition: Reported) -> tuple[Circle, str] | None:
    """The first lesion of the shown slice, and its diameter."""
    for structure in acquisition.structures:
        if is_lesion(structure["name"]):
            circle, diameter_mm = acquisition.circle(structure), sphere_mm(structure)
            if circle.inside and circle.index == shown_slice(acquisition):
                return circle, f"{diameter_mm:.1f} MM" if diameter_mm else ""
    return None


def screen(acquisition: Reported, dataset: Dataset) -> Colour:
    """The picture: shape (rows, columns, 3).

    Args:
        acquisition: of the scan.
        dataset: whose attributes say whom it is of.
    """
    grey = windowed(acquisition, shown_slice(acquisition))
    picture = np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    found = _measured(acquisition)
    if found is not None:
        circle, reach = found[0], 4 * _scale(picture.shape[1])
        row = int(circle.row)
        for at in (2.0 * circle.column - circle.edge, circle.edge - 1.0):
            picture[max(0, row - reach) : row + reach + 1, max(0, int(at))] = _YELLOW
    for one in _lines(acquisition, dataset):
        one.write(picture, _WHITE)
    for one in _size(acquisition):
        one.write(picture, _YELLOW)
    return picture


def draw(acquisition: Reported, dataset: Dataset) -> None:
    """Draw the picture of a data set anew, with what its attributes say now."""
    data = screen(acquisition, dataset).tobytes()
    dataset["PixelData"].value = data + bytes(len(data) % 2)


def describe(acquisition: Reported, context: Context) -> Iterator[Dataset]:
    """The one picture."""
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
    said = header(context, modality=secondary_capture.MODALITY)
    pixels = Pixels((screen(acquisition, said),), None, None, None)
    dataset = secondary_capture.described(picture, pixels, context)
    shown = source.image(acquisition, shown_slice(acquisition))
    dataset.SourceImageSequence = [source.item(shown)]
    yield dataset


def _truth(acquisition: Reported) -> Mapping[str, Any]:
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        **{f"picture_of_{name}": number for name, number in source.told(acquisition, shown_slice(acquisition)).items()},
    }


def burned_truth(acquisition: Reported, dataset: Dataset) -> Mapping[str, Any]:
    """What is written in the picture, where, and what of."""
    return {"burned_in_text": told(texts(acquisition, dataset))}


def captured(
    phantom: Phantom,
    *,
    seed: int,
    identified: bool = True,
    about: About = "ct",
    rows: int | None = None,
    columns: int | None = None,
    slices: int | None = None,
    frames: int | None = None,
    view: str | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    pitch: float | None = None,
    slice_thickness_mm: float | None = None,
) -> Reported:
    """Plan the scan of which a slice is captured; options are those of its kind.

    Args:
        phantom: what is scanned.
        seed: of the scan.
        identified: whether Patient's Name, ID and Birth Date are burned into the picture.
        about: the kind of the scan: ct, mr, pt, us, dx, cr or mg.
        rows: rows of an image; the kind's own by default.
        columns: columns of an image; the kind's own by default.
        slices: of ct, mr and pt: number of slices, spread over the scan range; None scans it at the slice spacing.
        frames: of us: how many.
        view: of us and radiographs, as their kind has it.
        kvp: of ct and radiographs: tube voltage in kV.
        mas: of ct and radiographs: tube current times time, in mAs.
        pitch: of a helical CT scan, at most 2; 0 scans with the table standing.
        slice_thickness_mm: of ct, mr and pt: nominal thickness; also the spacing.

    Raises:
        UsageError: a number is out of range.
    """
    scan = scans.imaged(
        phantom, seed=seed, about=about, rows=rows, columns=columns, slices=slices, frames=frames, view=view, kvp=kvp,
        mas=mas, pitch=pitch, slice_thickness_mm=slice_thickness_mm,
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
    told_of=burned_truth,
    draw=draw,
    reports=CT.name,
    also_reports=OTHERS,
    default_phantom_of=usual_phantom,
    series_number=905,
    labels=False,
)
