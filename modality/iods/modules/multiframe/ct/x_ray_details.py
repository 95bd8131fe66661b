"""PS3.3 C.8.15.3.9 CT X-Ray Details Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.multi_frame import Place
from modality.iods.values import decimal

_FOCAL_SPOT_MM = 1.0  # our choice


def ct_x_ray_details(item: Dataset, place: Place[CtAcquisition]) -> None:
    """The tube; the filter against scatter in the body phantom is a flat one of aluminium: our choice."""
    details = Dataset()
    details.KVP = decimal(place.acquisition.protocol.kvp)
    details.FocalSpots = [_FOCAL_SPOT_MM]
    details.FilterType = "FLAT"
    details.FilterMaterial = ["ALUMINUM"]
    item.CTXRayDetailsSequence = [details]
