"""PS3.3 C.7.4.1 Frame of Reference."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context


def frame_of_reference(dataset: Dataset, context: Context) -> None:
    """The coordinate system of the positions; no anatomical landmark was marked."""
    dataset.FrameOfReferenceUID = context.series.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
