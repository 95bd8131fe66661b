"""PS3.3 C.8.17: Ophthalmic Photography Image, Photographic and Acquisition Parameters, Ocular Region Imaged."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.retina import Fundus
from modality.acquisition.retina.fundus import FIELD_DEG
from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.values import date_time, day, decimal, time

_FUNDUS_CAMERA = Code("409898007", "SCT", "Fundus Camera")  # PS3.16 CID 4202
_RETINA = Code("5665001", "SCT", "Retina")  # CID 4209
_MACULA_CENTERED = Code("111900", "DCM", "Macula centered")  # CID 4207


def photography_image(dataset: Dataset, photograph: Fundus, context: Context) -> None:
    """The picture and when it was taken (C.8.17.2).

    Args:
        dataset: gets the attributes.
        photograph: the acquisition.
        context: of the instance.
    """
    moment = context.series.started
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "", "COLOR"]
    dataset.InstanceNumber = "1"
    dataset.ContentDate, dataset.ContentTime = day(moment), time(moment)
    dataset.AcquisitionDate, dataset.AcquisitionTime = day(moment), time(moment)
    dataset.AcquisitionDateTime = date_time(moment)
    dataset.PatientOrientation = ["L", "F"]  # as the photographer sees the patient, either eye
    dataset.PixelSpacing = [decimal(round(photograph.mm_per_px, 6))] * 2
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"


def photographic_parameters(dataset: Dataset) -> None:
    """The camera (C.8.17.3): its light, filters and lenses are those of any fundus camera, and not said."""
    dataset.AcquisitionDeviceTypeCodeSequence = [_FUNDUS_CAMERA.item()]
    dataset.IlluminationTypeCodeSequence = []
    dataset.LightPathFilterTypeStackCodeSequence = []
    dataset.ImagePathFilterTypeStackCodeSequence = []
    dataset.LensesCodeSequence = []
    dataset.DetectorType = "CMOS"


def photography_acquisition(dataset: Dataset) -> None:
    """The eye while it was photographed (C.8.17.4); what nobody measured is not known."""
    dataset.PatientEyeMovementCommanded = "NO"
    dataset.RefractiveStateSequence = []
    dataset.EmmetropicMagnification = None
    dataset.IntraOcularPressure = None
    dataset.HorizontalFieldOfView = FIELD_DEG
    dataset.PupilDilated = "NO"


def ocular_region(dataset: Dataset, eye: str) -> None:
    """Which part of which eye (C.8.17.5).

    Args:
        dataset: gets the attributes.
        eye: R or L.
    """
    dataset.ImageLaterality = eye
    where = _RETINA.item()
    where.AnatomicRegionModifierSequence = [_MACULA_CENTERED.item()]
    dataset.AnatomicRegionSequence = [where]
