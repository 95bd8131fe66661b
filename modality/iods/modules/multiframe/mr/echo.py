"""PS3.3 C.8.13.5.4 MR Echo Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.multi_frame import Place


def mr_echo(item: Dataset, place: Place[MrAcquisition]) -> None:
    """TE."""
    acquisition = place.acquisition
    echo = Dataset()
    echo.EffectiveEchoTime = acquisition.weightings[acquisition.weighting_of(place.index)].echo_time_ms
    item.MREchoSequence = [echo]
