"""PS3.3 C.8.2.1 CT Image."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.image import Image
from modality.iods.macros.code import code
from modality.iods.values import decimal, set_known

# PS3.16 CID 4052 Phantom Devices.
_HEAD_DOSIMETRY_PHANTOM = ("113690", "DCM", "IEC Head Dosimetry Phantom")
_BODY_DOSIMETRY_PHANTOM = ("113691", "DCM", "IEC Body Dosimetry Phantom")


def ct_image(dataset: Dataset, image: Image[CtAcquisition]) -> None:
    """What the tube and the reconstruction were set to, and what the stored values mean."""
    protocol = image.acquisition.protocol
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.KVP = decimal(protocol.kvp)
    dataset.ExposureTime = str(round(protocol.exposure_time_ms))
    dataset.XRayTubeCurrent = str(round(protocol.tube_current_ma))
    dataset.Exposure = str(round(protocol.exposure_mas))
    dataset.ConvolutionKernel = protocol.kernel
    dataset.CTDIvol = protocol.ctdi_vol_mgy
    holder = _HEAD_DOSIMETRY_PHANTOM if protocol.head_holder else _BODY_DOSIMETRY_PHANTOM
    dataset.CTDIPhantomTypeCodeSequence = [code(*holder)]
    diameter = protocol.reconstruction_diameter_mm
    set_known(dataset, ReconstructionDiameter=None if diameter is None else decimal(diameter))
    dataset.RescaleIntercept = decimal(protocol.rescale_intercept)
    dataset.RescaleSlope = decimal(protocol.rescale_slope)
    dataset.RescaleType = "HU"
