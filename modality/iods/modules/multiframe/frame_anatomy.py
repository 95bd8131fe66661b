"""PS3.3 C.7.6.16.2.8 Frame Anatomy Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import Scan
from modality.iods.macros.anatomy import region
from modality.iods.multi_frame import Place


def frame_anatomy(item: Dataset, place: Place[Scan]) -> None:
    """The part of the body, which is unpaired here."""
    anatomy = Dataset()
    anatomy.FrameLaterality = "U"
    anatomy.AnatomicRegionSequence = [region(place.acquisition.body_part)]
    item.FrameAnatomySequence = [anatomy]
