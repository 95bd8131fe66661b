"""PS3.3 C.8.15.3.3 CT Acquisition Details Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.multi_frame import Place
from modality.iods.values import decimal

_DATA_COLLECTION_DIAMETER_MM = 500.0  # our choice, as common gantries measure
_TABLE_HEIGHT_MM = 150.0  # our choice: below the axis by the half of a patient


def ct_acquisition_details(item: Dataset, place: Place[CtAcquisition]) -> None:
    """The gantry and its beam."""
    protocol = place.acquisition.protocol
    details = Dataset()
    if protocol.localizer is None:
        details.RotationDirection = "CW"
        details.RevolutionTime = protocol.exposure_time_ms / 1000.0
    details.SingleCollimationWidth = protocol.detector_row_mm
    details.TotalCollimationWidth = protocol.collimation_mm
    details.TableHeight = decimal(_TABLE_HEIGHT_MM)
    details.GantryDetectorTilt = decimal(protocol.gantry_tilt_deg)
    details.DataCollectionDiameter = decimal(
        max(_DATA_COLLECTION_DIAMETER_MM, *place.acquisition.geometry.field_of_view_mm)
    )
    item.CTAcquisitionDetailsSequence = [details]
