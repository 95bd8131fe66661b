"""Pictures of what is no image, for the gallery: a report's lines, a PDF's page, the key images of a selection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from modality.errors import MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom.dataset import Dataset

    from modality.acquisition.reported import Reported

_INK, _PAPER = 20, 255
_LINE_PX, _MARGIN_PX, _LETTER_PX = 13, 6, 6
_TEXT = re.compile(rb"BT /F1 ([\d.]+) Tf ([\d.]+) ([\d.]+) Td \((.*?)\) Tj ET")
"""A line of our own PDFs (modality.iods.reports.pdf_page)."""
_PLACED = re.compile(rb"q ([\d.]+) 0 0 ([\d.]+) ([\d.]+) ([\d.]+) cm /I1 Do Q")
"""Their picture: its width and height, and its lower left corner."""


def _pillow() -> tuple[Any, Any, Any]:
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise MissingExtraError("a picture of a document", "web") from error
    return Image, ImageDraw, ImageFont


def lines_of(item: Dataset, depth: int = 0) -> Iterator[str]:
    """A structured report as lines, what is below an item further to the right; UIDs and the observer are left out."""
    name = item.ConceptNameCodeSequence[0].CodeMeaning if item.get("ConceptNameCodeSequence") else item.ValueType
    yield "  " * depth + ": ".join(filter(None, (str(name), _said(item))))
    for below in item.get("ContentSequence", ()):
        if below.get("ValueType") != "UIDREF" and below.RelationshipType != "HAS OBS CONTEXT":
            yield from lines_of(below, depth + 1)


def _said(item: Dataset) -> str:
    if item.ValueType == "NUM":
        measured = item.MeasuredValueSequence[0]
        return f"{measured.NumericValue} {measured.MeasurementUnitsCodeSequence[0].CodeValue}"
    if item.ValueType == "CODE":
        return str(item.ConceptCodeSequence[0].CodeMeaning)
    return str(item.get("TextValue") or item.get("DateTime") or item.get("GraphicType") or "")


def of_lines(lines: Sequence[str], size_px: int) -> Image:
    """Lines as black letters on white, as many and as much of them as there is room for.

    Args:
        lines: of text.
        size_px: both sides of the picture.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    image, draw, font = _pillow()
    made: Image = image.new("L", (size_px, size_px), _PAPER)
    pen, letters = draw.Draw(made), font.load_default()
    for number, line in enumerate(lines[: (size_px - 2 * _MARGIN_PX) // _LINE_PX]):
        indented = (len(line) - len(line.lstrip())) * _LETTER_PX // 2
        pen.text((_MARGIN_PX + indented, _MARGIN_PX + number * _LINE_PX), line.strip(), fill=_INK, font=letters)
    return made


def of_pdf(data: bytes, picture: Any, size_px: int) -> Image:
    """The page of one of our own PDFs, which are not compressed.

    Args:
        data: the file.
        picture: grey, shape (rows, columns): what stands on the page.
        size_px: the longer side.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    from modality.iods.reports.pdf_page import HEIGHT, WIDTH

    image, draw, font = _pillow()
    scale = 2.0  # pixels of a point, drawn larger than it is shown
    page: Image = image.new("L", (round(WIDTH * scale), round(HEIGHT * scale)), _PAPER)
    pen = draw.Draw(page)
    for found in _TEXT.finditer(data):
        size, x, y = (float(number) * scale for number in found.groups()[:3])
        text = re.sub(rb"\\(.)", rb"\1", found[4]).decode("cp1252")
        pen.text((x, page.height - y - 0.8 * size), text, fill=_INK, font=font.load_default(size))
    for found in _PLACED.finditer(data):
        width, height, x, y = (round(float(number) * scale) for number in found.groups())
        page.paste(image.fromarray(picture).resize((width, height)), (x, page.height - y - height))
    size = size_px / max(page.size)
    shown: Image = page.resize((round(page.width * size), round(page.height * size)), image.Resampling.LANCZOS)
    return shown


def of_key_images(selection: Reported, size_px: int) -> Image:
    """The first four of the selected slices.

    Args:
        selection: the acquisition of a Key Object Selection.
        size_px: both sides of the picture.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    from modality.iods.reports.key_images import shown
    from modality.iods.reports.picture import windowed

    image, _, _ = _pillow()
    indices = list(shown(selection))[:4]
    side = size_px if len(indices) == 1 else size_px // 2
    made: Image = image.new("L", (size_px, size_px), _INK)
    for number, index in enumerate(indices):
        tile = image.fromarray(windowed(selection, index)).resize((side, side), image.Resampling.LANCZOS)
        made.paste(tile, (number % 2 * side, number // 2 * side))
    return made
