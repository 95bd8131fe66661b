"""PS3.3 C.8.2.1 CT Image."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition, CtProtocol
from modality.iods.image import FrameValues, Image
from modality.iods.macros.code import code
from modality.iods.values import decimal, set_known

# PS3.16 CID 4052 Phantom Devices.
_HEAD_DOSIMETRY_PHANTOM = ("113690", "DCM", "IEC Head Dosimetry Phantom")
_BODY_DOSIMETRY_PHANTOM = ("113691", "DCM", "IEC Body Dosimetry Phantom")

_REFORMATTED = ("113072", "DCM", "Multiplanar reformatting")  # PS3.16 CID 7203 Image Derivation


def tube_output(image: Image[CtAcquisition]) -> FrameValues:
    """What the tube gave for the slice, which dose modulation changes from one to the next."""
    acquisition, index = image.acquisition, image.frame.index
    current = acquisition.exposure.tube_current_ma(index)
    return {
        "XRayTubeCurrent": str(round(current)),
        "Exposure": str(round(acquisition.protocol.exposure_mas_at(current))),
        "CTDIvol": acquisition.ctdi_vol_mgy(index),
    }


def dosimetry_phantom(protocol: CtProtocol) -> tuple[str, str, str]:
    """The code of the phantom that the dose refers to."""
    return _HEAD_DOSIMETRY_PHANTOM if protocol.head_holder else _BODY_DOSIMETRY_PHANTOM


def ct_image(dataset: Dataset, image: Image[CtAcquisition]) -> None:
    """What the tube and the reconstruction were set to, and what the stored values mean."""
    protocol = image.acquisition.protocol
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if protocol.localizer is None else "LOCALIZER"]
    if image.acquisition.reformatted:
        dataset.ImageType = ["DERIVED", "SECONDARY", "REFORMATTED"]
        dataset.DerivationDescription = _REFORMATTED[2]
        dataset.DerivationCodeSequence = [code(*_REFORMATTED)]
    dataset.KVP = decimal(protocol.kvp)
    dataset.ExposureTime = str(round(protocol.exposure_time_ms))
    set_known(dataset, **tube_output(image))
    dataset.CTDIPhantomTypeCodeSequence = [code(*dosimetry_phantom(protocol))]
    dataset.SingleCollimationWidth = protocol.detector_row_mm
    dataset.TotalCollimationWidth = protocol.collimation_mm
    if protocol.localizer is None:
        _rotation(dataset, protocol)
    dataset.RescaleIntercept = decimal(protocol.rescale_intercept)
    dataset.RescaleSlope = decimal(protocol.rescale_slope)
    # Of a localizer the unit is not specified: its values are no CT numbers.
    dataset.RescaleType = "HU" if protocol.localizer is None else "US"


def _rotation(dataset: Dataset, protocol: CtProtocol) -> None:
    """The turning gantry, the table and the reconstruction, which a localizer does without."""
    dataset.ConvolutionKernel = protocol.kernel
    dataset.RevolutionTime = protocol.exposure_time_ms / 1000.0
    dataset.GantryDetectorTilt = decimal(protocol.gantry_tilt_deg)
    feed = protocol.table_feed_mm
    set_known(
        dataset,
        SpiralPitchFactor=protocol.pitch,
        TableFeedPerRotation=feed,
        TableSpeed=None if feed is None else round(feed / protocol.exposure_time_ms * 1000.0, 6),
    )
    diameter = protocol.reconstruction_diameter_mm
    set_known(dataset, ReconstructionDiameter=None if diameter is None else decimal(diameter))
