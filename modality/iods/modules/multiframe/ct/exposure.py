"""PS3.3 C.8.15.3.8 CT Exposure Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.macros.code import code
from modality.iods.modules.ct.ct_image import dosimetry_phantom
from modality.iods.multi_frame import Place


def ct_exposure(item: Dataset, place: Place[CtAcquisition]) -> None:
    """What the tube gave for the frame."""
    acquisition, protocol = place.acquisition, place.acquisition.protocol
    current = acquisition.exposure.tube_current_ma(place.index)
    exposure = Dataset()
    exposure.ExposureTimeInms = protocol.exposure_time_ms
    exposure.XRayTubeCurrentInmA = current
    exposure.ExposureInmAs = round(protocol.exposure_mas_at(current), 6)
    exposure.ExposureModulationType = "Z_MODULATED" if protocol.dose_modulation else "NONE"
    exposure.CTDIvol = acquisition.ctdi_vol_mgy(place.index)
    exposure.CTDIPhantomTypeCodeSequence = [code(*dosimetry_phantom(protocol))]
    item.CTExposureSequence = [exposure]
