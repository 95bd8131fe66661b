"""PS3.3 C.7.6.6 Multi-frame, C.8.6.3 SC Multi-frame Image and C.8.6.4 SC Multi-frame Vector: pages of a document."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.iods.photographs.pixels import Pixels

_PAGE_NUMBER_VECTOR = 0x00182001


def pages(dataset: Dataset, pixels: Pixels) -> None:
    """Frames that are pages, numbered from 1.

    Args:
        dataset: gets the attributes.
        pixels: of several pages.
    """
    count = len(pixels.pages)
    dataset.NumberOfFrames = str(count)
    dataset.FrameIncrementPointer = Tag(_PAGE_NUMBER_VECTOR)
    dataset.PageNumberVector = [str(number) for number in range(1, count + 1)]
    if pixels.samples == 1:
        dataset.PresentationLUTShape = "IDENTITY"
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
