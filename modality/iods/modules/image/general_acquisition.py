"""PS3.3 C.7.10.1 General Acquisition."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import Image, Taken
from modality.iods.values import day, time


def general_acquisition(dataset: Dataset, image: Image[Taken]) -> None:
    """The gathering of the data; a series here is one, and bears its number."""
    series = image.context.series
    dataset.AcquisitionNumber = str(series.number)
    dataset.AcquisitionDate = day(series.started)
    dataset.AcquisitionTime = time(series.started)
    dataset.ImagesInAcquisition = str(len(image.acquisition))
