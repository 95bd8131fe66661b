"""PS3.3 C.7.6.16.2.3 Plane Position (Patient) Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import Scan
from modality.iods.multi_frame import Place
from modality.iods.values import decimals


def plane_position(item: Dataset, place: Place[Scan]) -> None:
    """The centre of the frame's first pixel."""
    acquisition = place.acquisition
    geometry = acquisition.stacks[acquisition.stack_of(place.index)]
    position = Dataset()
    position.ImagePositionPatient = decimals(geometry.position_mm(acquisition.slice_of(place.index)))
    item.PlanePositionSequence = [position]
