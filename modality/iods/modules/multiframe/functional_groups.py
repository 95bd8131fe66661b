"""PS3.3 C.7.6.16 Multi-frame Functional Groups: the attributes beside the two sequences."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import Image, Scan
from modality.iods.values import day, time


def multi_frame_functional_groups(dataset: Dataset, image: Image[Scan]) -> None:
    """The instance in its series, of which it is the only one, and how many frames it has."""
    moment = image.context.series.started
    dataset.InstanceNumber = "1"
    dataset.ContentDate = day(moment)
    dataset.ContentTime = time(moment)
    dataset.NumberOfFrames = str(len(image.acquisition))
