"""PS3.3 C.8.13.5.5 MR Modifier Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.multi_frame import Place


def mr_modifier(item: Dataset, place: Place[MrAcquisition]) -> None:
    """What comes before the echoes, and what of k-space is not measured."""
    acquisition, protocol = place.acquisition, place.acquisition.protocol
    inversion_ms = acquisition.weightings[acquisition.weighting_of(place.index)].inversion_time_ms
    matrix = protocol.matrix(acquisition.geometry)
    partial = matrix.measured_rows < matrix.acquired_rows
    modifier = Dataset()
    modifier.InversionRecovery = "NO" if inversion_ms is None else "YES"
    if inversion_ms is not None:
        modifier.InversionTimes = [inversion_ms]
    modifier.FlowCompensation = "NONE"
    modifier.Spoiling = "RF" if protocol.sequence == "GRE" else "NONE"
    modifier.T2Preparation = "NO"
    modifier.SpectrallySelectedExcitation = "NONE"
    modifier.SpatialPresaturation = "NONE"
    modifier.PartialFourier = "YES" if partial else "NO"
    if partial:
        modifier.PartialFourierDirection = "PHASE"
    modifier.ParallelAcquisition = "NO"
    item.MRModifierSequence = [modifier]
