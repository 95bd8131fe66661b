"""PS3.3 C.8.11.1 DX Series, C.8.11.2 DX Anatomy Imaged, C.8.11.3 DX Image, C.8.11.4 DX Detector, C.8.11.5 positions."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.radiography.mammogram import Mammogram
from modality.acquisition.radiography.radiograph import PROCESSING, Exposure
from modality.iods.image import Image
from modality.iods.macros.code import code
from modality.iods.modules.image.voi_lut import voi_lut
from modality.iods.modules.radiography.cr import WHOLE
from modality.iods.modules.radiography.views import shown
from modality.iods.values import decimal, decimals


def dx_series(dataset: Dataset, image: Image[Exposure]) -> None:
    """What the images of the series are for; what the operator turns to is the other half."""
    raw = image.acquisition.intents[image.frame.index] == PROCESSING
    dataset.PresentationIntentType = "FOR PROCESSING" if raw else "FOR PRESENTATION"
    dataset.BodyPartExamined = image.acquisition.body_part


def dx_anatomy_imaged(dataset: Dataset, image: Image[Exposure]) -> None:
    """The side; the region is set with the image's own anatomy, and stands empty where the part has no code."""
    dataset.ImageLaterality = image.acquisition.phantom.laterality
    if "AnatomicRegionSequence" not in dataset:
        dataset.AnatomicRegionSequence = []


def dx_image(dataset: Dataset, image: Image[Exposure]) -> None:
    """What the values mean: proportional to the beam, the strongest shown black; or a picture, shown as it is."""
    exposure, index = image.acquisition, image.frame.index
    raw = exposure.intents[index] == PROCESSING
    dataset.ImageType = ["ORIGINAL" if raw or len(exposure) == 1 else "DERIVED", "PRIMARY"]
    dataset.BitsStored = exposure.bits_of(index)
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PhotometricInterpretation = "MONOCHROME1" if raw else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if raw else "IDENTITY"
    dataset.PixelIntensityRelationship = "LIN" if raw else "LOG"
    dataset.PixelIntensityRelationshipSign = 1 if raw else -1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.PatientOrientation = list(shown(exposure).orientation)
    dataset.LossyImageCompression = "00"
    dataset.BurnedInAnnotation = "NO"
    if not raw:
        dataset.AcquisitionDeviceProcessingDescription = "MULTISCALE"
        voi_lut(dataset, (WHOLE,))


def dx_detector(dataset: Dataset, image: Image[Exposure]) -> None:
    """The detector, its pixels, and how much reached it (C.8.11.4, Table 10-23)."""
    exposure = image.acquisition
    cone, breast = exposure.cone, isinstance(exposure, Mammogram)
    dataset.DetectorType = "DIRECT" if breast else "SCINTILLATOR"
    dataset.DetectorConfiguration = "AREA"
    dataset.DetectorDescription = "Amorphous selenium" if breast else "Caesium iodide on amorphous silicon"
    dataset.DetectorID = f"D{image.context.identity.number('detector', 10**6):06d}"
    dataset.DetectorBinning = ["1", "1"]
    dataset.DetectorActiveShape = dataset.FieldOfViewShape = "RECTANGLE"
    # The row dimension first, which is row spacing times Rows (C.8.11.4.1.1).
    sides = (round(cone.rows * cone.pitch_mm), round(cone.columns * cone.pitch_mm))
    dataset.DetectorActiveDimensions = decimals(sides)
    dataset.FieldOfViewDimensions = [str(side) for side in sides]
    dataset.FieldOfViewOrigin = ["0", "0"]
    dataset.FieldOfViewRotation = "0"
    dataset.FieldOfViewHorizontalFlip = "NO"
    dataset.ImagerPixelSpacing = decimals((cone.pitch_mm, cone.pitch_mm))
    dataset.DetectorElementPhysicalSize = dataset.DetectorElementSpacing = decimals((cone.pitch_mm, cone.pitch_mm))
    dataset.ExposureIndex = decimal(exposure.exposure_index)
    dataset.TargetExposureIndex = decimal(100.0 * exposure.protocol.target_ugy)
    dataset.DeviationIndex = decimal(exposure.deviation_index)
    dataset.DetectorConditionsNominalFlag = "YES"


def dx_positioning(dataset: Dataset, image: Image[Exposure]) -> None:
    """Where tube, patient and detector stand."""
    exposure = image.acquisition
    cone, seen = exposure.cone, shown(exposure)
    dataset.DistanceSourceToPatient = decimal(cone.source_mm)
    dataset.DistanceSourceToDetector = decimal(cone.detector_mm)
    dataset.EstimatedRadiographicMagnificationFactor = decimal(round(cone.magnification, 4))
    dataset.BodyPartThickness = decimal(exposure.thickness_mm)
    dataset.ViewPosition = seen.position
    if isinstance(exposure, Mammogram):
        dataset.CompressionForce = decimal(exposure.compression_n)
        return
    dataset.PositionerType = "COLUMN"
    dataset.ViewCodeSequence = [code(*seen.code)]
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = []
