"""PS3.3 C.7.6.16.2.4 Plane Orientation (Patient) Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import Scan
from modality.iods.multi_frame import Place
from modality.iods.values import decimals


def plane_orientation(item: Dataset, place: Place[Scan]) -> None:
    """The directions of the frame's rows and columns."""
    geometry = place.acquisition.stacks[place.acquisition.stack_of(place.index)]
    orientation = Dataset()
    orientation.ImageOrientationPatient = decimals((*geometry.row_direction, *geometry.column_direction))
    item.PlaneOrientationSequence = [orientation]
