"""PS3.3 C.8.1.1 CR Series and C.8.1.2 CR Image."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.radiography.display import GREATEST
from modality.acquisition.radiography.radiograph import Exposure
from modality.iods.image import Image
from modality.iods.modules.image.voi_lut import Window, voi_lut
from modality.iods.modules.radiography.views import shown
from modality.iods.values import decimal, decimals

WHOLE = Window((GREATEST + 1) / 2.0, GREATEST + 1.0, "NORMAL")
"""The picture as the processing made it."""


def cr_series(dataset: Dataset, image: Image[Exposure]) -> None:
    """Which part of the body, seen from where, on what plate."""
    exposure = image.acquisition
    dataset.BodyPartExamined = exposure.body_part
    dataset.ViewPosition = shown(exposure).position
    dataset.PlateType = "IP"
    dataset.CollimatorGridName = "GRID 12:1" if exposure.protocol.scatter.grid else "NONE"


def cr_image(dataset: Dataset, image: Image[Exposure]) -> None:
    """The exposure, and how the values are shown: the greatest is black."""
    exposure = image.acquisition
    tube, cone = exposure.protocol.tube, exposure.cone
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.PhotometricInterpretation = "MONOCHROME1"
    dataset.PatientOrientation = list(shown(exposure).orientation)
    dataset.ImageLaterality = exposure.phantom.laterality
    dataset.KVP = decimal(tube.kvp)
    dataset.ExposureTime = str(max(1, round(exposure.exposure_time_ms)))
    dataset.XRayTubeCurrent = str(round(tube.current_ma))
    if round(exposure.mas):
        dataset.Exposure = str(round(exposure.mas))  # of less than 1 mAs its finer twin alone
    dataset.ExposureInuAs = str(round(exposure.mas * 1000.0))
    dataset.DistanceSourceToDetector = decimal(cone.detector_mm)
    dataset.DistanceSourceToPatient = decimal(cone.source_mm)
    dataset.ImagerPixelSpacing = decimals((cone.pitch_mm, cone.pitch_mm))
    dataset.PlateID = f"P{image.context.identity.number('plate', 10**6):06d}"
    dataset.Sensitivity = decimal(exposure.exposure_index)
    dataset.ExposureIndex = decimal(exposure.exposure_index)
    dataset.TargetExposureIndex = decimal(100.0 * exposure.protocol.target_ugy)
    dataset.DeviationIndex = decimal(exposure.deviation_index)
    dataset.AcquisitionDeviceProcessingDescription = "MULTISCALE"
    voi_lut(dataset, (WHOLE,))
