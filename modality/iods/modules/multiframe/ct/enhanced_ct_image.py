"""PS3.3 C.8.15.2 Enhanced CT Image."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.image import Image
from modality.iods.modules.multiframe.ct.image_frame_type import description
from modality.iods.modules.multiframe.ct.timing import taken
from modality.iods.values import date_time


def enhanced_ct_image(dataset: Dataset, image: Image[CtAcquisition]) -> None:
    """What holds for all frames together."""
    acquisition, series = image.acquisition, image.context.series
    dataset.ImageType = description(dataset, acquisition)
    dataset.AcquisitionNumber = str(series.number)
    dataset.AcquisitionDateTime = date_time(series.started)
    last = taken(acquisition, len(acquisition) - 1)
    dataset.AcquisitionDuration = round((last.after_ms + last.duration_ms) / 1000.0, 6)
    dataset.ContentQualification = "RESEARCH"  # what is scanned here is no patient
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.PresentationLUTShape = "IDENTITY"
