"""PS3.3 C.11.2 VOI LUT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from modality.iods.values import decimals


@dataclass(frozen=True, slots=True)
class Window:
    """A linear window (C.11.2.1.2.1).

    Args:
        center: Window Center, in the units of the rescaled values.
        width: Window Width, at least 1.
        explanation: what it shows.
    """

    center: float
    width: float
    explanation: str


def voi_lut(dataset: Dataset, windows: Sequence[Window]) -> None:
    """How the values are meant to be seen; the first window is the one that viewers open with."""
    dataset.WindowCenter = decimals(window.center for window in windows)
    dataset.WindowWidth = decimals(window.width for window in windows)
    dataset.WindowCenterWidthExplanation = [window.explanation for window in windows]
