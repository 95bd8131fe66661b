"""What the frames of an MR scan are ordered by (PS3.3 C.7.6.17), and when each was taken (C.7.6.16.2.2)."""

from __future__ import annotations

from modality.acquisition.mr import MrAcquisition
from modality.iods.modules.multiframe.dimension import IN_STACK, STACK, Dimension
from modality.iods.modules.multiframe.frame_content import Taken


def _weighting(scan: MrAcquisition, index: int) -> int:
    return scan.weighting_of(index) + 1


_TIME = Dimension("Time", "TemporalPositionIndex", "FrameContentSequence", _weighting)
_ECHO = Dimension("Echo time", "EffectiveEchoTime", "MREchoSequence", _weighting)
_INVERSION = Dimension("Inversion time", "InversionTimes", "MRModifierSequence", _weighting)
_B_VALUE = Dimension("b-value", "DiffusionBValue", "MRDiffusionSequence", _weighting)


def dimensions(acquisition: MrAcquisition) -> tuple[Dimension, ...]:
    """Stack, then what is another's among the images of one slice, then the place in the stack: volume after volume."""
    protocol = acquisition.protocol
    if len(acquisition.weightings) == 1:
        return (STACK, IN_STACK)
    if protocol.dynamic:
        return (STACK, _TIME, IN_STACK)
    if protocol.b_values_s_per_mm2:
        return (STACK, _B_VALUE, IN_STACK)
    return (STACK, _INVERSION if protocol.inversion_times_ms else _ECHO, IN_STACK)


def taken(acquisition: MrAcquisition, index: int) -> Taken:
    """Slices are interleaved, and the echoes of a train are one acquisition."""
    protocol, number = acquisition.protocol, acquisition.weighting_of(index)
    begun = protocol.begun_ms(number, acquisition.geometry)
    return Taken(begun, protocol.duration_ms(acquisition.geometry), number + 1 if protocol.dynamic else None)
