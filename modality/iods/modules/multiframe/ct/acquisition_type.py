"""PS3.3 C.8.15.3.2 CT Acquisition Type Macro."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.multi_frame import Place

_TUBE_ANGLE_DEG: Mapping[str, float] = {"frontal": 0.0, "lateral": 90.0}
"""Tube Angle of a localizer: 0 above the patient, 90 at the patient's left."""


def ct_acquisition_type(item: Dataset, place: Place[CtAcquisition]) -> None:
    """A helix, slice after slice with the table standing, or a tube that stands while the table moves."""
    protocol = place.acquisition.protocol
    acquisition_type = Dataset()
    if protocol.localizer is None:
        acquisition_type.AcquisitionType = "SEQUENCED" if protocol.pitch is None else "SPIRAL"
    else:
        acquisition_type.AcquisitionType = "CONSTANT_ANGLE"
        acquisition_type.TubeAngle = _TUBE_ANGLE_DEG[protocol.localizer]
    acquisition_type.ConstantVolumeFlag = "NO"
    acquisition_type.FluoroscopyFlag = "NO"
    item.CTAcquisitionTypeSequence = [acquisition_type]
