"""PS3.3 C.8.13.5.10 MR Averages Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.multi_frame import Place
from modality.iods.values import decimal


def mr_averages(item: Dataset, place: Place[MrAcquisition]) -> None:
    """How often each line was measured."""
    averages = Dataset()
    averages.NumberOfAverages = decimal(place.acquisition.protocol.averages)
    item.MRAveragesSequence = [averages]
