"""PS3.3 C.8.13.1 Enhanced MR Image."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.image import Image
from modality.iods.modules.multiframe.mr.dimensions import taken
from modality.iods.modules.multiframe.mr.image_frame_type import acquisition_contrast, description
from modality.iods.values import date_time, decimal


def enhanced_mr_image(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    """What holds for all frames together."""
    acquisition, series = image.acquisition, image.context.series
    protocol = acquisition.protocol
    contrasts = {acquisition_contrast(protocol, weighting) for weighting in acquisition.weightings}
    dataset.ImageType = description(dataset, acquisition, contrasts.pop() if len(contrasts) == 1 else "MIXED")
    dataset.AcquisitionNumber = str(series.number)
    dataset.AcquisitionDateTime = date_time(series.started)
    last = taken(acquisition, len(acquisition) - 1)
    dataset.AcquisitionDuration = round((last.after_ms + last.duration_ms) / 1000.0, 6)
    dataset.ResonantNucleus = "1H"
    dataset.KSpaceFiltering = protocol.filtering
    dataset.MagneticFieldStrength = decimal(protocol.field_strength_t)
    dataset.ApplicableSafetyStandardAgency = "IEC"
    dataset.ContentQualification = "RESEARCH"  # what is scanned here is no patient
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.PresentationLUTShape = "IDENTITY"
