"""What a scanner draws beside the picture: a scale of depth and a bar of levels or speeds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from modality.acquisition.ultrasound.colours import GREYS
from modality.acquisition.ultrasound.screen import Box, Screen

Bytes = npt.NDArray[np.uint8]

FAINT = 140
"""Level of lines."""

_CM_MM = 10.0
_LEAST_COLUMNS = 160  # of a picture that has room for them


def bar(screen: Screen) -> Box | None:
    """Where the bar of levels or speeds stands, at the left; None where there is no room."""
    if screen.columns < _LEAST_COLUMNS:
        return None
    return Box(screen.top + screen.rows // 20, screen.side // 4, screen.rows // 4, max(4, screen.side // 4))


def scale(grey: Bytes, screen: Screen) -> None:
    """Draw a tick for each centimetre of depth at the right, every fifth one longer."""
    if screen.columns < _LEAST_COLUMNS:
        return
    right = screen.columns - 2
    for number in range(int(screen.depth_mm / _CM_MM) + 1):
        row = round(screen.face[0] + number * _CM_MM / screen.pitch_mm)
        length = max(2, screen.side // (3 if number % 5 == 0 else 6))
        grey[row, right - length : right] = FAINT


def grey_bar(grey: Bytes, screen: Screen) -> None:
    """Draw the levels, white at the top."""
    place = bar(screen)
    if place is not None:
        levels = 255 - np.arange(place.rows) * 255 // (place.rows - 1)
        _fill(grey, place, levels.astype(np.uint8))


def colour_bar(entries: Bytes, screen: Screen) -> None:
    """Draw the speeds, the fastest to the probe at the top."""
    place = bar(screen)
    if place is not None:
        _fill(entries, place, (GREYS + 127 - np.arange(place.rows) * 127 // (place.rows - 1)).astype(np.uint8))


def _fill(picture: Bytes, place: Box, column: Bytes) -> None:
    picture[place.row : place.row + place.rows, place.column : place.column + place.columns] = column[:, np.newaxis]
