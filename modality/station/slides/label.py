"""The label of a slide as a picture: a QR code of the container's identifier, and its text (ISO/IEC 18004)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from modality.errors import MissingExtraError

Picture = npt.NDArray[np.uint8]

SIZE = 440
"""Rows and columns of a label: 22 mm at 0.05 mm a pixel."""
_PAPER, _INK = (247, 246, 240), (32, 32, 36)
_MARGIN, _CODE, _LINE = 24, 220, 44


def label(barcode: str, lines: Sequence[str]) -> Picture:
    """A label.

    Args:
        barcode: what the QR code holds; where that is nothing, there is none.
        lines: what is printed below it; cut where there is no room.

    Returns:
        uint8 of shape (SIZE, SIZE, 3).

    Raises:
        MissingExtraError: the extra `slides` is not installed.
    """
    try:
        import segno
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise MissingExtraError("a slide's label", "slides") from error
    code = np.zeros((0, 0), dtype=bool)
    if barcode:
        modules = np.array([list(row) for row in segno.make(barcode, error="m", micro=False).matrix], dtype=bool)
        dot = max(1, _CODE // len(modules))
        code = np.kron(modules, np.ones((dot, dot), dtype=bool))
    picture = Image.new("RGB", (SIZE, SIZE), _PAPER)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(32)
    for number, line in enumerate(lines):
        top = _MARGIN + _CODE + 12 + number * _LINE
        if top + _LINE > SIZE:
            break
        draw.text((_MARGIN, top), _fitting(line, draw, font), fill=_INK, font=font)
    pixels: Picture = np.array(picture, dtype=np.uint8)
    pixels[_MARGIN : _MARGIN + len(code), _MARGIN : _MARGIN + len(code)][code] = _INK
    return pixels


def _fitting(line: str, draw: object, font: object) -> str:
    """As much of a line as there is room for."""
    while line and draw.textlength(line, font=font) > SIZE - 2 * _MARGIN:  # type: ignore[attr-defined]
        line = line[:-1]
    return line
