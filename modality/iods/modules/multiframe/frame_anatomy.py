"""PS3.3 C.7.6.16.2.8 Frame Anatomy Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import Scan
from modality.iods.macros.anatomy import region
from modality.iods.multi_frame import Place


def frame_anatomy(item: Dataset, place: Place[Scan]) -> None:
    """The part of the body, and of which side."""
    anatomy = Dataset()
    anatomy.FrameLaterality = place.acquisition.phantom.laterality
    anatomy.AnatomicRegionSequence = [region(place.acquisition.body_part)]
    item.FrameAnatomySequence = [anatomy]
