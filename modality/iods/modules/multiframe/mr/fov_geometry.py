"""PS3.3 C.8.13.5.3 MR FOV/Geometry Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.multi_frame import Place
from modality.iods.values import decimal


def mr_fov_geometry(item: Dataset, place: Place[MrAcquisition]) -> None:
    """The sampling of k-space, the phase along the columns."""
    geometry = place.acquisition.geometry
    matrix = place.acquisition.protocol.matrix(geometry)
    height_mm, width_mm = geometry.field_of_view_mm
    fov = Dataset()
    fov.InPlanePhaseEncodingDirection = "COLUMN"
    fov.MRAcquisitionFrequencyEncodingSteps = matrix.acquired_columns
    fov.MRAcquisitionPhaseEncodingStepsInPlane = matrix.measured_rows
    fov.PercentSampling = decimal(round(100.0 * matrix.measured_rows / geometry.rows, 4))
    fov.PercentPhaseFieldOfView = decimal(round(100.0 * height_mm / width_mm, 4))
    item.MRFOVGeometrySequence = [fov]
