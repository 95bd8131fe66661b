"""PS3.3 C.7.6.16.2.2 Frame Content Macro."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydicom.dataset import Dataset

from modality.iods.modules.multiframe.dimension import Dimension
from modality.iods.multi_frame import Macro, Place
from modality.iods.values import date_time


@dataclass(frozen=True, slots=True)
class Taken:
    """When a frame was acquired.

    Args:
        after_ms: since the start of the series.
        duration_ms: how long it took.
        temporal_position: place among the times at which its slice was taken, from 1; None where that is no dimension.
    """

    after_ms: float
    duration_ms: float
    temporal_position: int | None = None


def frame_content(dimensions: tuple[Dimension, ...], taken: Callable[[Any, int], Taken]) -> Macro:
    """The macro for these dimensions; `taken` says when a frame of a scan was acquired."""

    def macro(item: Dataset, place: Place[Any]) -> None:
        acquisition, index = place.acquisition, place.index
        when = taken(acquisition, index)
        begun = place.context.series.started + timedelta(milliseconds=round(when.after_ms, 3))
        content = Dataset()
        content.FrameAcquisitionNumber = place.context.series.number
        content.FrameAcquisitionDateTime = date_time(begun)
        # The middle of its acquisition.
        content.FrameReferenceDateTime = date_time(begun + timedelta(milliseconds=round(when.duration_ms / 2, 3)))
        content.FrameAcquisitionDuration = float(when.duration_ms)
        content.StackID = str(acquisition.stack_of(index) + 1)
        content.InStackPositionNumber = acquisition.slice_of(index) + 1
        if when.temporal_position is not None:
            content.TemporalPositionIndex = when.temporal_position
        content.DimensionIndexValues = [dimension.place_of(acquisition, index) for dimension in dimensions]
        item.FrameContentSequence = [content]

    return macro
