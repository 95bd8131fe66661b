"""PS3.3 C.8.15.3.6 CT Geometry Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.multi_frame import Place

_SOURCE_TO_DETECTOR_MM, _SOURCE_TO_AXIS_MM = 950.0, 540.0  # our choice, as common gantries have it


def ct_geometry(item: Dataset, place: Place[CtAcquisition]) -> None:  # noqa: ARG001 - one gantry
    """How far the tube is from the axis and from the detector."""
    geometry = Dataset()
    geometry.DistanceSourceToDetector = _SOURCE_TO_DETECTOR_MM
    geometry.DistanceSourceToDataCollectionCenter = _SOURCE_TO_AXIS_MM
    item.CTGeometrySequence = [geometry]
