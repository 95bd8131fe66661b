"""PS3.3 C.7.6.16.2.10 Frame VOI LUT Macro."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydicom.dataset import Dataset

from modality.iods.modules.image.voi_lut import Window, voi_lut
from modality.iods.multi_frame import Macro, Place

_TERMS = frozenset({"BRAIN", "SOFT_TISSUE", "LUNG", "BONE", "WHOLE_RANGE"})
"""Terms of Window Center & Width Explanation that we use; the macro has Defined Terms, others are left unsaid."""


def frame_voi_lut(windows: Callable[[Any], Sequence[Window]]) -> Macro:
    """The macro for the windows that suit a scan."""

    def macro(item: Dataset, place: Place[Any]) -> None:
        lut = Dataset()
        shown = windows(place.acquisition)
        voi_lut(lut, shown)
        if any(window.explanation not in _TERMS for window in shown):
            del lut.WindowCenterWidthExplanation
        item.FrameVOILUTSequence = [lut]

    return macro
