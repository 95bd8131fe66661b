"""A slice, or another picture, of the reported scan as one of 8 bits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from modality.acquisition.reported import Reported, is_lesion
from modality.iods.reports.subject import subject_of


def shown_slice(acquisition: Reported) -> int:
    """The slice, or other picture, with the first lesion, else the middle one."""
    lesions = [one for one in acquisition.structures if is_lesion(one["name"])]
    found = acquisition.slice_of(lesions[0]) if lesions else None
    return acquisition.sight.pictures // 2 if found is None else found


def windowed(acquisition: Reported, index: int) -> npt.NDArray[np.uint8]:
    """A slice through the scan's last window (PS3.3 C.11.2.1.2.1): shape (rows, columns)."""
    sight = acquisition.sight
    pixels = sight.pixels(index)
    window, slope, intercept = subject_of(acquisition).window(acquisition.scan, index)
    low = window.center - 0.5 - (window.width - 1.0) / 2.0
    # In whole numbers from the stored values on: a table of all that there are.
    stored = np.arange(1 << sight.bits) * slope + intercept
    grey = np.clip(np.floor((stored - low) * (256.0 / (window.width - 1.0))), 0, 255).astype(np.uint8)
    found: npt.NDArray[np.uint8] = grey[pixels]
    return found
