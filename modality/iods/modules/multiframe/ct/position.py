"""PS3.3 C.8.15.3.5 CT Position Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.multi_frame import Place


def ct_position(item: Dataset, place: Place[CtAcquisition]) -> None:
    """The frame's middle, on the gantry's axis, and how far the table has moved to bring it there."""
    acquisition = place.acquisition
    geometry, index = acquisition.geometry, acquisition.slice_of(place.index)
    down = (geometry.rows - 1) / 2 * geometry.row_spacing_mm
    across = (geometry.columns - 1) / 2 * geometry.column_spacing_mm
    middle = [
        round(p + across * r + down * c, 6) + 0.0
        for p, r, c in zip(geometry.position_mm(index), geometry.row_direction, geometry.column_direction, strict=True)
    ]
    position = Dataset()
    position.TablePosition = round(index * geometry.slice_spacing_mm, 6)
    position.DataCollectionCenterPatient = middle
    position.ReconstructionTargetCenterPatient = middle
    item.CTPositionSequence = [position]
